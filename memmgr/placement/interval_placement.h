#pragma once

// Placing many buffers with plain intervals, without neighbour lists.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "memmgr/placement/deadline.h"
#include "memmgr/placement/fit.h"
#include "memmgr/problem.h"

namespace unna {

/// Whether place_intervals() can take it: intervals without gaps, and nothing else that says which
/// buffers conflict (fixed offsets, alignments and reserved ranges are fine).
bool placed_by_intervals(const PlanProblem& problem);

/// What place_in_order() gives, by scans of what is placed and near in time (a quarter of a
/// nanosecond each; buffers that live long see all), in memory that grows with n.
std::vector<Bytes> place_intervals(const PlanProblem& problem, std::span<const std::uint32_t> order,
                                   Fit fit, const Deadline& deadline = std::nullopt,
                                   Bytes below = std::numeric_limits<Bytes>::max());

}  // namespace unna
