#include "workloads/random_values.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "workloads/sparsity.h"

namespace unna {
namespace {

/// Uniform in [lo, hi).
float uniform(Rng& rng, double lo, double hi) {
  return static_cast<float>(lo +
                            (hi - lo) * std::ldexp(static_cast<double>(rng.next() >> 40U), -24));
}

/// Sum of four uniform numbers of 16 bits, with mean 0 and the given deviation.
float normal(Rng& rng, double deviation) {
  const std::uint64_t bits = rng.next();
  const std::uint64_t sum =
      (bits & 0xffffU) + (bits >> 16U & 0xffffU) + (bits >> 32U & 0xffffU) + (bits >> 48U);
  const double centred = static_cast<double>(sum) - 2 * 65535.0;
  return static_cast<float>(centred * (std::sqrt(3.0) / 65536) * deviation);
}

std::vector<float> normals(Rng& rng, std::int64_t count, double deviation) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) v = normal(rng, deviation);
  return values;
}

std::vector<float> uniforms(Rng& rng, std::int64_t count, double lo, double hi) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) v = uniform(rng, lo, hi);
  return values;
}

/// Variance of an operator's weights times their fan-in, by what reads its result.
double gain(const Graph& graph, const GraphOp& op) {
  const GraphTensor& out = graph.tensor(op.outputs[0]);
  if (out.consumers.size() != 1) return 1;
  const GraphOp& reader = graph.op(out.consumers[0]);
  if (reader.kind == OpKind::batch_norm) return gain(graph, reader);
  if (reader.kind == OpKind::binary) return 0.25;
  return reader.kind == OpKind::unary ? 2 : 1;
}

std::vector<float> product_values(Rng& rng, const Graph& graph, const GraphTensor& t,
                                  const GraphOp& op, std::size_t input) {
  if (input > 1) return uniforms(rng, t.elements(), -0.1, 0.1);
  const auto fan_in = static_cast<double>(t.elements() / t.shape[0]);
  return normals(rng, t.elements(), std::sqrt(gain(graph, op) / fan_in));
}

std::vector<float> norm_values(Rng& rng, const GraphTensor& t, std::size_t input) {
  const bool scale = input == 1 || input == 4;  // also a variance
  return scale ? uniforms(rng, t.elements(), 0.5, 1.5) : uniforms(rng, t.elements(), -0.1, 0.1);
}

/// Values of a weight that is input number `input` of `op`.
std::vector<float> values_for(Rng& rng, const Graph& graph, const GraphTensor& t, const GraphOp& op,
                              std::size_t input) {
  switch (op.kind) {
    case OpKind::conv:
    case OpKind::gemm:
      if (input > 0) return product_values(rng, graph, t, op, input);
      break;
    case OpKind::batch_norm:
    case OpKind::layer_norm:
      if (input > 0) return norm_values(rng, t, input);
      break;
    case OpKind::lstm:
      if (input > 0) {
        const double reach = 1 / std::sqrt(static_cast<double>(op.as<LstmAttrs>().hidden));
        return uniforms(rng, t.elements(), -reach, reach);
      }
      break;
    default:
      break;
  }
  return normals(rng, t.elements(), 0.5);
}

}  // namespace

void fill_weights(Graph& graph, std::uint64_t seed) {
  const Rng root(seed);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    GraphTensor& t = graph.tensors[i];
    if (t.kind != TensorKind::weight || t.values != nullptr || t.consumers.empty()) continue;
    const GraphOp& op = graph.op(t.consumers.front());
    const auto input = std::find(op.inputs.begin(), op.inputs.end(), TensorId(i));
    Rng rng = root.fork(i);
    t.values = std::make_shared<const std::vector<float>>(
        values_for(rng, graph, t, op, static_cast<std::size_t>(input - op.inputs.begin())));
  }
  zero_pruned(graph);
}

std::vector<float> random_input(const Graph& graph, TensorId input, std::uint64_t seed) {
  Rng rng = Rng(seed).fork(input.index());
  return normals(rng, graph.tensor(input).elements(), 1);
}

}  // namespace unna
