#pragma once

#include <optional>
#include <vector>

#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// Of problems with at most so many buffers all orders are tried.
inline constexpr std::size_t kAllOrders = 8;

/// The best layout that placing buffers one by one at their lowest free offsets makes, in whatever
/// order, fixed ones first; none where its peak is not below `below`. Where it matters at which
/// offset exactly buffers overlap (in-place pairs, gaps that keep bytes) another layout may be
/// better still. At most kAllOrders buffers.
std::optional<std::vector<Bytes>> best_of_all_orders(const PlanProblem& problem, Bytes below);

}  // namespace unna
