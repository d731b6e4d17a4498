#pragma once

// The one table of planners, and how they are run.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"

namespace unna {

/// What a strategy looks at. Every plan is valid for whatever the problem is; this tells where it
/// may share less than the problem allows.
enum class PlannerView : std::uint8_t {
  conflicts,  ///< who conflicts with whom: any partial order, gaps
  sequence,   ///< buffers in execution order; on a partial order a linear extension of it
  intervals,  ///< lifetimes; on a partial order from a buffer's place in the sequence to the last
              ///< that it overlaps; gaps are not made use of
};
inline constexpr std::string_view kPlannerViewNames[] = {"conflicts", "sequence", "intervals"};

struct PlannerInfo {
  std::string_view name;
  std::string_view doc;        ///< one line
  std::string_view reference;  ///< paper, section
  Plan (*run)(const PlanProblem&, const PlanOptions&);
  PlannerView view = PlannerView::conflicts;
  bool shared_objects = false;  ///< its plans have Plan::objects
  bool seeded = false;          ///< other seeds may give other plans
};

/// The one table of planners.
std::span<const PlannerInfo> planners();
/// Throws InputError, listing the names, for an unknown one.
const PlannerInfo& planner(std::string_view name);
/// Runs it, times it, fills in peak, bounds and `proved_optimal`.
Plan run_planner(std::string_view name, const PlanProblem& problem, const PlanOptions& options);

}  // namespace unna
