#pragma once

// Many runs that differ in one length only: a few are simulated, the others lie on lines between
// them.

#include <cstdint>
#include <functional>
#include <vector>

#include "report/generate_report.h"

namespace unna {

struct SampledSteps {
  std::vector<StepFigures> steps;  ///< one a length
  std::size_t simulated = 0;
  double deviation = 0;  ///< GenerateReport::deviation
};

/// Figures on the line from `a` to `b`, where a is 0 and b is 1.
StepFigures interpolated(const StepFigures& a, const StepFigures& b, double share);

/// Steps at ascending `lengths`. The first, the last, the middle and the quarters of them are
/// simulated, and further middles as long as the cycles of one are more than `tolerance`, a ratio,
/// off the line between its neighbours. With a tolerance of 0 all are.
SampledSteps sample_steps(const std::vector<std::int64_t>& lengths, double tolerance,
                          const std::function<StepFigures(std::int64_t length)>& simulate);

/// first, first + 1, ..., `count` of them.
std::vector<std::int64_t> consecutive(std::int64_t first, std::int64_t count);

}  // namespace unna
