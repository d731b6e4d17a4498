#pragma once

// Many runs that differ in one length only: a few are simulated, the others lie on lines between
// them.

#include <cstdint>
#include <functional>
#include <vector>

#include "report/generate_report.h"

namespace unna {

struct SampledSteps {
  std::vector<StepFigures> steps;  ///< past = first, first + 1, ...
  std::size_t simulated = 0;
  double deviation = 0;  ///< GenerateReport::deviation
};

/// `count` steps from `first` on. The ends, the middle and the quarters are simulated, and further
/// middles as long as the cycles of one are more than `tolerance`, a ratio, off the line between
/// its neighbours. With a tolerance of 0 all are.
SampledSteps sample_steps(std::int64_t first, std::int64_t count, double tolerance,
                          const std::function<StepFigures(std::int64_t past)>& simulate);

}  // namespace unna
