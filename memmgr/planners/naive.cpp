#include <algorithm>

#include "memmgr/planners/placement.h"
#include "memmgr/planners/planners.h"

namespace unna {

/// One behind the other in the order given; only fixed buffers and reserved ranges are stepped
/// around.
Plan plan_naive(const PlanProblem& problem, const PlanOptions&) {
  std::vector<Taken> fixed;
  for (const ByteRange& r : problem.reserved) fixed.push_back({r.begin, r.end});
  for (const PlanBuffer& b : problem.buffers)
    if (b.fixed) fixed.push_back({*b.fixed, *b.fixed + b.size});
  Plan plan;
  Bytes end = 0;
  for (const PlanBuffer& b : problem.buffers) {
    if (b.fixed) {
      plan.offsets.push_back(*b.fixed);
      continue;
    }
    std::vector<Taken> taken = fixed;
    taken.push_back({0, end});
    plan.offsets.push_back(find_place(taken, b.size, b.alignment, Fit::lowest));
    end = std::max(end, plan.offsets.back() + b.size);
  }
  return plan;
}

}  // namespace unna
