#pragma once

// Weights that a network has in few bits: codes with a scale and, perhaps, a zero point for each
// group of inputs of an output channel (numbers/synapse_groups.h).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "numbers/synapse_groups.h"
#include "workloads/graph.h"

namespace unna {

/// Inputs of a group, at most.
inline constexpr std::int64_t kMaxGroup = 65536;

/// Of a weight [outputs][inputs][taps...]: a group has inputs that follow on one another of one
/// output; with format.size 0 it has all inputs and taps. Only the format is known of a weight
/// without values.
struct WeightGroups {
  GroupFormat format;
  std::vector<std::int8_t> codes = {};  ///< by element, row-major
  std::vector<float> scales = {};       ///< by output, then by group
  std::vector<std::int8_t> zeros = {};  ///< likewise; none where format.zeros is false

  bool known() const { return !codes.empty(); }
};

/// Gives the synapses of an operator a format. Throws InputError where it has none that are used in
/// products alone, or has groups along the inputs of a window of more than one tap.
void set_weight_format(Graph& graph, const GraphOp& op, const GroupFormat& format);

/// Such a format for all operators that have synapses in products (of windows one group an output
/// channel), or for one; later ones win.
struct FormatChoice {
  std::optional<std::string> op;
  GroupFormat format;
};
/// Replaces what the network says. Throws InputError for an operator that is not there or has no
/// such synapses.
void set_formats(Graph& graph, const std::vector<FormatChoice>& choices);

/// Brings weights in groups to what a machine with elements of so many bytes computes with: those
/// that have values but no codes are rounded to the nearest ones, scales are rounded to their
/// bytes, and the values become what the codes stand for. Of int8 (one byte) outputs get the model
/// steps that their largest weight needs, and groups are scaled to these.
void settle_groups(Graph& graph, Bytes element);

}  // namespace unna
