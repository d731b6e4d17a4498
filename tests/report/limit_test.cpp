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

TEST(Limit, IsTheLargestShare) {
  EXPECT_EQ(limit(compute_shares(result(50, 10, 20)), 1), Limit::compute);
  EXPECT_EQ(limit(compute_shares(result(30, 20, 25)), 1), Limit::synchronisation);
  EXPECT_EQ(limit(compute_shares(result(30, 10, 10)), 1), Limit::bandwidth);
}

TEST(Limit, WaitingIsForBandwidthFromHalfThePeakOn) {
  const ComputeShares waiting = compute_shares(result(20, 0, 0));
  EXPECT_EQ(limit(waiting, 0.5), Limit::bandwidth);
  EXPECT_EQ(limit(waiting, 0.49), Limit::latency);
}

TEST(Limit, OfNothingIsNotByZero) {
  const ComputeShares none = compute_shares({});
  EXPECT_EQ(none.busy + none.waiting + none.awaiting, 0);
}

}  // namespace
}  // namespace unna
