#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "memmgr/lifetimes.h"
#include "memmgr/order_index.h"

namespace unna {

/// Buffers of which no two may share bytes, so that any plan needs their sum.
struct Antichain {
  Bytes weight = 0;
  std::vector<std::uint32_t> members;  ///< ascending
};

/// The heaviest antichain; for intervals the greatest live sum (with gaps this is a lower bound of
/// the plan, not of the conflict graph's heaviest clique). `weights` by buffer, none negative.
///
/// Orders: by Dilworth's theorem with weights the heaviest antichain equals the smallest number of
/// chains that cover each element as often as it weighs; links between successive elements of the
/// chains are a maximum flow from elements to their successors, and its minimum cut is the
/// antichain. The flow runs on the index's chains (Dinic 1970, steps along a chain counted as
/// nothing), so that the relation is never stored.
Antichain heaviest_antichain(const Lifetimes& lifetimes, const OrderIndex& index,
                             std::span<const Bytes> weights);

}  // namespace unna
