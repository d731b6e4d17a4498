#pragma once

// int8: whole numbers with a scale and a zero point for each tensor, and a scale for each output
// channel of synapses (Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018). Zero points are 0 where a model does not give
// them.

#include <cstdint>
#include <span>
#include <vector>

#include "numbers/fixed.h"

namespace unna {

/// q stands for (q - zero) * scale.
struct Quantisation {
  float scale = 1;
  std::int32_t zero = 0;  ///< itself one of the numbers: -128 to 127

  friend bool operator==(const Quantisation&, const Quantisation&) = default;
};

/// The scale with which `largest` becomes 127; 1 where it is 0 or not finite.
float int8_scale(double largest);

/// One scale for each of `channels` channels, which are the outermost dimension of `weights`.
std::vector<float> int8_channel_scales(std::span<const double> weights, std::int64_t channels);

/// value / scale to the nearest integer, halves up, saturated at -128 and 127; a NaN is 0.
std::int64_t int8_quantise(double value, double scale);
std::int64_t int8_saturate(std::int64_t value);

/// Sums to elements: times multiplier * 2^-shift, rounded once to nearest, halves up. The
/// multiplier has 31 bits, as gemmlowp's (github.com/google/gemmlowp, doc/quantization.md), which
/// rounds twice: a high half of a product, then a shift.
struct Requantiser {
  std::int32_t multiplier = 0;  ///< 2^30 <= multiplier < 2^31, or 0
  std::int32_t shift = 0;       ///< 0 to 100

  /// factor >= 0; at least 2^31 is taken as just below.
  static Requantiser of(double factor);
  std::int64_t apply(std::int64_t sum) const;
};

/// What int8 is widened to for functions by table, softmax and cells: 16 bits before and behind the
/// point.
inline FixedFormat int8_wide(int table_bits) {
  return {32, 16, table_bits};
}
/// Fraction bits of the operands of `add`, `sub`, `max`, `min` in units of the result.
inline constexpr int kInt8Guard = 16;
/// Fraction bits of layer norm's input, in its own units, and of its results, in theirs.
inline constexpr int kInt8NormFraction = 8;

}  // namespace unna
