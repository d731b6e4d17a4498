#pragma once

// Placing many buffers with plain intervals, without neighbour lists.

#include <cstdint>
#include <span>
#include <vector>

#include "memmgr/placement/deadline.h"
#include "memmgr/placement/fit.h"
#include "memmgr/problem.h"

namespace unna {

/// Whether place_intervals() can take it: intervals without gaps, and nothing else that says which
/// buffers conflict (fixed offsets, alignments and reserved ranges are fine).
bool placed_by_intervals(const PlanProblem& problem);

/// What place_in_order() gives, in time that grows with n squared as that of a scan (a quarter of a
/// nanosecond a pair) and memory with n.
std::vector<Bytes> place_intervals(const PlanProblem& problem, std::span<const std::uint32_t> order,
                                   Fit fit, const Deadline& deadline = std::nullopt);

}  // namespace unna
