#pragma once

// Layouts of a program's intermediates, simulated one by one: what `unnasim plan NETWORK
// --objective` chooses from (docs/planning.md, "By what the machine measures").

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "flow/pipeline.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"
#include "report/objectives.h"

namespace unna {

struct CandidateOptions {
  std::vector<const Objective*> objectives;  ///< the most important first
  double slack = 0.05;           ///< ratio; peaks up to so much above the smallest take part
  std::int64_t candidates = 64;  ///< layouts that are simulated at most
  int jobs = 1;                  ///< simulations at a time; the result does not depend on it
  std::int64_t perturbed = 1;    ///< replays under random delays of each layout of the front
  PlanOptions plan;
  /// Told how many layouts have been simulated so far.
  std::function<void(std::size_t)> progress = [](std::size_t) {};
};

/// Simulates the plans of all planners (with further seeds, where they make use of them) and
/// variations of those, then in rounds variations of the best so far: those that no other one
/// dominates. Every layout has passed check_plan(), check_layout() and a replay with owners of all
/// bytes; those of the front also `perturbed` ones. The first row is the plan of `auto`, or, where
/// that is not within slack of the smallest, of the first planner that is. Throws CapacityError
/// where no layout fits the machine, InternalError with the culprits where one is not valid.
/// `dram.model` is `banked`.
LayoutReport choose_layout(const Compiled& compiled, const Executed& executed,
                           const PlanProblem& problem, const CandidateOptions& options);

}  // namespace unna
