#include "memmgr/planners/starts.h"

#include <algorithm>

#include "base/parallel.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/constructive.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/registry.h"

namespace unna {
namespace {

/// One way of making a plan without a search.
struct Start {
  const ConstructiveOrder* order = nullptr;  ///< none: one of the planners below
  Fit fit = Fit::lowest;
  Plan (*planner)(const PlanProblem&, const PlanOptions&) = nullptr;

  std::vector<Bytes> make(const PlanProblem& problem, const Deadline& deadline) const {
    return planner != nullptr ? planner(problem, {}).offsets
                              : place_in_order(problem, order->order, fit, deadline);
  }
};

/// Four orders by lowest fit, the same by best fit, what goes along the time, the other orders.
std::vector<Start> starts(const PlanProblem& problem,
                          const std::vector<ConstructiveOrder>& orders) {
  std::vector<Start> result;
  const std::size_t half = orders.size() / 2;
  const auto add = [&](std::size_t from, std::size_t until, Fit fit) {
    for (std::size_t k = from; k < until; ++k) result.push_back({&orders[k], fit, nullptr});
  };
  add(0, half, Fit::lowest);
  const bool fixed =
      std::ranges::any_of(problem.buffers, [](const PlanBuffer& b) { return b.fixed.has_value(); });
  if (!fixed && problem.apart.empty())
    for (const auto planner : {plan_strip_packing, plan_linear_scan})
      result.push_back({nullptr, Fit::lowest, planner});
  add(0, half, Fit::best);
  add(half, orders.size(), Fit::lowest);
  add(half, orders.size(), Fit::best);
  return result;
}

}  // namespace

std::vector<Bytes> best_constructive(const PlanProblem& problem, Budget& budget) {
  constexpr std::size_t kAtATime = 2;
  const Bytes goal = std::max(problem.lower_bound, problem.capacity.value_or(0));
  const std::uint64_t work = placement_work(problem);
  const std::uint64_t reserve = budget.work / 2;  // for what searches
  const std::vector<ConstructiveOrder> orders = constructive_orders(problem);
  std::vector<Start> all = starts(problem, orders);
  // What takes n log n comes first then: there is a plan when the others are given up.
  if (budget.deadline)
    std::stable_partition(all.begin(), all.end(),
                          [](const Start& s) { return s.planner != nullptr; });
  std::vector<Bytes> best;
  Bytes peak = 0;
  for (std::size_t first = 0; first < all.size(); first += kAtATime) {
    const bool enough = !best.empty() && (peak <= goal || budget.work <= reserve);
    if (enough || (first > 0 && budget.out_of_time())) break;
    const std::size_t count = std::min(kAtATime, all.size() - first);
    std::vector<std::vector<Bytes>> made(count);
    parallel_for(count, budget.threads, [&](std::size_t k) {
      if (k == 0 || !budget.out_of_time()) made[k] = all[first + k].make(problem, budget.deadline);
    });
    for (std::vector<Bytes>& offsets : made) {
      if (offsets.size() != problem.size()) continue;
      const Bytes its_peak = peak_of(problem, offsets);
      if (best.empty() || its_peak < peak) {
        best = std::move(offsets);
        peak = its_peak;
      }
    }
    budget.work -= std::min(budget.work, count * work);
  }
  return best.empty() ? all.front().make(problem, std::nullopt) : best;
}

}  // namespace unna
