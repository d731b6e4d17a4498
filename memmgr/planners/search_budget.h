#pragma once

// What planners that search may spend, and what they start from.

#include "memmgr/exact/capacity_search.h"
#include "memmgr/problem.h"

namespace unna {

/// With a time limit until then, otherwise as much work as options.effort says.
Budget search_budget(const PlanOptions& options);

/// The best of the constructive orders, by lowest and by best fit; stops at the bound (or the
/// capacity asked for).
std::vector<Bytes> best_constructive(const PlanProblem& problem, Budget& budget);

/// Gives buffers `aside` (always_placeable(), in that order) the lowest offsets that the others
/// leave them.
void place_aside(const PlanProblem& problem, std::span<const std::uint32_t> aside,
                 std::vector<Bytes>& offsets);

}  // namespace unna
