#include "compiler/parameters.h"

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "numbers/quantised.h"

namespace unna {
namespace {

double value(const Graph& graph, TensorId tensor, std::int64_t element) {
  const GraphTensor& t = graph.tensor(tensor);
  invariant(t.values != nullptr, "weight {} has no values", t.name);
  return static_cast<double>((*t.values)[static_cast<std::size_t>(element)]);
}

/// Adds the term's elements to `sums`, in order.
void add_term(const Graph& graph, const ParameterTerm& term, std::vector<double>& sums) {
  invariant(element_count(term.dims) == static_cast<std::int64_t>(sums.size()),
            "a term of {} elements for {}", element_count(term.dims), sums.size());
  std::vector<std::int64_t> index(term.dims.size());
  std::int64_t at = term.offset;
  for (double& sum : sums) {
    sum += value(graph, term.tensor, at);
    for (std::size_t d = index.size(); d-- > 0;) {
      at += term.strides[d];
      if (++index[d] < term.dims[d]) break;
      at -= term.dims[d] * term.strides[d];
      index[d] = 0;
    }
  }
}

void apply_batch_norm(const Graph& graph, const ParameterRecipe& recipe,
                      std::vector<double>& values) {
  using Use = ParameterRecipe::Use;
  const GraphOp& norm = graph.op(*recipe.batch_norm);
  const double epsilon = norm.as<NormAttrs>().epsilon;
  const std::int64_t channels = graph.tensor(norm.inputs[1]).elements();
  const auto each = static_cast<std::int64_t>(values.size()) / channels;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(values.size()); ++i) {
    const auto of = [&](std::size_t input) { return value(graph, norm.inputs[input], i / each); };
    const double factor = of(1) / std::sqrt(of(4) + epsilon);
    double& v = values[static_cast<std::size_t>(i)];
    if (recipe.use == Use::factor) v = factor;
    if (recipe.use == Use::scaled) v *= factor;
    if (recipe.use == Use::shifted) v = (v - of(3)) * factor + of(2);
  }
}

/// In the order in which they stand.
std::vector<double> packed(const Parameter& p, std::vector<double> logical) {
  if (p.blocks.empty()) return logical;
  std::vector<double> stored;
  stored.reserve(logical.size());
  for (const SynapseBlock& b : p.blocks)
    for (std::int64_t o = b.out_lo; o < b.out_hi; ++o)
      for (std::int64_t tap = b.tap_lo; tap < b.tap_hi; ++tap)
        for (std::int64_t i = b.in_lo; i < b.in_hi; ++i)
          stored.push_back(logical[static_cast<std::size_t>((o * p.inputs + i) * p.taps + tap)]);
  invariant(stored.size() == logical.size(), "{} of {} synapses are packed", stored.size(),
            logical.size());
  return stored;
}

/// In logical order.
std::vector<double> values_of(const Graph& graph, const ParameterRecipe& recipe) {
  std::vector<double> values(static_cast<std::size_t>(recipe.elements));
  for (const ParameterTerm& term : recipe.terms) add_term(graph, term, values);
  if (recipe.batch_norm) apply_batch_norm(graph, recipe, values);
  return values;
}

/// Of synapses, whose channels are outermost.
std::vector<float> channel_scales(const ParameterRecipe& recipe, std::span<const double> values,
                                  std::int64_t channels) {
  const auto count = static_cast<std::size_t>(channels);
  if (recipe.scales.empty()) return int8_channel_scales(values, channels);
  if (recipe.scales.size() == 1) return std::vector<float>(count, recipe.scales.front());
  invariant(recipe.scales.size() == count, "{} scales of {} channels", recipe.scales.size(), count);
  return recipe.scales;
}

std::vector<std::byte> records(const Graph& graph, const Parameter& p, const Encoding& encoding,
                               Bytes size) {
  const std::vector<double> biases = values_of(graph, p.recipe);
  const std::vector<float> scales =
      channel_scales(p.scaling->synapses, values_of(graph, p.scaling->synapses),
                     static_cast<std::int64_t>(biases.size()));
  const auto width = static_cast<std::size_t>(encoding.accumulator_bytes);
  const std::size_t record = width + sizeof(Requantiser);
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  invariant(bytes.size() == biases.size() * record, "{} records in {} bytes", biases.size(), size);
  for (std::size_t c = 0; c < biases.size(); ++c) {
    const double unit = static_cast<double>(p.scaling->in) * static_cast<double>(scales[c]);
    const double bias[] = {biases[c] / unit};
    const auto to = std::span(bytes).subspan(c * record, record);
    encoding.put_accumulators(bias, to.first(width));
    const Requantiser scale = Requantiser::of(unit / static_cast<double>(p.scaling->out));
    std::memcpy(to.subspan(width).data(), &scale, sizeof scale);
  }
  return bytes;
}

}  // namespace

std::vector<std::byte> parameter_bytes(const Graph& graph, const Parameter& p,
                                       const Encoding& encoding, Bytes size) {
  if (p.scaling) return records(graph, p, encoding, size);
  std::vector<double> values = values_of(graph, p.recipe);
  if (p.channels > 0) {
    const std::vector<float> scales = channel_scales(p.recipe, values, p.channels);
    const std::size_t each = values.size() / scales.size();
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = values[i] / static_cast<double>(scales[i / each]) + p.quantisation.zero;
  } else if (p.quantisation != Quantisation{}) {
    for (double& v : values)
      v = v / static_cast<double>(p.quantisation.scale) + p.quantisation.zero;
  }
  values = packed(p, std::move(values));
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  if (p.accumulators)
    encoding.put_accumulators(values, bytes);
  else
    encoding.put_elements(values, bytes);
  return bytes;
}

}  // namespace unna
