#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/problem.h"

namespace unna {

Plan plan_greedy_by_size(const PlanProblem& problem, const PlanOptions&) {
  Plan plan;
  plan.offsets = place_in_order(problem, by_size(problem), Fit::best);
  return plan;
}

}  // namespace unna
