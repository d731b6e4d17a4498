#pragma once

// Where a resize instruction reads.

#include <array>
#include <cstdint>

#include "numbers/fixed.h"

namespace unna {

/// How far a position lies behind its pixel: part / whole, 0 <= part < whole.
struct PartOfPixel {
  std::int64_t part = 0, whole = 1;

  double real() const { return static_cast<double>(part) / static_cast<double>(whole); }
  /// To the nearest 2^-16, halves up; 2^16 is the next pixel.
  std::int64_t in_16_bits() const { return round_divide(part * (1 << 16), whole); }
};

/// Between four pixels (above left, above right, below left, below right) of whole numbers, with
/// weights of 16 bits, rounded once.
template <class Value>
std::int64_t between_pixels(const std::array<Value, 4>& v, const PartOfPixel& y,
                            const PartOfPixel& x) {
  constexpr std::int64_t kOne = 1 << 16;
  const std::int64_t fy = y.in_16_bits(), fx = x.in_16_bits();
  const std::int64_t top = v[0] * (kOne - fx) + v[1] * fx;
  const std::int64_t bottom = v[2] * (kOne - fx) + v[3] * fx;
  return round_shift(top * (kOne - fy) + bottom * fy, 32);
}

}  // namespace unna
