// Functions of each element, and those that are composed of them.

#include <array>
#include <cmath>
#include <limits>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

struct FunctionRow {
  std::string_view op;
  ScalarFn fn;
};

constexpr auto kBinaries = std::to_array<FunctionRow>({{"Add", ScalarFn::add},
                                                       {"Div", ScalarFn::div},
                                                       {"Max", ScalarFn::max},
                                                       {"Mean", ScalarFn::add},
                                                       {"Min", ScalarFn::min},
                                                       {"Mul", ScalarFn::mul},
                                                       {"Sub", ScalarFn::sub},
                                                       {"Sum", ScalarFn::add}});
constexpr auto kUnaries = std::to_array<FunctionRow>({{"Abs", ScalarFn::abs},
                                                      {"Erf", ScalarFn::erf},
                                                      {"Exp", ScalarFn::exp},
                                                      {"HardSigmoid", ScalarFn::hard_sigmoid},
                                                      {"HardSwish", ScalarFn::hard_swish},
                                                      {"LeakyRelu", ScalarFn::leaky_relu},
                                                      {"Log", ScalarFn::log},
                                                      {"Neg", ScalarFn::neg},
                                                      {"Reciprocal", ScalarFn::reciprocal},
                                                      {"Relu", ScalarFn::relu},
                                                      {"Sigmoid", ScalarFn::sigmoid},
                                                      {"Sqrt", ScalarFn::sqrt},
                                                      {"Tanh", ScalarFn::tanh}});

template <class Table>
ScalarFn function_of(const Table& table, std::string_view op) {
  for (const FunctionRow& row : table)
    if (row.op == op) return row.fn;
  throw InternalError(fmt::format("no function for {}", op));
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

namespace {

/// Operand i. Before opset 7, `axis` says which dimension of the first operand the second one's
/// first dimension is.
TensorId operand(Translation& t, std::size_t i) {
  const TensorId x = t.real_tensor(i);
  if (i == 0 || t.opset() >= 7 || !has(t.node(), "axis")) return x;
  Shape dims = t.dims(i);
  const std::size_t axis = normal_axis(integer(t.node(), "axis", 0), t.rank(0));
  if (axis + dims.size() > t.rank(0)) refuse("axis {}", axis);
  dims.resize(t.rank(0) - axis, 1);
  return t.reshape(x, dims, "aligned");
}

}  // namespace

void translate_arithmetic(Translation& t) {
  const ScalarFn fn = function_of(kBinaries, t.node().op);
  const bool mean = t.node().op == "Mean";
  if (t.size() == 0) refuse("no inputs");
  TensorId y = t.real_tensor(0);
  const std::size_t last = t.size() - 1;
  for (std::size_t i = 1; i <= last; ++i)
    y = t.binary(fn, y, operand(t, i), i < last || mean ? fmt::format("{}", i) : "");
  if (mean && last > 0) y = t.binary(ScalarFn::div, y, t.scalar(static_cast<double>(t.size())));
  t.result(y);
}

void translate_pow(Translation& t) {
  t.result(t.unary(ScalarFn::pow, t.real_tensor(0), "", t.number(1)));
}

void translate_function(Translation& t) {
  const ScalarFn fn = function_of(kUnaries, t.node().op);
  const TensorId x = t.real_tensor(0);
  double alpha = 0, beta = 0;
  if (fn == ScalarFn::hard_sigmoid) {
    alpha = real(t.node(), "alpha", 0.2);
    beta = real(t.node(), "beta", 0.5);
  }
  if (fn == ScalarFn::leaky_relu) alpha = real(t.node(), "alpha", 0.01);
  t.result(t.unary(fn, x, "", alpha, beta));
}

void translate_clip(Translation& t) {
  const auto bound = [&](std::size_t i, const char* attribute, double otherwise) {
    const double value = t.opset() < 11 ? real(t.node(), attribute, otherwise)
                         : t.has(i)     ? t.number(i)
                                        : otherwise;
    constexpr double kLargest = std::numeric_limits<float>::max();
    return std::fabs(value) >= kLargest ? std::copysign(kInfinity, value) : value;
  };
  const TensorId x = t.real_tensor(0);
  const double lo = bound(1, "min", -kInfinity), hi = bound(2, "max", kInfinity);
  if (!(lo < hi)) refuse("bounds {} and {}", lo, hi);
  if (lo == -kInfinity && hi == kInfinity) return t.result(x);
  if (lo == 0 && hi == kInfinity) return t.result(t.unary(ScalarFn::relu, x));
  if (hi == kInfinity) return t.result(t.binary(ScalarFn::max, x, t.scalar(lo)));
  if (lo == -kInfinity) return t.result(t.binary(ScalarFn::min, x, t.scalar(hi)));
  t.result(t.unary(ScalarFn::clip, x, "", lo, hi));
}

namespace {

/// factor * (exp(min(x, 0) / scale) - 1) + max(x, 0) * slope.
TensorId exponential(Translation& t, TensorId x, double scale, double factor, double slope) {
  TensorId low = t.binary(ScalarFn::min, x, t.scalar(0), "low");
  if (scale != 1) low = t.binary(ScalarFn::div, low, t.scalar(scale), "scaled");
  low = t.binary(ScalarFn::sub, t.unary(ScalarFn::exp, low, "exp"), t.scalar(1), "minus_one");
  if (factor != 1) low = t.binary(ScalarFn::mul, low, t.scalar(factor), "factor");
  TensorId high = t.unary(ScalarFn::relu, x, "high");
  if (slope != 1) high = t.binary(ScalarFn::mul, high, t.scalar(slope), "slope");
  return t.binary(ScalarFn::add, high, low);
}

/// max(x, 0) + log(1 + exp(-|x|)), which does not overflow.
TensorId softplus(Translation& t, TensorId x, std::string_view suffix = "") {
  const TensorId down = t.unary(ScalarFn::neg, t.unary(ScalarFn::abs, x, "abs"), "neg");
  const TensorId one_more =
      t.binary(ScalarFn::add, t.unary(ScalarFn::exp, down, "exp"), t.scalar(1), "plus_one");
  return t.binary(ScalarFn::add, t.unary(ScalarFn::relu, x, "relu"),
                  t.unary(ScalarFn::log, one_more, "log"), suffix);
}

}  // namespace

void translate_composed(Translation& t) {
  const std::string& op = t.node().op;
  const TensorId x = t.real_tensor(0);
  if (op == "Softplus") return t.result(softplus(t, x));
  if (op == "Mish") {
    const TensorId gate = t.unary(ScalarFn::tanh, softplus(t, x, "softplus"), "gate");
    return t.result(t.binary(ScalarFn::mul, x, gate));
  }
  if (op == "Softsign") {
    const TensorId below =
        t.binary(ScalarFn::add, t.unary(ScalarFn::abs, x, "abs"), t.scalar(1), "plus_one");
    return t.result(t.binary(ScalarFn::div, x, below));
  }
  if (op == "Elu") return t.result(exponential(t, x, 1, real(t.node(), "alpha", 1), 1));
  if (op == "Celu") {
    const double alpha = real(t.node(), "alpha", 1);
    if (alpha == 0) refuse("alpha 0");
    return t.result(exponential(t, x, alpha, alpha, 1));
  }
  const double gamma = real(t.node(), "gamma", 1.05070102214813232421875);
  const double alpha = real(t.node(), "alpha", 1.67326319217681884765625);
  t.result(exponential(t, x, 1, gamma * alpha, gamma));
}

/// max(x, 0) + slope * min(x, 0).
void translate_prelu(Translation& t) {
  const TensorId x = t.real_tensor(0);
  if (t.is_constant(1) && t.constant(1).known() && t.constant(1).count() == 1)
    return t.result(t.unary(ScalarFn::leaky_relu, x, "", t.number(1)));
  TensorId slope = t.real_tensor(1);
  // Before opset 7, a slope for each channel is one-dimensional.
  if (t.opset() < 7 && t.rank(0) > 1 && t.dims(1) == Shape{t.dims(0)[1]}) {
    Shape per_channel(t.rank(0) - 1, 1);
    per_channel[0] = t.dims(0)[1];
    slope = t.reshape(slope, per_channel, "slope");
  }
  const std::optional<Shape> wide = broadcast(t.dims(0), t.shape(slope));
  if (!wide || *wide != t.dims(0)) refuse("a slope of {}", to_string(t.dims(1)));
  const TensorId low = t.binary(ScalarFn::min, x, t.scalar(0), "low");
  const TensorId sloped = t.binary(ScalarFn::mul, low, slope, "sloped");
  t.result(t.binary(ScalarFn::add, t.unary(ScalarFn::relu, x, "high"), sloped));
}

namespace {

/// A constant with `yes` where the condition holds and the element of `no` elsewhere.
Constant chosen(const Constant& condition, double yes, const Constant& no) {
  const std::optional<Shape> dims = broadcast(condition.dims, no.dims);
  if (!dims) refuse("{} and {}", to_string(condition.dims), to_string(no.dims));
  const Constant c = expanded(condition, *dims), n = expanded(no, *dims);
  Reals out(static_cast<std::size_t>(element_count(*dims)));
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = (*c.integers)[i] != 0 ? static_cast<float>(yes) : (*n.reals)[i];
  return make_reals(*dims, std::move(out));
}

/// x where the condition holds, else the element of `no`: max(min(x, condition ? inf : no),
/// condition ? -inf : no), which is exact for infinities too.
TensorId select(Translation& t, const Constant& condition, TensorId x, const Constant& no,
                const std::string& suffix) {
  if (!no.known()) refuse("weights without values");
  Constant upper = chosen(condition, kInfinity, no);
  Constant lower = chosen(condition, -kInfinity, no);
  upper.name = t.name() + suffix + ".upper";
  lower.name = t.name() + suffix + ".lower";
  const TensorId limited =
      t.binary(ScalarFn::min, x, t.weight(upper), suffix.empty() ? "min" : suffix + ".min");
  return t.binary(ScalarFn::max, limited, t.weight(lower), suffix);
}

Constant inverted(const Constant& condition) {
  Integers out = *condition.integers;
  for (std::int64_t& v : out) v = v == 0;
  return make_integers(condition.dims, std::move(out), {}, ElementKind::boolean);
}

}  // namespace

void translate_where(Translation& t) {
  const Constant condition = t.constant(0);
  if (condition.kind != ElementKind::boolean) refuse("the condition is not boolean");
  if (t.is_constant(2)) return t.result(select(t, condition, t.real_tensor(1), t.constant(2), ""));
  if (t.is_constant(1))
    return t.result(select(t, inverted(condition), t.real_tensor(2), t.constant(1), ""));
  const Constant zero = make_reals({}, {0});
  const TensorId yes = select(t, condition, t.real_tensor(1), zero, "yes");
  const TensorId no = select(t, inverted(condition), t.real_tensor(2), zero, "no");
  t.result(t.binary(ScalarFn::add, yes, no));
}

void translate_cast(Translation& t) {
  constexpr std::int64_t kFloat = 1, kHalf = 10, kDouble = 11;
  const std::int64_t to = integer(t.node(), "to", 0);
  if (to != kFloat && to != kHalf && to != kDouble) {
    if (t.element(0) == ElementKind::integer && to >= 2 && to <= 13 && to != 8 && to != 9)
      return t.result(t.input(0));
    refuse("to type {}, expected a real one", to);
  }
  if (t.element(0) == ElementKind::real) return t.result(t.input(0));
  t.result(t.unary(ScalarFn::identity, t.tensor(0)));
}

void translate_identity(Translation& t) {
  if (t.output_wanted(1)) refuse("the mask is read");
  if (t.has(2) && t.number(2) != 0 && (!t.has(1) || t.number(1) != 0)) refuse("training mode");
  if (t.node().op == "Dropout" && t.opset() < 7 && integer(t.node(), "is_test", 0) == 0)
    refuse("training mode");
  t.result(t.input(0));
}

}  // namespace unna::onnx_import
