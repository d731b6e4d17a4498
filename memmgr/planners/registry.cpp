#include "memmgr/planners/registry.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/waits.h"
#include "memmgr/problem.h"
#include "memmgr/shared_objects.h"
#include "text/nearest.h"

namespace unna {
namespace {

constexpr std::array kPlanners = {
    PlannerInfo{"naive", "every buffer has its own bytes", "-", plan_naive},
    PlannerInfo{"mxnet", "objects taken over in place, or shared if within a factor of 16 in size",
                "Chen et al., MXNet, 2015 (arXiv 1512.01274), section 4.1; "
                "mxnet/src/nnvm/plan_memory.cc (Apache-2.0), behaviour",
                plan_mxnet, PlannerView::sequence, true},
    PlannerInfo{"greedy-in-order", "in execution order, each to the free object closest in size",
                "Lee et al., On-Device Neural Net Inference with Mobile GPUs, 2019 "
                "(arXiv 1907.01989), memory management",
                plan_greedy_in_order, PlannerView::sequence, true},
    PlannerInfo{"min-cost-flow", "objects handed on where the flow of grown bytes is cheapest",
                "Lee et al., On-Device Neural Net Inference with Mobile GPUs, 2019 "
                "(arXiv 1907.01989), memory management",
                plan_min_cost_flow, PlannerView::sequence, true},
    PlannerInfo{"objects-by-breadth",
                "operators by breadth, descending, their buffers by size to the best free object",
                "Pisarchyk & Lee, Efficient Memory Management for Deep Neural Net Inference, "
                "MLSys 2020, section 4.2",
                plan_objects_by_breadth, PlannerView::intervals, true},
    PlannerInfo{"objects-by-size", "buffers by size, descending, to the smallest free object",
                "Pisarchyk & Lee, Efficient Memory Management for Deep Neural Net Inference, "
                "MLSys 2020, section 4.3",
                plan_objects_by_size, PlannerView::conflicts, true},
    PlannerInfo{"objects-by-size-improved",
                "buffers by steps of size, in a step where an object is idle the shortest",
                "Pisarchyk & Lee, Efficient Memory Management for Deep Neural Net Inference, "
                "MLSys 2020, section 4.4",
                plan_objects_by_size_improved, PlannerView::conflicts, true},
    PlannerInfo{"greedy-by-size",
                "buffers by size, descending, each into the smallest gap that it fits in",
                "Pisarchyk & Lee, Efficient Memory Management for Deep Neural Net Inference, "
                "MLSys 2020, section 5.2",
                plan_greedy_by_size},
    PlannerInfo{"greedy-by-breadth",
                "operators by breadth, descending, their buffers by size into the smallest gap",
                "Pisarchyk & Lee, Efficient Memory Management for Deep Neural Net Inference, "
                "MLSys 2020, section 5.3",
                plan_greedy_by_breadth, PlannerView::intervals},
    PlannerInfo{
        "strip-packing",
        "lowest stretch of the skyline first, filled with the longest life that fits",
        "Sekiyama et al., Profile-guided memory optimization for deep neural networks, 2018 "
        "(arXiv 1804.10001), best-fit heuristic",
        plan_strip_packing, PlannerView::intervals},
    PlannerInfo{"linear-scan", "in execution order, each to the lowest free range of addresses",
                "Poletto & Sarkar, Linear scan register allocation, TOPLAS 21(5), 1999; "
                "Sethi, Complete register allocation problems, 1975",
                plan_linear_scan, PlannerView::intervals},
    PlannerInfo{"bfc", "TensorFlow's best-fit-with-coalescing allocator, driven in execution order",
                "tensorflow/core/common_runtime/bfc_allocator.cc (Apache-2.0), behaviour", plan_bfc,
                PlannerView::sequence},
    PlannerInfo{"xla", "buffers by size, descending, each to the smallest free chunk of the heap",
                "xla/service/heap_simulator (Apache-2.0), GlobalDecreasingSizeBestFitHeap, "
                "behaviour",
                plan_xla},
    PlannerInfo{
        "by-thread",
        "core by core, each by size or by what is in the way there: the best of nine orders",
        "docs/planning.md, \"Partial orders of many buffers\"", plan_by_thread},
    PlannerInfo{"hill-climb", "swaps in the order of first fit, around the buffers at the peak",
                "tvm/src/tir/usmp/algo/hill_climb.cc (Apache-2.0), behaviour", plan_hill_climb,
                PlannerView::conflicts, false, true},
    PlannerInfo{"tetris", "genetic algorithm over allocation orders, lowest-offset decoder",
                "Chen et al., Tetris, JCST 37(6), 2022, section 4", plan_tetris,
                PlannerView::conflicts, false, true},
    PlannerInfo{"exact", "branch and bound over layouts that are pressed down, with a proof",
                "docs/adr/0005-exact-search.md", plan_exact, PlannerView::conflicts, false, true},
    PlannerInfo{"auto", "greedy orders, branch and bound, repair; ends when the bound is met",
                "docs/planning.md", plan_auto, PlannerView::conflicts, false, true},
};

void judge_objects(const PlanProblem& problem, Plan& plan) {
  SharedObjects& objects = *plan.objects;
  objects.lower_bound = shared_object_bound(problem);
  invariant(objects.total() >= objects.lower_bound, "objects of {} bytes, less than the bound {}",
            objects.total(), objects.lower_bound);
  plan.note +=
      fmt::format("{}{} objects, {}", plan.note.empty() ? "" : "; ", objects.sizes.size(),
                  objects.proved_optimal() ? "the best sharing of objects"
                                           : fmt::format("{} bytes above the bound of objects",
                                                         objects.total() - objects.lower_bound));
}

}  // namespace

std::span<const PlannerInfo> planners() {
  return kPlanners;
}

const PlannerInfo& planner(std::string_view name) {
  const auto found = std::ranges::find(kPlanners, name, &PlannerInfo::name);
  if (found != kPlanners.end()) return *found;
  std::vector<std::string_view> known;
  for (const PlannerInfo& p : kPlanners) known.push_back(p.name);
  throw InputError(fmt::format("unknown planner '{}', {}", name, expected_name(name, known)));
}

Plan run_planner(std::string_view name, const PlanProblem& problem, const PlanOptions& options) {
  const PlannerInfo& info = planner(name);
  const auto start = std::chrono::steady_clock::now();
  PlanOptions half = options;
  if (options.few_waits && options.time_limit) *half.time_limit /= 2;
  Plan plan = info.run(problem, half);
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
  if (plan.objects) judge_objects(problem, plan);
  judge_waits(problem, plan);
  if (options.few_waits) reduce_waits(problem, plan, half);
  plan.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return plan;
}

}  // namespace unna
