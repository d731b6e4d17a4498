#include "memmgr/plan.h"
#include "memmgr/planners/objects.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/problem.h"

namespace unna {

/// Lee et al. 2019 as in TFLite's GPU delegate: buffers as they come into use; each takes the free
/// object whose size is closest to its own, the larger one where two are equally close, and that
/// object grows if need be; a new object only where none is free.
Plan plan_greedy_in_order(const PlanProblem& problem, const PlanOptions&) {
  ObjectPool pool(problem, "greedy-in-order");
  for (const std::uint32_t i : problem.sequence()) {
    pool.look_for(i);
    const Bytes size = problem.buffers[i].size;
    const auto larger = pool.smallest(size);
    const auto smaller = pool.largest_below(size);
    const bool grow =
        smaller && (!larger || size - pool.size_of(*smaller) < pool.size_of(*larger) - size);
    if (grow)
      pool.assign(i, *smaller);
    else if (larger)
      pool.assign(i, *larger);
    else
      pool.open(i);
  }
  return pool.plan();
}

}  // namespace unna
