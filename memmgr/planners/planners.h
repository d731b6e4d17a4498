#pragma once

// The strategies behind the table in registry.cpp. Each fills in offsets (and peak where it
// is not just the highest end of a buffer) and note; run_planner() adds the rest.

#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"

namespace unna {

Plan plan_naive(const PlanProblem& problem, const PlanOptions& options);
Plan plan_mxnet(const PlanProblem& problem, const PlanOptions& options);
Plan plan_greedy_in_order(const PlanProblem& problem, const PlanOptions& options);
Plan plan_min_cost_flow(const PlanProblem& problem, const PlanOptions& options);
Plan plan_objects_by_breadth(const PlanProblem& problem, const PlanOptions& options);
Plan plan_objects_by_size(const PlanProblem& problem, const PlanOptions& options);
Plan plan_objects_by_size_improved(const PlanProblem& problem, const PlanOptions& options);
Plan plan_greedy_by_breadth(const PlanProblem& problem, const PlanOptions& options);
Plan plan_strip_packing(const PlanProblem& problem, const PlanOptions& options);
Plan plan_xla(const PlanProblem& problem, const PlanOptions& options);
Plan plan_linear_scan(const PlanProblem& problem, const PlanOptions& options);
Plan plan_by_thread(const PlanProblem& problem, const PlanOptions& options);
Plan plan_hill_climb(const PlanProblem& problem, const PlanOptions& options);
Plan plan_greedy_by_size(const PlanProblem& problem, const PlanOptions& options);
Plan plan_bfc(const PlanProblem& problem, const PlanOptions& options);
Plan plan_auto(const PlanProblem& problem, const PlanOptions& options);
Plan plan_exact(const PlanProblem& problem, const PlanOptions& options);
Plan plan_tetris(const PlanProblem& problem, const PlanOptions& options);

}  // namespace unna
