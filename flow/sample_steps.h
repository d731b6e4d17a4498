#pragma once

// Many runs that differ in one length only: a few are simulated, the others lie on lines between
// them.

#include <cstdint>
#include <functional>
#include <vector>

#include "report/generate_report.h"

namespace unna {

/// A run that may be simulated. Programs of one kind are divided and tiled in the same way, so that
/// their cycles grow smoothly with the length; from one kind to the next they jump.
struct StepLength {
  std::int64_t length = 0;
  std::uint64_t kind = 0;
};

struct SampledSteps {
  std::vector<StepFigures> steps;  ///< one a length
  std::size_t simulated = 0;
  std::size_t kinds = 0;
  double deviation = 0;  ///< GenerateReport::deviation
  /// Within a kind a line over a few lengths is off by twice the tolerance: no line serves there.
  bool rough = false;
};

/// Figures on the line from `a` to `b`, where a is 0 and b is 1.
StepFigures interpolated(const StepFigures& a, const StepFigures& b, double share);

/// Steps at ascending lengths. The first, the last, the middle and the quarters of them are
/// simulated, and one of every kind that is not among these. Where no one's cycles are more than
/// `tolerance`, a ratio, off the line between its neighbours, all others lie on such lines. Else
/// every kind has lines of its own: its first and its last step are simulated, and further middles
/// as long as one is more than one and a half times that off. With a tolerance of 0 all are
/// simulated.
SampledSteps sample_steps(const std::vector<StepLength>& lengths, double tolerance,
                          const std::function<StepFigures(std::int64_t length)>& simulate);

/// first, first + 1, ..., `count` of them.
std::vector<std::int64_t> consecutive(std::int64_t first, std::int64_t count);

/// All of one kind.
std::vector<StepLength> of_one_kind(const std::vector<std::int64_t>& lengths);

}  // namespace unna
