#include "workloads/layers.h"

namespace unna {
namespace {

class Weights {
 public:
  Weights(GraphBuilder& builder, const std::string& op, const SourcePos& pos,
          std::vector<TensorId>& inputs)
      : builder_(builder), op_(op), pos_(pos), inputs_(inputs) {}

  void add(std::string_view name, const Shape& shape) {
    inputs_.push_back(builder_.weight(fmt::format("{}.{}", op_, name), shape, pos_));
  }

 private:
  GraphBuilder& builder_;
  const std::string& op_;
  const SourcePos& pos_;
  std::vector<TensorId>& inputs_;
};

void add_batch_norm_weights(Weights& weights, std::int64_t channels) {
  for (const std::string_view name : {"scale", "bias", "mean", "variance"})
    weights.add(name, {channels});
}

void add_lstm_weights(Weights& weights, const LstmAttrs& a, std::int64_t features) {
  const std::int64_t directions = a.bidirectional ? 2 : 1;
  weights.add("w", {directions, 4 * a.hidden, features});
  weights.add("r", {directions, 4 * a.hidden, a.hidden});
  weights.add("b", {directions, 8 * a.hidden});
}

/// The weights' shapes follow from the first input's. A kind whose input has too few dimensions
/// for that gets none: inference names the reason.
void add_weights(GraphBuilder& builder, const Layer& layer, std::vector<TensorId>& inputs) {
  if (inputs.empty()) return;
  Weights weights(builder, layer.name, layer.pos, inputs);
  const Shape x = builder.tensor(inputs[0]).shape;
  if (layer.kind == OpKind::conv && x.size() == 4) {
    const auto& a = std::get<ConvAttrs>(layer.attrs);
    if (a.groups < 1 || x[1] % a.groups != 0)
      throw InputError(layer.pos, fmt::format("conv '{}': {} groups, expected a divisor of {} "
                                              "input and {} output channels",
                                              layer.name, a.groups, x[1], layer.features));
    weights.add("weight", {layer.features, x[1] / a.groups, a.window.kernel_h, a.window.kernel_w});
    if (layer.bias) weights.add("bias", {layer.features});
  } else if (layer.kind == OpKind::gemm && x.size() >= 2) {
    weights.add("weight", {layer.features, x.back()});
    if (layer.bias) weights.add("bias", {layer.features});
  } else if (layer.kind == OpKind::layer_norm && !x.empty()) {
    weights.add("scale", {x.back()});
    weights.add("bias", {x.back()});
  } else if (layer.kind == OpKind::batch_norm && x.size() >= 2) {
    add_batch_norm_weights(weights, x[1]);
  } else if (layer.kind == OpKind::lstm && x.size() == 3) {
    add_lstm_weights(weights, std::get<LstmAttrs>(layer.attrs), x[2]);
  }
}

void expect_one_input(const Layer& layer) {
  if (has_own_weights(layer.kind) && layer.from.size() != 1)
    throw InputError(layer.pos, fmt::format("{} '{}': has {} inputs, expected 1", name(layer.kind),
                                            layer.name, layer.from.size()));
}

}  // namespace

bool has_own_weights(OpKind kind) {
  return kind == OpKind::conv || kind == OpKind::gemm || kind == OpKind::layer_norm ||
         kind == OpKind::batch_norm || kind == OpKind::lstm;
}

std::vector<TensorId> add_layer(GraphBuilder& builder, const Layer& layer) {
  expect_one_input(layer);
  std::vector<TensorId> inputs = layer.from;
  inputs.insert(inputs.end(), layer.weights.begin(), layer.weights.end());
  if (layer.weights.empty()) add_weights(builder, layer, inputs);
  std::vector<TensorId> out =
      builder.op(layer.kind, layer.name, std::move(inputs), layer.attrs, layer.pos);
  if (layer.pruning) builder.prune(*layer.pruning);
  if (layer.format) builder.set_weight_format(*layer.format);
  if (layer.batch_norm) {
    const std::string bn = layer.name + ".bn";
    std::vector<TensorId> bn_inputs = {out[0]};
    Weights weights(builder, bn, layer.pos, bn_inputs);
    add_batch_norm_weights(weights, builder.tensor(out[0]).shape[1]);
    out = builder.op(OpKind::batch_norm, bn, std::move(bn_inputs), NormAttrs{}, layer.pos);
  }
  if (layer.act)
    out = builder.op(OpKind::unary, fmt::format("{}.{}", layer.name, name(layer.act->fn)), out,
                     *layer.act, layer.pos);
  return out;
}

}  // namespace unna
