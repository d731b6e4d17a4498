#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "cli/run_files.h"
#include "flow/fit.h"
#include "flow/pipeline.h"
#include "flow/shipped_files.h"
#include "memmgr/planners/registry.h"
#include "report/perfetto.h"
#include "report/trace_curves.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kSimulateHelp = {
    "simulate", "NETWORK",
    "Compiles a network, runs it without sharing, derives lifetimes from the executed\n"
    "instructions, plans the shared memory, and validates the plan by an independent checker and\n"
    "by replays. Writes summary.json, layers.csv, plan.csv, program.uno, trace.unt and, where the "
    "machine "
    "has\n"
    "a shared cache, buffers.csv into the run directory."};

constexpr OptionRow kSimulateOptions[] = {
    {"cores", "N", "", "number of cores (default: the machine's, or 1)"},
    {"planner", "NAME", "auto", "unnasim plan --list shows them"},
    kScheduleOption,
    kBlocksOption,
    {"memory-budget", "BYTES", "",
     "of the intermediates, as 1.5MiB: with --schedule walk, the fastest walks found that fit"},
    {"perturb", "N", "1", "replays under random delays"},
    {"functional", "", "",
     "also compute: move and compute values, and prove the shared layout by them"},
    {"check", "", "", "compare every stored tensor with a reference executor; with --functional"},
    {"input", "NAME=FILE", "",
     "values of an input or weight, .npy or .pb (default: random); with --functional",
     Times::repeated},
    {"output-dir", "DIR", "", "write the outputs there, NAME.npy; with --functional"},
    {"json", "FILE", "",
     "also write summary.json there; - is stdout, the summary then goes to stderr"},
    kEnergyOption,
    {"report", "", "", "also write report.html into the run directory (unnasim report)"},
    {"trace", "FILE", "", "stream the executed instructions to a .unt file"},
    {"perfetto", "FILE", "",
     "write a timeline for ui.perfetto.dev (.pftrace; docs/trace-format.md)"},
    kDumpOption,
    {"output,o", "DIR", "", "run directory (default: out/<network>.<cores>)"},
    {"no-timing", "", "", "leave out what depends on the host"},
    kQuietOption,
};

void write_trace(const fs::path& path, const Trace& trace) {
  TraceWriter writer(path, trace);
  for (const TraceEvent& event : trace.events) writer.add(event);
  writer.close();
}

std::optional<FunctionalRequest> functional_choice(const Options& options) {
  if (!options.flag("functional")) {
    for (const char* name : {"input", "output-dir"})
      if (options.text(name)) options.fail(name, "takes effect with --functional only");
    if (options.flag("check")) options.fail("check", "takes effect with --functional only");
    return std::nullopt;
  }
  FunctionalRequest request;
  request.check = options.flag("check");
  for (const std::string& input : options.all("input")) {
    const std::size_t equals = input.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == input.size())
      options.fail("input", fmt::format("'{}', expected NAME=FILE", input));
    if (!request.inputs.emplace(input.substr(0, equals), input.substr(equals + 1)).second)
      options.fail("input", fmt::format("'{}': this one is given twice, expected it once", input));
  }
  return request;
}

void add_outputs(const fs::path& directory, const Run& run, OutputFiles& files) {
  files.make_directory(directory);
  std::set<std::string> names;
  for (const auto& [tensor, values] : run.outputs) {
    const std::string name = file_name(tensor) + ".npy";
    if (!names.insert(name).second)
      throw InputError(
          fmt::format("{}: two outputs have names that give this file, expected other "
                      "names",
                      (directory / name).string()));
    files.add(directory / name, npy_bytes(values));
  }
}

/// Of the program without sharing, which the trace is of.
std::string timeline(const Run& run) {
  const Trace& trace = run.executed.trace;
  const MachineConfig& machine = run.report.machine;
  const Layout layout = identity_layout(*run.compiled.object, machine.dram.alignment_bytes);
  return perfetto_trace(trace, transfers_of(trace, *run.compiled.object, layout, machine),
                        machine.core);
}

/// What the run leaves behind: all of it, or nothing where something can't be written.
void write_all(const Options& options, const std::vector<std::string>& dumps, const Run& run,
               const fs::path& directory) {
  OutputFiles files;
  for (const std::string& input : inputs_of(options)) files.keep(input);
  add_run(directory, run, files, dumped(dumps, run.compiled));
  if (options.flag("report")) files.add(directory / "report.html", run_page(directory, run));
  if (const auto json = options.text("json")) files.add(*json, summary_json(run.report));
  if (const auto outputs = options.text("output-dir")) add_outputs(*outputs, run, files);
  if (const auto file = options.text("trace")) {
    files.claim(*file);
    write_trace(*file, run.executed.trace);
  }
  if (const auto file = options.text("perfetto")) files.add(*file, timeline(run));
  remove_left_over(directory, files);
  files.commit();
}

}  // namespace

CommandInterface simulate_interface() {
  return {kSimulateHelp,
          std::vector<OptionRow>(std::begin(kSimulateOptions), std::end(kSimulateOptions)) +
              network_options() + machine_options() + compile_options() + search_options()};
}

int simulate_command(const Options& options) {
  constexpr std::string_view kSimulateFiles[] = {"json", "trace", "perfetto"};
  constexpr std::string_view kDirectories[] = {"output-dir"};
  check_output_files(options, kSimulateFiles);
  check_output_directories(options, kDirectories);
  check_run_directory(options);
  const std::vector<std::string> dumps = dump_choice(options);
  MachineChoice choice = machine_choice(options);
  choice.cores = options.integer("cores", 1, kMaxCores);
  RunOptions run_options;
  run_options.compile = compile_choice(options);
  run_options.planner = planner_choice(options, "planner", options.required("planner"));
  run_options.plan = plan_choice(options);
  run_options.perturbed = options.required_integer("perturb", 0, 1000);
  run_options.functional = functional_choice(options);
  if (const auto file = options.text("energy"))
    run_options.energy = find_input(Shipped::energy_table, *file);
  const NetworkChoice network = network_choice(options, options.only());

  const bool timing = !options.flag("no-timing");
  run_options.blocks = static_cast<Blocks>(options.choice("equal-blocks", kBlocksNames));
  if (run_options.blocks == Blocks::once)
    for (const char* name : {"functional", "schedule"})
      if (options.given(name))
        options.fail(name, "is of whole networks, expected no --equal-blocks once");
  const bool walk = searches_walks(options);
  if (options.given("memory-budget") && !walk)
    options.fail("memory-budget", "takes effect with --schedule walk only");
  if (walk && run_options.compile.granularity != Granularity::lifetime)
    options.fail("granularity", "walks that are searched have lifetime, expected no other");
  const ChosenMachine machine = choose_machine(choice);
  RunProgress progress(!options.flag("quiet"));
  run_options.progress = progress.sink();
  const Run run = walk ? run_fitted(network, machine, run_options, fit_choice(options), timing).run
                       : run_network(network, machine, run_options, timing);
  progress.end_stage();
  const fs::path directory =
      run_directory(options, fmt::format("{}.{}", run.report.network, run.report.machine.cores));
  const std::string replaced = replaced_run(directory, run);
  write_all(options, dumps, run, directory);
  say(options,
      fmt::format("{}  {:<13} {}{}\n", summary_text(run.report), "written to", directory.string(),
                  replaced),
      kSimulateFiles);
  return kExitOk;
}

}  // namespace unna
