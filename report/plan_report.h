#pragma once

// What `plan` has to say about plans: rows of a table, a certificate as JSON, an explanation.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memmgr/plan.h"
#include "memmgr/pools/pools.h"
#include "memmgr/problem.h"
#include "text/table.h"

namespace unna {

/// A planner's answer for one file: a plan, a plan of each pool, or why there is none.
struct PlanRun {
  std::string file;
  std::string planner;  ///< or the file of offsets, where `given`
  bool given = false;   ///< somebody else's plan, which was only checked
  const PlanProblem* problem = nullptr;
  std::optional<Plan> plan;       ///< of the only memory
  std::optional<PoolPlan> pools;  ///< where the problem has several
  std::string refusal;            ///< instead of both: the planner's or the pools' message
  bool does_not_fit = false;      ///< the refusal is that the pools are too small
  double check_seconds = 0;       ///< the independent checker's

  /// Peak within the capacity (pools: always).
  bool fits() const;
  /// The bound is above the capacity: no plan of any planner fits.
  bool proved_impossible() const;
  double plan_seconds() const;
};

/// One memory of a run.
struct MemoryView {
  std::string_view pool;  ///< empty: the only memory
  const PlanProblem& problem;
  const Plan& plan;
};
std::vector<MemoryView> memories(const PlanRun& run);

/// The naive plan's peak: every buffer has its own bytes, at its alignment, reserved ranges and
/// fixed buffers stepped over.
Bytes without_sharing(const PlanProblem& problem);

/// A row for each memory of each run. Without `timing` what depends on the host is left out.
TextTable plan_table(std::span<const PlanRun> runs, bool timing);

/// The certificate of every run: peak, bound with the buffers that make it, what proves the plan
/// optimal, offsets. docs/planning.md, "Certificate".
std::string plan_json(std::span<const PlanRun> runs, std::string_view version, bool timing);

/// What proves that a plan is the smallest; empty where nothing does.
std::string proof_text(const PlanProblem& problem, const Plan& plan);

/// `--explain` of all memories of a run.
std::string plan_explanation(const PlanRun& run);

/// The memories of a run drawn over time as SVG, one above the other.
std::string memory_map(const PlanRun& run);

}  // namespace unna
