#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "numbers/encoding.h"
#include "numbers/functions.h"
#include "numbers/half.h"
#include "reference/machine.h"

namespace unna::reference {

double function(const FunctionAttrs& f, double x) {
  switch (f.fn) {
    case ScalarFn::identity:
      return x;
    case ScalarFn::relu:
      return std::max(x, 0.0);
    case ScalarFn::clip:
      return std::clamp(x, f.alpha, f.beta);
    case ScalarFn::leaky_relu:
      return x < 0 ? f.alpha * x : x;
    case ScalarFn::sigmoid:
      return sigmoid(x);
    case ScalarFn::tanh:
      return std::tanh(x);
    case ScalarFn::hard_sigmoid:
      return hard_sigmoid(x, f.alpha, f.beta);
    case ScalarFn::hard_swish:
      return hard_swish(x);
    case ScalarFn::gelu:
      return gelu(x);
    case ScalarFn::silu:
      return silu(x);
    case ScalarFn::exp:
      return std::exp(x);
    case ScalarFn::sqrt:
      return std::sqrt(x);
    case ScalarFn::reciprocal:
      return 1 / x;
    case ScalarFn::erf:
      return std::erf(x);
    case ScalarFn::pow:
      return std::pow(x, f.alpha);
    case ScalarFn::log:
      return std::log(x);
    case ScalarFn::abs:
      return std::fabs(x);
    case ScalarFn::neg:
      return -x;
    case ScalarFn::round:
      return round_to(x, f.alpha);
    default:
      break;
  }
  throw InternalError(fmt::format("{} is no function of one argument", name(f.fn)));
}

namespace {

/// Functions that fixed-point hardware computes without a table.
std::optional<std::int64_t> exact(const FixedFormat& format, const FunctionAttrs& f,
                                  std::int64_t q) {
  switch (f.fn) {
    case ScalarFn::identity:
      return q;
    case ScalarFn::relu:
      return std::max<std::int64_t>(q, 0);
    case ScalarFn::clip:
      return std::min(std::max(q, format.quantise(f.alpha)), format.quantise(f.beta));
    case ScalarFn::leaky_relu:
      return q < 0 ? FixedScale::of(f.alpha).apply(q) : q;
    case ScalarFn::abs:
      return std::abs(q);
    case ScalarFn::neg:
      return -q;
    case ScalarFn::round:
      return format.quantise(round_to(format.value(q), f.alpha));
    default:
      return std::nullopt;
  }
}

}  // namespace

Numbers::Numbers(const std::optional<Encoding>& encoding) {
  if (!encoding) return;
  if (encoding->is_fixed()) {
    fixed_ = encoding->fixed;
    // Numbers from their tensors' zero points, which saturate where the tensor is known.
    if (encoding->type == DataType::int8) fixed_->bits = 32;
    accumulator_limit_ = std::ldexp(1.0, 8 * static_cast<int>(encoding->accumulator_bytes) - 1);
  } else {
    floating_ = encoding->type;
  }
}

std::int64_t Numbers::sum(double s) const {
  overflowed_ = overflowed_ || s >= accumulator_limit_ || s < -accumulator_limit_;
  return whole(s);
}

double Numbers::round(double x) const {
  if (!floating_) return x;
  const auto single = static_cast<float>(x);
  return static_cast<double>(*floating_ == DataType::fp16 ? half_to_float(float_to_half(single))
                                                          : single);
}

double Numbers::element(double real) const {
  return fixed_ ? static_cast<double>(fixed_->quantise(real)) : round(real);
}

double Numbers::bias(double real) const {
  return fixed_ ? static_cast<double>(quantise(real, 2 * fixed_->fraction, 48)) : real;
}

double Numbers::of_products(double sum, float factor) const {
  if (!fixed_) return sum * static_cast<double>(factor);
  const FixedScale scale = FixedScale::of(static_cast<double>(factor));
  return saturate(scale.apply(this->sum(sum), fixed_->fraction));
}

double Numbers::of_values(double sum, double factor) const {
  if (!fixed_) return sum * factor;
  return saturate(FixedScale::of(factor).apply(this->sum(sum)));
}

double Numbers::mean(double sum, std::int64_t count) const {
  if (!fixed_) return sum / static_cast<double>(count);
  return saturate(round_divide(this->sum(sum), count));
}

double Numbers::binary(ScalarFn fn, double a, double b) const {
  switch (fn) {
    case ScalarFn::add:
      return fixed_ ? saturate(whole(a + b)) : a + b;
    case ScalarFn::sub:
      return fixed_ ? saturate(whole(a - b)) : a - b;
    case ScalarFn::mul:
      return fixed_ ? saturate(round_shift(whole(a * b), fixed_->fraction)) : a * b;
    case ScalarFn::div:
      return fixed_ ? static_cast<double>(fixed_->divide(whole(a), whole(b))) : a / b;
    case ScalarFn::max:
      return std::max(a, b);
    case ScalarFn::min:
      return std::min(a, b);
    default:
      break;
  }
  throw InternalError(fmt::format("{} is no function of two arguments", name(fn)));
}

void Numbers::unary(const FunctionAttrs& attrs, std::vector<double>& data) const {
  FunctionAttrs f = attrs;
  f.alpha = to_single(f.alpha);
  f.beta = to_single(f.beta);
  if (!fixed_) {
    for (double& x : data) x = function(f, x);
    return;
  }
  if (exact(*fixed_, f, 0)) {
    for (double& x : data) x = saturate(*exact(*fixed_, f, whole(x)));
    return;
  }
  const InterpolationTable& interpolated = table(f);
  for (double& x : data) x = saturate(interpolated(whole(x)));
}

const InterpolationTable& Numbers::table(const FunctionAttrs& f) const {
  const auto key = std::tuple(f.fn, f.alpha, f.beta);
  const auto known = tables_.find(key);
  if (known != tables_.end()) return known->second;
  return tables_
      .try_emplace(
          key, [&](double x) { return function(f, x); }, fixed_->bits, fixed_->fraction,
          fixed_->fraction, fixed_->table_bits)
      .first->second;
}

double Numbers::lowest() const {
  return fixed_ ? static_cast<double>(fixed_->lowest()) : -std::numeric_limits<double>::infinity();
}

}  // namespace unna::reference
