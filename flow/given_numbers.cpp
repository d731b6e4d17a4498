#include "flow/given_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "compiler/model_steps.h"
#include "numbers/encoding.h"

namespace unna {
namespace {

/// Values that a number type rounds to numbers that it has: from `low` on, and below `high`.
struct Range {
  double low = 0, high = 0;

  bool holds(double value) const { return !std::isfinite(value) || (value >= low && value < high); }
};

Range range_of(const Encoding& encoding, const Quantisation& quantisation) {
  // fp16: 65520 and what is beyond is rounded to infinity.
  if (!encoding.is_fixed()) return {std::nextafter(-65520, 0), 65520};
  const FixedFormat& fixed = encoding.fixed;
  const auto scale = static_cast<double>(quantisation.scale);
  const auto zero = static_cast<double>(quantisation.zero);
  const double unit = fixed.value(1) * scale;
  return {(fixed.value(fixed.lowest()) - zero) * scale - unit / 2,
          (fixed.value(fixed.highest()) - zero) * scale + unit / 2};
}

/// Weights whose values stand in memory as they are given: neither folded with a batch norm, nor
/// biases, which have the width of accumulators.
std::set<TensorId> plain_weights(const Compiled& compiled) {
  std::set<TensorId> tensors;
  for (const Parameter& p : compiled.parameters)
    if (!p.accumulators && !p.groups && p.recipe.use == ParameterRecipe::Use::plain)
      for (const ParameterTerm& term : p.recipe.terms) tensors.insert(term.tensor);
  return tensors;
}

/// Masks are added or selected, not multiplied with.
bool may_mask(const Graph& graph, const GraphTensor& tensor) {
  return tensor.kind != TensorKind::weight || std::ranges::all_of(tensor.consumers, [&](OpId op) {
           return graph.op(op).kind == OpKind::binary || keeps_numbers(graph.op(op));
         });
}

}  // namespace

void check_given_numbers(const Graph& graph, const InputValues& inputs, DataType type) {
  if (type != DataType::int8 && type != DataType::int16) return;
  const auto check = [&](const GraphTensor& tensor, const std::vector<float>& values) {
    const bool masks = may_mask(graph, tensor);
    const auto wrong = std::ranges::find_if(values, [&](float v) {
      return std::isnan(v) || (type == DataType::int8 && std::isinf(v) && (v > 0 || !masks));
    });
    if (wrong != values.end())
      throw InputError(
          fmt::format("{}: {} has {} at element {}, which {} has no number for, "
                      "expected one",
                      graph.name, tensor.name, *wrong, wrong - values.begin(),
                      kDataTypeNames[static_cast<std::size_t>(type)]));
  };
  for (const GraphTensor& tensor : graph.tensors)
    if (tensor.kind == TensorKind::weight && tensor.values) check(tensor, *tensor.values);
  for (const auto& [id, values] : inputs) check(graph.tensor(id), values);
}

std::vector<SaturatedTensor> saturated_tensors(const Compiled& compiled,
                                               const InputValues& inputs) {
  const Encoding encoding = Encoding::of(compiled.machine.config);
  std::vector<SaturatedTensor> found;
  if (encoding.type == DataType::fp32) return found;
  const auto count = [&](TensorId id, const std::vector<float>& values) {
    const GraphTensor& tensor = compiled.graph.tensor(id);
    const Range range = range_of(encoding, tensor.quantisation.value_or(Quantisation{}));
    const auto beyond = std::ranges::count_if(
        values, [&](float v) { return !range.holds(static_cast<double>(v)); });
    if (beyond > 0) found.push_back({tensor.name, beyond});
  };
  for (const auto& [id, values] : inputs) count(id, values);
  if (encoding.type == DataType::int16)
    for (const TensorId id : plain_weights(compiled)) count(id, *compiled.graph.tensor(id).values);
  return found;
}

}  // namespace unna
