#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/constructive.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/planners/tetris_options.h"
#include "memmgr/planners/tetris_search.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

TEST(Planners, AllAreValidOnRandomInstancesAndNoneBeatsTheOptimum) {
  Rng rng(90);
  for (int round = 0; round < 60; ++round) {
    const PlanProblem p = round % 2 == 0
                              ? random_intervals(rng, 6, 12, 9)
                              : make_problem(instruction_liveness(random_trace(rng, 3, 6, 50)), 1);
    expect_all_planners_valid(p, fmt::format("round {}", round));
    EXPECT_GE(run_planner("greedy-by-size", p, {}).peak, brute_force_optimum(p));
  }
}

TEST(Planners, AllAreValidOnLargerInstances) {
  Rng rng(91);
  for (int round = 0; round < 6; ++round) {
    expect_all_planners_valid(random_intervals(rng, 150, 60, 900), "intervals");
    expect_all_planners_valid(
        make_problem(instruction_liveness(random_trace(rng, 8, 150, 3000)), 64), "order");
  }
}

TEST(Planners, NoBuffersAtAll) {
  const PlanProblem p = interval_problem({});
  for (const PlannerInfo& info : planners()) {
    const Plan plan = run_planner(info.name, p, {});
    EXPECT_EQ(plan.peak, 0) << info.name;
    EXPECT_TRUE(plan.proved_optimal) << info.name;
  }
}

TEST(Planners, AnUnknownNameListsTheKnown) {
  std::string expected = "unknown planner 'magic', expected one of: naive";
  for (const PlannerInfo& info : planners().subspan(1)) expected += fmt::format(", {}", info.name);
  try {
    planner("magic");
    FAIL();
  } catch (const InputError& e) {
    EXPECT_EQ(e.what(), expected);
  }
}

TEST(Placement, LowestFitTakesTheFirstGapBestFitTheSmallest) {
  const std::vector<Taken> taken = {{10, 20}, {25, 30}, {0, 4}};  // gaps of 6 and 5
  auto copy = taken;
  EXPECT_EQ(find_place(copy, 5, 1, Fit::lowest), 4);
  EXPECT_EQ(find_place(copy, 5, 1, Fit::best), 20);
  EXPECT_EQ(find_place(copy, 6, 1, Fit::best), 4);
  EXPECT_EQ(find_place(copy, 7, 1, Fit::best), 30);
  EXPECT_EQ(find_place(copy, 3, 8, Fit::lowest), 32) << "alignment takes the gap's rest";
}

TEST(GreedyBySize, TiesGoToTheLowestIndexAndTheLowestOffset) {
  // Two gaps of 4 between three pillars; two equal buffers of 4.
  const PlanProblem p = interval_problem({{0, 9, 4}, {0, 9, 4}, {0, 9, 4}});
  EXPECT_EQ(run_planner("greedy-by-size", p, {}).offsets, (std::vector<Bytes>{0, 4, 8}));
}

TEST(Bfc, RoundsTo256AndReusesFreedMemory) {
  const PlanProblem p = interval_problem({{0, 1, 100}, {1, 2, 300}, {2, 3, 200}});
  const Plan plan = run_planner("bfc", p, {});
  EXPECT_EQ(plan.offsets, (std::vector<Bytes>{0, 256, 0}));
  EXPECT_EQ(plan.peak, 768);
}

TEST(Bfc, CoalescesFreeNeighbours) {
  const PlanProblem p = interval_problem({{0, 0, 256}, {0, 0, 256}, {0, 9, 256}, {1, 2, 512}});
  EXPECT_EQ(run_planner("bfc", p, {}).offsets, (std::vector<Bytes>{0, 256, 512, 0}));
  // The upper one is freed first, so that the lower one has to join what follows it.
  const PlanProblem q =
      interval_problem({{0, 1, 256}, {0, 0, 256}, {0, 9, 256}, {1, 9, 1024}, {2, 3, 512}});
  EXPECT_EQ(run_planner("bfc", q, {}).offsets, (std::vector<Bytes>{0, 256, 512, 768, 0}));
}

TEST(Bfc, HandsOutAChunkWholeUnlessHalfWouldRemain) {
  // A hole of 1024; 768 takes all of it, so that the next 256 goes elsewhere.
  const PlanProblem p = interval_problem({{0, 0, 1024}, {0, 9, 256}, {1, 9, 768}, {1, 9, 256}});
  EXPECT_EQ(run_planner("bfc", p, {}).offsets, (std::vector<Bytes>{0, 1024, 0, 1280}));
  // 512 leaves half: the hole is split.
  const PlanProblem q = interval_problem({{0, 0, 1024}, {0, 9, 256}, {1, 9, 512}, {1, 9, 256}});
  EXPECT_EQ(run_planner("bfc", q, {}).offsets, (std::vector<Bytes>{0, 1024, 0, 512}));
}

TEST(Bfc, TakesTheSmallestChunkOfTheFirstBin) {
  // Holes of 1024 at 0 and 768 at 1280: both of at least 512; 768 is in the lower bin.
  const PlanProblem p =
      interval_problem({{0, 0, 1024}, {0, 9, 256}, {0, 0, 768}, {0, 9, 256}, {1, 9, 512}});
  EXPECT_EQ(run_planner("bfc", p, {}).offsets[4], 1280);
}

TEST(Tetris, FindsTheOptimumWhereGreedyDoesNot) {
  EXPECT_EQ(run_planner("tetris", interval_problem(pathological_packing()), {}).peak, 10);
  EXPECT_EQ(run_planner("tetris", interval_problem(fragmentation_fixture()), {}).peak, 9);
}

TEST(Tetris, MeetsTheBoundOnThePublishedNetworks) {
  for (const char* file : {"blazeface_128_relu_fused", "deeplab_v3_257_gpu", "inception_v3_299",
                           "mobilenet_v1_1.0_224", "mobilenet_v2_1.0_224", "posenet_353x257"}) {
    const auto path = shared_file(fmt::format("reference/usage_records/{}.csv", file));
    if (path.empty()) GTEST_SKIP() << "no ../shared";
    const PlanProblem p = usage_records(path);
    const Plan plan = run_planner("tetris", p, {});
    EXPECT_TRUE(plan.proved_optimal) << file;
    EXPECT_EQ(plan.peak, p.lower_bound) << file;
  }
}

TEST(Tetris, SameSeedSameBytesForAnyNumberOfThreads) {
  Rng rng(92);
  const PlanProblem problems[] = {
      random_intervals(rng, 200, 70, 900),
      make_problem(instruction_liveness(random_trace(rng, 3, 400, 420)), 1)};
  for (const PlanProblem& p : problems) {
    PlanOptions options;
    options.tetris.effort = 60;
    options.seed = 5;
    const Plan one = run_planner("tetris", p, options);
    PlanOptions start = options;
    start.tetris.generations = 0;
    EXPECT_LT(one.peak, run_planner("tetris", p, start).peak) << "search has nothing to tell";
    options.seed = 6;
    EXPECT_NE(run_planner("tetris", p, options).offsets, one.offsets) << "seeds do not matter";
    options.seed = 5;
    EXPECT_EQ(run_planner("tetris", p, options).offsets, one.offsets);
    for (options.threads = 2; options.threads <= 4; ++options.threads) {
      const Plan many = run_planner("tetris", p, options);
      EXPECT_EQ(many.offsets, one.offsets) << options.threads;
      EXPECT_EQ(many.note, one.note) << options.threads;
    }
  }
}

TEST(Tetris, IsNeverWorseThanTheOrdersItStartsFrom) {
  Rng rng(93);
  const PlanProblem p = random_intervals(rng, 120, 60, 900);
  PlanOptions options;
  options.tetris.generations = 0;
  const Plan plan = run_planner("tetris", p, options);
  for (const ConstructiveOrder& c : constructive_orders(p))
    for (const Fit fit : {Fit::lowest, Fit::best})
      EXPECT_LE(plan.peak, peak_of(p, place_in_order(p, c.order, fit))) << c.name;
}

TEST(Decoder, IsLowestFitAndKeepsAPrefix) {
  Rng rng(94);
  for (int round = 0; round < 200; ++round) {
    const PlanProblem p = random_intervals(rng, 30, 25, 40);
    const Neighbourhoods around(p, {});
    Decoder decoder(p, around);
    Genome g{by_size(p), std::vector<Bytes>(p.size(), 0), 0, 0};
    rng.shuffle(g.order);
    ASSERT_TRUE(decoder.decode(g, 0));
    ASSERT_EQ(g.offsets, place_in_order(p, g.order, Fit::lowest));
    ASSERT_EQ(g.peak, peak_of(p, g.offsets));

    Genome child;
    const std::size_t kept = mutate(p, around, g, rng, child);
    ASSERT_TRUE(decoder.decode(child, kept));
    ASSERT_EQ(child.offsets, place_in_order(p, child.order, Fit::lowest)) << "prefix of " << kept;

    Genome other = child;
    const std::size_t shared = cross(g, other, rng, child);
    ASSERT_TRUE(decoder.decode(child, shared));
    ASSERT_EQ(child.offsets, place_in_order(p, child.order, Fit::lowest)) << "prefix of " << shared;
  }
}

TEST(TetrisOptions, AreReadStrictly) {
  const TetrisOptions o = parse_tetris_options("population: 10\neffort: 7\n", "t.yaml");
  EXPECT_EQ(o.population, 10);
  EXPECT_EQ(o.effort, 7);
  EXPECT_EQ(o.elite, TetrisOptions().elite);
  EXPECT_THROW(parse_tetris_options("populaton: 10\n", "t.yaml"), InputError);
  EXPECT_THROW(parse_tetris_options("population: 1\n", "t.yaml"), InputError);
  EXPECT_THROW(parse_tetris_options("population: 3\nelite: 3\n", "t.yaml"), InputError);
}

}  // namespace
}  // namespace unna::test
