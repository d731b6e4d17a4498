#include "flow/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "compiler/model_steps.h"
#include "flow/finiteness.h"
#include "flow/value_range.h"
#include "numbers/quantised.h"

namespace unna {
namespace {

/// What only a clamp reads takes the scale of its result: beyond it all is the same.
bool is_clamped(const Graph& graph, const GraphOp& op) {
  if (op.kind != OpKind::unary) return false;
  const ScalarFn fn = op.as<FunctionAttrs>().fn;
  const GraphTensor& in = graph.tensor(op.inputs[0]);
  return (fn == ScalarFn::relu || fn == ScalarFn::clip) && in.kind == TensorKind::activation &&
         !in.is_output && in.consumers.size() == 1;
}

class Calibration {
 public:
  explicit Calibration(Graph& graph) : graph_(graph), groups_(graph), seen_(graph.tensors.size()) {}

  ExactOutputs run(const InputValues& inputs) {
    ExactOutputs outputs;
    Finiteness finite(graph_, inputs, "double precision");
    const auto visit = [&](TensorId id, std::span<double> values) {
      finite.look(id, values);
      expect_below_infinity(id, values);
      seen_[id.index()] = SeenRange::of(values, graph_.tensor(id).shape);
      if (graph_.tensor(id).is_output) outputs[id] = {values.begin(), values.end()};
    };
    std::vector<std::vector<float>> inner(graph_.ops.size());
    run_reference(graph_, inputs, std::nullopt, visit,
                  [&](OpId op, std::span<const double> largest) {
                    for (const double l : largest) inner[op.index()].push_back(int8_scale(l));
                  });
    for (std::size_t i = 0; i < inner.size(); ++i) graph_.ops[i].inner_scales = inner[i];
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i)
      if (graph_.tensors[i].kind == TensorKind::weight) {
        const std::vector<float>& values = *graph_.tensors[i].values;
        seen_[i] = SeenRange::of(std::vector<double>(values.begin(), values.end()),
                                 graph_.tensors[i].shape);
      }
    const std::vector<Relevant> relevant = relevant_ranges(graph_, seen_);
    for (std::size_t i = 0; i < seen_.size(); ++i)
      largest_.push_back(magnitude_to_hold(seen_[i], relevant[i]));
    tie();
    assign();
    return outputs;
  }

 private:
  /// Masks stay below all numbers; no scale holds what is above them.
  void expect_below_infinity(TensorId id, std::span<const double> values) const {
    const auto above = std::ranges::find(values, std::numeric_limits<double>::infinity());
    if (above == values.end()) return;
    throw InputError(fmt::format("{}: {} is infinite at element {}, which int8 has no number for",
                                 graph_.name, graph_.tensor(id).name, above - values.begin()));
  }

  void tie() {
    for (const GraphOp& op : graph_.ops) {
      if (is_clamped(graph_, op)) largest_[op.inputs[0].index()] = 0;
      if (is_clamped(graph_, op)) groups_.join(op.inputs[0], op.outputs[0]);
      // The output before the first step is multiplied with the same synapses as those of others.
      if (op.kind == OpKind::lstm && op.inputs.size() > 4)
        groups_.join(op.inputs[4], op.outputs[0]);
      if (!keeps_numbers(op)) continue;
      for (const TensorId in : op.inputs) groups_.join(in, op.inputs[0]);
      for (const TensorId out : op.outputs) groups_.join(out, op.inputs[0]);
    }
  }

  void assign() {
    std::vector<double> most(largest_.size());
    for (std::size_t i = 0; i < largest_.size(); ++i) {
      double& of_group = most[groups_.find(TensorId(i))];
      of_group = std::max(of_group, largest_[i]);
    }
    for (std::size_t i = 0; i < largest_.size(); ++i) {
      const double largest = most[groups_.find(TensorId(i))];
      const std::optional<Quantisation> given = groups_.given(TensorId(i));
      if (!given && largest_[i] / 127 > static_cast<double>(std::numeric_limits<float>::max()))
        throw InputError(fmt::format(
            "{}: {} reaches {:.3g}, more than a scale of int8 in single precision holds",
            graph_.name, graph_.tensors[i].name, largest_[i]));
      graph_.tensors[i].quantisation = given.value_or(Quantisation{int8_scale(largest)});
    }
  }

  Graph& graph_;
  QuantisationGroups groups_;
  std::vector<SeenRange> seen_;  ///< by tensor
  std::vector<double> largest_;  ///< by tensor: magnitude that has to fit
};

}  // namespace

ExactOutputs calibrate(Graph& graph, const InputValues& inputs) {
  return Calibration(graph).run(inputs);
}

Fidelity fidelity(const Graph& graph, const ExactOutputs& exact,
                  const std::map<TensorId, std::vector<double>>& got) {
  Fidelity f;
  double signal = 0, noise = 0;
  for (const auto& [id, expected] : exact) {
    const std::vector<double>& values = got.at(id);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      signal += expected[i] * expected[i];
      noise += (values[i] - expected[i]) * (values[i] - expected[i]);
    }
    const Shape& shape = graph.tensor(id).shape;
    if (shape.empty() || shape.back() < 2) continue;
    const auto columns = static_cast<std::ptrdiff_t>(shape.back());
    const auto top = [&](const std::vector<double>& v, std::ptrdiff_t from) {
      return std::max_element(v.begin() + from, v.begin() + from + columns) - v.begin();
    };
    for (std::ptrdiff_t from = 0; from < std::ssize(expected); from += columns) {
      ++f.rows;
      f.same_top += top(expected, from) == top(values, from);
    }
  }
  if (signal > 0 && noise > 0) f.sqnr_db = 10 * std::log10(signal / noise);
  return f;
}

}  // namespace unna
