#include "memmgr/planners/starts.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/constructive.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/registry.h"
#include "memmgr/planners/threads.h"

namespace unna {
namespace {

/// One way of making a plan without a search.
struct Start {
  ConstructiveOrder order;  ///< where there is no planner
  Fit fit = Fit::lowest;
  Plan (*planner)(const PlanProblem&, const PlanOptions&) = nullptr;

  /// Empty where it is given up: it would not be below `below`, or the planner refuses the problem.
  Attempt make(const PlanProblem& problem, const Deadline& deadline, Bytes below) const {
    if (planner == nullptr) return attempt_in_order(problem, order.order, fit, deadline, below);
    try {
      return {planner(problem, {}).offsets, 0};
    } catch (const InputError&) {
      return {};
    }
  }
};

struct Starts {
  std::vector<Start> all;
  std::size_t first =
      0;  ///< so many are made while there is any budget, the others with half of it
};

/// To the front, in their order.
void put_leaders_first(std::vector<Start>& starts) {
  auto next = starts.begin();
  for (const std::string_view name : kLeaders) {
    const auto leader = std::find_if(next, starts.end(), [&](const Start& s) {
      return s.fit == Fit::lowest && s.order.name == name;
    });
    if (leader == starts.end()) continue;
    std::rotate(next, leader, leader + 1);
    ++next;
  }
}

/// Orders by lowest fit, those for large problems among them; what goes along the time; the orders
/// by best fit; on small problems every planner that does not search.
Starts starts(const PlanProblem& problem) {
  constexpr std::size_t kSmall = 500;
  constexpr std::size_t kMany = 2000;  // may not have the time for all
  const std::vector<ConstructiveOrder> orders = constructive_orders(problem);
  Starts result;
  const auto add = [&](std::span<const ConstructiveOrder> some, Fit fit) {
    for (const ConstructiveOrder& order : some) result.all.push_back({order, fit, nullptr});
  };
  const std::size_t half = orders.size() / 2;
  constexpr std::size_t kBeforePeakOrders = 2;
  const bool many = problem.size() >= kMany;
  if (problem.lifetimes.order && many) {
    add(thread_orders(problem), Fit::lowest);
    add(conflict_orders(problem), Fit::lowest);
  }
  add(std::span(orders).first(kBeforePeakOrders), Fit::lowest);
  add(peak_orders(problem), Fit::lowest);
  add(std::span(orders).subspan(kBeforePeakOrders, half - kBeforePeakOrders), Fit::lowest);
  if (problem.lifetimes.order && !many) {
    add(conflict_orders(problem), Fit::lowest);
    add(thread_orders(problem), Fit::lowest);
  }
  if (problem.lifetimes.order) result.all.push_back({chain_order(problem), Fit::lowest, nullptr});
  result.first = result.all.size();
  const bool fixed =
      std::ranges::any_of(problem.buffers, [](const PlanBuffer& b) { return b.fixed.has_value(); });
  if (!fixed && problem.apart.empty())
    for (const auto planner : {plan_strip_packing, plan_linear_scan})
      result.all.push_back({{}, Fit::lowest, planner});
  if (problem.lifetimes.order && many) put_leaders_first(result.all);
  add(std::span(orders).first(half), Fit::best);
  add(std::span(orders).subspan(half), Fit::lowest);
  add(std::span(orders).subspan(half), Fit::best);
  if (problem.size() <= kSmall)
    for (const PlannerInfo& info : planners())
      if (!info.seeded) result.all.push_back({{}, Fit::lowest, info.run});
  return result;
}

}  // namespace

std::vector<Bytes> best_constructive(const PlanProblem& problem, Budget& budget) {
  constexpr std::size_t kAtATime = 2;
  // Where all are in use together there is nothing to search for.
  if (std::vector<Bytes> apart = place_without_sharing(problem);
      peak_of(problem, apart) <= problem.lower_bound)
    return apart;
  const Bytes goal = std::max(problem.lower_bound, problem.capacity.value_or(0));
  const std::uint64_t work = placement_work(problem);
  const std::uint64_t reserve = budget.work / 2;  // for what searches
  auto [all, always] = starts(problem);
  // What takes n log n comes first then: there is a plan when the others are given up.
  if (budget.deadline || work > reserve)
    std::stable_partition(all.begin(), all.end(),
                          [](const Start& s) { return s.planner != nullptr; });
  std::vector<Bytes> best;
  Bytes peak = std::numeric_limits<Bytes>::max();
  for (std::size_t first = 0; first < all.size(); first += kAtATime) {
    const std::uint64_t keep = first < always ? 0 : reserve;
    const bool enough = !best.empty() && (peak <= goal || budget.work <= keep);
    if (enough || (first > 0 && budget.out_of_time())) break;
    const std::size_t count = std::min(kAtATime, all.size() - first);
    std::vector<Attempt> made(count);
    parallel_for(count, budget.threads, [&, &starts = all](std::size_t k) {
      if (k == 0 || !budget.out_of_time())
        made[k] = starts[first + k].make(problem, budget.deadline, peak);
    });
    for (std::size_t k = 0; k < count; ++k) {
      budget.work -= std::min<std::uint64_t>(budget.work, made[k].work + 32 * problem.size());
      if (made[k].offsets.size() != problem.size()) continue;
      const Bytes its_peak = peak_of(problem, made[k].offsets);
      if (its_peak >= peak) continue;
      best = std::move(made[k].offsets);
      peak = its_peak;
    }
  }
  return best.empty() ? place_in_order(problem, by_size(problem), Fit::lowest) : best;
}

}  // namespace unna
