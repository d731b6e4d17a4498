#include "flow/wait_plans.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/planners/registry.h"
#include "memmgr/planners/waits.h"
#include "text/units.h"

namespace unna {
namespace {

std::size_t buffer_of(const PlanProblem& problem, std::size_t i) {
  return problem.lifetimes.buffers[i].members.front().index();
}

/// Cores of which some use of `a` is not known to be complete before each use of `b`.
std::int64_t cores_to_await(const Lifetimes& lifetimes, std::size_t a, std::size_t b) {
  std::set<std::uint32_t> cores;
  const auto known = lifetimes.order->first(b);
  for (const ChainOrder::Mark mark : lifetimes.order->last(a))
    if (mark.position > known[mark.chain]) cores.insert(lifetimes.chain_threads[mark.chain]);
  return static_cast<std::int64_t>(cores.size());
}

std::int64_t signals_in(const Object& object) {
  std::int64_t count = 0;
  for (const auto& stream : object.streams)
    count += std::ranges::count(stream, Opcode::signal, &Instruction::opcode);
  return count;
}

/// The last use on each core, or the first write.
std::vector<UnitUse> last_uses(const std::vector<UnitUse>& uses) {
  std::vector<UnitUse> last;
  std::set<CoreId> cores;
  for (auto use = uses.rbegin(); use != uses.rend(); ++use)
    if (cores.insert(use->core).second) last.push_back(*use);
  return last;
}
std::vector<UnitUse> first_writes(const std::vector<UnitUse>& uses) {
  std::vector<UnitUse> first;
  std::set<CoreId> cores;
  for (const UnitUse& use : uses)
    if (use.writes && cores.insert(use.core).second) first.push_back(use);
  return first;
}

/// The program's order as it would be with a barrier after each step.
ChainOrder in_step(const Compiled& compiled, const PlanProblem& instruction) {
  const ChainOrder& order = *instruction.lifetimes.order;
  // By step: of each chain the last use of a buffer that is not used any more.
  std::map<std::size_t, std::vector<std::uint32_t>> complete;
  std::vector<std::size_t> first_step(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::vector<UnitUse>& uses = compiled.uses[buffer_of(instruction, i)];
    if (uses.empty()) continue;
    const auto [first, last] = std::ranges::minmax(uses, {}, &UnitUse::step);
    first_step[i] = first.step;
    std::vector<std::uint32_t>& positions = complete[last.step];
    positions.resize(order.chains(), 0);
    for (const ChainOrder::Mark mark : order.last(i))
      positions[mark.chain] = std::max(positions[mark.chain], mark.position);
  }
  std::vector<std::uint32_t> so_far(order.chains(), 0);
  for (auto& [step, positions] : complete) {
    for (std::size_t c = 0; c < so_far.size(); ++c) so_far[c] = std::max(so_far[c], positions[c]);
    positions = so_far;
  }
  ChainOrder stepped(order.chains());
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::vector<std::uint32_t> known(order.first(i).begin(), order.first(i).end());
    if (const auto later = complete.lower_bound(first_step[i]); later != complete.begin())
      for (std::size_t c = 0; c < known.size(); ++c)
        known[c] = std::max(known[c], std::prev(later)->second[c]);
    stepped.add(order.last(i), known);
  }
  return stepped;
}

class WaitPlanner {
 public:
  WaitPlanner(const NetworkChoice& network, const ChosenMachine& machine,
              const WaitPlanOptions& options)
      : network_(network), machine_(machine), options_(options) {
    options_.compile.unit_uses = true;
    options_.plan.few_waits = false;
    compiled_ = compile_network(network_, machine_, options_.compile);
    executed_ = execute(compiled_, machine_.config, options_.progress);
    instruction_ = problem_of(compiled_, executed_, LivenessKind::instruction);
    plans_.problem = problem_in_step(compiled_, instruction_);
  }

  WaitPlans run() {
    WaitsReport& report = plans_.report;
    report.network = compiled_.object->network;
    report.machine = machine_.config.name;
    report.cores = machine_.config.cores;
    report.pairs = static_cast<std::int64_t>(plans_.problem.avoid.size());
    say("planning");
    offer("no waits", run_planner("auto", instruction_, options_.plan));
    offer("least", run_planner("auto", plans_.problem, options_.plan));
    if (options_.capacity) {
      require_capacity(*options_.capacity);
      within(*options_.capacity);
    } else {
      constexpr Bytes kParts = 4;
      const Bytes least = lowest().plan.peak;
      const Bytes more = without_waits().plan.peak - least;
      for (Bytes part = kParts - 1; part >= 0; --part) within(least + more * part / kParts);
    }
    report.in_step = lowest().plan.peak;
    for (const Candidate& c : rows()) simulate(c);
    meet_after_layers();
    return std::move(plans_);
  }

 private:
  struct Candidate {
    std::string name;
    Plan plan;
  };

  void say(std::string_view stage) const {
    if (options_.progress) options_.progress({stage, 0, 0, 0});
  }

  /// Judged as a plan of the problem in step, whoever made it.
  void offer(std::string name, Plan plan) {
    const PlanProblem& problem = plans_.problem;
    const std::optional<PlanWaits> waits = plan.waits;
    plan.lower_bound = problem.lower_bound;
    plan.proved_optimal = plan.peak == plan.lower_bound;
    judge_waits(problem, plan);
    if (waits && plan.waits) plan.waits->lower_bound = waits->lower_bound;
    require_valid(plan);
    candidates_.push_back({std::move(name), std::move(plan)});
  }
  void require_valid(const Plan& plan) const {
    for (const Violation& v : check_plan(plans_.problem, plan, 1)) throw InternalError(v.message);
    if (!plan.waits) return;
    invariant(plan.waits->cost == waits_cost(plans_.problem, plan.offsets), "waits of other cost");
  }

  static std::int64_t cost(const Candidate& c) { return c.plan.waits ? c.plan.waits->cost : 0; }
  const Candidate& lowest() const {
    return *std::ranges::min_element(candidates_, {}, [](const auto& c) { return c.plan.peak; });
  }
  /// The lowest of those that the program allows as it is, of which there is one.
  const Candidate& without_waits() const {
    return *std::ranges::min_element(candidates_, {}, [](const auto& c) {
      return cost(c) == 0 ? c.plan.peak : std::numeric_limits<Bytes>::max();
    });
  }

  void require_capacity(Bytes capacity) const {
    const Plan& least = lowest().plan;
    if (least.peak <= capacity) return;
    throw CapacityError(fmt::format(
        "{} needs {} bytes even with a barrier after each step, {} more than the capacity of {}{}",
        compiled_.object->network, grouped(least.peak), grouped(least.peak - capacity),
        grouped(capacity),
        least.lower_bound > capacity ? ": no layout of this program is smaller"
                                     : "; none that fits is excluded"));
  }

  /// The cheapest plan that is found below the capacity, unless the program allows one as it is.
  void within(Bytes capacity) {
    if (without_waits().plan.peak <= capacity) return;
    PlanProblem problem = plans_.problem;
    problem.capacity = capacity;
    Plan plan = lowest().plan;
    say("planning");
    reduce_waits(problem, plan, options_.plan);
    offer(fmt::format("up to {}", capacity), std::move(plan));
  }

  /// What the program allows as it is, then lower and lower; of equally high ones the cheapest.
  std::vector<Candidate> rows() const {
    std::vector<Candidate> kept{without_waits()};
    kept.front().name = "no waits";
    std::vector<Candidate> sorted = candidates_;
    std::ranges::stable_sort(sorted, [](const Candidate& a, const Candidate& b) {
      return std::pair(-a.plan.peak, cost(a)) < std::pair(-b.plan.peak, cost(b));
    });
    for (Candidate& c : sorted)
      if (c.plan.peak < kept.back().plan.peak && (!options_.capacity || c.name != "least"))
        kept.push_back(std::move(c));
    return kept;
  }

  /// For comparison: cores meet after each layer.
  void meet_after_layers() {
    CompileOptions options = options_.compile;
    options.barriers = Barriers::layers;
    const Compiled compiled = compile_network(network_, machine_, options);
    const Executed executed = execute(compiled, machine_.config, options_.progress);
    const PlanProblem problem = problem_of(compiled, executed, LivenessKind::instruction);
    say("planning");
    add_row("barriers", compiled, executed, problem, run_planner("auto", problem, options_.plan));
  }

  /// The program with the layout's waits, held against the layout as any other.
  void simulate(const Candidate& candidate) {
    const Plan& plan = candidate.plan;
    CompileOptions options = options_.compile;
    options.waits = waits_of(compiled_, plans_.problem, plan);
    const Compiled compiled =
        options.waits.empty() ? compiled_ : compile_network(network_, machine_, options);
    const Executed executed =
        options.waits.empty() ? executed_ : execute(compiled, machine_.config, options_.progress);
    const PlanProblem problem = problem_of(compiled, executed, LivenessKind::instruction);
    invariant(problem.size() == plans_.problem.size(), "waits change the buffers");
    WaitsRow& row = add_row(candidate.name, compiled, executed, problem, plan);
    row.cost = cost(candidate);
    row.cost_bound = plan.waits ? plan.waits->lower_bound : 0;
    row.pairs = std::ssize(paid_pairs(plans_.problem, plan.offsets));
    plans_.smallest = plan;
  }

  WaitsRow& add_row(std::string name, const Compiled& compiled, const Executed& executed,
                    const PlanProblem& problem, const Plan& plan) {
    Planned planned = lay_out(compiled, executed, problem, plan);
    require_fit(compiled, problem, planned.layout);
    const Validated validated = validate(
        compiled, executed, problem, planned,
        {options_.perturbed, options_.plan.seed, ReplayTiming::measured, options_.progress});
    plans_.report.validation = validated.figures;  // the same for each, or it has thrown
    std::vector<WaitsRow>& rows = plans_.report.rows;
    WaitsRow& row = rows.emplace_back();
    row.name = std::move(name);
    row.peak = plan.peak;
    row.signals = signals_in(*compiled.object) - signals_in(*compiled_.object);
    row.cycles = validated.shared->cycles;
    row.slowdown = static_cast<double>(row.cycles) / static_cast<double>(rows.front().cycles) - 1;
    return row;
  }

  NetworkChoice network_;
  const ChosenMachine& machine_;
  WaitPlanOptions options_;
  Compiled compiled_;
  Executed executed_;
  PlanProblem instruction_;
  std::vector<Candidate> candidates_;
  WaitPlans plans_;
};

}  // namespace

PlanProblem problem_in_step(const Compiled& compiled, const PlanProblem& instruction) {
  constexpr std::size_t kMostPairs = 5'000'000;
  const ChainOrder& order = *instruction.lifetimes.order;
  PlanProblem problem;
  problem.buffers = instruction.buffers;
  problem.lifetimes = instruction.lifetimes;
  problem.lifetimes.order = in_step(compiled, instruction);
  const ChainOrder& stepped = *problem.lifetimes.order;
  for (std::uint32_t i = 0; i < instruction.size(); ++i)
    for (std::uint32_t j = 0; j < instruction.size(); ++j) {
      if (i == j || order.unused(i) || order.unused(j)) continue;
      if (!stepped.before(i, j) || order.before(i, j)) continue;
      problem.avoid.push_back({{i, j}, cores_to_await(instruction.lifetimes, i, j)});
      if (problem.avoid.size() > kMostPairs)
        throw CapacityError(fmt::format(
            "{}: only barriers would order more than {} pairs of buffers, expected less: "
            "coarser buffers (--granularity)",
            compiled.object->network, grouped(std::int64_t{kMostPairs})));
    }
  complete_problem(problem);
  return problem;
}

std::vector<UnitOrder> waits_of(const Compiled& compiled, const PlanProblem& in_step,
                                const Plan& plan) {
  std::vector<UnitOrder> waits;
  for (const AvoidPair& a : paid_pairs(in_step, plan.offsets)) {
    auto [before, after] = a.pair;
    if (in_step.lifetimes.before(after, before)) std::swap(before, after);
    for (const UnitUse& last : last_uses(compiled.uses[buffer_of(in_step, before)]))
      for (const UnitUse& first : first_writes(compiled.uses[buffer_of(in_step, after)]))
        if (last.core != first.core && last.step < first.step)
          waits.push_back({last.unit, first.unit});
  }
  std::ranges::sort(waits);
  waits.erase(std::unique(waits.begin(), waits.end()), waits.end());
  return waits;
}

WaitPlans plan_with_waits(const NetworkChoice& network, const ChosenMachine& machine,
                          const WaitPlanOptions& options) {
  return WaitPlanner(network, machine, options).run();
}

}  // namespace unna
