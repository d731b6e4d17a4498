#include "memmgr/planners/planners.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/error.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

constexpr std::array kPlanners = {
    PlannerInfo{"naive", "every buffer has its own bytes", "-", plan_naive},
    PlannerInfo{"greedy-by-size",
                "buffers by size, descending, each into the smallest gap that it fits in",
                "Pisarchyk & Lee, Efficient Memory Management for Deep Neural Net Inference, "
                "MLSys 2020, section 5.2",
                plan_greedy_by_size},
    PlannerInfo{"bfc", "TensorFlow's best-fit-with-coalescing allocator, driven in execution order",
                "tensorflow/core/common_runtime/bfc_allocator.cc (Apache-2.0), behaviour",
                plan_bfc},
    PlannerInfo{"tetris", "genetic algorithm over allocation orders, lowest-offset decoder",
                "Chen et al., Tetris, JCST 37(6), 2022, section 4", plan_tetris},
    PlannerInfo{"exact", "branch and bound over layouts that are pressed down, with a proof",
                "docs/adr/0005-exact-search.md", plan_exact},
    PlannerInfo{"auto", "greedy orders, branch and bound, repair; ends when the bound is met",
                "docs/planning.md", plan_auto},
};

}  // namespace

std::span<const PlannerInfo> planners() {
  return kPlanners;
}

const PlannerInfo& planner(std::string_view name) {
  const auto found = std::ranges::find(kPlanners, name, &PlannerInfo::name);
  if (found != kPlanners.end()) return *found;
  std::string known;
  for (const PlannerInfo& p : kPlanners)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", p.name);
  throw InputError(fmt::format("unknown planner '{}', expected one of {}", name, known));
}

Plan run_planner(std::string_view name, const PlanProblem& problem, const PlanOptions& options) {
  const PlannerInfo& info = planner(name);
  const auto start = std::chrono::steady_clock::now();
  Plan plan = info.run(problem, options);
  plan.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  plan.planner = info.name;
  plan.seed = options.seed;
  invariant(plan.offsets.size() == problem.size(), "{} placed {} of {} buffers", info.name,
            plan.offsets.size(), problem.size());
  for (std::size_t i = 0; i < problem.size(); ++i)
    plan.peak = std::max(plan.peak, plan.offsets[i] + problem.buffers[i].size);
  plan.lower_bound = std::max(plan.lower_bound, problem.lower_bound);
  invariant(plan.peak >= plan.lower_bound, "{} needs {} bytes, less than the lower bound {}",
            info.name, plan.peak, plan.lower_bound);
  plan.proved_optimal = plan.peak == plan.lower_bound;
  return plan;
}

}  // namespace unna
