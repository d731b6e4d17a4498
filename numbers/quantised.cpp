#include "numbers/quantised.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace unna {

__extension__ using WideProduct = __int128;

float int8_scale(double largest) {
  const auto scale = static_cast<float>(largest / 127);
  return std::isfinite(scale) && scale >= std::numeric_limits<float>::min() ? scale : 1.0F;
}

std::vector<float> int8_channel_scales(std::span<const double> weights, std::int64_t channels) {
  const std::size_t each = weights.size() / static_cast<std::size_t>(channels);
  invariant(each * static_cast<std::size_t>(channels) == weights.size(),
            "{} weights of {} channels", weights.size(), channels);
  std::vector<float> scales;
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    double largest = 0;
    for (const double w : weights.subspan(c * each, each))
      largest = std::max(largest, std::fabs(w));
    scales.push_back(int8_scale(largest));
  }
  return scales;
}

std::int64_t int8_quantise(double value, double scale) {
  return quantise(value / scale, 0, 8);
}

std::int64_t int8_saturate(std::int64_t value) {
  return std::clamp<std::int64_t>(value, -128, 127);
}

Requantiser Requantiser::of(double factor) {
  invariant(factor >= 0 && std::isfinite(factor), "a factor of {}", factor);
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  if (factor == 0) return {};
  int exponent = 0;
  const double mantissa = std::frexp(factor, &exponent);  // 1/2 <= mantissa < 1
  auto whole = static_cast<std::int64_t>(std::floor(std::ldexp(mantissa, 31) + 0.5));
  if (whole > kMost) {
    whole /= 2;
    ++exponent;
  }
  if (exponent > 31) return {kMost, 0};
  if (31 - exponent > 100) return {};
  return {static_cast<std::int32_t>(whole), 31 - exponent};
}

std::int64_t Requantiser::apply(std::int64_t sum) const {
  const WideProduct product = WideProduct{sum} * multiplier;
  const WideProduct rounded = shift == 0 ? product : ((product >> (shift - 1)) + 1) >> 1;
  constexpr WideProduct kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(rounded, -kMost, kMost));
}

}  // namespace unna
