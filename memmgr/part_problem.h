#pragma once

#include <cstdint>
#include <span>

#include "memmgr/problem.h"

namespace unna {

/// Some of a problem's buffers, ascending, with what is between them: entry k is members[k].
/// Without pools, capacity and reserved ranges, and not complete yet (complete_problem()).
PlanProblem part_of(const PlanProblem& problem, std::span<const std::uint32_t> members);

}  // namespace unna
