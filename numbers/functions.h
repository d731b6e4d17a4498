#pragma once

// The non-linear functions of networks, in double precision; docs/functional.md names them.

#include <cmath>

namespace unna {

inline double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
inline double silu(double x) {
  return x * sigmoid(x);
}
/// The exact one, not its tanh approximation.
inline double gelu(double x) {
  return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
}
inline double hard_sigmoid(double x, double slope, double offset) {
  const double y = slope * x + offset;
  return y < 0 ? 0 : y > 1 ? 1 : y;
}
/// x to the nearest multiple of a step, halves to the even multiple.
inline double round_to(double x, double step) {
  return std::nearbyint(x / step) * step;
}
inline double hard_swish(double x) {
  return x * hard_sigmoid(x, 1.0 / 6, 0.5);
}

}  // namespace unna
