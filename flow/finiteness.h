#pragma once

#include <string_view>
#include <vector>

#include "reference/reference.h"
#include "workloads/graph.h"

namespace unna {

/// NaN is an error wherever it stands, and so is infinity where finite numbers make it. What comes
/// from infinities that were given (masks) may be infinite, too.
class Finiteness {
 public:
  /// `type`: in what the values are computed, for messages.
  Finiteness(const Graph& graph, const InputValues& inputs, std::string_view type);

  /// Of a tensor after those that it is computed from. Throws InputError, naming the tensor and its
  /// operator.
  void look(TensorId id, std::span<const double> values);

 private:
  bool may_be_infinite(TensorId id, const GraphTensor& tensor) const;
  [[noreturn]] void fail(const GraphTensor& tensor, std::size_t element, double value) const;

  const Graph& graph_;
  const InputValues& inputs_;
  std::string_view type_;
  std::vector<bool> infinite_;  ///< by tensor
};

}  // namespace unna
