#pragma once

// IEEE 754 binary16 as its bits. Software, so that results do not depend on the host; branch-free
// in the common cases, so that loops over them vectorise.

#include <bit>
#include <cstdint>

namespace unna {

/// Exact.
inline float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t rest = half & 0x7fffU;
  // The exponent is rebased by a multiplication, which also normalises subnormals.
  const float scaled = std::bit_cast<float>(rest << 13U) * 0x1p112F;
  const std::uint32_t special = rest >= 0x7c00U ? 0x7f800000U : 0U;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(scaled) | special | sign);
}

/// Rounds to nearest, halves to even; what is too large becomes infinite, a NaN stays one.
inline std::uint16_t float_to_half(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16U) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  std::uint32_t half = 0;
  if (magnitude >= 0x47800000U) {  // 2^16 and more, infinite, NaN
    half = magnitude > 0x7f800000U ? 0x7e00U : 0x7c00U;
  } else if (magnitude < 0x38800000U) {  // below 2^-14: subnormal
    // The addition's own rounding leaves the result in the lowest bits.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    half = std::bit_cast<std::uint32_t>(shifted) - 0x3f000000U;
  } else {
    const std::uint32_t odd = (magnitude >> 13U) & 1U;
    half = (magnitude - 0x38000000U + 0xfffU + odd) >> 13U;
  }
  return static_cast<std::uint16_t>(half | sign);
}

}  // namespace unna
