#pragma once

// Partial orders for strategies that are defined on a sequence of operators. Every place of the
// problem's sequence is taken for an operator; a buffer is in use from its own place to the last
// that holds a buffer it overlaps. Those who conflict are then in use at one place; some who do not
// conflict are, too, so that what comes of it is valid but may share less. On intervals the places
// say exactly what the intervals do.

#include <cstdint>
#include <vector>

#include "memmgr/problem.h"

namespace unna {

/// A half-open lifetime for each buffer such that those who conflict overlap: the problem's own
/// intervals (gaps are not made use of), or places of its sequence.
std::vector<Interval> safe_intervals(const PlanProblem& problem);

/// Buffers by the breadth of the broadest operator they are in use at, descending (earlier
/// operators first among equals), then by size, descending, then by index: the order of Pisarchyk &
/// Lee's greedy by breadth. Breadth is the sum of the sizes in use.
std::vector<std::uint32_t> by_breadth(const PlanProblem& problem);

}  // namespace unna
