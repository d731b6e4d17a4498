#pragma once

// What can't be avoided to spill where there are several memories (memmgr/pools/pools.h).

#include <cstdint>
#include <span>

#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// Bytes of a pool with a capacity that can be had at all.
Bytes usable_bytes(const MemoryPool& pool);

struct SpillItem {
  std::int64_t cost = 0;
  Bytes bytes = 0;
};

/// A bound from below of the least cost of items that have `over` bytes together: the exact one
/// (branch and bound) where few steps tell, otherwise that of taking the last item in part only
/// (Dantzig, Operations Research 5(2), 1957). The greatest number where all have less.
std::int64_t least_cost_to_free(std::span<const SpillItem> items, Bytes over);

/// No assignment spills less from the pool: of the buffers that want it first, the heaviest set of
/// which no two may share bytes has to lose enough to fit, then the heaviest set of the rest, and
/// so on. Buffers that may live nowhere else count in every set and can't leave.
std::int64_t spill_bound(const PlanProblem& problem, std::uint32_t pool);

}  // namespace unna
