#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/output_file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "cli/run_files.h"
#include "flow/fit.h"
#include "flow/shipped_files.h"
#include "memmgr/planners/registry.h"
#include "report/fit_report.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kFitHelp = {
    "fit", "NETWORK",
    "Searches for the fastest program whose intermediates fit a memory budget: walks the network "
    "a\n"
    "few lines at a time through many layers (docs/walks.md), compiles and simulates the best\n"
    "candidates, and prints the front of footprint, cycles and DRAM bytes. Writes the chosen\n"
    "program's run directory as `simulate` does, its schedule.txt, and front.csv."};

constexpr OptionRow kFitOptions[] = {
    {"cores", "N", "", "number of cores (default: the machine's, or 1)"},
    {"memory-budget", "BYTES", "", "of the intermediates, as 1.5MiB (default: no limit)"},
    {"objective", "NAME", "",
     "latency, footprint, dram-bytes or energy, of what fits (default: "
     "latency, without a budget footprint)"},
    {"more-cycles", "PERCENT", "", "at most so many more than layer by layer"},
    {"more-bytes", "PERCENT", "", "of the DRAM: at most so many more than layer by layer"},
    {"planner", "NAME", "auto", "unnasim plan --list shows them"},
    {"perturb", "N", "1", "replays under random delays"},
    {"partition", "HOW", "auto", "over cores: auto, channels, rows, batch or branches"},
    {"jobs,j", "N", "", "simulations at a time (default: all host threads)"},
    kEnergyOption,
    {"output,o", "DIR", "", "run directory (default: out/<network>.<cores>.fit)"},
    {"json", "FILE", "",
     "also write all programs measured there; - is stdout, the tables then go to stderr"},
    {"no-timing", "", "", "leave out what depends on the host"},
    kQuietOption,
};

std::vector<FitRow> rows_of(const FittedRun& fitted) {
  std::vector<FitRow> rows;
  const FitResult& search = fitted.search;
  for (std::size_t i = 0; i < search.points.size(); ++i) {
    const FitPoint& p = search.points[i];
    FitRow& row = rows.emplace_back();
    row.footprint = p.footprint;
    row.bound = p.bound;
    row.cycles = p.cycles;
    row.dram_bytes = p.dram_bytes;
    row.energy_pj = p.energy_pj;
    row.buffers = p.buffers;
    row.walked = p.walked;
    row.estimated_footprint = p.estimated_footprint;
    row.estimated_cycles = p.estimated_cycles;
    row.chosen = i == fitted.chosen;
    row.front = std::ranges::find(search.front, i) != search.front.end();
    // The planner of the run may do better than the small effort that candidates are measured by.
    if (row.chosen) row.footprint = std::min(row.footprint, fitted.run.report.memory.peak);
  }
  return rows;
}

FitSubject subject(const RunReport& report, const FitOptions& choice, Bytes row_bound) {
  return {report.version,
          report.network,
          report.machine.name,
          report.machine.cores,
          kFitObjectiveNames[static_cast<std::size_t>(choice.objective)],
          choice.budget,
          row_bound};
}

}  // namespace

CommandInterface fit_interface() {
  return {kFitHelp, std::vector<OptionRow>(std::begin(kFitOptions), std::end(kFitOptions)) +
                        network_options() + machine_options() + search_options()};
}

int fit_command(const Options& options) {
  constexpr std::string_view kFitFiles[] = {"json"};
  check_output_files(options, kFitFiles);
  check_run_directory(options);
  MachineChoice choice = machine_choice(options);
  choice.cores = options.integer("cores", 1, kMaxCores);
  FitOptions fit_options = fit_choice(options);
  std::optional<Progress> progress;
  fit_options.progress = [&](std::size_t done, std::size_t all) {
    if (options.flag("quiet") || options.flag("no-timing") || all == 1) return;
    if (!progress) progress.emplace(all, "program");
    progress->finished(done, 0);
  };
  RunOptions run_options;
  run_options.compile.partition = fit_options.partition;
  run_options.planner = planner_choice(options, "planner", options.required("planner"));
  run_options.plan = plan_choice(options);
  run_options.perturbed = options.required_integer("perturb", 0, 1000);
  if (const auto file = options.text("energy"))
    run_options.energy = find_input(Shipped::energy_table, *file);
  RunProgress chosen(!options.flag("quiet"));
  run_options.progress = chosen.sink();
  const FittedRun fitted =
      run_fitted(network_choice(options, options.only()), choose_machine(choice), run_options,
                 fit_options, !options.flag("no-timing"));
  chosen.end_stage();
  const Run& run = fitted.run;
  const fs::path directory = run_directory(
      options, fmt::format("{}.{}.fit", run.report.network, run.report.machine.cores));
  const std::vector<FitRow> rows = rows_of(fitted);
  const std::string replaced = replaced_run(directory, run);
  OutputFiles files;
  for (const std::string& input : inputs_of(options)) files.keep(input);
  add_run(directory, run, files,
          {{"schedule.txt", run.compiled.schedule_dump}, {"front.csv", fit_csv(rows)}});
  if (const auto json = options.text("json"))
    files.add(*json, fit_json(rows, subject(run.report, fit_options, fitted.search.row_bound)));
  remove_left_over(directory, files);
  files.commit();
  say(options,
      fmt::format("{}\n{}  {:<13} {}{}\n", fit_text(rows, rows.front(), fitted.search.row_bound),
                  summary_text(run.report), "written to", directory.string(), replaced),
      kFitFiles);
  return kExitOk;
}

}  // namespace unna
