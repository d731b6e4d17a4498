#include "memmgr/plan.h"
#include "memmgr/planners/objects.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/sequence_axis.h"
#include "memmgr/problem.h"

namespace unna {

/// Pisarchyk & Lee, section 4.2.
Plan plan_objects_by_breadth(const PlanProblem& problem, const PlanOptions&) {
  ObjectPool pool(problem, "objects-by-breadth");
  for (const std::uint32_t i : by_breadth(problem)) pool.assign_best(i);
  return pool.plan();
}

}  // namespace unna
