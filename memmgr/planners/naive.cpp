#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/problem.h"

namespace unna {

Plan plan_naive(const PlanProblem& problem, const PlanOptions&) {
  Plan plan;
  plan.offsets = place_without_sharing(problem);
  return plan;
}

}  // namespace unna
