// Operators that compute each element by itself.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "workloads/onnx/fold_parts.h"

namespace unna::onnx_import {
namespace {

using RealFn = double (*)(double, double);
using IntegerFn = std::int64_t (*)(std::int64_t, std::int64_t);

/// Towards zero, as C++ and ONNX Runtime do.
std::int64_t divide(std::int64_t a, std::int64_t b) {
  if (b == 0) refuse("division by zero");
  return b == -1 ? wrap_sub(0, a) : a / b;
}
/// The sign of the divisor.
std::int64_t modulo(std::int64_t a, std::int64_t b) {
  if (b == 0) refuse("division by zero");
  if (b == -1) return 0;
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
std::int64_t power(std::int64_t a, std::int64_t b) {
  if (b < 0) refuse("a negative power of an integer");
  std::int64_t out = 1;
  for (; b > 0; b >>= 1, a = wrap_mul(a, a))
    if ((b & 1) != 0) out = wrap_mul(out, a);
  return out;
}

struct BinaryRow {
  std::string_view op;
  RealFn reals;
  IntegerFn integers;
  bool boolean;  ///< of the result
};

constexpr auto kBinary = std::to_array<BinaryRow>({
    {"Add", [](double a, double b) { return a + b; }, wrap_add, false},
    {"And", nullptr, [](std::int64_t a, std::int64_t b) { return a & b; }, true},
    {"BitwiseAnd", nullptr, [](std::int64_t a, std::int64_t b) { return a & b; }, false},
    {"BitwiseOr", nullptr, [](std::int64_t a, std::int64_t b) { return a | b; }, false},
    {"BitwiseXor", nullptr, [](std::int64_t a, std::int64_t b) { return a ^ b; }, false},
    {"Div", [](double a, double b) { return a / b; }, divide, false},
    {"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a == b; }, true},
    {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a > b; }, true},
    {"GreaterOrEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a >= b; }, true},
    {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a < b; }, true},
    {"LessOrEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a <= b; }, true},
    {"Max", [](double a, double b) { return std::max(a, b); },
     [](std::int64_t a, std::int64_t b) { return std::max(a, b); }, false},
    {"Min", [](double a, double b) { return std::min(a, b); },
     [](std::int64_t a, std::int64_t b) { return std::min(a, b); }, false},
    {"Mod", [](double a, double b) { return std::fmod(a, b); }, modulo, false},
    {"Mul", [](double a, double b) { return a * b; }, wrap_mul, false},
    {"Or", nullptr, [](std::int64_t a, std::int64_t b) { return a | b; }, true},
    {"Pow", [](double a, double b) { return std::pow(a, b); }, power, false},
    {"Sub", [](double a, double b) { return a - b; }, wrap_sub, false},
    {"Sum", [](double a, double b) { return a + b; }, wrap_add, false},
    {"Xor", nullptr, [](std::int64_t a, std::int64_t b) { return a ^ b; }, true},
});

Constant apply(const BinaryRow& row, const Constant& a, const Constant& b) {
  const std::optional<Shape> dims = broadcast(a.dims, b.dims);
  if (!dims) refuse("shapes {} and {} do not broadcast", to_string(a.dims), to_string(b.dims));
  const auto count = static_cast<std::size_t>(checked_count(*dims));
  const bool any_real = a.kind == ElementKind::real || b.kind == ElementKind::real;
  if (any_real && (!a.known() || !b.known())) {
    if (row.boolean) refuse("compares weights without values");
    return unknown(*dims);
  }
  const Constant wide_a = a.dims == *dims ? a : expanded(a, *dims);
  const Constant wide_b = b.dims == *dims ? b : expanded(b, *dims);
  if (!any_real || (row.boolean && row.reals == nullptr)) {
    if (any_real) refuse("reals, expected booleans");
    Integers out(count);
    for (std::size_t i = 0; i < count; ++i)
      out[i] = row.integers((*wide_a.integers)[i], (*wide_b.integers)[i]);
    return make_integers(*dims, std::move(out), {},
                         row.boolean ? ElementKind::boolean : ElementKind::integer);
  }
  if (row.boolean) {
    Integers out(count);
    for (std::size_t i = 0; i < count; ++i)
      out[i] = static_cast<std::int64_t>(row.reals(wide_a.at(i), wide_b.at(i)));
    return make_integers(*dims, std::move(out), {}, ElementKind::boolean);
  }
  Reals out(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = static_cast<float>(row.reals(wide_a.at(i), wide_b.at(i)));
  return make_reals(*dims, std::move(out));
}

/// Max, Min and Sum take any number of inputs, the others two.
Constant fold_binary(const BinaryRow& row, const Folding& f) {
  const bool variadic = row.op == "Max" || row.op == "Min" || row.op == "Sum";
  if (f.size() != 2 && !(variadic && f.size() >= 1)) refuse("{} inputs", f.size());
  if (row.op == "Mod" && integer(f.node(), "fmod", 0) == 0 && f.in(0).kind == ElementKind::real)
    refuse("Mod of reals without fmod");
  if (row.op == "Mod" && integer(f.node(), "fmod", 0) != 0 && f.in(0).kind != ElementKind::real)
    refuse("fmod of integers");
  Constant out = f.in(0);
  for (std::size_t i = 1; i < f.size(); ++i) out = apply(row, out, f.in(i));
  return out;
}

struct UnaryRow {
  std::string_view op;
  double (*reals)(double);
  std::int64_t (*integers)(std::int64_t);
};

double round_even(double x) {
  return std::nearbyint(x);
}

constexpr auto kUnary = std::to_array<UnaryRow>({
    {"Abs", [](double x) { return std::fabs(x); },
     [](std::int64_t x) { return x < 0 ? wrap_sub(0, x) : x; }},
    {"Acos", [](double x) { return std::acos(x); }, nullptr},
    {"Acosh", [](double x) { return std::acosh(x); }, nullptr},
    {"Asin", [](double x) { return std::asin(x); }, nullptr},
    {"Asinh", [](double x) { return std::asinh(x); }, nullptr},
    {"Atan", [](double x) { return std::atan(x); }, nullptr},
    {"Atanh", [](double x) { return std::atanh(x); }, nullptr},
    {"BitwiseNot", nullptr, [](std::int64_t x) { return ~x; }},
    {"Ceil", [](double x) { return std::ceil(x); }, nullptr},
    {"Cos", [](double x) { return std::cos(x); }, nullptr},
    {"Cosh", [](double x) { return std::cosh(x); }, nullptr},
    {"Erf", [](double x) { return std::erf(x); }, nullptr},
    {"Exp", [](double x) { return std::exp(x); }, nullptr},
    {"Floor", [](double x) { return std::floor(x); }, nullptr},
    {"Log", [](double x) { return std::log(x); }, nullptr},
    {"Neg", [](double x) { return -x; }, [](std::int64_t x) { return wrap_sub(0, x); }},
    {"Not", nullptr, [](std::int64_t x) -> std::int64_t { return x == 0; }},
    {"Reciprocal", [](double x) { return 1 / x; }, nullptr},
    {"Relu", [](double x) { return std::max(x, 0.0); },
     [](std::int64_t x) { return std::max<std::int64_t>(x, 0); }},
    {"Round", round_even, nullptr},
    {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, nullptr},
    {"Sign", [](double x) { return x > 0   ? 1.0
                                   : x < 0 ? -1.0
                                           : 0.0; },
     [](std::int64_t x) -> std::int64_t { return x > 0   ? 1
                                                 : x < 0 ? -1
                                                         : 0; }},
    {"Sin", [](double x) { return std::sin(x); }, nullptr},
    {"Sinh", [](double x) { return std::sinh(x); }, nullptr},
    {"Sqrt", [](double x) { return std::sqrt(x); }, nullptr},
    {"Tan", [](double x) { return std::tan(x); }, nullptr},
    {"Tanh", [](double x) { return std::tanh(x); }, nullptr},
});

Constant fold_unary(const UnaryRow& row, const Folding& f) {
  const Constant& x = f.in(0);
  const auto count = static_cast<std::size_t>(checked_count(x.dims));
  if (x.kind == ElementKind::real) {
    if (row.reals == nullptr) refuse("reals, expected booleans");
    if (!x.known()) return unknown(x.dims);
    Reals out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(row.reals(x.at(i)));
    return make_reals(x.dims, std::move(out));
  }
  if (row.integers == nullptr) refuse("integers, expected reals");
  Integers out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = row.integers((*x.integers)[i]);
  return make_integers(x.dims, std::move(out), {}, x.kind);
}

Constant where(const Folding& f) {
  const Constant& condition = f.in(0);
  const Constant& a = f.in(1);
  const Constant& b = f.in(2);
  if (condition.kind != ElementKind::boolean) refuse("the condition is not boolean");
  if (a.kind != b.kind) refuse("branches of different types");
  std::optional<Shape> dims = broadcast(a.dims, b.dims);
  if (dims) dims = broadcast(*dims, condition.dims);
  if (!dims) refuse("shapes do not broadcast");
  const auto count = static_cast<std::size_t>(checked_count(*dims));
  if (!a.known() || !b.known()) return unknown(*dims);
  const Constant c = expanded(condition, *dims);
  const Constant x = expanded(a, *dims);
  const Constant y = expanded(b, *dims);
  if (a.kind == ElementKind::real) {
    Reals out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = (*((*c.integers)[i] != 0 ? x : y).reals)[i];
    return make_reals(*dims, std::move(out));
  }
  Integers out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = (*((*c.integers)[i] != 0 ? x : y).integers)[i];
  return make_integers(*dims, std::move(out), {}, a.kind);
}

/// A truth about each element.
template <class Test>
Constant tested(const Folding& f, Test&& test) {
  const Constant& x = f.in(0);
  if (!x.known()) refuse("weights without values");
  Integers out(static_cast<std::size_t>(checked_count(x.dims)));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = test(x.at(i)) ? 1 : 0;
  return make_integers(x.dims, std::move(out), {}, ElementKind::boolean);
}

/// A function of each element, whose kind stays.
template <class Function>
Constant changed(const Folding& f, Function&& function) {
  const Constant& x = f.in(0);
  if (!x.known()) return unknown(x.dims);
  const auto count = static_cast<std::size_t>(checked_count(x.dims));
  if (x.kind == ElementKind::real) {
    Reals out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(function(x.at(i)));
    return make_reals(x.dims, std::move(out));
  }
  Integers out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int64_t>(function(x.at(i)));
  return make_integers(x.dims, std::move(out), {}, x.kind);
}

Constant cast(const Folding& f) {
  constexpr std::int64_t kFloat = 1, kBool = 9, kHalf = 10, kDouble = 11, kBfloat = 16;
  const bool like = f.node().op == "CastLike";
  const std::int64_t to = like ? f.in(1).type : integer(f.node(), "to", 0);
  const Constant& x = f.in(0);
  // Tests of ONNX have bfloat16 as the 16 bits of a uint16.
  if (like && (x.type == 4 || x.type == 16)) refuse("from type {}", x.type);
  if (like && to == 0 && f.in(1).kind == x.kind) return x;
  const bool reals = to == kFloat || to == kHalf || to == kDouble || to == kBfloat;
  if (to < 1 || to == 8 || to == 14 || to == 15 || to > kBfloat) refuse("to type {}", to);
  const auto count = static_cast<std::size_t>(checked_count(x.dims));
  if (reals) {
    if (to == kBfloat) refuse("to bfloat16");
    if (x.kind == ElementKind::real) return x;
    Reals out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(x.at(i));
    return make_reals(x.dims, std::move(out));
  }
  if (!x.known()) refuse("casts weights without values to integers");
  Integers out(count);
  constexpr double kReach = 9.2e18;
  for (std::size_t i = 0; i < count; ++i) {
    if (to == kBool) {
      out[i] = x.at(i) != 0;
    } else if (x.kind != ElementKind::real) {
      out[i] = (*x.integers)[i];
    } else {
      if (!(std::fabs(x.at(i)) < kReach)) refuse("casts {} to an integer", x.at(i));
      out[i] = static_cast<std::int64_t>(x.at(i));
    }
  }
  Constant made = make_integers(x.dims, std::move(out), {},
                                to == kBool ? ElementKind::boolean : ElementKind::integer);
  made.type = static_cast<std::int32_t>(to);
  return made;
}

Constant is_nan(const Folding& f) {
  return tested(f, [](double v) { return std::isnan(v); });
}
Constant is_infinite(const Folding& f) {
  const bool below = integer(f.node(), "detect_negative", 1) != 0;
  const bool above = integer(f.node(), "detect_positive", 1) != 0;
  return tested(f, [=](double v) { return std::isinf(v) && (v < 0 ? below : above); });
}

Constant shrink(const Folding& f) {
  const double lambda = real(f.node(), "lambd", 0.5), bias = real(f.node(), "bias", 0);
  return changed(f, [=](double v) { return v < -lambda ? v + bias : v > lambda ? v - bias : 0.0; });
}
Constant thresholded(const Folding& f) {
  const double alpha = real(f.node(), "alpha", 1);
  return changed(f, [=](double v) { return v > alpha ? v : 0.0; });
}

/// Of unsigned numbers; bits that leave the type are lost.
Constant bit_shift(const Folding& f) {
  const Constant& x = f.in(0);
  const std::optional<Shape> dims = broadcast(x.dims, f.in(1).dims);
  if (!dims || x.integers == nullptr || f.in(1).integers == nullptr) refuse("inputs");
  const Constant a = expanded(x, *dims), b = expanded(f.in(1), *dims);
  const bool left = text(f.node(), "direction", "") == "LEFT";
  const int bits = x.type == 2 ? 8 : x.type == 4 ? 16 : x.type == 12 ? 32 : 64;
  Integers out;
  for (std::size_t i = 0; i < a.integers->size(); ++i) {
    const auto v = static_cast<std::uint64_t>((*a.integers)[i]);
    const auto by = static_cast<std::uint64_t>((*b.integers)[i]);
    std::uint64_t shifted = by > 63 ? 0 : left ? v << by : v >> by;
    if (bits < 64) shifted &= (std::uint64_t{1} << bits) - 1;
    out.push_back(static_cast<std::int64_t>(shifted));
  }
  Constant made = make_integers(*dims, std::move(out));
  made.type = x.type;
  return made;
}

Constant clip(const Folding& f) {
  const Constant& x = f.in(0);
  if (!x.known()) return unknown(x.dims);
  const auto bound = [&](std::size_t i, const char* attribute, double otherwise) {
    if (f.opset() < 11) return real(f.node(), attribute, otherwise);
    if (!f.has(i)) return otherwise;
    if (!f.in(i).known() || f.in(i).count() != 1) refuse("a bound that is no single element");
    return f.in(i).at(0);
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double lo = bound(1, "min", -kInfinity), hi = bound(2, "max", kInfinity);
  const auto limited = [&](double v) { return std::min(std::max(v, lo), hi); };
  if (x.kind == ElementKind::real) {
    Reals out;
    for (const float v : *x.reals)
      out.push_back(static_cast<float>(limited(static_cast<double>(v))));
    return make_reals(x.dims, std::move(out));
  }
  Integers out;
  for (const std::int64_t v : *x.integers)
    out.push_back(static_cast<std::int64_t>(limited(static_cast<double>(v))));
  return make_integers(x.dims, std::move(out));
}

struct OtherRow {
  std::string_view op;
  Constant (*run)(const Folding&);
};

constexpr auto kOthers = std::to_array<OtherRow>({{"BitShift", bit_shift},
                                                  {"Cast", cast},
                                                  {"CastLike", cast},
                                                  {"Clip", clip},
                                                  {"IsInf", is_infinite},
                                                  {"IsNaN", is_nan},
                                                  {"Shrink", shrink},
                                                  {"ThresholdedRelu", thresholded},
                                                  {"Where", where}});

template <class Table>
auto row_of(const Table& table, std::string_view op) -> decltype(table.data()) {
  for (const auto& row : table)
    if (row.op == op) return &row;
  return nullptr;
}

}  // namespace

std::optional<Constant> fold_elementwise(const Folding& f) {
  const std::string& op = f.node().op;
  if (const auto* row = row_of(kBinary, op)) return fold_binary(*row, f);
  if (const auto* row = row_of(kUnary, op)) return fold_unary(*row, f);
  if (const auto* row = row_of(kOthers, op)) return row->run(f);
  return std::nullopt;
}

std::span<const std::string_view> elementwise_operators() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> names;
    for (const auto& row : kBinary) names.push_back(row.op);
    for (const auto& row : kUnary) names.push_back(row.op);
    for (const auto& row : kOthers) names.push_back(row.op);
    return names;
  }();
  return all;
}

}  // namespace unna::onnx_import
