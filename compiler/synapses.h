#pragma once

// Synapses of conv and matmul kernels as tiles: in which order they stand in memory, and, where
// pruning pays, step-indexed (isa/synapse_format.h, docs/adr/0011).

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "compiler/ir.h"
#include "compiler/packing.h"
#include "compiler/plan.h"
#include "isa/synapse_format.h"
#include "numbers/synapse_groups.h"

namespace unna {

/// Gives the storages that kernels take synapses from the masks of their weights. Storages of which
/// nothing is pruned get none.
void attach_masks(const Graph& graph, LoweredGraph& lowered);

/// Gives the storages that kernels take synapses from the formats in which the network has them, as
/// far as that takes fewer bytes and groups lie along the rows of tiles.
void attach_formats(const Graph& graph, LoweredGraph& lowered, Bytes element);

/// What the compiler expects of rows whose synapses are drawn with equal probability. It chooses by
/// that; sizes and cycles of programs are counted from the masks.
struct RowEstimate {
  double entries = 0;  ///< on average, with padding
  double spread = 0;   ///< their standard deviation
};
RowEstimate expected_row(std::int64_t positions, double density, std::int64_t index_bits);
/// Cycles of a group of `rows` PEs: those of its slowest.
double expected_cycles(const RowEstimate& row, std::int64_t positions, std::int64_t rows,
                       const CoreConfig& core);

/// The tiles of a plan's synapses in the order in which they are loaded, and so stand in memory.
std::vector<SynapseBlock> synapse_blocks(const KernelPlan& plan, const Kernel& kernel);

/// How the synapses of a plan's kernel, a product or convolution, stand in memory.
PackedWeight packed_weight_of(const KernelPlan& plan, const Kernel& kernel);

/// Tiles that are step-indexed or in groups, one behind the other.
class SynapseTable {
 public:
  struct Place {
    Bytes begin = 0;  ///< in the weight's buffer
    SynapseTile tile;
  };

  SynapseTable(const Bitmap& kept, std::span<const SynapseBlock> blocks, const Kernel& kernel,
               const CoreConfig& core, Bytes element);
  SynapseTable(const GroupFormat& format, std::span<const SynapseBlock> blocks, Bytes element);

  /// None: step-indexed.
  const std::optional<GroupFormat>& format() const { return format_; }
  /// Chunk number `chunk` of the channels from `out_lo` on.
  const Place& at(std::int64_t out_lo, std::size_t chunk) const;
  Bytes bytes() const { return bytes_; }
  Bytes largest() const { return largest_; }
  std::int64_t synapses() const { return synapses_; }

 private:
  void add(std::int64_t out_lo, const SynapseTile& tile);

  std::optional<GroupFormat> format_;
  std::vector<Place> places_;
  std::map<std::int64_t, std::size_t> first_;  ///< of a channel's tiles
  Bytes bytes_ = 0;
  Bytes largest_ = 0;
  std::int64_t synapses_ = 0;
};

/// The bytes of step-indexed tiles: `dense` has all elements, block behind block.
std::vector<std::byte> indexed_image(const Parameter& parameter, std::span<const std::byte> dense);

/// The bytes of tiles in groups, from the codes of the graph's weight.
std::vector<std::byte> grouped_image(const Graph& graph, const Parameter& parameter);

}  // namespace unna
