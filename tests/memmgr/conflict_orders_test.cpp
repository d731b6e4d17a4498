// Orders by conflicts, and the climb from them, on programs of cores that walk layers together.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "bench/instances.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/constructive.h"
#include "memmgr/planners/order_climb.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

PlanProblem walk(std::uint64_t seed) {
  return make_problem(make(bench::WalkLike{seed, 4, 6, 16, 3}), 64);
}

TEST(ConflictOrders, HoldEachBufferOnce) {
  const PlanProblem p = walk(3);
  std::vector<std::uint32_t> all(p.size());
  std::iota(all.begin(), all.end(), 0U);
  for (ConstructiveOrder& order : conflict_orders(p)) {
    std::ranges::sort(order.order);
    EXPECT_EQ(order.order, all) << order.name;
  }
}

TEST(ConflictOrders, TheLongLivedComeFirst) {
  // b lives through all of the others, which follow one another.
  const PlanProblem p =
      interval_problem({{0, 1, 30}, {0, 4, 10}, {1, 2, 30}, {2, 3, 30}, {3, 4, 30}});
  EXPECT_EQ(conflict_orders(p).at(1).order.front(), 1U);
}

TEST(ConflictOrders, PackWalksOfSeveralCoresCloserThanOrdersBySize) {
  double by_size_above = 0;
  double above = 0;
  for (std::uint64_t seed = 11; seed < 15; ++seed) {
    const PlanProblem p = walk(seed);
    const auto bound = static_cast<double>(p.lower_bound);
    const auto above_bound = [&](std::span<const std::uint32_t> order, Fit fit) {
      return static_cast<double>(peak_of(p, place_in_order(p, order, fit))) / bound - 1;
    };
    by_size_above += above_bound(by_size(p), Fit::best);
    double least = 1;
    for (const ConstructiveOrder& order : conflict_orders(p))
      least = std::min(least, above_bound(order.order, Fit::lowest));
    above += least;
  }
  EXPECT_LT(above, 0.8 * by_size_above);
}

TEST(OrderClimb, LowersAndNeverRaisesThePeakAndIsAFunctionOfItsSeed) {
  int lowered = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const PlanProblem p = make_problem(make(bench::WalkLike{seed, 4, 5, 10, 3}), 64);
    const auto climbed = [&] {
      std::vector<Bytes> peaks;
      OrderClimb climb(p, seed);
      climb.offer(place_in_order(p, by_size(p), Fit::lowest));
      const Bytes start = climb.peak();
      climb.offer(place_without_sharing(p));
      EXPECT_EQ(climb.peak(), start) << "what is worse is not gone on with";
      for (const std::uint64_t placements : {20, 200}) {
        Budget budget{placements * placement_work(p), {}, 1};
        climb.run(p.lower_bound, budget);
        EXPECT_EQ(peak_of(p, climb.offsets()), climb.peak());
        peaks.push_back(climb.peak());
      }
      Plan plan;
      plan.offsets = climb.offsets();
      plan.peak = climb.peak();
      EXPECT_TRUE(check_plan(p, plan).empty());
      return peaks;
    };
    const std::vector<Bytes> peaks = climbed();
    EXPECT_LE(peaks[1], peaks[0]) << "seed " << seed;
    EXPECT_GE(peaks[1], p.lower_bound);
    EXPECT_EQ(climbed(), peaks) << "seed " << seed;
    lowered += peaks[1] < peaks[0] ? 1 : 0;
  }
  EXPECT_GE(lowered, 2);
}

TEST(OrderClimb, EndsAtTheDeadline) {
  const PlanProblem p = walk(5);
  OrderClimb climb(p, 1);
  climb.offer(place_in_order(p, by_size(p), Fit::lowest));
  Budget past{1'000'000'000'000, std::chrono::steady_clock::now() - std::chrono::hours(1), 1};
  climb.run(0, past);
  // A thousandth of the work: it has not gone on until that was done.
  EXPECT_GT(past.work, 999'000'000'000U);
}

}  // namespace
}  // namespace unna::test
