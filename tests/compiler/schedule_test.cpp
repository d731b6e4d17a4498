#include "compiler/schedule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace unna {
namespace {

/// A chain of `n` element-wise kernels over 4 rows of 1 element.
LoweredGraph chain(std::size_t n) {
  LoweredGraph g;
  for (std::size_t i = 0; i <= n; ++i)
    g.storages.push_back({fmt::format("t{}", i), BufferKind::intermediate, 4, 1, 1, 2});
  for (std::size_t i = 0; i < n; ++i) {
    Kernel k;
    k.dims = {1, 1, 4, 1, 1};
    k.in = {{{StorageId(i), 0, {0, 0, 1, 0, 0}}, k.dims}};
    k.out = {StorageId(i + 1), 0, {0, 0, 1, 0, 0}};
    g.kernels.push_back(k);
  }
  return g;
}

UnitOfWork rows(std::size_t kernel, std::size_t core, std::int64_t lo, std::int64_t hi) {
  UnitOfWork u{KernelId(kernel), CoreId(core), {}};
  u.box.hi = {1, 1, hi, 1, 1};
  u.box.lo[kH] = lo;
  return u;
}

KernelPlan plan(std::size_t kernel, std::vector<UnitOfWork> units) {
  return {KernelId(kernel), {}, std::move(units), {}, 0, nullptr, {}};
}

std::string items(const Schedule& s, std::size_t core) {
  std::string out;
  for (const ScheduleItem& i : s.cores[core]) out += "uBsw"[static_cast<std::size_t>(i.kind)];
  return out;
}

TEST(Schedule, SameDivisionOfRowsNeedsNoBarrier) {
  const LoweredGraph g = chain(3);
  Scheduler s(g, 2);
  for (std::size_t k = 0; k < 3; ++k) s.add(plan(k, {rows(k, 0, 0, 2), rows(k, 1, 2, 4)}));
  EXPECT_EQ(s.finish().barriers, 0U);
}

/// Engines of one core run ahead of one another, so that even a core alone needs one.
TEST(Schedule, AfterLayersThereIsABarrierOnEveryCoreOfTheLayerRead) {
  const LoweredGraph g = chain(3);
  Scheduler s(g, 3);
  for (std::size_t k = 0; k < 2; ++k)
    s.add_after_layers(plan(k, {rows(k, 0, 0, 2), rows(k, 1, 2, 4)}));
  s.meet_all();
  s.add_after_layers(plan(2, {rows(2, 0, 0, 4)}));
  const Schedule done = s.finish();
  EXPECT_EQ(items(done, 0), "uBuBu");
  EXPECT_EQ(items(done, 1), "uBuB");
  EXPECT_EQ(items(done, 2), "B");
}

/// Core 0 makes what core 1 reads, two rows at a time.
Schedule handed_on(Sync sync) {
  const LoweredGraph g = chain(2);
  Scheduler s(g, 2);
  const std::size_t tile = s.add_tile({});
  std::vector<std::size_t> plans;
  for (std::size_t k = 0; k < 2; ++k) {
    KernelPlan p = plan(k, {rows(k, k, 0, 2), rows(k, k, 2, 4)});
    p.walked = true;
    plans.push_back(s.open(std::move(p)));
  }
  for (const std::int64_t row : {0, 2})
    for (std::size_t k = 0; k < 2; ++k) s.add({{rows(k, k, row, row + 2), plans[k], tile}}, sync);
  return s.finish();
}

TEST(Schedule, AnAcknowledgedWriterWaitsForWhatItsLastPartWasReadBy) {
  EXPECT_EQ(items(handed_on(Sync::signals), 0), "usus");
  EXPECT_EQ(items(handed_on(Sync::signals), 1), "wuwu");
  EXPECT_EQ(items(handed_on(Sync::acknowledged), 0), "uswus");
  EXPECT_EQ(items(handed_on(Sync::acknowledged), 1), "wuswu");
  EXPECT_EQ(items(handed_on(Sync::barriers), 0), "uBBuB");
  EXPECT_EQ(items(handed_on(Sync::barriers), 1), "BuBBu");
}

TEST(Schedule, OneRowOfAnotherCoreNeedsOne) {
  const LoweredGraph g = chain(2);
  Scheduler s(g, 2);
  s.add(plan(0, {rows(0, 0, 0, 2), rows(0, 1, 2, 4)}));
  const std::vector<UnitOfWork> next = {rows(1, 0, 0, 3), rows(1, 1, 3, 4)};
  EXPECT_TRUE(s.needs_barrier(next));
  s.add(plan(1, next));
  const Schedule done = s.finish();
  EXPECT_EQ(done.barriers, 1U);
  EXPECT_EQ(items(done, 0), "uBu");
  EXPECT_EQ(items(done, 1), "uBu");
}

TEST(Schedule, BarrierServesAllThatCameBeforeIt) {
  // Kernel 2 reads only what kernel 1 and, across cores, kernel 0 made: one barrier is enough.
  LoweredGraph g = chain(3);
  g.kernels[2].in.push_back(g.kernels[1].in[0]);
  g.kernels[2].in[1].access.storage = StorageId(1);
  Scheduler s(g, 2);
  s.add(plan(0, {rows(0, 0, 0, 2), rows(0, 1, 2, 4)}));
  s.add(plan(1, {rows(1, 0, 0, 1), rows(1, 1, 1, 4)}));
  s.add(plan(2, {rows(2, 0, 0, 2), rows(2, 1, 2, 4)}));
  // Core 1 needs row 1 of kernel 0 from core 0 already at kernel 1; core 0 needs row 1 of kernel 1.
  EXPECT_EQ(s.finish().barriers, 2U);
}

TEST(Schedule, OnlyTheCoresConcernedMeet) {
  const LoweredGraph g = chain(2);
  Scheduler s(g, 4);
  s.add(plan(0, {rows(0, 0, 0, 1), rows(0, 1, 1, 2), rows(0, 2, 2, 3), rows(0, 3, 3, 4)}));
  s.add(plan(1, {rows(1, 0, 0, 2), rows(1, 3, 2, 4)}));
  const Schedule done = s.finish();
  EXPECT_EQ(done.barriers, 2U);  // {0, 1} and {2, 3}
  EXPECT_EQ(done.cores[0][1].cores, 0b0011U);
  EXPECT_EQ(done.cores[3][1].cores, 0b1100U);
}

TEST(Schedule, KnowledgeTravelsThroughBarriers) {
  // 0 meets 1, then 1 meets 2: what 0 made is known to 2 without a third barrier.
  LoweredGraph g = chain(3);
  Scheduler s(g, 3);
  s.add(plan(0, {rows(0, 0, 0, 4)}));
  s.add(plan(1, {rows(1, 1, 0, 4)}));
  g.kernels[2].in.push_back(g.kernels[0].in[0]);
  g.kernels[2].in[1].access.storage = StorageId(1);
  s.add(plan(2, {rows(2, 2, 0, 4)}));
  EXPECT_EQ(s.finish().barriers, 2U);
}

TEST(Schedule, LayerInputsAreTheKernelsWhoseResultsAreRead) {
  const LoweredGraph g = chain(2);
  Scheduler s(g, 1);
  s.add(plan(0, {rows(0, 0, 0, 4)}));
  s.add(plan(1, {rows(1, 0, 0, 4)}));
  const Schedule done = s.finish();
  EXPECT_TRUE(done.layer_inputs[0].empty());
  EXPECT_EQ(done.layer_inputs[1], std::vector<OpId>{OpId(0)});
}

}  // namespace
}  // namespace unna
