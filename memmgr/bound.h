#pragma once

#include "memmgr/problem.h"

namespace unna {

/// Fills in the problem's lower bound, what kind it is, and the buffers that make it, the greatest
/// of these (docs/planning.md, "Lower bound"):
/// - together: intervals, the greatest sum at one time of the bytes that buffers need (in a gap
/// only
///   those kept; of buffers linked by in-place pairs only the one that needs most). Orders, the
///   heaviest antichain among buffers of which no two share in place. Raised to where so many bytes
///   are not reserved.
/// - single: each buffer at the lowest offset that alignment and reserved ranges leave it.
/// - apart: two buffers that are kept apart, with others that conflict with both and each other.
/// - fixed: the end of a buffer at a fixed offset.
void find_bound(PlanProblem& problem);

/// The smallest end below which `need` bytes are not reserved.
Bytes end_of_unreserved(std::span<const ByteRange> reserved, Bytes need);

}  // namespace unna
