#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/output_file.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "flow/compare.h"
#include "memmgr/planners/registry.h"
#include "report/compare_report.h"
#include "text/units.h"

namespace unna {

namespace {

constexpr CommandHelp kCompareHelp = {
    "compare", "NETWORK...",
    "Plans each network's memory from its topology, as frameworks do, and from the instructions\n"
    "that the cores execute, with each planner. Every plan is validated, or marked as unsafe. For\n"
    "comparison: the same program with a barrier after each layer, for which the topology's plan "
    "is\n"
    "right, and a plan from the time stamps of one run, which none is. Writes compare.csv and\n"
    "compare.json into the run directory."};

constexpr OptionRow kCompareOptions[] = {
    {"cores", "LIST", "1,4,16", "numbers of cores"},
    {"planners", "LIST", "bfc,greedy-by-size,auto", "unnasim plan --list shows them"},
    {"walks", "PERCENT", "",
     "also the walk below the tensor that needs the least memory for at most so many percent more "
     "cycles and DRAM bytes than layer by layer (unnasim fit searches for them)"},
    {"jobs,j", "N", "", "simulations at a time in that search (default: all host threads)"},
    {"perturb", "N", "1", "replays under random delays, of each plan"},
    {"explain", "", "",
     "which buffers profit from instruction liveness, what both peaks are made of, and why"},
    {"output,o", "DIR", "", "run directory (default: out/compare)"},
    {"json", "FILE", "",
     "also write compare.json there; - is stdout, the tables then go to stderr"},
    {"no-timing", "", "", "leave out what depends on the host"},
    kQuietOption,
};

/// The planner whose plans the summary is about: auto if it takes part, or else the last.
std::string summary_planner(const std::vector<std::string>& planners) {
  if (std::find(planners.begin(), planners.end(), "auto") != planners.end()) return "auto";
  return planners.back();
}

}  // namespace

CommandInterface compare_interface() {
  return {kCompareHelp,
          std::vector<OptionRow>(std::begin(kCompareOptions), std::end(kCompareOptions)) +
              network_options() + machine_options() + compile_options() + search_options()};
}

int compare_command(const Options& options) {
  constexpr std::string_view kCompareFiles[] = {"json"};
  check_output_files(options, kCompareFiles);
  check_run_directory(options);
  CompareOptions compare;
  compare.planners = options.list("planners");
  for (const std::string& name : compare.planners) planner_choice(options, "planners", name);
  compare.plan = plan_choice(options);
  compare.compile = compile_choice(options);
  compare.perturbed = options.required_integer("perturb", 0, 1000);
  compare.walks = options.number("walks", 0, 1000);
  compare.jobs = job_count(options);
  compare.explain = options.flag("explain");
  compare.timing = !options.flag("no-timing");
  compare.summary = summary_planner(compare.planners);
  if (options.positional().empty())
    throw InputError("unnasim compare: expected a network, see unnasim compare --help");

  // Before any work: a name that is wrong must not end an hour of it.
  std::set<std::string> seen;
  for (const std::string& network : options.positional()) {
    if (!seen.insert(network).second)
      throw InputError(
          fmt::format("unnasim compare: '{}' is given twice, expected it once", network));
    const NetworkChoice checked = network_choice(options, network);
    load_network(checked.file, checked.onnx);
  }
  CompareReport report;
  report.version = kVersion;
  report.granularity = kGranularityNames[static_cast<std::size_t>(compare.compile.granularity)];
  report.seed = compare.plan.seed;
  report.planner = compare.summary;
  MachineChoice choice = machine_choice(options);
  RunProgress progress(!options.flag("quiet"));
  for (const std::string& network : options.positional())
    for (const std::int64_t cores : options.integers("cores", 1, kMaxCores)) {
      choice.cores = cores;
      progress.stage(fmt::format("comparing {} on {}", network, counted(cores, "core")));
      report.cases.push_back(
          compare_network(network_choice(options, network), choose_machine(choice), compare));
    }
  progress.end_stage();
  const auto directory = run_directory(options, "compare");
  OutputFiles files;
  files.make_directory(directory);
  files.add(directory / "compare.csv", compare_csv(report));
  files.add(directory / "compare.json", compare_json(report));
  if (const auto json = options.text("json")) files.add(*json, compare_json(report));
  files.commit();
  say(options, fmt::format("{}written to {}\n", compare_text(report), directory.string()),
      kCompareFiles);
  return kExitOk;
}

}  // namespace unna
