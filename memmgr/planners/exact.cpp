// Branch and bound over layouts that are pressed down: memmgr/exact/search.h.

#include <fmt/format.h>

#include "memmgr/exact/descent.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/all_orders.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/search_budget.h"
#include "memmgr/planners/starts.h"
#include "memmgr/problem.h"

namespace unna {

Plan plan_exact(const PlanProblem& problem, const PlanOptions& options) {
  Plan plan;
  Budget budget = search_budget(options);
  plan.offsets = best_constructive(problem, budget);
  if (!problem.plain() || !problem.lists_stored()) {
    plan.note = problem.plain() ? fmt::format("greedy orders only: more than {} conflicting pairs",
                                              kStoredPairs)
                                : "in-place pairs or gaps that keep bytes: greedy orders only";
    if (problem.size() > kAllOrders || problem.plain()) return plan;
    plan.note =
        "in-place pairs or gaps that keep bytes: placements by lowest offset only, in all orders";
    if (auto better = best_of_all_orders(problem, peak_of(problem, plan.offsets)))
      plan.offsets = std::move(*better);
    return plan;
  }
  Descent descent(problem, std::move(plan.offsets), options.seed);
  if (problem.capacity) descent.aim_at(*problem.capacity);
  if (!problem.capacity || problem.lower_bound <= *problem.capacity) descent.run(budget);
  plan.offsets = descent.offsets();
  plan.lower_bound = descent.bound();
  if (descent.peak() == descent.bound())
    plan.note = descent.bound() > problem.lower_bound ? "proved by search" : "lower bound met";
  else if (problem.capacity && descent.peak() <= *problem.capacity)
    plan.note = "fits the capacity";
  else if (problem.capacity && descent.bound() > *problem.capacity)
    plan.note = "the capacity is proved too small";
  else
    plan.note = budget.out_of_time() ? "time limit" : "effort spent";
  return plan;
}

}  // namespace unna
