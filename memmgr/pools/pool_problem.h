#pragma once

#include <cstdint>
#include <span>

#include "memmgr/problem.h"

namespace unna {

/// Some buffers of a problem as a problem in a memory of their own.
PlanProblem pool_problem(const PlanProblem& problem, std::uint32_t pool,
                         std::span<const std::uint32_t> members);

/// Capacities given apart from the file: the pools of the problem become `given`, in that order,
/// and those that it has besides, without capacity. Throws InputError where one has a capacity in
/// both.
void set_pools(PlanProblem& problem, std::span<const MemoryPool> given);

}  // namespace unna
