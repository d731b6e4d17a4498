#include "flow/finiteness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace unna {

Finiteness::Finiteness(const Graph& graph, const InputValues& inputs, std::string_view type)
    : graph_(graph), inputs_(inputs), type_(type), infinite_(graph.tensors.size()) {}

void Finiteness::look(TensorId id, std::span<const double> values) {
  const GraphTensor& tensor = graph_.tensor(id);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    if (!infinite_[id.index()]) infinite_[id.index()] = may_be_infinite(id, tensor);
    if (std::isnan(values[i]) || !infinite_[id.index()]) fail(tensor, i, values[i]);
  }
}

bool Finiteness::may_be_infinite(TensorId id, const GraphTensor& tensor) const {
  const auto given = inputs_.find(id);
  if (given != inputs_.end())
    return std::ranges::any_of(given->second, [](float v) { return std::isinf(v); });
  if (!tensor.producer) return true;
  return std::ranges::any_of(graph_.op(*tensor.producer).inputs, [&](TensorId in) {
    const GraphTensor& from = graph_.tensor(in);
    if (from.kind != TensorKind::weight || !from.values) return infinite_[in.index()];
    return std::ranges::any_of(*from.values, [](float w) { return !std::isfinite(w); });
  });
}

void Finiteness::fail(const GraphTensor& tensor, std::size_t element, double value) const {
  const std::string what =
      fmt::format("has {} at element {} in {}, expected finite numbers", value, element, type_);
  if (!tensor.producer) throw InputError(fmt::format("{}: {} {}", graph_.name, tensor.name, what));
  const GraphOp& op = graph_.op(*tensor.producer);
  throw InputError(op.pos, fmt::format("{} of {} {}", tensor.name, name(op.kind), what));
}

}  // namespace unna
