#pragma once

// What the bytes of the weight buffers are made of: the graph's weights, folded, permuted and
// packed as the emitted instructions expect them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bitmap.h"
#include "base/id.h"
#include "base/units.h"
#include "numbers/encoding.h"
#include "numbers/synapse_groups.h"
#include "workloads/graph.h"

namespace unna {

/// Elements of a weight in some order: dims outermost first, strides in elements.
struct ParameterTerm {
  TensorId tensor;
  std::int64_t offset = 0;
  Shape dims;
  std::vector<std::int64_t> strides;
};

/// How a constant's elements, in its logical order, come from the graph's weights.
struct ParameterRecipe {
  enum class Use : std::uint8_t {
    plain,   ///< the sum of the terms (none: zeros)
    factor,  ///< of the batch norm alone: f = scale / sqrt(variance + epsilon)
    scaled,  ///< sum * f
    shifted  ///< (sum - mean) * f + bias
  };
  std::int64_t elements = 0;
  std::vector<ParameterTerm> terms;
  Use use = Use::plain;
  /// The batch norm that `use` speaks of. Its channels divide the elements evenly, outermost.
  std::optional<OpId> batch_norm;
  /// int8: scales that the model gives, one or one a channel; empty: by the elements.
  std::vector<float> scales = {};
};

/// Part of a convolution's or product's synapses: all of [outputs] x [taps] x [inputs].
struct SynapseBlock {
  std::int64_t out_lo = 0, out_hi = 0;
  std::int64_t tap_lo = 0, tap_hi = 0;
  std::int64_t in_lo = 0, in_hi = 0;

  friend bool operator==(const SynapseBlock&, const SynapseBlock&) = default;
};

/// int8: what products of channels become results by: records of bias, multiplier and shift
/// (cost/timing.h, channel_bytes).
struct ChannelScaling {
  ParameterRecipe synapses;
  float in = 1, out = 1;  ///< scales of the product's input and result
};

/// A weight buffer.
struct Parameter {
  BufferId buffer;
  ParameterRecipe recipe;
  bool accumulators = false;       ///< of an accumulator's format: biases
  Quantisation quantisation = {};  ///< int8
  /// int8: synapses of that many channels, outermost, each with a scale of its own.
  std::int64_t channels = 0;
  std::optional<ChannelScaling> scaling = std::nullopt;  ///< int8: of biases of products
  /// Where the order is not the logical one: blocks in the order in which they stand, each stored
  /// [output][tap][input], out of the logical [output][inputs][taps].
  std::vector<SynapseBlock> blocks;
  std::int64_t inputs = 1, taps = 1;
  /// Blocks are step-indexed (compiler/synapses.h); none: dense.
  struct Indexing {
    std::shared_ptr<const Bitmap> kept;  ///< synapses left, in the logical order
    std::int64_t index_bits = 0;
    Bytes element = 0;
  };
  std::optional<Indexing> indexing;
  /// Blocks are in groups; none: expanded.
  struct Grouping {
    GroupFormat format;
    Bytes element = 0;
  };
  std::optional<Grouping> groups;
};

/// The `size` bytes of the buffer, or what they would be were nothing pruned. Elements are computed
/// in double precision, then rounded. Every weight needs values.
std::vector<std::byte> parameter_bytes(const Graph& graph, const Parameter& parameter,
                                       const Encoding& encoding, Bytes size);

}  // namespace unna
