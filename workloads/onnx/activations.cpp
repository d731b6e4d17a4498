// Activations and normalisations of newer opsets and of ONNX Runtime's optimiser.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

constexpr std::size_t kMostDimensions = 8;

/// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
TensorId gelu_by_tanh(Translation& t, TensorId x) {
  const TensorId square = t.binary(ScalarFn::mul, x, x, "square");
  const TensorId cubic = t.binary(ScalarFn::mul, square, t.scalar(0.044715), "cubic");
  const TensorId inner =
      t.binary(ScalarFn::mul, x, t.binary(ScalarFn::add, cubic, t.scalar(1), "factor"), "inner");
  const TensorId scaled =
      t.binary(ScalarFn::mul, inner, t.scalar(std::sqrt(2 / std::numbers::pi)), "scaled");
  const TensorId above =
      t.binary(ScalarFn::add, t.unary(ScalarFn::tanh, scaled, "tanh"), t.scalar(1), "plus_one");
  const TensorId half = t.binary(ScalarFn::mul, x, t.scalar(0.5), "half");
  return t.binary(ScalarFn::mul, half, above);
}

/// x / sqrt(mean(x^2) + epsilon) along the dimensions from `axis` on.
TensorId by_root_mean_square(Translation& t, TensorId x, std::size_t axis, double epsilon) {
  std::vector<std::int64_t> axes;
  for (std::size_t d = axis; d < t.shape(x).size(); ++d)
    axes.push_back(static_cast<std::int64_t>(d));
  const TensorId squares = t.binary(ScalarFn::mul, x, x, "squares");
  const TensorId mean = t.reduce(ReduceFn::mean, squares, axes, true, "mean");
  const TensorId above = t.binary(ScalarFn::add, mean, t.scalar(epsilon), "epsilon");
  return t.binary(ScalarFn::div, x, t.unary(ScalarFn::sqrt, above, "root"), "normalised");
}

}  // namespace

/// Gelu, FastGelu (by tanh), BiasGelu, QuickGelu (x * sigmoid(alpha x)).
void translate_gelu(Translation& t) {
  const std::string& op = t.node().op;
  TensorId x = t.real_tensor(0);
  if (t.has(1)) x = t.binary(ScalarFn::add, x, t.real_tensor(1), "biased");
  if (op == "QuickGelu") {
    const double alpha = real(t.node(), "alpha", 1.702);
    const TensorId scaled = t.binary(ScalarFn::mul, x, t.scalar(alpha), "scaled");
    return t.result(t.binary(ScalarFn::mul, x, t.unary(ScalarFn::sigmoid, scaled, "gate")));
  }
  if (op == "FastGelu" || text(t.node(), "approximate", "none") == "tanh")
    return t.result(gelu_by_tanh(t, x));
  t.result(t.unary(ScalarFn::gelu, x));
}

/// RMSNormalization and SimplifiedLayerNormalization.
void translate_rms_norm(Translation& t) {
  t.expect_rank(0, 1, kMostDimensions);
  const TensorId x = t.real_tensor(0);
  const std::size_t axis = normal_axis(integer(t.node(), "axis", -1), t.rank(0));
  for (std::size_t i = 1; i < t.node().outputs.size(); ++i)
    if (t.output_wanted(i)) refuse("output {} is read", i);
  const TensorId y = by_root_mean_square(t, x, axis, real(t.node(), "epsilon", 1e-5));
  t.result(t.binary(ScalarFn::mul, y, t.real_tensor(1)));
}

/// Of ONNX Runtime: the norm of x + skip + bias; output 3 is that sum.
void translate_skip_norm(Translation& t) {
  const bool simple = t.node().op == "SkipSimplifiedLayerNormalization";
  const std::size_t bias = simple ? 3 : 4;
  t.expect_rank(0, 1, kMostDimensions);
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}})
    if (t.output_wanted(i)) refuse("output {} is read", i);
  TensorId sum = t.binary(ScalarFn::add, t.real_tensor(0), t.real_tensor(1), "sum");
  if (t.has(bias)) sum = t.binary(ScalarFn::add, sum, t.real_tensor(bias), "biased");
  const double epsilon = real(t.node(), "epsilon", 1e-5);
  if (simple) {
    const TensorId y = by_root_mean_square(t, sum, t.shape(sum).size() - 1, epsilon);
    t.result(t.binary(ScalarFn::mul, y, t.real_tensor(2)));
  } else {
    const std::int64_t row = t.shape(sum).back();
    const TensorId beta =
        t.has(3) ? t.weight(t.constant(3))
                 : t.weight(make_reals({row}, Reals(static_cast<std::size_t>(row), 0), "zeros"));
    t.result(t.emit(OpKind::layer_norm, {sum, t.weight(t.constant(2)), beta}, NormAttrs{epsilon}));
  }
  t.result(Value{});
  t.result(Value{});
  t.result(sum);
}

/// Groups of channels, normalised together; a scale and a bias for each group (before opset 21) or
/// channel.
void translate_group_norm(Translation& t) {
  const Shape dims = t.dims(0);
  const std::int64_t groups = required(t.node(), "num_groups").integer;
  if (dims.size() < 3 || groups < 1 || dims[1] % groups != 0)
    refuse("{} groups of {}", groups, to_string(dims));
  if (element_count(dims) == 0) refuse("input 0 is {}, expected elements", to_string(dims));
  const TensorId rows = t.reshape(
      t.real_tensor(0), {dims[0], groups, element_count(dims) / dims[0] / groups}, "rows");
  const TensorId mean = t.reduce(ReduceFn::mean, rows, {2}, true, "mean");
  const TensorId centred = t.binary(ScalarFn::sub, rows, mean, "centred");
  const TensorId squares = t.binary(ScalarFn::mul, centred, centred, "squares");
  const TensorId variance = t.reduce(ReduceFn::mean, squares, {2}, true, "variance");
  const TensorId above =
      t.binary(ScalarFn::add, variance, t.scalar(real(t.node(), "epsilon", 1e-5)), "epsilon");
  const TensorId normal =
      t.binary(ScalarFn::div, centred, t.unary(ScalarFn::sqrt, above, "deviation"), "normalised");
  const bool of_groups = t.dims(1) == Shape{groups} && groups != dims[1];
  const auto factor = [&](std::size_t i) {
    Shape shape = of_groups ? Shape{groups, 1} : Shape(dims.size() - 1, 1);
    if (!of_groups) shape[0] = dims[1];
    return t.reshape(t.real_tensor(i), shape, i == 1 ? "scale" : "bias");
  };
  TensorId y = of_groups ? normal : t.reshape(normal, dims, "image");
  y = t.binary(ScalarFn::mul, y, factor(1), "scaled");
  y = t.binary(ScalarFn::add, y, factor(2), of_groups ? "shifted" : "");
  t.result(of_groups ? t.reshape(y, dims) : y);
}

/// MatMul with transpositions of the last two dimensions and a factor.
void translate_fused_matmul(Translation& t) {
  if (integer(t.node(), "transBatchA", 0) != 0 || integer(t.node(), "transBatchB", 0) != 0)
    refuse("transposed batches");
  const auto operand = [&](std::size_t i, const char* attribute) {
    const TensorId x = t.real_tensor(i);
    if (integer(t.node(), attribute, 0) == 0 || t.rank(i) < 2) return x;
    std::vector<std::int64_t> perm;
    for (std::size_t d = 0; d < t.rank(i); ++d) perm.push_back(static_cast<std::int64_t>(d));
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    return t.transpose(x, perm, attribute);
  };
  const double alpha = real(t.node(), "alpha", 1);
  const TensorId y =
      multiplied(t, operand(0, "transA"), operand(1, "transB"), alpha == 1 ? "" : "product");
  t.result(alpha == 1 ? y : t.binary(ScalarFn::mul, y, t.scalar(alpha)));
}

}  // namespace unna::onnx_import
