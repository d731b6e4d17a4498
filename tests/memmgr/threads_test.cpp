#include "memmgr/planners/threads.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/placement/placement.h"
#include "memmgr/planners/registry.h"
#include "memmgr/planners/starts.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

/// Each core writes and reads buffers of its own, one after another, and waits for nobody.
Trace free_cores(std::size_t cores, std::size_t buffers) {
  TraceBuilder trace(cores);
  for (std::size_t k = 0; k < buffers; ++k)
    for (std::size_t c = 0; c < cores; ++c) {
      const auto size = static_cast<Bytes>(64 * (1 + (k * 7 + c * 3) % 5));
      const BufferId b = trace.buffer(fmt::format("c{}b{}", c, k), size);
      trace.write(c, b);
      trace.read(c, b);
    }
  return trace.finish();
}

TEST(Threads, LeadersAreOrdersThatThereAre) {
  const PlanProblem p = make_problem(instruction_liveness(free_cores(3, 20)), 1);
  std::vector<std::string_view> names;
  for (const auto& orders :
       {thread_orders(p), conflict_orders(p), constructive_orders(p), peak_orders(p)})
    for (const ConstructiveOrder& order : orders) names.push_back(order.name);
  for (const std::string_view leader : kLeaders)
    EXPECT_EQ(std::ranges::count(names, leader), 1) << leader;
}

TEST(Threads, ABufferIsThatOfTheCoreThatUsesItFirst) {
  TraceBuilder trace(3);
  const BufferId a = trace.buffer("a", 64);
  const BufferId b = trace.buffer("b", 64);
  trace.write(2, a);
  trace.barrier(0, 0b111);
  trace.barrier(1, 0b111);
  trace.barrier(2, 0b111);
  trace.read(0, a);
  trace.write(1, b);
  const Lifetimes lifetimes = instruction_liveness(trace.finish());
  EXPECT_EQ(lifetimes.threads, (std::vector<std::uint32_t>{2, 1}));
  ASSERT_EQ(lifetimes.chain_threads.size(), lifetimes.order->chains());
  EXPECT_TRUE(std::ranges::is_sorted(lifetimes.chain_threads));
}

/// Orders of threads place all buffers of one after all of another.
TEST(Threads, StayTogetherInAnOrder) {
  const PlanProblem p = make_problem(instruction_liveness(free_cores(4, 12)), 64);
  std::size_t grouped = 0;
  for (const ConstructiveOrder& order : thread_orders(p)) {
    ASSERT_EQ(order.order.size(), p.size()) << order.name;
    std::size_t changes = 0;
    for (std::size_t k = 1; k < order.order.size(); ++k)
      changes += p.lifetimes.threads[order.order[k]] != p.lifetimes.threads[order.order[k - 1]];
    grouped += changes == 3 ? 1 : 0;
  }
  EXPECT_EQ(grouped, 6U) << "of nine; three go without threads";
}

/// Cores that wait for nobody need the sum of what each needs, and get no more.
TEST(Threads, AlonePlansMakeAnArenaForEach) {
  const PlanProblem p = make_problem(instruction_liveness(free_cores(4, 12)), 64);
  const ThreadsAlone alone = plan_threads_alone(p, {});
  EXPECT_EQ(peak_of(p, alone.offsets), p.lower_bound);
  EXPECT_TRUE(alone.met);
  Plan plan;
  plan.offsets = alone.offsets;
  plan.peak = p.lower_bound;
  EXPECT_TRUE(check_plan(p, plan).empty());
  EXPECT_EQ(run_planner("by-thread", p, {}).peak, p.lower_bound);
}

TEST(Threads, NothingIsPlannedAloneWhereNobodyKnowsThem) {
  PlanProblem p = make_problem(instruction_liveness(free_cores(4, 3)), 64);
  p.lifetimes.threads.clear();
  EXPECT_TRUE(plan_threads_alone(p, {}).offsets.empty());
  EXPECT_EQ(thread_orders(p).size(), 3U);
}

}  // namespace
}  // namespace unna::test
