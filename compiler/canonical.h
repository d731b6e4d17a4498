#pragma once

// Canonicalisation: removes what costs nothing and fuses what one instruction can do.

#include <optional>
#include <vector>

#include "workloads/graph.h"

namespace unna {

/// An operator of the graph after fusion: reads `inputs`, makes `outputs`; `post` is the activation
/// that was fused into it.
struct CanonicalOp {
  OpId source;  ///< the operator of the graph it stands for
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;  ///< of the last operator fused into it
  std::optional<FunctionAttrs> post;
  /// Scales the weights, and shifts the bias, which is added where there was none.
  std::optional<OpId> folded_batch_norm = std::nullopt;
  std::optional<TensorId> before_post = std::nullopt;  ///< what `post` is applied to
};

struct CanonicalGraph {
  const Graph* graph = nullptr;
  std::vector<CanonicalOp> ops;    ///< in execution order
  std::vector<TensorId> replaced;  ///< for each tensor the one that stands for it (identities)

  TensorId resolve(TensorId id) const { return replaced[id.index()]; }
};

/// Folds batch norm into the convolution before it, fuses activations into conv, gemm, matmul,
/// batch_norm and binary operators that have no other reader, drops identities.
CanonicalGraph canonicalise(const Graph& graph);

}  // namespace unna
