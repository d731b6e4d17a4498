#include "numbers/fixed.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace unna {
namespace {

__extension__ using Wide = __int128;

constexpr int kUnitFraction = 15;     ///< of numbers from 0 to 1: exponentials, powers
constexpr int kInverseFraction = 30;  ///< of reciprocals of numbers above 1
constexpr int kRootFraction = 24;     ///< of a variance, and of its inverse root
constexpr int kLrnFraction = 16;      ///< of LRN's denominator before the power
constexpr int kCentreBits = 8;        ///< that a row's mean has more than its elements
constexpr int kWideBits = 48;         ///< magnitude of arguments that are sums

std::int64_t saturated(Wide value) {
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(value, -kMost, kMost));
}

}  // namespace

std::int64_t round_divide(std::int64_t numerator, std::int64_t denominator) {
  const Wide twice = Wide{2} * numerator + denominator;
  const Wide divisor = Wide{2} * denominator;
  Wide quotient = twice / divisor;
  if (twice % divisor < 0) --quotient;
  return static_cast<std::int64_t>(quotient);
}

std::int64_t quantise(double value, int fraction, int bits) {
  if (std::isnan(value)) return 0;
  const double scaled = std::floor(std::ldexp(value, fraction) + 0.5);
  const double limit = std::ldexp(1.0, bits - 1);
  if (scaled >= limit) return static_cast<std::int64_t>((std::uint64_t{1} << (bits - 1)) - 1);
  if (scaled <= -limit) return -static_cast<std::int64_t>((std::uint64_t{1} << (bits - 1)) - 1) - 1;
  return static_cast<std::int64_t>(scaled);
}

std::int64_t FixedFormat::quantise(double value) const {
  return unna::quantise(value, fraction, bits);
}

double FixedFormat::value(std::int64_t q) const {
  return std::ldexp(static_cast<double>(q), -fraction);
}

std::int64_t FixedFormat::divide(std::int64_t a, std::int64_t b) const {
  if (b == 0) return a == 0 ? 0 : a > 0 ? highest() : lowest();
  const std::int64_t numerator = (b < 0 ? -a : a) * (std::int64_t{1} << fraction);
  return saturate(round_divide(numerator, b < 0 ? -b : b));
}

FixedScale FixedScale::of(double factor) {
  if (factor == 0 || !std::isfinite(factor)) return {0, 0};
  int exponent = 0;
  const double mantissa = std::frexp(factor, &exponent);  // 1/2 <= |mantissa| < 1
  return {static_cast<std::int64_t>(std::floor(std::ldexp(mantissa, 15) + 0.5)), 15 - exponent};
}

std::int64_t FixedScale::apply(std::int64_t value, int drop) const {
  const Wide product = Wide{value} * mantissa;
  const int right = shift + drop;
  if (right <= 0) {
    // 79 bits at most, so 47 more fit; what is shifted further is too large anyway.
    return saturated(product * (Wide{1} << std::min(-right, 47)));
  }
  if (right >= 100) return 0;
  return saturated(((product >> (right - 1)) + 1) >> 1);
}

InterpolationTable::InterpolationTable(const std::function<double(double)>& function, int in_bits,
                                       int in_fraction, int out_fraction, int table_bits)
    : in_bits_(in_bits), table_bits_(table_bits) {
  const std::int64_t segments = std::int64_t{1} << table_bits;
  const auto node = [&](double sign, std::int64_t magnitude, int shift) {
    const double argument = sign * std::ldexp(static_cast<double>(magnitude), shift - in_fraction);
    return quantise(function(argument), out_fraction, 32);
  };
  const auto fill = [&](Side& side, double sign) {
    for (std::int64_t m = 0; m < segments; ++m) side.exact.push_back(node(sign, m, 0));
    for (int shift = 0; shift + table_bits < in_bits; ++shift)
      for (std::int64_t i = 0; i <= segments; ++i)
        side.nodes.push_back(node(sign, segments + i, shift));
  };
  fill(positive_, 1);
  fill(negative_, -1);
}

std::int64_t InterpolationTable::operator()(std::int64_t argument) const {
  if (argument >= 0) return at(positive_, static_cast<std::uint64_t>(argument));
  return at(negative_, static_cast<std::uint64_t>(-argument));
}

std::int64_t InterpolationTable::at(const Side& side, std::uint64_t magnitude) const {
  const std::uint64_t segments = std::uint64_t{1} << static_cast<unsigned>(table_bits_);
  if (magnitude < segments) return side.exact[magnitude];
  magnitude = std::min(magnitude, (std::uint64_t{1} << static_cast<unsigned>(in_bits_)) - 1);
  const int shift = static_cast<int>(std::bit_width(magnitude)) - 1 - table_bits_;
  const std::uint64_t segment = (magnitude >> static_cast<unsigned>(shift)) - segments;
  const std::uint64_t step = std::uint64_t{1} << static_cast<unsigned>(shift);
  const auto along = static_cast<std::int64_t>(magnitude & (step - 1));
  const std::size_t first = static_cast<std::size_t>(shift) * (segments + 1) + segment;
  const std::int64_t from = side.nodes[first];
  const Wide rise = Wide{side.nodes[first + 1] - from} * along;
  const Wide half = shift == 0 ? Wide{0} : Wide{1} << (shift - 1);
  return from + static_cast<std::int64_t>((rise + half) >> shift);
}

FixedRows::FixedRows(const FixedFormat& format)
    : format_(format),
      exponential_([](double x) { return std::exp(x); }, 32, format.fraction, kUnitFraction,
                   format.table_bits),
      reciprocal_([](double x) { return 1 / x; }, kWideBits, kUnitFraction, kInverseFraction,
                  format.table_bits),
      inverse_root_([](double x) { return 1 / std::sqrt(x); }, kWideBits, kRootFraction,
                    kRootFraction - kCentreBits, format.table_bits) {}

void FixedRows::softmax(std::span<const std::int64_t> in, const FixedScale& gamma,
                        std::span<std::int64_t> out) const {
  RowState state;
  find_largest(in, gamma, state);
  add_exponentials(in, gamma, state);
  softmax(in, gamma, state, out);
}

void FixedRows::find_largest(std::span<const std::int64_t> in, const FixedScale& gamma,
                             RowState& state) const {
  for (const std::int64_t x : in) {
    const std::int64_t scaled = gamma.apply(x);
    if (state.count++ == 0 || scaled > state.first) state.first = scaled;
  }
}

void FixedRows::add_exponentials(std::span<const std::int64_t> in, const FixedScale& gamma,
                                 RowState& state) const {
  for (const std::int64_t x : in) state.second += exponential_(gamma.apply(x) - state.first);
}

void FixedRows::softmax(std::span<const std::int64_t> in, const FixedScale& gamma,
                        const RowState& state, std::span<std::int64_t> out) const {
  const std::int64_t inverse = reciprocal_(state.second);
  for (std::size_t i = 0; i < in.size(); ++i)
    out[i] = format_.saturate(round_shift(exponential_(gamma.apply(in[i]) - state.first) * inverse,
                                          kUnitFraction + kInverseFraction - format_.fraction));
}

void FixedRows::layer_norm(std::span<const std::int64_t> in, std::span<const std::int64_t> gamma,
                           std::span<const std::int64_t> beta, double epsilon,
                           std::span<std::int64_t> out) const {
  RowState state;
  add_elements(in, state);
  add_squares(in, state);
  layer_norm(in, gamma, beta, epsilon, state, out);
}

namespace {

/// With kCentreBits more fraction bits than elements have. A row of nothing has none.
std::int64_t mean_of(const RowState& state) {
  return round_divide(state.first * (1 << kCentreBits), std::max<std::int64_t>(state.count, 1));
}

}  // namespace

void FixedRows::add_elements(std::span<const std::int64_t> in, RowState& state) const {
  for (const std::int64_t x : in) state.first += x;
  state.count += static_cast<std::int64_t>(in.size());
}

void FixedRows::add_squares(std::span<const std::int64_t> in, RowState& state) const {
  const std::int64_t mean = mean_of(state);
  for (const std::int64_t x : in) {
    const std::int64_t centred = x * (1 << kCentreBits) - mean;
    state.second += centred * centred;
  }
}

void FixedRows::layer_norm(std::span<const std::int64_t> in, std::span<const std::int64_t> gamma,
                           std::span<const std::int64_t> beta, double epsilon,
                           const RowState& state, std::span<std::int64_t> out) const {
  const std::int64_t mean = mean_of(state);
  const int drop = 2 * (format_.fraction + kCentreBits) - kRootFraction;
  const std::int64_t mean_square =
      round_divide(state.second, std::max<std::int64_t>(state.count, 1));
  const std::int64_t variance =
      (drop >= 0 ? round_shift(mean_square, drop) : mean_square * (std::int64_t{1} << -drop)) +
      quantise(epsilon, kRootFraction, 48);
  const std::int64_t inverse = inverse_root_(variance);
  for (std::size_t i = 0; i < in.size(); ++i) {
    // fraction + kCentreBits fraction bits each
    const std::int64_t centred = in[i] * (1 << kCentreBits) - mean;
    const std::int64_t normal = round_shift(centred * inverse, kRootFraction - kCentreBits);
    const std::int64_t scaled = normal * gamma[i] + beta[i] * (1 << kCentreBits);
    out[i] = format_.saturate(round_shift(scaled, format_.fraction + kCentreBits));
  }
}

FixedLrn::FixedLrn(const FixedFormat& format, std::int64_t size, double alpha, double beta,
                   double bias)
    : format_(format),
      scale_(FixedScale::of(alpha / static_cast<double>(size))),
      bias_(quantise(bias, kLrnFraction, kWideBits)),
      power_([beta](double x) { return std::pow(x, -beta); }, kWideBits, kLrnFraction,
             kUnitFraction, format.table_bits) {}

std::int64_t FixedLrn::operator()(std::int64_t x, std::int64_t squares) const {
  const std::int64_t sum = scale_.apply(squares, 2 * format_.fraction - kLrnFraction);
  return format_.saturate(round_shift(x * power_(bias_ + sum), kUnitFraction));
}

}  // namespace unna
