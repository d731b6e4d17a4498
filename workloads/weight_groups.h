#pragma once

// Weights that a network has in few bits: codes with a scale and, perhaps, a zero point for each
// group of inputs of an output channel (numbers/synapse_groups.h).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "numbers/synapse_groups.h"
#include "workloads/graph.h"

namespace unna {

/// Inputs of a group.
inline constexpr std::int64_t kMinGroup = 2;
inline constexpr std::int64_t kMaxGroup = 65536;

/// Of a weight [outputs][inputs][taps...]: a group has inputs that follow on one another of one
/// output; with format.size 0 it has all inputs and taps. Only the format is known of a weight
/// without values.
struct WeightGroups {
  GroupFormat format;
  std::vector<std::int8_t> codes = {};  ///< by element, row-major
  std::vector<float> scales = {};       ///< by output, then by group
  std::vector<std::int8_t> zeros = {};  ///< likewise; none where format.zeros is false
  /// Scales as the machine stores them, after settle_groups(): of int8 in units of their output's.
  std::vector<float> stored = {};

  bool known() const { return !codes.empty(); }
};

/// Whether an operator's synapses are those of products, and so may have a format.
bool has_products(const Graph& graph, const GraphOp& op);

/// `4` or `4/32`: bits, and inputs of a group; none where it is no such text.
std::optional<GroupFormat> parse_format(std::string_view text);
inline constexpr std::string_view kFormatExpected =
    "4 or 8 bits, and 2 to 65536 inputs of a group, as 4 or 4/32";

/// Gives the synapses of an operator a format. Throws InputError where it has none that are used in
/// products alone, where they have another format, or where groups would lie along the inputs of a
/// window of more than one tap.
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
/// bytes, and the values become what the codes stand for; pruned ones are zero. 8 bits
/// on int8 machines save nothing: such weights are as they were. Of int8 (one byte) outputs get the
/// model steps that their largest weight needs, and groups are scaled to these.
void settle_groups(Graph& graph, Bytes element);

}  // namespace unna
