#pragma once

// Operators together with the weight tensors that their kind needs: what a network description
// calls a layer. The YAML loader, the random graphs and tests build on it.

#include <optional>
#include <string>
#include <vector>

#include "numbers/synapse_groups.h"
#include "workloads/graph.h"
#include "workloads/sparsity.h"

namespace unna {

struct Layer {
  OpKind kind = OpKind::unary;
  std::string name;
  std::vector<TensorId> from;  ///< activations (or declared weights) only
  OpAttrs attrs;
  std::int64_t features = 0;  ///< conv: output channels; gemm: output features
  bool bias = true;           ///< conv, gemm
  SourcePos pos = {};
  bool batch_norm = false;                ///< conv: a batch_norm op `<name>.bn` follows
  std::optional<FunctionAttrs> act = {};  ///< a unary op `<name>.<fn>` follows
  /// Parameter tensors to take instead of making them; features and bias then do not matter.
  std::vector<TensorId> weights = {};
  std::optional<Pruning> pruning = {};     ///< of its synapses
  std::optional<GroupFormat> format = {};  ///< likewise: few bits
};

/// Kinds whose inputs after the first are parameters of their own.
bool has_own_weights(OpKind kind);

/// Adds the weights (`<name>.weight`, `.bias`; layer_norm and batch_norm: `.scale`, `.bias`,
/// `.mean`, `.variance`; lstm: `.w`, `.r`, `.b`), the operator and what follows it; returns the
/// last operator's outputs. Throws InputError at layer.pos.
std::vector<TensorId> add_layer(GraphBuilder& builder, const Layer& layer);

}  // namespace unna
