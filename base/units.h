#pragma once

// Quantities that cross the walls between folders. All are integers: simulated time and
// addresses are never floating point, so that results do not depend on the host.

#include <cstdint>

namespace unna {

using Cycle = std::int64_t;  ///< clock cycles of the machine's one clock
using Bytes = std::int64_t;  ///< bytes: sizes, offsets, traffic
using Macs = std::int64_t;   ///< multiply-accumulate operations

inline constexpr Bytes kKiB = 1024;
inline constexpr Bytes kMiB = 1024 * kKiB;

/// Smallest integer not below a / b; a >= 0, b > 0.
template <class T>
constexpr T ceil_div(T a, T b) {
  return (a + b - 1) / b;
}

/// Largest integer not above a / b; b > 0.
template <class T>
constexpr T floor_div(T a, T b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// Smallest multiple of `to` that is not below a; a >= 0, to > 0.
template <class T>
constexpr T round_up(T a, T to) {
  return ceil_div(a, to) * to;
}

}  // namespace unna
