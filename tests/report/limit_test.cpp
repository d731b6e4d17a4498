#include "report/limit.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

/// Two cores, 100 cycles.
SimResult result(Cycle busy, Cycle sync, Cycle done) {
  SimResult r;
  r.cycles = 100;
  r.cores.resize(2);
  for (CoreStats& core : r.cores) {
    EngineStats& compute = core.engines[static_cast<std::size_t>(Engine::compute)];
    compute.busy = busy;
    compute.stall[static_cast<std::size_t>(Stall::sync)] = sync;
    compute.stall[static_cast<std::size_t>(Stall::done)] = done;
    compute.stall[static_cast<std::size_t>(Stall::token_ln)] = 100 - busy - sync - done;
  }
  return r;
}

TEST(Limit, SharesAreOfAllCoresComputeEngines) {
  SimResult r = result(50, 10, 20);
  r.cores[1].engines[static_cast<std::size_t>(Engine::compute)] = {};  // did nothing, waited
  const ComputeShares shares = compute_shares(r);
  EXPECT_DOUBLE_EQ(shares.busy, 0.25);
  EXPECT_DOUBLE_EQ(shares.awaiting, 0.15);
  EXPECT_DOUBLE_EQ(shares.waiting, 0.6);
}

ComputeShares shares(Cycle busy, Cycle sync, Cycle done) {
  return compute_shares(result(busy, sync, done));
}

TEST(Limit, ComputeWhereEnginesComputeMost) {
  EXPECT_EQ(limit(shares(50, 10, 20), 0.6), Limit::compute);
  EXPECT_EQ(limit(shares(40, 40, 0), 0.2), Limit::compute);
}

TEST(Limit, SynchronisationWhereCoresAwaitOneAnotherMost) {
  EXPECT_EQ(limit(shares(30, 20, 25), 0.6), Limit::synchronisation);
}

TEST(Limit, BandwidthWhereEnginesWaitForABusyMemoryAndLatencyWhereItIsIdle) {
  EXPECT_EQ(limit(shares(30, 10, 10), 0.5), Limit::bandwidth);
  EXPECT_EQ(limit(shares(30, 10, 10), 0.49), Limit::latency);
}

/// Cores that share a saturated memory wait for one another's stores and loads, too.
TEST(Limit, BandwidthWhereTheMemoryIsHardlyEverIdle) {
  EXPECT_EQ(limit(shares(40, 20, 15), 0.95), Limit::bandwidth);
  EXPECT_EQ(limit(shares(30, 45, 0), 0.9), Limit::bandwidth);
  EXPECT_EQ(limit(shares(30, 45, 0), 0.89), Limit::synchronisation);
  EXPECT_EQ(limit(shares(95, 0, 0), 0.997), Limit::compute);
}

TEST(Limit, OfNothingIsNotByZero) {
  const ComputeShares none = compute_shares({});
  EXPECT_EQ(none.busy + none.waiting + none.awaiting, 0);
}

}  // namespace
}  // namespace unna
