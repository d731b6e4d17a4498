#include "cli/plan_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/output_file.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "flow/candidates.h"
#include "flow/files.h"
#include "flow/shipped_files.h"
#include "flow/wait_plans.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"
#include "report/plan_report.h"

namespace unna {

namespace {

constexpr double kDefaultSlack = 5;
constexpr std::int64_t kDefaultCandidates = 64;

constexpr OptionRow kObjectiveOptions[] = {
    {"objective", "LIST", "",
     "peak,waits: after the peak, what buffers cost that share bytes though only waiting orders "
     "them (JSON: avoid; or a network). Of a network, choose its layout by these, the "
     "most important first: peak, row-hits, cache-hits, dram-bytes, latency; the following options "
     "are for this"},
    {"slack", "PERCENT", "",
     "what is within so much of the best counts as equal to it (default: 5)"},
    {"candidates", "N", "", "layouts that are simulated (default: 64)"},
    {"jobs,j", "N", "", "simulations at a time (default: all host threads)"},
    {"perturb", "N", "", "replays under random delays, of each layout that is shown (default: 1)"},
    {"cores", "N", "", "number of cores (default: the machine's, or 1)"},
    {"csv", "FILE", "", "write a row for each simulated layout"},
};

constexpr std::string_view kPlanNetworkOutputs[] = {"output", "svg", "json", "csv"};
constexpr std::string_view kForProblems[] = {"capacity", "pool",      "planner",
                                             "compare",  "alignment", "check"};

CandidateOptions candidate_choice(const Options& options) {
  CandidateOptions choice;
  try {
    choice.objectives = objectives_named(options.list("objective"));
  } catch (const InputError& error) {
    options.fail("objective", error.what());
  }
  choice.slack = options.number("slack", 0, 1000).value_or(kDefaultSlack) / 100;
  choice.candidates = options.integer("candidates", 1, 1'000'000).value_or(kDefaultCandidates);
  const auto hardware = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  choice.jobs = static_cast<int>(
      options.integer("jobs", 1, 1024).value_or(std::max<std::int64_t>(hardware, 1)));
  choice.perturbed = options.integer("perturb", 0, 1000).value_or(1);
  choice.plan = plan_choice(options);
  return choice;
}

/// What can't tell layouts apart has nothing to choose by.
void check_machine(const Options& options, const MachineConfig& machine,
                   const CandidateOptions& choice) {
  if (machine.dram.model != DramModel::banked)
    options.fail("objective",
                 "figures of layouts are counted with dram.model banked alone, expected "
                 "--set dram.model=banked");
  for (const Objective* objective : choice.objectives)
    if (objective->needs_cache && machine.cache.size_bytes == 0)
      options.fail("objective", fmt::format("{} on a machine without a cache, expected "
                                            "--set cache.size_bytes=BYTES",
                                            objective->name));
}

void write_plan(const Options& options, std::string text, const std::string& csv,
                const std::string& json, const PlanRun& chosen) {
  if (options.flag("explain")) text += plan_explanation(chosen);
  OutputFiles files;
  if (const auto file = options.text("csv")) files.add(*file, csv);
  if (const auto file = options.text("json")) files.add(*file, json);
  if (const auto file = options.text("svg")) files.add(*file, memory_map(chosen));
  if (const auto file = options.text("output"))
    files.add(*file, format_offsets_csv(*chosen.problem, chosen.plan->offsets));
  files.commit();
  say(options, text, kPlanNetworkOutputs);
}

void write_layout(const Options& options, const PlanProblem& problem, const LayoutReport& report) {
  const auto row = std::ranges::find_if(report.rows, &LayoutRow::chosen);
  PlanRun chosen;
  chosen.file = options.only();
  chosen.planner = row->name;
  chosen.problem = &problem;
  chosen.plan = Plan{};
  chosen.plan->planner = row->name;
  chosen.plan->offsets = row->offsets;
  chosen.plan->peak = row->figures.peak;
  chosen.plan->lower_bound = problem.lower_bound;
  chosen.plan->proved_optimal = row->figures.peak == problem.lower_bound;
  chosen.plan->seed = report.seed;
  write_plan(options, layout_text(report), layout_csv(report), layout_json(report), chosen);
}

}  // namespace

std::span<const OptionRow> objective_options() {
  return kObjectiveOptions;
}

bool asks_for_few_waits(const Options& options) {
  if (!options.given("objective")) return false;
  const std::vector<std::string> list = options.list("objective");
  if (std::ranges::count(list, "waits") == 0) return false;
  if (list != std::vector<std::string>{"peak", "waits"})
    options.fail("objective",
                 "waits are counted at the least peak, or within the capacity, and "
                 "with nothing else, expected peak,waits");
  return true;
}

void refuse_objective_options(const Options& options) {
  const auto refuse = [&](std::span<const OptionRow> rows) {
    for (const OptionRow& row : rows) {
      const std::string_view name = row.name.substr(0, row.name.find(','));
      if (name == "objective" && asks_for_few_waits(options)) continue;
      if (options.given(name))
        options.fail(name, "takes effect with --objective of a network only");
    }
  };
  refuse(kObjectiveOptions);
  refuse(network_options());
  refuse(machine_options());
  refuse(compile_options());
}

namespace {

/// The network, and the machine for it.
struct NetworkRequest {
  std::string file;
  ChosenMachine machine;
};
NetworkRequest network_request(const Options& options,
                               std::initializer_list<std::string_view> but) {
  NetworkRequest request;
  request.file = find_input(Shipped::network, options.only()).string();
  if (!looks_like_network(request.file, read_file(request.file)))
    throw InputError(
        fmt::format("{}: not a network, expected one: --objective runs its program with every "
                    "layout",
                    request.file));
  for (const std::string_view name : kForProblems)
    if (options.given(name) && std::ranges::count(but, name) == 0)
      options.fail(name, "is for files of buffers, not for a network with --objective");
  MachineChoice machine = machine_choice(options);
  machine.cores = options.integer("cores", 1, kMaxCores);
  request.machine = choose_machine(machine);
  return request;
}

}  // namespace

int plan_waits(const Options& options) {
  check_output_files(options, kPlanNetworkOutputs);
  const NetworkRequest request = network_request(options, {"capacity"});
  for (const char* name : {"slack", "candidates", "jobs"})
    if (options.given(name)) options.fail(name, "has no effect on peak,waits, expected none");
  WaitPlanOptions choice;
  choice.compile = compile_choice(options);
  if (choice.compile.barriers == Barriers::layers)
    options.fail("barriers", "after each layer nothing is left to wait for, expected data");
  choice.plan = plan_choice(options);
  choice.capacity = options.bytes("capacity", 0, std::numeric_limits<std::int64_t>::max() / 2);
  choice.perturbed = options.integer("perturb", 0, 1000).value_or(1);
  RunProgress progress(!options.flag("quiet"));
  choice.progress = progress.sink();
  const WaitPlans found =
      plan_with_waits(network_choice(options, request.file), request.machine, choice);
  PlanRun run;
  run.file = options.only();
  run.planner = "auto";
  run.problem = &found.problem;
  run.plan = found.smallest;
  write_plan(options, waits_text(found.report), waits_csv(found.report),
             plan_json(std::span(&run, 1), kVersion, false), run);
  return kExitOk;
}

int plan_network(const Options& options) {
  check_output_files(options, kPlanNetworkOutputs);
  CandidateOptions choice = candidate_choice(options);
  Progress progress(static_cast<std::size_t>(choice.candidates), "layout", say_progress(options));
  choice.progress = [&](std::size_t simulated) { progress.finished(simulated, 0); };
  const NetworkRequest request = network_request(options, {});
  check_machine(options, request.machine.config, choice);
  const Compiled compiled = compile_network(network_choice(options, request.file), request.machine,
                                            compile_choice(options));
  const Executed executed = execute(compiled);
  const PlanProblem problem = problem_of(compiled, executed, LivenessKind::instruction);
  write_layout(options, problem, choose_layout(compiled, executed, problem, choice));
  return kExitOk;
}

}  // namespace unna
