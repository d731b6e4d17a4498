#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/objects.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/problem.h"

namespace unna {

/// Pisarchyk & Lee, section 4.3. Since sizes descend, no object ever grows.
Plan plan_objects_by_size(const PlanProblem& problem, const PlanOptions&) {
  ObjectPool pool(problem, "objects-by-size");
  for (const std::uint32_t i : by_size(problem)) pool.assign_best(i);
  return pool.plan();
}

}  // namespace unna
