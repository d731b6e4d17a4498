#pragma once

// What planners that search start from.

#include <vector>

#include "memmgr/exact/capacity_search.h"
#include "memmgr/problem.h"

namespace unna {

/// The best of the constructive orders, by lowest and by best fit, and of what goes along the time;
/// stops at the bound (or the capacity asked for), where half of the budget is spent, or at the
/// deadline, at which orders that are not done yet are given up; one plan there always is.
std::vector<Bytes> best_constructive(const PlanProblem& problem, Budget& budget);

}  // namespace unna
