#pragma once

// What a problem that was accepted has to bear.

#include <string_view>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/plan.h"
#include "memmgr/planners/registry.h"
#include "memmgr/pools/pools.h"
#include "memmgr/problem.h"

namespace unna::fuzz {

/// Small problems are planned; the checker must have nothing to say.
inline void plan_and_check(const PlanProblem& problem) {
  constexpr std::size_t kMost = 200;
  invariant(check_bound(problem).empty(), "the bound is no certificate");
  if (problem.size() > kMost) return;
  if (problem.pools.empty()) {
    PlanProblem unlimited = problem;
    unlimited.capacity.reset();
    const Plan plan = run_planner("greedy-by-size", unlimited, {});
    invariant(check_plan(unlimited, plan).empty(), "the plan is not valid");
    return;
  }
  try {
    const PoolPlan plan = plan_pools("greedy-by-size", problem, {});
    invariant(check_pools(problem, plan.pool, plan.offsets).empty(), "the pools are not valid");
  } catch (const CapacityError&) {
    return;
  }
}

/// As every message about bad input.
inline void require_one_line(std::string_view message) {
  invariant(message.starts_with("fuzz.") && message.find('\n') == std::string_view::npos,
            "the message is not one line with its file: {}", message);
}

}  // namespace unna::fuzz
