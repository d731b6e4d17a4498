#pragma once

// Why a plan needs what it needs. (Why one liveness needs less than another: report/explain.h.)

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// Bytes below a buffer that none of its neighbours uses, and that it could not use either.
struct WastedGap {
  std::uint32_t under = 0;  ///< the buffer
  Bytes begin = 0;
  Bytes end = 0;
};

struct PlanExplanation {
  /// Buffers that make the bound: pairwise in conflict, largest first.
  std::vector<std::uint32_t> at_bound;
  /// Buffers whose end is the peak, largest first.
  std::vector<std::uint32_t> at_peak;
  Bytes fragmentation = 0;  ///< peak - bound
  /// The gaps under the buffers of `at_peak`, from below.
  std::vector<WastedGap> gaps;
};

PlanExplanation explain_plan(const PlanProblem& problem, const Plan& plan);

/// For `--explain`: at most `limit` buffers and gaps a list, and how many more there are.
std::string explanation_text(const PlanProblem& problem, const Plan& plan,
                             const PlanExplanation& explanation, std::size_t limit = 10);

}  // namespace unna
