#include <fmt/format.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/run_files.h"
#include "flow/fit.h"
#include "flow/pipeline.h"
#include "memmgr/planners/registry.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kHelp = {
    "simulate", "NETWORK",
    "Compiles a network, runs it without sharing, derives lifetimes from the executed\n"
    "instructions, plans the shared memory, and validates the plan by an independent checker and\n"
    "by replays. Writes summary.json, layers.csv, plan.csv, program.uno and, where the machine "
    "has\n"
    "a shared cache, buffers.csv into the run directory."};

constexpr OptionRow kOptions[] = {
    {"cores", "N", "", "number of cores (default: the machine's, or 1)"},
    {"planner", "NAME", "auto", "unnasim plan --list shows them"},
    {"memory-budget", "BYTES", "",
     "of the intermediates, as 1.5MiB: the fastest walks that fit, with --schedule walk"},
    {"perturb", "N", "1", "replays under random delays"},
    {"functional", "", "",
     "also compute: move and compute values, and prove the shared layout by them"},
    {"check", "", "", "compare every stored tensor with a reference executor; with --functional"},
    {"input", "NAME=FILE", "",
     "values of an input or weight, .npy or .pb (default: random); with --functional"},
    {"output-dir", "DIR", "", "write the outputs there, NAME.npy; with --functional"},
    kEnergyOption,
    {"trace", "FILE", "", "stream the executed instructions to a .unt file"},
    kDumpOption,
    {"output,o", "DIR", "", "run directory (default: out/<network>.<cores>)"},
    {"no-timing", "", "", "leave out what depends on the host"},
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
    request.inputs[input.substr(0, equals)] = input.substr(equals + 1);
  }
  return request;
}

void write_outputs(const fs::path& directory, const Run& run) {
  for (const auto& [name, tensor] : run.outputs)
    write_file(directory / (name + ".npy"), npy_bytes(tensor));
}

}  // namespace

CommandInterface simulate_interface() {
  return {kHelp, std::vector<OptionRow>(std::begin(kOptions), std::end(kOptions)) +
                     network_options() + machine_options() + compile_options() + search_options()};
}

int simulate_command(const Options& options) {
  MachineChoice choice = machine_choice(options);
  choice.cores = options.integer("cores", 1, kMaxCores);
  RunOptions run_options;
  run_options.compile = compile_choice(options);
  run_options.planner = planner(options.required("planner")).name;
  run_options.plan = plan_choice(options);
  run_options.perturbed = options.required_integer("perturb", 0, 1000);
  run_options.functional = functional_choice(options);
  if (const auto file = options.text("energy")) run_options.energy = *file;
  const NetworkChoice network = network_choice(options, options.only());

  const bool timing = !options.flag("no-timing");
  const bool walk = options.text("schedule") == "walk";
  if (options.given("memory-budget") && !walk)
    options.fail("memory-budget", "takes effect with --schedule walk only");
  const ChosenMachine machine = choose_machine(choice);
  const Run run = walk ? run_fitted(network, machine, run_options, fit_choice(options), timing).run
                       : run_network(network, machine, run_options, timing);
  const fs::path directory =
      run_directory(options, fmt::format("{}.{}", run.report.network, run.report.machine.cores));
  write_run(directory, run);
  write_dumps(options, run.compiled, directory);
  if (const auto outputs = options.text("output-dir")) write_outputs(*outputs, run);
  if (const auto file = options.text("trace")) write_trace(*file, run.executed.trace);
  fmt::print("{}  {:<13} {}\n", summary_text(run.report), "written to", directory.string());
  return kExitOk;
}

}  // namespace unna
