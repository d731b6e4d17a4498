#include "memmgr/checker.h"

#include <algorithm>

#include "base/error.h"
#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

TEST(CheckPlan, LastByteFitsOneByteOverDoesNot) {
  const PlanProblem p = interval_problem({{0, 4, 10}, {4, 8, 5}});
  Plan plan;
  plan.peak = 15;
  plan.offsets = {0, 10};
  EXPECT_TRUE(check_plan(p, plan).empty());
  plan.offsets = {0, 9};
  const auto violations = check_plan(p, plan);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].message, "b1 and b0 share bytes [9, 10): both are in use at time 4");
}

TEST(CheckPlan, EndIsExclusive) {
  const PlanProblem p = interval_problem({{0, 3, 10}, {4, 8, 5}});
  Plan plan;
  plan.peak = 10;
  plan.offsets = {0, 0};
  EXPECT_TRUE(check_plan(p, plan).empty());
}

TEST(CheckPlan, PlacementRulesOfSingleBuffers) {
  PlanProblem p = interval_problem({{0, 3, 10}});
  p.buffers[0].alignment = 8;
  p.buffers[0].fixed = 16;
  p.capacity = 20;
  Plan plan;
  plan.peak = 21;
  plan.offsets = {12};
  const auto violations = check_plan(p, plan);
  ASSERT_EQ(violations.size(), 4U);
  EXPECT_EQ(violations[0].message, "b0 is at 12, not a multiple of its alignment 8");
  EXPECT_EQ(violations[1].message, "b0 is at 12, expected its fixed offset 16");
  EXPECT_EQ(violations[2].message, "b0 ends at 22, above the plan's peak 21");
  EXPECT_EQ(violations[3].message, "b0 ends at 22, above the capacity 20");
  plan.offsets = {-8};
  EXPECT_EQ(check_plan(p, plan)[0].message, "b0 is at negative offset -8");
  plan.offsets = {};
  EXPECT_EQ(check_plan(p, plan)[0].message, "plan has 0 offsets for 1 buffers");
}

/// Whether two buffers that conflict share a byte: what the checker has to find out.
bool really_overlaps(const PlanProblem& p, const Plan& plan) {
  for (std::size_t a = 0; a < p.size(); ++a)
    for (std::size_t b = a + 1; b < p.size(); ++b)
      if (p.lifetimes.conflict(a, b) && plan.offsets[a] < plan.offsets[b] + p.buffers[b].size &&
          plan.offsets[b] < plan.offsets[a] + p.buffers[a].size)
        return true;
  return false;
}

TEST(CheckPlan, EveryHarmfulMutationIsCaughtAndNoHarmlessOne) {
  Rng rng(4711);
  std::size_t harmful = 0;
  std::size_t harmless = 0;
  for (int round = 0; round < 400; ++round) {
    const PlanProblem p = round % 2 == 0
                              ? random_intervals(rng, 12, 20, 9)
                              : make_problem(instruction_liveness(random_trace(rng, 3, 12, 80)), 1);
    const Plan plan = run_planner("greedy-by-size", p, {});
    ASSERT_TRUE(check_plan(p, plan).empty());
    for (int mutation = 0; mutation < 20; ++mutation) {
      Plan mutant = plan;
      mutant.peak = 10'000;
      Bytes& offset = mutant.offsets[rng.below(p.size())];
      offset = std::max<Bytes>(0, offset + rng.between(-6, 6));
      const bool broken = really_overlaps(p, mutant);
      ASSERT_EQ(!check_plan(p, mutant).empty(), broken) << "round " << round;
      ++(broken ? harmful : harmless);
    }
  }
  EXPECT_GT(harmful, 2000U);
  EXPECT_GT(harmless, 500U);
}

Layout layout_of(const Trace& trace, const PlanProblem& p, const Plan& plan) {
  Layout layout;
  layout.base = member_offsets(p, plan, trace.buffers.size(), trace.buffers, 1);
  return layout;
}

TEST(CheckLayout, AgreesWithHappensBeforeOnMutatedLayouts) {
  Rng rng(4712);
  std::size_t harmful = 0;
  for (int round = 0; round < 300; ++round) {
    const Trace trace = random_trace(rng, 1 + rng.below(4), 10, 80);
    const PlanProblem p = make_problem(instruction_liveness(trace), 1);
    Plan plan = run_planner("greedy-by-size", p, {});
    ASSERT_TRUE(check_layout(trace, layout_of(trace, p, plan)).empty()) << "round " << round;
    for (int mutation = 0; mutation < 5; ++mutation) {
      Plan mutant = plan;
      Bytes& offset = mutant.offsets[rng.below(p.size())];
      offset = std::max<Bytes>(0, offset + rng.between(-6, 6));
      const bool broken = really_overlaps(p, mutant);
      harmful += broken ? 1 : 0;
      ASSERT_EQ(!check_layout(trace, layout_of(trace, p, mutant)).empty(), broken)
          << "round " << round;
    }
  }
  EXPECT_GT(harmful, 300U);
}

/// Writes a, reads it, then writes b in its place; ordered by a token, across cores by a barrier.
Trace reuse(bool token, bool barrier) {
  TraceBuilder t(2);
  const BufferId a = t.buffer("a", 8);
  const BufferId b = t.buffer("b", 8);
  const BufferId c = t.buffer("c", 8);
  TraceEvent& read = t.read(0, a);
  if (token) read.signal = engine_bit(Engine::store);
  TraceEvent& write = t.write(0, b);
  if (token) write.wait = engine_bit(Engine::load_neuron);
  if (barrier) t.barrier(0, 0b11);
  if (barrier) t.barrier(1, 0b11);
  t.write(1, c);
  return t.finish();
}

TEST(CheckLayout, OneMissingTokenOrBarrierIsNamed) {
  Layout layout;
  layout.base = {0, 0, 0};
  EXPECT_TRUE(check_layout(reuse(true, true), layout).empty());
  layout.base = {0, 0, 16};
  const auto no_token = check_layout(reuse(false, true), layout);
  ASSERT_EQ(no_token.size(), 1U);
  EXPECT_EQ(
      no_token[0].message,
      "a and b share bytes [0, 8): core 0 pc 0 (read of a) need not happen before core 0 pc 1 "
      "(write of b); core 0 pc 1 (write of b) need not happen before core 0 pc 0 (read of a)");
  layout.base = {0, 16, 4};
  const auto no_barrier = check_layout(reuse(true, false), layout);
  ASSERT_EQ(no_barrier.size(), 1U);
  EXPECT_EQ(
      no_barrier[0].message,
      "a and c share bytes [4, 8): core 0 pc 0 (read of a) need not happen before core 1 pc 0 "
      "(write of c); core 1 pc 0 (write of c) need not happen before core 0 pc 0 (read of a)");
}

TEST(CheckLayout, ASemaphoreOfTwoSignallersOrdersNothing) {
  const auto violations = [](std::size_t second_signaller) {
    TraceBuilder t(3);
    const BufferId a = t.buffer("a", 8);
    const BufferId b = t.buffer("b", 8);
    t.write(0, a);
    t.signal(0, 2, 0);
    t.signal(second_signaller, 2, 0);
    t.wait(2, 0, 0);
    t.write(2, b).engine = Engine::load_neuron;
    Layout layout;
    layout.base = {0, 0};
    return check_layout(t.finish(), layout).size();
  };
  EXPECT_EQ(violations(0), 0U);
  EXPECT_EQ(violations(1), 1U) << "the wait may have taken the signal of core 1";
}

TEST(CheckLayout, InputsOutputsAndWeights) {
  const auto shares = [](BufferKind kind, bool before) {
    TraceBuilder t(1);
    const BufferId a = t.buffer("a", 8);
    const BufferId x = t.buffer("x", 8, kind);
    if (before) t.read(0, x);
    t.write(0, a).engine = Engine::load_neuron;
    if (!before) t.write(0, x).engine = Engine::load_neuron;
    Layout layout;
    layout.base = {0, 0};
    return check_layout(t.finish(), layout);
  };
  EXPECT_TRUE(shares(BufferKind::input, true).empty()) << "dead after its last read";
  EXPECT_TRUE(shares(BufferKind::output, false).empty()) << "not born before its first write";
  ASSERT_EQ(shares(BufferKind::input, false).size(), 1U);
  ASSERT_EQ(shares(BufferKind::output, true).size(), 1U);
  ASSERT_EQ(shares(BufferKind::weight, true).size(), 1U);
  EXPECT_EQ(shares(BufferKind::weight, true)[0].message,
            "a and x share bytes [0, 8): x (weight) is in use since before the program starts; "
            "x (weight) is in use until the program has ended");
}

}  // namespace
}  // namespace unna::test
