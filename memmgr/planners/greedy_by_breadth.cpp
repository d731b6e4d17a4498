#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/sequence_axis.h"
#include "memmgr/problem.h"

namespace unna {

/// Pisarchyk & Lee, section 5.3.
Plan plan_greedy_by_breadth(const PlanProblem& problem, const PlanOptions&) {
  Plan plan;
  plan.offsets = place_in_order(problem, by_breadth(problem), Fit::best);
  return plan;
}

}  // namespace unna
