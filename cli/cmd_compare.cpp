#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/file.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "flow/pipeline.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "report/compare_report.h"

namespace unna {

namespace {

constexpr CommandHelp kHelp = {
    "compare", "NETWORK...",
    "Plans each network's memory from its topology, as frameworks do, and from the instructions\n"
    "that the cores execute, with each planner. Every plan is validated. Writes compare.csv and\n"
    "compare.json into the run directory."};

constexpr OptionRow kOptions[] = {
    {"cores", "LIST", "1,4,16", "numbers of cores"},
    {"planners", "LIST", "bfc,greedy-by-size,auto", "unnasim plan --list shows them"},
    {"perturb", "N", "1", "replays under random delays, of each plan"},
    {"explain", "", "", "which buffers profit most from instruction liveness, and why"},
    {"output,o", "DIR", "", "run directory (default: out/compare)"},
    {"no-timing", "", "", "leave out what depends on the host"},
};

constexpr std::size_t kGainsShown = 10;

struct CompareOptions {
  std::vector<std::string> planners;
  PlanOptions plan;
  CompileOptions compile;
  std::int64_t perturbed = 1;
  bool explain = false;
  bool timing = true;
};

/// The planner whose plans the summary is about: auto if it takes part, or else the last.
std::string summary_planner(const std::vector<std::string>& planners) {
  if (std::find(planners.begin(), planners.end(), "auto") != planners.end()) return "auto";
  return planners.back();
}

CompareCase compare_one(const NetworkChoice& network, const ChosenMachine& machine,
                        const CompareOptions& options) {
  const Compiled compiled = compile_network(network, machine, options.compile);
  const Executed executed = execute(compiled);
  CompareCase c;
  c.network = compiled.object->network;
  c.cores = machine.config.cores;
  c.machine = machine.config.name;
  c.cycles = executed.result.cycles;
  c.latency_seconds =
      static_cast<double>(c.cycles) / (static_cast<double>(machine.config.clock_mhz) * 1e6);
  if (options.timing) c.compile_seconds = compiled.seconds;
  c.without_sharing = executed.without_sharing;

  const PlanProblem topology = problem_of(compiled, executed, LivenessKind::topology);
  const PlanProblem instruction = problem_of(compiled, executed, LivenessKind::instruction);
  for (const PlanProblem* problem : {&topology, &instruction})
    for (const std::string& name : options.planners) {
      Planned planned = plan_memory(compiled, executed, *problem, name, options.plan);
      require_fit(compiled, *problem, planned.layout);
      const ValidationFigures validation =
          validate(compiled, executed, *problem, planned, options.perturbed, options.plan.seed)
              .figures;
      if (problem == &instruction) c.validation = validation;
      c.plans.push_back(planned.figures);
      if (options.explain && problem == &instruction && name == summary_planner(options.planners))
        c.gains = explain_gains(topology, instruction, planned.plan, executed.trace, kGainsShown);
    }
  return c;
}

}  // namespace

CommandInterface compare_interface() {
  return {kHelp, std::vector<OptionRow>(std::begin(kOptions), std::end(kOptions)) +
                     network_options() + machine_options() + compile_options() + search_options()};
}

int compare_command(const Options& options) {
  CompareOptions compare;
  compare.planners = options.list("planners");
  for (const std::string& name : compare.planners) planner(name);  // unknown ones fail here
  compare.plan = plan_choice(options);
  compare.compile = compile_choice(options, Granularity::band);
  compare.perturbed = options.required_integer("perturb", 0, 1000);
  compare.explain = options.flag("explain");
  compare.timing = !options.flag("no-timing");
  if (options.positional().empty())
    throw InputError("unnasim compare: expected a network, see unnasim compare --help");

  CompareReport report;
  report.version = kVersion;
  report.seed = compare.plan.seed;
  report.planner = summary_planner(compare.planners);
  MachineChoice choice = machine_choice(options);
  for (const std::string& network : options.positional())
    for (const std::int64_t cores : options.integers("cores", 1, kMaxCores)) {
      choice.cores = cores;
      report.cases.push_back(
          compare_one(network_choice(options, network), choose_machine(choice), compare));
    }
  const auto directory = run_directory(options, "compare");
  write_file(directory / "compare.csv", compare_csv(report));
  write_file(directory / "compare.json", compare_json(report));
  fmt::print("{}written to {}\n", compare_text(report), directory.string());
  return kExitOk;
}

}  // namespace unna
