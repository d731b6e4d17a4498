// Layouts below what the program orders, and the programs that wait for them.

#include "flow/wait_plans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/planners/registry.h"
#include "memmgr/planners/waits.h"
#include "workloads/random_graph.h"

namespace unna {
namespace {

/// A chain of pointwise layers, whose outputs the cores make in parts.
Graph chain() {
  return parse_workload(R"(
name: chain
inputs: {x: [1, 16, 16, 16]}
ops:
  - {op: conv, channels: 64, kernel: 1}
  - {op: conv, channels: 16, kernel: 3, pad: 1}
  - {op: conv, channels: 64, kernel: 1}
  - {op: conv, channels: 16, kernel: 3, pad: 1}
  - {op: conv, channels: 64, kernel: 1}
  - {op: conv, channels: 16, kernel: 1}
)",
                        "chain.yaml");
}

ChosenMachine machine(std::int64_t cores) {
  MachineChoice choice;
  choice.cores = cores;
  return choose_machine(choice);
}

/// A program, and its intermediates as if cores were in step.
struct InStep {
  explicit InStep(const Graph& graph, std::int64_t cores, Granularity granularity)
      : chosen(machine(cores)) {
    options.granularity = granularity;
    options.unit_uses = true;
    compiled = compile_graph(graph, chosen, options);
    executed = execute(compiled);
    ordered = problem_of(compiled, executed, LivenessKind::instruction);
    problem = problem_in_step(compiled, ordered);
  }

  /// Pairs of buffers that the layout puts on the same bytes though the program orders them not.
  std::size_t violations(const Plan& plan, const std::vector<UnitOrder>& waits) const {
    CompileOptions waiting = options;
    waiting.waits = waits;
    const Compiled again = compile_graph(compiled.graph, chosen, waiting);
    const Executed run = execute(again);
    const PlanProblem now = problem_of(again, run, LivenessKind::instruction);
    Planned planned = lay_out(again, run, now, plan);
    return check_layout(run.trace, planned.layout, 1000).size();
  }

  ChosenMachine chosen;
  CompileOptions options;
  Compiled compiled;
  Executed executed;
  PlanProblem ordered, problem;
};

PlanOptions quick() {
  PlanOptions options;
  options.effort = 20;
  return options;
}

TEST(WaitPlans, WhatTheProgramOrdersIsOrderedInStep) {
  for (const std::int64_t cores : {1, 3, 4}) {
    const InStep of(chain(), cores, Granularity::band);
    ASSERT_EQ(of.problem.size(), of.ordered.size());
    std::size_t only_in_step = 0;
    for (std::uint32_t i = 0; i < of.problem.size(); ++i)
      for (std::uint32_t j = 0; j < of.problem.size(); ++j) {
        if (of.ordered.lifetimes.before(i, j)) {
          EXPECT_TRUE(of.problem.lifetimes.before(i, j)) << i << " " << j;
        } else if (of.problem.lifetimes.before(i, j)) {
          ++only_in_step;
        }
      }
    EXPECT_EQ(only_in_step, of.problem.avoid.size()) << cores;
    EXPECT_LE(of.problem.lower_bound, of.ordered.lower_bound);
    EXPECT_EQ(only_in_step > 0, cores > 1) << "one core's own order is all there is";
  }
}

TEST(WaitPlans, LayoutsNeedTheirWaits) {
  const InStep of(chain(), 4, Granularity::tensor);
  Plan plan = run_planner("auto", of.problem, quick());
  ASSERT_GT(plan.waits->cost, 0);
  PlanOptions few = quick();
  few.few_waits = true;
  reduce_waits(of.problem, plan, few);
  const std::vector<UnitOrder> waits = waits_of(of.compiled, of.problem, plan);
  ASSERT_FALSE(waits.empty());
  EXPECT_GT(of.violations(plan, {}), 0U);
  EXPECT_EQ(of.violations(plan, waits), 0U);
}

/// Of each pair that only barriers would order, the cores that use the first buffer and that the
/// program does not make the second one wait for.
TEST(WaitPlans, AWeightIsANumberOfCores) {
  const InStep of(chain(), 4, Granularity::tensor);
  ASSERT_FALSE(of.problem.avoid.empty());
  std::int64_t most = 0;
  for (const AvoidPair& a : of.problem.avoid) {
    EXPECT_GE(a.weight, 1);
    EXPECT_LE(a.weight, 4);
    most = std::max(most, a.weight);
  }
  EXPECT_GT(most, 2) << "all four cores make a part of each layer";
}

/// Waits add signals and change nothing else, whatever the network: what a layout relies on stays.
TEST(WaitPlans, HoldOnRandomNetworks) {
  std::size_t waiting = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const InStep of(random_graph(seed), 2 + static_cast<std::int64_t>(seed % 3),
                    seed % 2 == 0 ? Granularity::tensor : Granularity::lifetime);
    if (of.problem.avoid.empty()) continue;
    PlanOptions few = quick();
    few.effort = 2;
    few.few_waits = true;
    const Plan plan = run_planner("auto", of.problem, few);
    if (plan.waits->cost == 0) continue;
    ++waiting;
    EXPECT_EQ(of.violations(plan, waits_of(of.compiled, of.problem, plan)), 0U) << seed;
  }
  EXPECT_GE(waiting, 5U);
}

TEST(WaitPlans, AWaitForALaterUnitIsRefused) {
  const InStep of(chain(), 2, Granularity::tensor);
  CompileOptions options = of.options;
  options.waits = {{5, 1}};
  EXPECT_THROW(compile_graph(of.compiled.graph, of.chosen, options), InternalError);
}

TEST(WaitPlans, SmallerLayoutsCostMore) {
  NetworkChoice network;
  network.file = std::filesystem::path(UNNASIM_SOURCE_DIR) / "workloads/blazeface.yaml";
  WaitPlanOptions options;
  options.plan = quick();
  options.perturbed = 2;
  const WaitPlans found = plan_with_waits(network, machine(4), options);
  std::vector<WaitsRow> rows = found.report.rows;
  EXPECT_EQ(rows.back().name, "barriers");
  EXPECT_LT(rows.back().peak, rows.front().peak);
  rows.pop_back();
  ASSERT_GE(rows.size(), 3U);
  EXPECT_EQ(rows.front().cost, 0);
  EXPECT_EQ(rows.front().signals, 0);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    EXPECT_LT(rows[i].peak, rows[i - 1].peak);
    EXPECT_GT(rows[i].cost, 0);
    EXPECT_GT(rows[i].signals, 0);
    EXPECT_LT(rows[i].slowdown, 0.02);
  }
  EXPECT_LT(rows.back().peak, rows.front().peak * 2 / 3);
  EXPECT_EQ(rows.back().peak, found.report.in_step);
  EXPECT_EQ(found.report.validation.perturbed, 2);

  options.capacity = rows[1].peak;
  EXPECT_EQ(plan_with_waits(network, machine(4), options).smallest.peak, rows[1].peak);
  options.capacity = rows.front().peak;
  const WaitPlans ample = plan_with_waits(network, machine(4), options);
  EXPECT_EQ(ample.report.rows.size(), 2U) << "the program allows it as it is";
  EXPECT_EQ(ample.smallest.lower_bound, ample.problem.lower_bound) << "a proof of the same problem";
  options.capacity = found.report.in_step - 1;
  EXPECT_THROW(plan_with_waits(network, machine(4), options), CapacityError);
}

}  // namespace
}  // namespace unna
