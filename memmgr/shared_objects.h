#pragma once

// What any sharing of objects needs (SharedObjects of memmgr/plan.h).

#include <vector>

#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// The i-th of them is the largest i-th largest buffer of any set of buffers that conflict pair by
/// pair: in whatever way objects are shared, the i-th largest object is no smaller. Descending.
///
/// Intervals: the sets are those in use at one time (Pisarchyk & Lee, section 4.1). Partial orders:
/// all antichains. With w(s) the largest number of buffers of s bytes or more that conflict pair by
/// pair, a maximum antichain (antichain.h), the i-th positional maximum is the greatest s with
/// w(s) >= i. Where there are many sizes and buffers, w is looked up at some sizes only; what comes
/// of it is smaller and still valid. A buffer that may take over another's bytes is left out.
std::vector<Bytes> positional_maxima(const PlanProblem& problem);

/// What any assignment to objects needs in total: the sum of the positional maxima, or of the
/// problem's heaviest antichain where that is more (as it can be on large orders).
Bytes shared_object_bound(const PlanProblem& problem);

}  // namespace unna
