#include "memmgr/planners/bands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/rng.h"
#include "bench/instances.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/planners/registry.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

constexpr Bytes kHeight = 1 << 20;

/// Threads that never wait for one another, each a perfect packing of its own, shuffled: the sum of
/// their heights is the optimum.
PlanProblem concurrent_packings(std::uint64_t seed, std::size_t threads, std::size_t count) {
  struct Life {
    std::size_t thread = 0;
    Interval time;
    Bytes size = 0;
  };
  std::vector<Life> lives;
  for (std::size_t t = 0; t < threads; ++t) {
    bench::PerfectPacking kind;
    kind.seed = seed * 100 + t;
    kind.count = count;
    kind.horizon = 60;
    kind.height = kHeight;
    const Lifetimes packing = make(kind);
    for (std::size_t i = 0; i < packing.size(); ++i)
      lives.push_back({t, (*packing.intervals)[i], packing.buffers[i].size});
  }
  Rng rng(seed);
  rng.shuffle(lives);
  Lifetimes lifetimes;
  lifetimes.kind = LivenessKind::instruction;
  lifetimes.order.emplace(threads);
  for (const Life& life : lives) {
    lifetimes.buffers.push_back({std::to_string(lifetimes.buffers.size()), life.size, {}, {}});
    std::vector<std::uint32_t> first(threads, 0);
    first[life.thread] = static_cast<std::uint32_t>(life.time.lower);
    const ChainOrder::Mark last{static_cast<std::uint32_t>(life.thread),
                                static_cast<std::uint32_t>(life.time.upper)};
    lifetimes.order->add(std::span(&last, 1), first);
  }
  return make_problem(std::move(lifetimes), 1);
}

TEST(Bands, HoldEachBufferOnceAndConflictWhereItsLivesOverlap) {
  Rng rng(51);
  for (int round = 0; round < 60; ++round) {
    const PlanProblem p =
        round % 2 == 0 ? concurrent_packings(static_cast<std::uint64_t>(round), 3, 30)
                       : make_problem(instruction_liveness(random_trace(rng, 4, 30, 200)), 1);
    std::vector<int> held(p.size(), 0);
    // Also where hardly any buffer may move.
    for (const Band& band : cut_into_bands(p, round % 3 == 0 ? 1 : 400'000'000)) {
      for (std::size_t x = 0; x < band.members.size(); ++x) {
        ++held[band.members[x]];
        for (std::size_t y = x + 1; y < band.members.size(); ++y)
          ASSERT_EQ(band.lives[x].lower < band.lives[y].upper &&
                        band.lives[y].lower < band.lives[x].upper,
                    p.conflict(band.members[x], band.members[y]))
              << "round " << round;
      }
      ASSERT_EQ(band_problem(p, band).lower_bound, band.live);
    }
    for (std::uint32_t i = 0; i < p.size(); ++i)
      ASSERT_EQ(held[i], p.index.unused(i) ? 0 : 1) << "round " << round << ", buffer " << i;
  }
}

TEST(Auto, MeetsTheOptimumOfThreadsThatDoNotWait) {
  for (const std::size_t threads : {2, 4, 8})
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      const PlanProblem problem = concurrent_packings(seed, threads, 240 / threads);
      const Plan plan = run_planner("auto", problem, {});
      EXPECT_EQ(plan.peak, static_cast<Bytes>(threads) * kHeight) << threads << ", " << seed;
      EXPECT_TRUE(check_plan(problem, plan).empty());
    }
}

}  // namespace
}  // namespace unna::test
