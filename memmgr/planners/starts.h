#pragma once

// What planners that search start from.

#include <string_view>
#include <vector>

#include "memmgr/exact/capacity_search.h"
#include "memmgr/problem.h"

namespace unna {

/// Orders of constructive.h and threads.h that come first, by lowest fit, on many buffers of a
/// partial order, where there is not the time for all: found on walks of several networks on 4 and
/// 16 cores, each the best where those before it are not.
inline constexpr std::string_view kLeaders[] = {
    "degree x size",
    "peak by start, rest by distance",
    "load",
    "pressure in the thread x size in octaves, then late end",
    "first thread, size in octaves, then start",
    "peak by size, rest by distance"};

/// The best of the constructive orders, by lowest and by best fit, and of what goes along the time;
/// stops at the bound (or the capacity asked for), where half of the budget is spent, or at the
/// deadline, at which orders that are not done yet are given up; one plan there always is.
std::vector<Bytes> best_constructive(const PlanProblem& problem, Budget& budget);

}  // namespace unna
