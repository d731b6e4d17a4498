// When a result is the expected one.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "flow/conformance.h"

namespace unna {

using onnx_import::ElementKind;

namespace {

/// ONNX's own runner grants the first two. What is left where large values cancel is as large as
/// their rounding, however small the result: so the last is of the tensor's largest magnitude, 8
/// steps of fp32.
constexpr double kRelative = 1e-3, kAbsolute = 1e-7, kOfLargest = 0x1p-20;

/// Within how much of an expected value counts as equal, besides its own share.
double absolute_tolerance(const OnnxTensor& expected) {
  double largest = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(expected.count()); ++i)
    if (const double e = std::fabs(expected.at(i)); std::isfinite(e))
      largest = std::max(largest, e);
  return std::max(kAbsolute, kOfLargest * largest);
}

bool agree(double got, double expected, double absolute) {
  if (got == expected || (std::isnan(got) && std::isnan(expected))) return true;
  if (!std::isfinite(got) || !std::isfinite(expected)) return false;
  return std::fabs(got - expected) <= absolute + kRelative * std::fabs(expected);
}

template <class Agree>
std::optional<std::string> first_difference(const OnnxTensor& got, const OnnxTensor& expected,
                                            Agree&& agrees) {
  if (got.dims != expected.dims)
    return fmt::format("has shape [{}], expected [{}]", to_string(got.dims),
                       to_string(expected.dims));
  for (std::size_t i = 0; i < static_cast<std::size_t>(expected.count()); ++i) {
    const double g = got.at(i), e = expected.at(i);
    if (!agrees(g, e)) return fmt::format("element {} is {}, expected {}", i, g, e);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> difference(const OnnxTensor& got, const OnnxTensor& expected) {
  const bool exact = expected.kind != ElementKind::real;
  const double absolute = exact ? 0 : absolute_tolerance(expected);
  return first_difference(
      got, expected, [&](double g, double e) { return exact ? g == e : agree(g, e, absolute); });
}

std::optional<std::string> difference(const OnnxTensor& got, const OnnxTensor& expected,
                                      double tolerance) {
  return first_difference(got, expected, [&](double g, double e) {
    return g == e || (std::isnan(g) && std::isnan(e)) || std::fabs(g - e) <= tolerance;
  });
}

}  // namespace unna
