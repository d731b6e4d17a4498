#pragma once

// Keys that orders go by.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace unna {

/// One number a buffer.
using Keys = std::vector<double>;

/// Steps of which `parts` make a doubling; linear within it, so that no rounding depends on the
/// host.
inline double step_of(double value, int parts) {
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);  // in [0.5, 1), or 0
  return exponent * parts + std::floor((mantissa - 0.5) * 2 * parts);
}

inline Keys in_steps(Keys keys, int parts) {
  for (double& key : keys) key = step_of(key, parts);
  return keys;
}

inline Keys times(Keys a, const Keys& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
  return a;
}

inline std::vector<std::uint32_t> descending(std::vector<std::uint32_t> order, const Keys& keys) {
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::uint32_t i) { return keys[i]; });
  return order;
}

}  // namespace unna
