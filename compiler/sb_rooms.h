#pragma once

// How the kernels of a walk share a core's SB: synapses that stay there are loaded once for the
// whole walk instead of once for each band.

#include <span>
#include <vector>

#include "compiler/plan.h"

namespace unna {

/// What a kernel would do with SB during a walk.
enum class SbUse : std::uint8_t {
  nothing,
  stay,   ///< its synapses and biases could stay
  slots,  ///< it loads anew for each unit: computed operands, pruned synapses, factors of a norm,
          ///< or a single unit
  all,    ///< as layer by layer: other kernels use its synapses, which are packed in one way
};

struct SbWish {
  SbUse use = SbUse::nothing;
  Bytes bytes = 0;  ///< stay: of the synapses and biases of the core that has the most of them
};

/// Of synapses and biases of `channels` outputs, as they stand where they stay: synapses, then,
/// from a whole number of accumulators on, the biases.
struct StayingBytes {
  Bytes synapses = 0, biases = 0;

  Bytes all() const { return synapses + biases; }
};
StayingBytes staying_bytes(const Kernel& kernel, std::int64_t channels, Bytes element,
                           const CoreConfig& core);

/// A room for each wish, in their order. If all synapses of the walk can stay and fit, they do.
/// Otherwise those of the kernels with the fewest stay in the first half of SB, as many as fit (a
/// load less in each step for each of them), and the other kernels have their slots in the second
/// half.
std::vector<SbRoom> share_sb(std::span<const SbWish> wishes, const CoreConfig& core);

}  // namespace unna
