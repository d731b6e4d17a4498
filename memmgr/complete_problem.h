#pragma once

// From what is given to a problem that can be planned: checked, indexed, with its bound.

#include <string_view>

#include "base/units.h"
#include "memmgr/lifetimes.h"
#include "memmgr/problem.h"

namespace unna {

/// Sizes are rounded up to `alignment`; computes index, neighbours and bound. Refuses
/// (InternalError) `observed` lifetimes unless `unsafe` says that the result is only for
/// comparison.
PlanProblem make_problem(Lifetimes lifetimes, Bytes alignment, bool unsafe = false);

/// Throw InputError, without a place, unless the pair is of two buffers, and for an in-place pair
/// the second is not larger. `what` is "apart from" or "in place of".
void check_pair(const PlanProblem& problem, BufferPair pair, std::string_view what);
void check_in_place(const PlanProblem& problem, BufferPair pair);

/// Index, neighbours and bound of a problem whose buffers, lifetimes, pairs and reserved ranges are
/// set; puts pairs and ranges in order. Throws InputError for sizes that add up to too much, and
/// for pairs that can't be: of one buffer, in place and apart, into a larger one.
void complete_problem(PlanProblem& problem);

}  // namespace unna
