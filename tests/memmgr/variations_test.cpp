#include "memmgr/placement/variations.h"

#include <gtest/gtest.h>

#include <set>

#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "tests/memmgr/featured.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

using Offsets = std::vector<Bytes>;

void expect_valid(const PlanProblem& p, const Offsets& offsets, std::string_view what) {
  Plan plan;
  plan.offsets = offsets;
  plan.peak = peak_of(p, offsets);
  for (const Violation& v : check_plan(p, plan, 3)) ADD_FAILURE() << what << ": " << v.message;
}

/// How often each changed something, so that the test is known to be about something.
struct Changed {
  int mirrored = 0, moved = 0, reordered = 0, realigned = 0, most_recent = 0;
};

void vary(const PlanProblem& p, Rng& rng, Changed& changed) {
  const Offsets start = run_planner("greedy-by-size", p, {}).offsets;
  const Bytes peak = peak_of(p, start);
  if (const auto offsets = mirrored(p, start)) {
    expect_valid(p, *offsets, "mirrored");
    EXPECT_LE(peak_of(p, *offsets), peak);
    changed.mirrored += *offsets != start;
  }
  for (const Bytes limit : {peak, peak + 7}) {
    const Offsets offsets = moved(p, start, limit, 20, rng);
    expect_valid(p, offsets, "moved");
    EXPECT_LE(peak_of(p, offsets), limit);
    changed.moved += offsets != start;
  }
  const Offsets other = reordered(p, start, 4, rng);
  expect_valid(p, other, "reordered");
  changed.reordered += other != start;
  const Offsets coarse = realigned(p, start, 16);
  expect_valid(p, coarse, "realigned");
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_TRUE(p.buffers[i].fixed || coarse[i] % 16 == 0);
  changed.realigned += coarse != start;
  const Offsets recent = most_recent(p, peak + 5);
  expect_valid(p, recent, "most recent");
  changed.most_recent += recent != start;
}

TEST(Variations, AreValidPlansOfIntervalsOrdersAndAllFeatures) {
  Rng rng(40);
  Changed changed;
  for (int round = 0; round < 150; ++round) {
    vary(random_intervals(rng, 25, 30, 40), rng, changed);
    vary(make_problem(instruction_liveness(random_trace(rng, 3, 20, 200)), 8), rng, changed);
    const FeaturedShape shape{static_cast<std::size_t>(rng.between(1, 14)), 9, 9, round % 3 == 0};
    vary(random_featured(rng, shape).problem, rng, changed);
  }
  for (const int times :
       {changed.mirrored, changed.moved, changed.reordered, changed.realigned, changed.most_recent})
    EXPECT_GT(times, 100);
}

TEST(Variations, MirroringTwiceIsTheSameLayout) {
  const PlanProblem p = interval_problem(pathological_packing());
  const Offsets start = run_planner("exact", p, {}).offsets;
  const Offsets once = mirrored(p, start).value();
  EXPECT_NE(once, start);
  EXPECT_EQ(mirrored(p, once), start);
}

TEST(Variations, MovingReachesEveryPlaceThatIsFreeAndNoOther) {
  // One buffer of 2 beside a pillar of 4 that may not move above 10: 0 to 2 below, 6 to 8 above.
  PlanProblem p = interval_problem({{0, 9, 4}, {0, 9, 2}});
  p.buffers[0].fixed = 4;
  Rng rng(41);
  std::set<Bytes> seen;
  for (int round = 0; round < 200; ++round) seen.insert(moved(p, {4, 0}, 10, 1, rng)[1]);
  EXPECT_EQ(seen, (std::set<Bytes>{0, 1, 2, 8}));
}

TEST(Variations, ABufferWithoutRoomBelowTheLimitStays) {
  const PlanProblem p = interval_problem({{0, 9, 4}, {0, 9, 4}});
  Rng rng(42);
  EXPECT_EQ(moved(p, {0, 100}, 8, 1, rng)[0], 0);
  EXPECT_EQ(moved(p, {0, 4}, 6, 50, rng), (Offsets{0, 4}));
}

TEST(Variations, MostRecentTakesOverTheBytesUsedLast) {
  // a, b, c side by side; d comes when b and c are gone. The lowest place would be b's.
  const PlanProblem p = interval_problem({{0, 9, 4}, {1, 3, 4}, {2, 3, 4}, {4, 9, 4}});
  EXPECT_EQ(most_recent(p, 100), (Offsets{0, 4, 8, 8}));
  EXPECT_EQ(most_recent(p, 11), (Offsets{0, 4, 8, 4})) << "c's bytes end above the limit";
}

TEST(Variations, SameGeneratorSameLayout) {
  Rng make(43);
  const PlanProblem p = random_intervals(make, 30, 25, 40);
  const Offsets start = run_planner("greedy-by-size", p, {}).offsets;
  Rng a(5), b(5), c(6);
  const Offsets first = moved(p, start, 1000, 30, a);
  EXPECT_EQ(moved(p, start, 1000, 30, b), first);
  EXPECT_NE(moved(p, start, 1000, 30, c), first) << "the generator has nothing to tell";
}

}  // namespace
}  // namespace unna::test
