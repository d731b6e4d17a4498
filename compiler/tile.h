#pragma once

// Tile sizes: what part of a unit of work is on chip at a time, and in which order the parts come.
// Chosen by exhaustive search over sizes that fit, by estimated time, then by DRAM bytes: on a
// machine that is short of bandwidth the two are the same (docs/adr/0003).

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/units.h"
#include "configs/machine.h"
#include "numbers/synapse_groups.h"

namespace unna {

/// DRAM rate that a core may count on while `sharers` cores run: bytes a cycle in units of 2^-16.
struct TileMachine {
  const CoreConfig* core = nullptr;
  Bytes element = 2;
  std::int64_t rate_q16 = 1;
  Cycle latency = 0;
  Bytes burst = 1;                   ///< the DRAM moves whole ones
  std::int64_t engine_rate_q16 = 0;  ///< of one DMA engine; 0: that of all

  /// Cycles to move `bytes`, rounded up.
  Cycle move_cycles(Bytes bytes) const;
  /// Cycles to move what three DMA engines do side by side.
  Cycle move_cycles(Bytes neurons, Bytes synapses, Bytes results) const;
  /// What the DRAM moves for `bytes` that lie in runs of `run` elements, each at a burst's start.
  Bytes in_bursts(Bytes bytes, std::int64_t run) const;
};

/// Elements of a block of `extents` that lie one behind the other in memory, at least, where
/// dimensions have `strides` (elements; 0 where an operand is broadcast).
std::int64_t run_length(std::span<const std::int64_t> strides,
                        std::span<const std::int64_t> extents);

/// Of lines, columns and channels, in the tensor's memory; elements.
using BlockStrides = std::array<std::int64_t, 3>;

/// What a tile of synapses is in memory.
enum class SynapseForm : std::uint8_t {
  dense,
  indexed,  ///< what pruning left (isa/synapse_format.h)
  grouped,  ///< codes and scales (numbers/synapse_groups.h)
};

/// Channels of a part that is worth making: what `pes` PEs make at a time, or what a burst holds
/// (32 bytes, where the memory knows no bursts) where that is less. More PEs are no reason to have
/// fewer parts.
constexpr std::int64_t channel_granule(std::int64_t pes, Bytes burst, Bytes element) {
  return std::min<std::int64_t>(pes, std::max<Bytes>(burst, 32) / element);
}

/// How the synapses of a kernel stand in memory: in tiles of `co` output by `ci` input channels,
/// one or all kernel positions each. The same for all units of the kernel, whatever their blocks
/// are.
struct SynapsePacking {
  std::int64_t co = 1, ci = 1;
  bool per_tap = false;
  SynapseForm form = SynapseForm::dense;
  Bytes largest = 0;  ///< indexed: bytes of the largest tile

  friend auto operator<=>(const SynapsePacking&, const SynapsePacking&) = default;
};

/// A reduction over `ci * kh * kw` products for each of n * out_h * out_w * co outputs: convolution
/// (of one group) and, with a 1x1 kernel and rows as out_h, matrix product.
struct MacShape {
  std::int64_t n = 1;
  std::int64_t groups = 1;  ///< repeated for as many groups
  std::int64_t out_h = 1, out_w = 1, co = 1;
  std::int64_t in_h = 1, in_w = 1, ci = 1;  ///< of the whole tensor: tiles are clipped to it
  BlockStrides in_strides{}, out_strides{};
  std::int64_t kh = 1, kw = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  bool bias = false;
  bool weights_per_batch = false;                    ///< every n has synapses of its own
  double density = 1;                                ///< share of the synapses that pruning left
  std::optional<GroupFormat> format = std::nullopt;  ///< of synapses in groups
  /// Larger tiles than expected are allowed for by this factor where synapses are indexed.
  double margin = 1;
  std::optional<SynapsePacking> packing = std::nullopt;  ///< nothing: free to choose
  bool synapses_stay = false;  ///< in SB, from one unit to the next: none are loaded

  friend auto operator<=>(const MacShape&, const MacShape&) = default;
};

/// Outputs are made in blocks of block_h x block_w positions x co channels. `group` blocks have
/// partial sums in NBout at a time while the loop over (tap, ci) runs; inputs and synapses stay in
/// their slots as long as they are not displaced.
struct MacTile {
  std::int64_t block_h = 1, block_w = 1;
  std::int64_t co = 1, ci = 1;
  bool per_tap = false;   ///< one kernel position at a time
  bool co_outer = false;  ///< all positions for some channels; else all channels for some positions
  std::int64_t group = 1;
  std::int64_t nbin_slots = 1, sb_slots = 1;
  SynapseForm form = SynapseForm::dense;

  Cycle compute = 0;  ///< estimated compute cycles of the unit
  Bytes traffic = 0;  ///< estimated DRAM bytes of the unit
  Cycle time = 0;     ///< estimated cycles of the unit

  friend bool operator==(const MacTile&, const MacTile&) = default;
};

/// In groups where the shape has a format and a tile fits; step-indexed where that is estimated to
/// be faster. Throws CapacityError where no tile fits.
MacTile choose_mac_tile(const MacShape& shape, const TileMachine& machine);

/// Depthwise convolution and pooling: each output channel reads its own input channel.
struct WindowShape {
  std::int64_t n = 1, out_h = 1, out_w = 1, c = 1;
  std::int64_t in_h = 1, in_w = 1;
  std::int64_t kh = 1, kw = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  bool weights = false;
  BlockStrides in_strides{}, out_strides{};
  bool splittable = false;     ///< the window may be taken in groups of rows (partial sums)
  bool synapses_stay = false;  ///< as in MacShape

  friend auto operator<=>(const WindowShape&, const WindowShape&) = default;
};

struct WindowTile {
  std::int64_t block_h = 1, block_w = 1, c = 1;
  std::int64_t window_rows = 1;  ///< kernel rows an instruction takes; kh unless split
  std::int64_t nbin_slots = 1, nbout_slots = 1;
  Cycle compute = 0;
  Bytes traffic = 0;
  Cycle time = 0;
};
/// Bytes of SB that the synapses and biases of a depthwise tile take.
Bytes window_constants(std::int64_t channels, std::int64_t window, Bytes element,
                       Bytes accumulator);

WindowTile choose_window_tile(const WindowShape& shape, const TileMachine& machine);

std::string describe(const MacTile& tile);
std::string describe(const WindowTile& tile);

}  // namespace unna
