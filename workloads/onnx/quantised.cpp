// Quantised operators. The machine computes with the real numbers that the model's whole numbers
// stand for, and rounds results to the model's own steps.

#include <algorithm>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

const Constant* zero_point(Translation& t, std::size_t i) {
  return t.has(i) ? &t.constant(i) : nullptr;
}

/// x to the nearest step that the type has.
Value stepped(Translation& t, TensorId x, const Steps& steps) {
  const WholeRange range = range_of_type(steps.type);
  const auto scale = static_cast<double>(steps.scale);
  const TensorId rounded = t.unary(ScalarFn::round, x, "steps", scale);
  const auto real = [&](std::int64_t q) { return static_cast<double>(q - steps.zero) * scale; };
  Value y =
      Value::of(t.unary(ScalarFn::clip, rounded, "", real(range.lowest), real(range.highest)));
  t.draft().tensor(y.tensor).steps = model_steps(steps);
  y.steps = std::make_shared<const Steps>(steps);
  return y;
}

/// Input i, which has been computed and quantised, as the real numbers that its whole numbers stand
/// for when they are read by the steps `read`; it is there already where it was made with those.
TensorId read_by(Translation& t, std::size_t i, const Steps& read) {
  const auto& made = t.input(i).steps;
  if (made == nullptr) refuse("input {} is not quantised", i);
  TensorId x = t.tensor(i);
  const auto ratio = static_cast<double>(read.scale) / static_cast<double>(made->scale);
  const double shift =
      static_cast<double>(made->zero - read.zero) * static_cast<double>(read.scale);
  if (ratio != 1) x = t.binary(ScalarFn::mul, x, t.scalar(ratio), fmt::format("ratio{}", i));
  if (shift != 0) x = t.binary(ScalarFn::add, x, t.scalar(shift), fmt::format("shift{}", i));
  return x;
}

/// Input i, of whole numbers with the scale and zero point of inputs i + 1 and i + 2, as the real
/// numbers that they stand for.
TensorId real_numbers(Translation& t, std::size_t i) {
  if (t.is_constant(i))
    return t.weight(dequantised(t.constant(i), t.constant(i + 1), zero_point(t, i + 2), -1, 0));
  return read_by(t, i, steps_of(t.constant(i + 1), zero_point(t, i + 2)));
}

}  // namespace

void translate_quantize(Translation& t) {
  if (integer(t.node(), "block_size", 0) != 0) refuse("block_size of computed values");
  const auto type = static_cast<std::int32_t>(integer(t.node(), "output_dtype", 0));
  const Steps steps = steps_of(t.constant(1), zero_point(t, 2), type == 0 ? 2 : type);
  t.result(stepped(t, t.real_tensor(0), steps));
}

void translate_dequantize(Translation& t) {
  t.result(read_by(t, 0, steps_of(t.constant(1), zero_point(t, 2))));
}

namespace {

/// The bias of a quantised convolution: whole numbers in units of the products.
Constant real_bias(Translation& t, std::size_t i, const Constant& x_scale,
                   const Constant& w_scale) {
  const Constant& q = t.constant(i);
  if (q.integers == nullptr || x_scale.count() != 1) refuse("a bias of {}", to_string(q.dims));
  Reals out;
  for (std::size_t c = 0; c < q.integers->size(); ++c)
    out.push_back(static_cast<float>(static_cast<double>((*q.integers)[c]) * x_scale.at(0) *
                                     w_scale.at(w_scale.count() == 1 ? 0 : c)));
  return make_reals(q.dims, std::move(out), q.name);
}

}  // namespace

/// x, its scale and zero point, w and its, those of the result, (bias).
void translate_qlinear_conv(Translation& t) {
  const TensorId x = real_numbers(t, 0);
  Constant w = dequantised(t.constant(3), t.constant(4), zero_point(t, 5), 0, 0);
  w.name = t.constant(3).name;
  std::optional<Constant> bias;
  if (t.has(8)) bias = real_bias(t, 8, t.constant(1), t.constant(4));
  const TensorId y = convolved(t, x, w, bias, "products");
  t.result(stepped(t, y, steps_of(t.constant(6), zero_point(t, 7))));
}

void translate_qlinear_matmul(Translation& t) {
  const TensorId a = real_numbers(t, 0);
  TensorId y;
  if (t.is_constant(3)) {
    Constant b = dequantised(t.constant(3), t.constant(4), zero_point(t, 5), -1, 0);
    b.name = t.constant(3).name;
    y = multiplied(t, a, b, "products");
  } else {
    y = multiplied(t, a, real_numbers(t, 3), "products");
  }
  t.result(stepped(t, y, steps_of(t.constant(6), zero_point(t, 7))));
}

/// Of ONNX Runtime: a, its scale and zero point, b and its, those of the result.
void translate_qlinear_arithmetic(Translation& t) {
  const ScalarFn fn = t.node().op == "QLinearMul" ? ScalarFn::mul : ScalarFn::add;
  const TensorId y = t.binary(fn, real_numbers(t, 0), real_numbers(t, 3), "exact");
  t.result(stepped(t, y, steps_of(t.constant(6), zero_point(t, 7))));
}

/// Of ONNX Runtime: x, its scale and zero point, those of the result; otherwise as the operator of
/// real numbers after whose name it is called.
void translate_qlinear_operator(Translation& t) {
  if (integer(t.node(), "channels_last", 0) != 0) refuse("channels_last");
  const std::string real = t.node().op.substr(std::string_view("QLinear").size());
  const TensorId y = t.apply(real, {real_numbers(t, 0)}, "exact");
  t.result(stepped(t, y, steps_of(t.constant(3), zero_point(t, 4))));
}

/// Of ONNX Runtime: scale and zero point of the result, then three inputs for each operand.
void translate_qlinear_concat(Translation& t) {
  std::vector<TensorId> parts;
  for (std::size_t i = 2; i + 1 < t.size(); i += 3) parts.push_back(real_numbers(t, i));
  if (parts.empty()) refuse("no operands");
  const std::size_t rank = t.shape(parts[0]).size();
  const TensorId y =
      t.concat(parts, normal_axis(required(t.node(), "axis").integer, rank), "exact");
  t.result(stepped(t, y, steps_of(t.constant(0), zero_point(t, 1))));
}

/// Of ONNX Runtime: a, its scale and zero point, b and its, bias, scale and zero point of the
/// result (none: real numbers).
void translate_qgemm(Translation& t) {
  if (real(t.node(), "alpha", 1) != 1) refuse("alpha {}", real(t.node(), "alpha", 1));
  t.expect_rank(0, 2, 2);
  TensorId a = real_numbers(t, 0);
  if (integer(t.node(), "transA", 0) != 0) a = t.transpose(a, {1, 0}, "a");
  const bool rows = integer(t.node(), "transB", 0) != 0;
  Constant b = dequantised(t.constant(3), t.constant(4), zero_point(t, 5), rows ? 0 : 1, 0);
  if (!rows) b = transposed(b, {1, 0});
  b.name = t.constant(3).name;
  std::vector<TensorId> inputs = {a, t.weight(b)};
  if (t.has(6)) {
    Constant bias = real_bias(t, 6, t.constant(1), t.constant(4));
    if (bias.count() == 1) bias = expanded(reshaped(bias, {1}), {b.dims[0]});
    inputs.push_back(t.weight(reshaped(std::move(bias), {b.dims[0]})));
  }
  const TensorId y = t.emit(OpKind::gemm, inputs, std::monostate{}, t.has(7) ? "products" : "");
  if (!t.has(7)) return t.result(y);
  t.result(stepped(t, y, steps_of(t.constant(7), zero_point(t, 8))));
}

/// Steps that depend on the values are those of the machine: the whole numbers stand for multiples
/// of 1, which they are, as real numbers, of whatever scale.
void translate_dynamic_quantize(Translation& t) {
  Constant zero = make_integers({}, {0});
  zero.type = 2;
  Value q = Value::of(t.real_tensor(0));
  q.steps = std::make_shared<const Steps>(steps_of(make_reals({}, {1}), &zero));
  t.note("values quantised by their own range are the machine's numbers, without these steps");
  t.result(std::move(q));
  t.result(Value::of(make_reals({}, {1}, t.name() + ".scale")));
  zero.name = t.name() + ".zero";
  t.result(Value::of(std::move(zero)));
}

namespace {

/// Whole numbers less their zero point.
Constant centred(const Constant& q, const Constant* zero) {
  return dequantised(q, make_reals({}, {1}), zero, 0, 0);
}
TensorId centred_input(Translation& t, std::size_t i, std::size_t zero) {
  if (t.is_constant(i)) {
    Constant c = centred(t.constant(i), zero_point(t, zero));
    c.name = t.constant(i).name;
    return t.weight(c);
  }
  return read_by(t, i, steps_of(make_reals({}, {1}), zero_point(t, zero)));
}

}  // namespace

/// Sums are whole numbers: exact in single precision below 2^24.
void translate_matmul_integer(Translation& t) {
  const TensorId a = centred_input(t, 0, 2);
  if (!t.is_constant(1)) return t.result(multiplied(t, a, centred_input(t, 1, 3), ""));
  Constant b = centred(t.constant(1), zero_point(t, 3));
  b.name = t.constant(1).name;
  t.result(multiplied(t, a, b, ""));
}

void translate_conv_integer(Translation& t) {
  const TensorId x = centred_input(t, 0, 2);
  Constant w = centred(t.constant(1), zero_point(t, 3));
  w.name = t.constant(1).name;
  t.result(convolved(t, x, w, std::nullopt, ""));
}

/// Weights of 4 (or 8) bits in blocks along K, each with a scale and a zero point (8 of 4 bits).
void translate_matmul_nbits(Translation& t) {
  const std::int64_t k = required(t.node(), "K").integer, n = required(t.node(), "N").integer;
  const std::int64_t bits = integer(t.node(), "bits", 4);
  const std::int64_t block = required(t.node(), "block_size").integer;
  const Constant& packed = t.constant(1);
  const Constant& scales = t.constant(2);
  if ((bits != 4 && bits != 8) || block < 16 || k < 1 || n < 1) refuse("{} bits", bits);
  const std::int64_t blocks = ceil_div(k, block), bytes = block * bits / 8;
  if (packed.integers == nullptr || packed.count() != n * blocks * bytes ||
      scales.count() != n * blocks || t.has(4))
    refuse("weights of {}", to_string(packed.dims));
  const auto entry = [&](const Integers& from, std::int64_t row, std::int64_t at) {
    if (bits == 8) return from[static_cast<std::size_t>(row + at)];
    return (from[static_cast<std::size_t>(row + at / 2)] >> (at % 2 * 4)) & 15;
  };
  const std::int64_t zero_bytes = ceil_div(blocks * bits, std::int64_t{8});
  // Codes and zero points stand above the middle of their range.
  const std::int64_t middle = std::int64_t{1} << (bits - 1);
  ConstantGroups groups{{bits, block, t.has(3)}, 1, {}, {}, {}};
  Reals out(static_cast<std::size_t>(n * k));
  for (std::int64_t row = 0; row < n; ++row)
    for (std::int64_t i = 0; i < k; ++i) {
      const std::int64_t b = row * blocks + i / block;
      const auto scale = static_cast<float>(scales.at(static_cast<std::size_t>(b)));
      const std::int64_t q = entry(*packed.integers, b * bytes, i % block);
      const std::int64_t zero =
          t.has(3) ? entry(*t.constant(3).integers, row * zero_bytes, i / block) : middle;
      out[static_cast<std::size_t>(row * k + i)] = static_cast<float>(q - zero) * scale;
      groups.codes.push_back(static_cast<std::int8_t>(q - middle));
      if (i % block != 0) continue;
      groups.scales.push_back(scale);
      if (t.has(3)) groups.zeros.push_back(static_cast<std::int8_t>(zero - middle));
    }
  Constant weights = make_reals({n, k}, std::move(out), packed.name);
  weights.groups = std::make_shared<const ConstantGroups>(std::move(groups));
  std::vector<TensorId> inputs = {t.real_tensor(0), t.weight(weights)};
  if (t.has(5)) inputs.push_back(t.weight(t.constant(5)));
  t.result(t.emit(OpKind::gemm, inputs, std::monostate{}));
}

}  // namespace unna::onnx_import
