// Normalisations, softmax and reductions.

#include <algorithm>
#include <numeric>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {

void translate_batch_norm(Translation& t) {
  const bool old = t.opset() < 7;
  if (integer(t.node(), old ? "is_test" : "training_mode", 0) != (old ? 1 : 0))
    refuse("training mode");
  if (integer(t.node(), "spatial", 1) == 0) refuse("statistics of each element");
  for (std::size_t i = 1; i < t.node().outputs.size(); ++i)
    if (t.output_wanted(i)) refuse("output {} is read", i);
  const bool flat = t.rank(0) == 3;
  std::vector<TensorId> inputs = {as_image(t, t.real_tensor(0))};
  for (std::size_t i = 1; i <= 4; ++i) inputs.push_back(t.weight(t.constant(i)));
  const TensorId y = t.emit(OpKind::batch_norm, inputs, NormAttrs{real(t.node(), "epsilon", 1e-5)},
                            flat ? "image_out" : "");
  t.result(t.reshape(y, t.dims(0)));
}

namespace {

/// (x - mean) / sqrt(variance + epsilon) over `axes`; with `outside`, epsilon joins the root.
TensorId normalised(Translation& t, TensorId x, const std::vector<std::int64_t>& axes,
                    double epsilon, std::string_view suffix, bool outside = false) {
  const TensorId mean = t.reduce(ReduceFn::mean, x, axes, true, "mean");
  const TensorId centred = t.binary(ScalarFn::sub, x, mean, "centred");
  const TensorId squares = t.binary(ScalarFn::mul, centred, centred, "squares");
  TensorId variance = t.reduce(ReduceFn::mean, squares, axes, true, "variance");
  if (!outside) variance = t.binary(ScalarFn::add, variance, t.scalar(epsilon), "epsilon");
  TensorId deviation = t.unary(ScalarFn::sqrt, variance, "deviation");
  if (outside) deviation = t.binary(ScalarFn::add, deviation, t.scalar(epsilon), "epsilon");
  return t.binary(ScalarFn::div, centred, deviation, suffix);
}

std::vector<std::int64_t> axes_from(std::size_t first, std::size_t rank) {
  std::vector<std::int64_t> axes;
  for (std::size_t d = first; d < rank; ++d) axes.push_back(static_cast<std::int64_t>(d));
  return axes;
}

}  // namespace

void translate_instance_norm(Translation& t) {
  t.expect_rank(0, 3, 5);
  const TensorId x = t.real_tensor(0);
  Shape per_channel(t.rank(0) - 1, 1);
  per_channel[0] = t.dims(0)[1];
  const auto constant = [&](std::size_t i) {
    if (t.constant(i).dims != Shape{per_channel[0]}) refuse("input {}", i);
    return t.weight(reshaped(t.constant(i), per_channel));
  };
  const TensorId y =
      normalised(t, x, axes_from(2, t.rank(0)), real(t.node(), "epsilon", 1e-5), "normalised");
  t.result(t.binary(ScalarFn::add, t.binary(ScalarFn::mul, y, constant(1), "scaled"), constant(2)));
}

void translate_mean_variance(Translation& t) {
  std::vector<std::int64_t> axes;
  for (const std::int64_t axis : integers(t.node(), "axes"))
    axes.push_back(static_cast<std::int64_t>(normal_axis(axis, t.rank(0))));
  if (axes.empty()) axes = {0, 2, 3};
  std::sort(axes.begin(), axes.end());
  constexpr double kEpsilon = 1e-9;  // of the operator's definition
  t.result(normalised(t, t.real_tensor(0), axes, kEpsilon, "", true));
}

namespace {

/// Mean and 1 / sqrt(variance + epsilon) of each row of x, as `dims`.
void layer_statistics(Translation& t, TensorId x, double epsilon, const Shape& dims) {
  const std::vector<std::int64_t> last = {static_cast<std::int64_t>(t.shape(x).size()) - 1};
  const TensorId mean = t.reduce(ReduceFn::mean, x, last, true, "mean");
  const TensorId centred = t.binary(ScalarFn::sub, x, mean, "centred");
  const TensorId squares = t.binary(ScalarFn::mul, centred, centred, "squares");
  const TensorId variance = t.reduce(ReduceFn::mean, squares, last, true, "variance");
  const TensorId above = t.binary(ScalarFn::add, variance, t.scalar(epsilon), "epsilon");
  const TensorId deviation = t.unary(ScalarFn::sqrt, above, "deviation");
  t.result(t.reshape(mean, dims, "mean_out"));
  t.result(t.reshape(t.unary(ScalarFn::reciprocal, deviation, "inverse"), dims, "inverse_out"));
}

}  // namespace

void translate_layer_norm(Translation& t) {
  const Shape dims = t.dims(0);
  const std::size_t axis = normal_axis(integer(t.node(), "axis", -1), dims.size());
  const std::int64_t row =
      element_count(Shape(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end()));
  const auto flat = [&](const Constant& c) {
    if (c.count() != row) refuse("a scale or bias of {}", to_string(c.dims));
    return t.weight(reshaped(c, {row}));
  };
  const bool last = axis + 1 == dims.size();
  Shape rows(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axis));
  rows.push_back(row);
  TensorId x = t.real_tensor(0);
  if (!last) x = t.reshape(x, rows, "rows");
  const TensorId bias =
      t.has(2) ? flat(t.constant(2))
               : t.weight(make_reals({row}, Reals(static_cast<std::size_t>(row), 0), "zeros"));
  const double epsilon = real(t.node(), "epsilon", 1e-5);
  const TensorId y = t.emit(OpKind::layer_norm, {x, flat(t.constant(1)), bias}, NormAttrs{epsilon},
                            last ? "" : "normalised");
  t.result(t.reshape(y, dims));
  if (!t.output_wanted(1) && !t.output_wanted(2)) return;
  Shape kept = dims;
  std::fill(kept.begin() + static_cast<std::ptrdiff_t>(axis), kept.end(), 1);
  layer_statistics(t, x, epsilon, kept);
}

void translate_lrn(Translation& t) {
  const LrnAttrs attrs{integer(t.node(), "size", 0), real(t.node(), "alpha", 1e-4),
                       real(t.node(), "beta", 0.75), real(t.node(), "bias", 1)};
  t.result(t.emit(OpKind::lrn, {t.real_tensor(0)}, attrs));
}

/// Before opset 13, of all dimensions from `axis` as one; since then, along `axis`.
void translate_softmax(Translation& t) {
  const bool old = t.opset() < 13;
  const Shape dims = t.dims(0);
  const std::size_t axis = normal_axis(integer(t.node(), "axis", old ? 1 : -1), dims.size());
  const OpKind kind = t.node().op == "LogSoftmax" ? OpKind::log_softmax : OpKind::softmax;
  const TensorId x = t.real_tensor(0);
  const auto behind = dims.begin() + static_cast<std::ptrdiff_t>(axis);
  if (axis + 1 == dims.size()) return t.result(t.emit(kind, {x}, std::monostate{}));
  if (old || element_count(Shape(behind + 1, dims.end())) == 1) {
    Shape rows(dims.begin(), behind);
    rows.push_back(element_count(Shape(behind, dims.end())));
    const TensorId flat = t.reshape(x, rows, "rows");
    return t.result(t.reshape(t.emit(kind, {flat}, std::monostate{}, "softmax"), dims));
  }
  std::vector<std::int64_t> perm(dims.size());
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[axis], perm.back());
  const TensorId moved = t.transpose(x, perm, "moved");
  t.result(t.transpose(t.emit(kind, {moved}, std::monostate{}, "softmax"), perm));
}

namespace {

/// log(sum(exp(x))) with the maximum taken out first.
TensorId log_sum_exp(Translation& t, TensorId x, const std::vector<std::int64_t>& axes, bool keep) {
  const TensorId most = t.reduce(ReduceFn::max, x, axes, true, "max");
  const TensorId powers = t.unary(ScalarFn::exp, t.binary(ScalarFn::sub, x, most, "below"), "exp");
  const TensorId sum = t.reduce(ReduceFn::sum, powers, axes, true, "sum");
  const TensorId y =
      t.binary(ScalarFn::add, t.unary(ScalarFn::log, sum, "log"), most, keep ? "" : "kept");
  Shape out;
  for (std::size_t d = 0; d < t.shape(y).size(); ++d)
    if (keep || !std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(d)))
      out.push_back(t.shape(y)[d]);
  return t.reshape(y, out);
}

}  // namespace

void translate_reduce(Translation& t) {
  const std::string& op = t.node().op;
  const bool keep = integer(t.node(), "keepdims", 1) != 0;
  std::vector<std::int64_t> axes;
  for (const std::int64_t axis : t.integers_of(1, "axes"))
    axes.push_back(static_cast<std::int64_t>(normal_axis(axis, t.rank(0))));
  std::sort(axes.begin(), axes.end());
  if (axes.empty() && integer(t.node(), "noop_with_empty_axes", 0) != 0)
    return t.result(t.input(0));
  if (axes.empty()) axes = axes_from(0, t.rank(0));
  const TensorId x = t.real_tensor(0);
  if (axes.empty()) return t.result(t.unary(ScalarFn::identity, x));  // of a scalar
  const auto sum = [&](TensorId of, std::string_view suffix) {
    return t.reduce(ReduceFn::sum, of, axes, keep, suffix);
  };
  if (op == "ReduceMean") return t.result(t.reduce(ReduceFn::mean, x, axes, keep));
  if (op == "ReduceSum") return t.result(sum(x, ""));
  if (op == "ReduceMax") return t.result(t.reduce(ReduceFn::max, x, axes, keep));
  if (op == "ReduceMin") {
    const TensorId down = t.unary(ScalarFn::neg, x, "down");
    return t.result(t.unary(ScalarFn::neg, t.reduce(ReduceFn::max, down, axes, keep, "max")));
  }
  if (op == "ReduceL1") return t.result(sum(t.unary(ScalarFn::abs, x, "abs"), ""));
  if (op == "ReduceLogSum") return t.result(t.unary(ScalarFn::log, sum(x, "sum")));
  if (op == "ReduceLogSumExp") return t.result(log_sum_exp(t, x, axes, keep));
  const TensorId squares = t.binary(ScalarFn::mul, x, x, "squares");
  if (op == "ReduceSumSquare") return t.result(sum(squares, ""));
  t.result(t.unary(ScalarFn::sqrt, sum(squares, "sum")));  // ReduceL2
}

void translate_lp_norm(Translation& t) {
  const std::size_t axis = normal_axis(integer(t.node(), "axis", -1), t.rank(0));
  const std::vector<std::int64_t> axes = {static_cast<std::int64_t>(axis)};
  const TensorId x = t.real_tensor(0);
  const std::int64_t p = integer(t.node(), "p", 2);
  if (p != 1 && p != 2) refuse("p {}", p);
  const TensorId each =
      p == 1 ? t.unary(ScalarFn::abs, x, "abs") : t.binary(ScalarFn::mul, x, x, "squares");
  TensorId norm = t.reduce(ReduceFn::sum, each, axes, true, "sum");
  if (p == 2) norm = t.unary(ScalarFn::sqrt, norm, "norm");
  t.result(t.binary(ScalarFn::div, x, norm));
}

}  // namespace unna::onnx_import
