#include "memmgr/planners/placement.h"
#include "memmgr/planners/planners.h"

namespace unna {

Plan plan_naive(const PlanProblem& problem, const PlanOptions&) {
  Plan plan;
  plan.offsets = place_without_sharing(problem);
  return plan;
}

}  // namespace unna
