// What is particular to each published strategy, on instances small enough to follow by hand. Most
// were picked out of random ones because the strategies come to different totals there.

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "memmgr/shared_objects.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

using Objects = std::vector<std::uint32_t>;
using Offsets = std::vector<Bytes>;

Plan planned(std::string_view name, const PlanProblem& problem) {
  Plan plan = run_planner(name, problem, {});
  for (const Violation& v : check_plan(problem, plan)) ADD_FAILURE() << name << ": " << v.message;
  return plan;
}

SharedObjects shared(std::string_view name, const std::vector<Life>& lives) {
  return planned(name, interval_problem(lives)).objects.value();
}

Offsets placed(std::string_view name, const std::vector<Life>& lives) {
  return planned(name, interval_problem(lives)).offsets;
}

// Both are in TFLite's memory_management_test.cc, with what it expects.
const std::vector<Life> kTfliteChain = {{0, 1, 16}, {1, 2, 8}, {2, 3, 64}, {3, 4, 32}, {4, 5, 8}};
const std::vector<Life> kTfliteComplex = {{0, 1, 32}, {1, 4, 32}, {2, 5, 8}, {3, 5, 16}, {4, 5, 8},
                                          {5, 7, 64}, {6, 8, 8},  {7, 8, 8}, {8, 9, 16}};
// b0, then b1, then b2 and b3 at once.
const std::vector<Life> kHandedOn = {{0, 1, 9}, {2, 2, 4}, {4, 5, 2}, {4, 5, 8}};

TEST(GreedyInOrder, GivesTheObjectsThatTfliteExpects) {
  const SharedObjects chain = shared("greedy-in-order", kTfliteChain);
  EXPECT_EQ(chain.object, (Objects{0, 1, 0, 1, 0}));
  EXPECT_EQ(chain.sizes, (std::vector<Bytes>{64, 32}));
  const SharedObjects complex = shared("greedy-in-order", kTfliteComplex);
  EXPECT_EQ(complex.object, (Objects{0, 1, 0, 2, 3, 1, 3, 2, 0}));
  EXPECT_EQ(complex.sizes, (std::vector<Bytes>{32, 64, 16, 8}));
}

TEST(GreedyInOrder, TakesTheClosestSizeAndTheLargerOfTwoAsClose) {
  EXPECT_EQ(shared("greedy-in-order", {{0, 0, 8}, {0, 0, 16}, {1, 1, 12}}).object,
            (Objects{0, 1, 1}));
  EXPECT_EQ(shared("greedy-in-order", {{0, 0, 8}, {0, 0, 16}, {1, 1, 11}}).object,
            (Objects{0, 1, 0}));
}

TEST(MinCostFlow, NeedsWhatTfliteExpects) {
  EXPECT_EQ(shared("min-cost-flow", kTfliteChain).total(), 64 + 32);
  const SharedObjects complex = shared("min-cost-flow", kTfliteComplex);
  EXPECT_EQ(complex.total(), 32 + 64 + 8 + 8);
  EXPECT_TRUE(complex.proved_optimal());
}

TEST(MinCostFlow, DoesNotTakeWhatIsBetterHandedToAnother) {
  // In order, b1 and then b2 take b0's object and b3 opens one of 8. Cheaper: b3 takes over b0's at
  // no cost, b1 opens one of 4 that b2 takes over.
  EXPECT_EQ(shared("greedy-in-order", kHandedOn).object, (Objects{0, 0, 0, 1}));
  EXPECT_EQ(shared("min-cost-flow", kHandedOn).object, (Objects{0, 1, 1, 0}));
}

/// Cheapest way for the buffers from `place` of the sequence on to open objects or take over those
/// of buffers before them.
Bytes cheapest_flow(const PlanProblem& p, std::size_t place, std::uint32_t taken) {
  if (place == p.size()) return 0;
  const std::uint32_t i = p.sequence()[place];
  Bytes best = p.buffers[i].size + cheapest_flow(p, place + 1, taken);
  for (std::size_t k = 0; k < place; ++k) {
    const std::uint32_t j = p.sequence()[k];
    if ((taken >> j & 1U) != 0 || p.conflict(i, j)) continue;
    best = std::min(best, std::max<Bytes>(p.buffers[i].size - p.buffers[j].size, 0) +
                              cheapest_flow(p, place + 1, taken | 1U << j));
  }
  return best;
}

TEST(MinCostFlow, IsTheCheapestFlow) {
  Rng rng(201);
  for (int round = 0; round < 120; ++round) {
    const PlanProblem p = round % 2 == 0
                              ? random_intervals(rng, 7, 12, 30)
                              : make_problem(instruction_liveness(random_trace(rng, 3, 7, 60)), 1);
    const std::string note = planned("min-cost-flow", p).note;
    EXPECT_EQ(note.substr(0, note.find(';')),
              fmt::format("cost of the flow {}", cheapest_flow(p, 0, 0)));
  }
}

TEST(ObjectsByBreadth, StartsAtTheBroadestOperatorAndLetsObjectsGrow) {
  // Operator 1 (breadth 9): b0, b1. Operator 4 (8): b3 to b0's, b4 to b1's, which grows to 4. Then
  // b2, which neither can take.
  const std::vector<Life> lives = {{1, 1, 8}, {1, 2, 1}, {2, 3, 3}, {3, 5, 4}, {4, 5, 4}};
  const SharedObjects objects = shared("objects-by-breadth", lives);
  EXPECT_EQ(objects.object, (Objects{0, 1, 2, 0, 1}));
  EXPECT_EQ(objects.sizes, (std::vector<Bytes>{8, 4, 3}));
  EXPECT_EQ(shared("objects-by-size", lives).object, (Objects{0, 2, 1, 0, 1}));
}

// By size: b3, b1 with it, b2 on its own, b0 with neither.
const std::vector<Life> kIdleGaps = {{0, 2, 2}, {1, 1, 5}, {2, 3, 5}, {3, 5, 9}};

TEST(ObjectsBySize, TakesTheSmallestFreeObject) {
  EXPECT_EQ(shared("objects-by-size", kIdleGaps).object, (Objects{2, 0, 1, 0}));
  // Objects of 9 and 7 are free for the last one.
  EXPECT_EQ(shared("objects-by-size", {{0, 0, 9}, {0, 0, 7}, {1, 1, 5}}).object,
            (Objects{0, 1, 1}));
}

TEST(ObjectsBySizeImproved, FillsTheShortestIdleGapOfAStepFirst) {
  // Positional maxima 9 and 5: b3 is a step, the rest another. There b0 comes first, though
  // smaller: it ends as b3 begins.
  const SharedObjects objects = shared("objects-by-size-improved", kIdleGaps);
  EXPECT_EQ(objects.object, (Objects{0, 1, 1, 0}));
  EXPECT_EQ(objects.total(), 14);
  EXPECT_TRUE(objects.proved_optimal());
}

TEST(ObjectsBySizeImproved, StepsEndAtPositionalMaxima) {
  // Maxima 9 and 4. In one step, b2 of 3 would take the gap beside b0 before b1 does, and b1 of 5
  // would need an object of its own; but b1 is larger than the second maximum.
  const std::vector<Life> lives = {{4, 5, 9}, {1, 2, 5}, {2, 3, 3}, {4, 5, 4}};
  const PlanProblem p = interval_problem(lives);
  EXPECT_EQ(positional_maxima(p), (std::vector<Bytes>{9, 4}));
  EXPECT_EQ(shared("objects-by-size-improved", lives).object, (Objects{0, 0, 1, 1}));
}

TEST(Mxnet, SharesWithinAFactorOf16) {
  EXPECT_EQ(shared("mxnet", {{0, 0, 96}, {1, 1, 6}}).object, (Objects{0, 0}));
  EXPECT_EQ(shared("mxnet", {{0, 0, 97}, {1, 1, 6}}).object, (Objects{0, 1}));
  EXPECT_EQ(shared("mxnet", {{0, 0, 7}, {1, 1, 112}}).sizes, (std::vector<Bytes>{112}));
  EXPECT_EQ(shared("mxnet", {{0, 0, 6}, {1, 1, 112}}).sizes, (std::vector<Bytes>{6, 112}));
}

TEST(Mxnet, PrefersALargerObjectToACloserOne) {
  const std::vector<Life> lives = {{0, 0, 20}, {0, 0, 9}, {1, 1, 10}};
  EXPECT_EQ(shared("mxnet", lives).object, (Objects{0, 1, 0}));
  EXPECT_EQ(shared("greedy-in-order", lives).object, (Objects{0, 1, 1}));
}

TEST(Mxnet, RequestsTheLargestOfAnOperatorFirst) {
  EXPECT_EQ(shared("mxnet", {{0, 0, 4}, {0, 0, 40}}).object, (Objects{1, 0}));
}

TEST(Mxnet, TakesOverInPlaceWhereSizesAreEqualAndNobodyElseHas) {
  const auto objects = [](const std::vector<Life>& lives, std::vector<BufferPair> in_place) {
    PlanProblem p = interval_problem(lives);
    p.in_place = std::move(in_place);
    const Plan plan = planner("mxnet").run(p, {});
    for (const Violation& v : check_objects(p, plan)) ADD_FAILURE() << v.message;
    EXPECT_GE(plan.objects->total(), shared_object_bound(p));
    return plan.objects->object;
  };
  EXPECT_EQ(objects({{0, 1, 8}, {1, 2, 8}}, {{0, 1}}), (Objects{0, 0}));
  EXPECT_EQ(objects({{0, 1, 8}, {1, 2, 7}}, {{0, 1}}), (Objects{0, 1}));
  EXPECT_EQ(objects({{0, 1, 8}, {1, 2, 8}, {1, 2, 8}}, {{0, 1}, {0, 2}}), (Objects{0, 0, 1}));
}

TEST(GreedyByBreadth, PlacesTheBroadestOperatorFirst) {
  // Operator 1: b0, b2, b1 on each other; then b3 of operator 3 above b2.
  EXPECT_EQ(placed("greedy-by-breadth", {{0, 1, 7}, {1, 2, 5}, {1, 3, 6}, {3, 4, 9}}),
            (Offsets{0, 13, 7, 13}));
}

TEST(StripPacking, FillsTheLowestStretchWithTheLongestLife) {
  // b3 and b0 on the floor, b2 on b3; nothing fits beside it, so the line is lifted there, and b1
  // lies across.
  EXPECT_EQ(placed("strip-packing", {{0, 1, 9}, {0, 2, 7}, {2, 4, 3}, {2, 4, 8}}),
            (Offsets{0, 11, 8, 0}));
}

TEST(StripPacking, NeighboursAtOneOffsetAreOneStretch) {
  // b0 and b1 lie side by side, equally high: b2 rests on both, before b3 that fits on b0 alone.
  EXPECT_EQ(placed("strip-packing", {{0, 3, 5}, {4, 7, 5}, {3, 4, 2}, {3, 3, 2}}),
            (Offsets{0, 0, 5, 7}));
}

TEST(LinearScan, TakesTheLowestFreeRange) {
  EXPECT_EQ(placed("linear-scan", {{2, 2, 9}, {2, 4, 8}, {3, 5, 4}, {4, 5, 8}}),
            (Offsets{0, 9, 0, 17}));
}

TEST(LinearScan, FreeRangesThatTouchBecomeOne) {
  EXPECT_EQ(placed("linear-scan", {{0, 0, 4}, {0, 1, 4}, {0, 0, 4}, {0, 9, 1}, {2, 2, 12}}),
            (Offsets{0, 4, 8, 12, 0}));
}

TEST(LinearScan, StepsOverReservedRanges) {
  PlanProblem p = interval_problem({{0, 0, 4}, {0, 0, 4}});
  p.reserved = {{2, 4}, {10, 11}};
  EXPECT_EQ(planner("linear-scan").run(p, {}).offsets, (Offsets{4, 11}));
}

TEST(Xla, OfOneSizeTheLongestLifeComesFirst) {
  // b4, b0, b3 (in use for 3), b1 (for 2), b2.
  EXPECT_EQ(placed("xla", {{0, 2, 7}, {2, 3, 6}, {3, 5, 4}, {3, 5, 6}, {4, 5, 8}}),
            (Offsets{0, 14, 20, 8, 0}));
}

TEST(Xla, TheChunkBelowTheHeapsEndIsAGapLikeAnyOther) {
  PlanProblem p = interval_problem({{0, 0, 30}, {1, 1, 15}, {1, 1, 5}});
  p.buffers[1].fixed = 10;
  complete_problem(p);
  EXPECT_EQ(planned("xla", p).offsets, (Offsets{0, 10, 25}));
  EXPECT_EQ(planned("greedy-by-size", p).offsets, (Offsets{0, 10, 0}));
}

TEST(HillClimb, SwapsOrdersUntilFirstFitMeetsTheBound) {
  const PlanProblem p = interval_problem(pathological_packing());
  EXPECT_EQ(planned("greedy-by-size", p).peak, 11);
  EXPECT_EQ(planned("hill-climb", p).peak, 10);
  Rng rng(202);
  const PlanProblem large = random_intervals(rng, 150, 60, 900);
  EXPECT_LT(planned("hill-climb", large).peak, planned("greedy-by-size", large).peak);
}

TEST(HillClimb, TakesTheLowestGapNotTheSmallest) {
  PlanProblem p = interval_problem({{1, 1, 5}, {1, 1, 5}, {1, 1, 4}});
  p.buffers[0].fixed = 10;
  p.buffers[1].fixed = 20;
  complete_problem(p);
  EXPECT_EQ(planned("hill-climb", p).offsets, (Offsets{10, 20, 0}));
  EXPECT_EQ(planned("greedy-by-size", p).offsets, (Offsets{10, 20, 15}));
}

TEST(PublishedPlanners, SameSeedSameBytes) {
  Rng rng(203);
  const PlanProblem p = random_intervals(rng, 150, 60, 900);
  for (const PlannerInfo& info : planners()) {
    // These have tests of their own.
    if (info.name == "tetris" || info.name == "exact" || info.name == "auto") continue;
    const Plan first = run_planner(info.name, p, {});
    const Plan second = run_planner(info.name, p, {});
    EXPECT_EQ(first.offsets, second.offsets) << info.name;
    EXPECT_EQ(first.note, second.note) << info.name;
  }
  PlanOptions other;
  other.seed = 2;
  EXPECT_NE(run_planner("hill-climb", p, other).offsets, run_planner("hill-climb", p, {}).offsets);
}

TEST(PublishedPlanners, WhatCanNotBeHonouredIsRefusedInThePlannersName) {
  PlanProblem fixed = interval_problem({{0, 1, 4}, {1, 2, 4}});
  fixed.buffers[0].fixed = 8;
  complete_problem(fixed);
  for (const PlannerInfo& info : planners()) {
    const bool refuses =
        info.shared_objects || info.name == "strip-packing" || info.name == "linear-scan";
    if (!refuses) continue;
    try {
      run_planner(info.name, fixed, {});
      ADD_FAILURE() << info.name;
    } catch (const InputError& e) {
      EXPECT_EQ(e.what(),
                fmt::format("{} can't honour fixed offsets, expected another planner", info.name));
    }
  }
}

}  // namespace
}  // namespace unna::test
