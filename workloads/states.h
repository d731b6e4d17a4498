#pragma once

// Which inputs and outputs of a network are one tensor that grows: caches of keys and values.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace unna {

/// GraphBuilder::state() of a graph that is finished.
void add_state(Graph& graph, TensorId present, std::int64_t capacity, const SourcePos& pos);

struct StateOptions {
  /// Inputs and the outputs that they are the beginnings of (`--state IN=OUT`), by name.
  std::vector<std::pair<std::string, std::string>> pairs;
  /// Rows that there is room for; none: as many as the output has.
  std::optional<std::int64_t> capacity;
};

/// Makes states of the pairs that are asked for, and of others that have the names which exporters
/// give them: `past` or `past_key_values` in one is `present` or `present_key_values` in the other.
/// `empty` are inputs of the model without elements, which the graph does not have. Throws
/// InputError for a pair that was asked for and is none; what only has the names is left alone.
void pair_states(Graph& graph, const std::vector<std::string>& empty, const StateOptions& options,
                 const SourcePos& pos);

}  // namespace unna
