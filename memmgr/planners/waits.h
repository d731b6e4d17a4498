#pragma once

#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"

namespace unna {

/// Exchanges a plan for one in which the pairs to avoid (PlanProblem::avoid) that share bytes weigh
/// as little as is found, and fills in Plan::waits. It is no higher than the problem's capacity;
/// and no higher than the plan that is given, where there is no capacity or that plan is above it.
///
/// First all of these pairs are kept apart; where that does not fit below the limit, buffers are
/// placed by what a place adds to the cost, then by address, in several orders ("canonical greedy"
/// of dsa-solver, docs/dsa_rp_algorithms.md); then buffers around pairs that share bytes are taken
/// out and placed anew, again and again. A plan without cost is proved to be the best; so is one
/// that pays for the lightest pair alone, where it is proved that all pairs apart do not fit.
/// A time limit is for this alone: run_planner() gives it half of the planner's.
void reduce_waits(const PlanProblem& problem, Plan& plan, const PlanOptions& options);

}  // namespace unna
