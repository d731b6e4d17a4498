#include "compiler/parameters.h"

#include <cmath>

#include "base/error.h"

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

std::vector<double> packed(const Parameter& p, const std::vector<double>& logical) {
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

}  // namespace

std::vector<double> parameter_values(const Graph& graph, const Parameter& parameter) {
  const ParameterRecipe& recipe = parameter.recipe;
  std::vector<double> values(static_cast<std::size_t>(recipe.elements));
  for (const ParameterTerm& term : recipe.terms) add_term(graph, term, values);
  if (recipe.batch_norm) apply_batch_norm(graph, recipe, values);
  return parameter.blocks.empty() ? values : packed(parameter, values);
}

}  // namespace unna
