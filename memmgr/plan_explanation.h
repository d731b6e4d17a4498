#pragma once

// Why a plan is as large as it is.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"

namespace unna {

/// Why the bytes of a gap stay unused: what holds up whoever lies above it.
enum class GapReason : std::uint8_t {
  rests,      ///< it rests on a buffer that it conflicts with, and that does not reach into the gap
  alignment,  ///< it would not be aligned lower down
  fixed,      ///< it has a fixed offset
  reserved,   ///< a reserved range, or what lies on one
  loose,      ///< nothing: the planner could have put it lower
};
inline constexpr std::string_view kGapReasonNames[] = {"rests", "alignment", "fixed", "reserved",
                                                       "loose"};

/// Bytes below a buffer that none of its neighbours uses, and that it could not use either.
struct WastedGap {
  std::uint32_t under = 0;  ///< the buffer
  Bytes begin = 0;
  Bytes end = 0;
  GapReason reason = GapReason::loose;
  std::optional<std::uint32_t> above;    ///< the buffer on top of the gap; none: a reserved range
  std::optional<std::uint32_t> support;  ///< what that one rests on
};

struct PlanExplanation {
  /// Buffers that make the bound, largest first.
  std::vector<std::uint32_t> at_bound;
  /// Buffers whose end is the peak, largest first.
  std::vector<std::uint32_t> at_peak;
  Bytes fragmentation = 0;  ///< peak - bound
  /// The gaps under the buffers of `at_peak`, from below.
  std::vector<WastedGap> gaps;
};

PlanExplanation explain_plan(const PlanProblem& problem, const Plan& plan);

/// What makes the problem's bound: "all in use together: a (100), b (50)"; at most `limit` buffers.
std::string bound_reason(const PlanProblem& problem, std::size_t limit = 10);

/// For `--explain`: at most `limit` buffers and gaps a list, and how many more there are.
std::string explanation_text(const PlanProblem& problem, const Plan& plan,
                             const PlanExplanation& explanation, std::size_t limit = 10);

}  // namespace unna
