#pragma once

// Networks that come quantised to 8 bits, on int8 machines (docs/adr/0021-model-steps.md).

#include <optional>
#include <vector>

#include "configs/machine.h"
#include "workloads/graph.h"

namespace unna {

/// Whether the operator's results are elements of its inputs, or between some: one quantisation
/// serves all of them.
bool keeps_numbers(const GraphOp& op);
/// Whether an instruction that keeps numbers can bring them to another scale while it does so.
bool may_rescale(const GraphOp& op);

/// Sets of tensors with one quantisation, which the model may have given.
class QuantisationGroups {
 public:
  explicit QuantisationGroups(const Graph& graph);

  std::size_t find(TensorId tensor);
  const std::optional<Quantisation>& given(TensorId tensor) { return given_[find(tensor)]; }
  /// Not where the model gives the two sets different ones; returns whether they are one now.
  bool join(TensorId a, TensorId b);
  /// A tensor that has been added behind the others.
  void add(const std::optional<Quantisation>& given);

 private:
  std::vector<std::size_t> parent_;
  std::vector<std::optional<Quantisation>> given_;  ///< by representative
};

/// In int8 the graph in which tensors are quantised as the model has them when they are made: what
/// rounded and clipped them to its steps is the identity. Where an operator that keeps numbers
/// meets several quantisations, its operands are brought to one before it. In other number types,
/// and where the model says nothing, the graph as it is. Tensors keep their ids.
Graph with_model_steps(Graph graph, const MachineConfig& machine);

}  // namespace unna
