#include "memmgr/planners/features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "tests/memmgr/featured.h"

namespace unna::test {
namespace {

PlanOptions quick() {
  PlanOptions options;
  options.effort = 50;
  options.tetris.effort = 1;
  options.tetris.generations = 10;
  return options;
}

/// The planner's plan, or none where it refuses the problem by naming itself and a feature.
std::optional<Plan> plan_or_refusal(std::string_view name, const PlanProblem& p) {
  try {
    return run_planner(name, p, quick());
  } catch (const InputError& e) {
    EXPECT_TRUE(std::string_view(e.what()).starts_with(name)) << e.what();
    return std::nullopt;
  }
}

TEST(Features, EveryPlannerHonoursOrRefusesThemAll) {
  Rng rng(700);
  std::map<std::string, int, std::less<>> planned;
  for (int round = 0; round < 300; ++round) {
    const FeaturedShape shape{static_cast<std::size_t>(rng.between(1, 14)), 9, 9, round % 3 == 0};
    const Featured f = random_featured(rng, shape);
    for (const PlannerInfo& info : planners()) {
      const auto plan = plan_or_refusal(info.name, f.problem);
      if (!plan) continue;
      ++planned[std::string(info.name)];
      EXPECT_TRUE(is_valid(f, plan->offsets)) << info.name << " in round " << round;
      for (const Violation& v : check_plan(f.problem, *plan, 3))
        ADD_FAILURE() << info.name << " in round " << round << ": " << v.message;
      EXPECT_GE(plan->peak, f.problem.lower_bound);
    }
  }
  for (const PlannerInfo& info : planners())
    EXPECT_GT(planned[std::string(info.name)], 20) << info.name;
  for (const char* all : {"naive", "greedy-by-size", "tetris"}) EXPECT_EQ(planned[all], 300) << all;
}

TEST(Features, TheBoundIsBelowEveryPlanAndOftenTheBest) {
  Rng rng(701);
  int met = 0;
  constexpr int kRounds = 1500;
  for (int round = 0; round < kRounds; ++round) {
    const FeaturedShape shape{static_cast<std::size_t>(rng.between(1, 4)), 5, 3, round % 3 == 0};
    const Featured f = random_featured(rng, shape);
    const Bytes optimum = exhaustive_optimum(f);
    ASSERT_LE(f.problem.lower_bound, optimum) << "round " << round;
    if (f.problem.lower_bound == optimum) ++met;
  }
  EXPECT_GT(met, kRounds * 8 / 10);
}

TEST(Features, TheBoundsBuffersAddUpAndAreInConflict) {
  Rng rng(702);
  for (int round = 0; round < 500; ++round) {
    const FeaturedShape shape{static_cast<std::size_t>(rng.between(1, 12)), 8, 9, round % 3 == 0};
    const PlanProblem p = random_featured(rng, shape).problem;
    ASSERT_EQ(p.antichain.size(), p.antichain_bytes.size());
    for (const Violation& v : check_bound(p)) FAIL() << "round " << round << ": " << v.message;
    PlanProblem forged = p;
    ++forged.lower_bound;
    ASSERT_FALSE(check_bound(forged).empty())
        << "round " << round << ": a byte more is not noticed";
    Bytes sum = 0;
    for (std::size_t a = 0; a < p.antichain.size(); ++a) {
      sum += p.antichain_bytes[a];
      ASSERT_LE(p.antichain_bytes[a], p.buffers[p.antichain[a]].size);
      for (std::size_t b = 0; b < a; ++b) {
        ASSERT_TRUE(p.conflict(p.antichain[a], p.antichain[b]));
        ASSERT_FALSE(p.shared_in_place(p.antichain[a], p.antichain[b]));
      }
    }
    ASSERT_LE(sum, p.lower_bound);
    if (p.reserved.empty() && p.bound_kind == BoundKind::together) {
      ASSERT_EQ(sum, p.lower_bound);
    }
  }
}

TEST(CheckBound, ABufferThatDoesNotBelongIsNoticed) {
  Rng rng(706);
  int noticed = 0;
  for (int round = 0; round < 300; ++round) {
    PlanProblem p = random_featured(rng, {10, 8, 9, round % 2 == 0}).problem;
    if (!p.reserved.empty()) continue;
    for (std::uint32_t i = 0; i < p.size(); ++i) {
      if (std::ranges::count(p.antichain, i) > 0 || p.buffers[i].size == 0) continue;
      PlanProblem forged = p;
      forged.antichain.push_back(i);
      forged.antichain_bytes.push_back(p.buffers[i].size);
      const bool found = !check_bound(forged).empty();
      ASSERT_TRUE(found || !p.in_place.empty()) << "more than the heaviest";
      if (found) ++noticed;
    }
    if (p.lifetimes.intervals && p.antichain.size() > 1) {
      ++p.antichain_bytes[0];
      ASSERT_FALSE(check_bound(p).empty());
    }
  }
  EXPECT_GT(noticed, 500);
}

TEST(Features, ForbiddenOffsetsAreThoseWherePairsCantLie) {
  Rng rng(703);
  for (int round = 0; round < 400; ++round) {
    const Featured f = random_featured(rng, {3, 6, 6, round % 3 == 0});
    const PlanProblem& p = f.problem;
    std::vector<std::uint32_t> scratch;
    for (std::uint32_t i = 0; i < 3; ++i) {
      const auto span = p.neighbours(i, scratch);
      const std::set<std::uint32_t> neighbours(span.begin(), span.end());
      for (std::uint32_t j = 0; j < 3; ++j) {
        if (i == j || p.buffers[i].size == 0 || p.buffers[j].size == 0) continue;
        ASSERT_EQ(neighbours.contains(j), p.conflict(i, j));
        for (Bytes at = 0; at < 20; ++at) {
          bool free = true;
          if (p.conflict(i, j))
            p.for_each_forbidden(
                i, j, 8, [&](Bytes lo, Bytes hi) { free = free && (at <= lo || hi <= at); });
          ASSERT_EQ(free, may_lie(f, i, at, j, 8))
              << "round " << round << ": " << i << " at " << at;
        }
      }
    }
  }
}

TEST(CheckPlanWithFeatures, EveryHarmfulMutationIsCaughtAndNoHarmlessOne) {
  Rng rng(704);
  int harmful = 0;
  int harmless = 0;
  for (int round = 0; round < 400; ++round) {
    const Featured f = random_featured(rng, {12, 12, 9, round % 3 == 0});
    const Plan plan = run_planner("greedy-by-size", f.problem, {});
    ASSERT_TRUE(check_plan(f.problem, plan).empty());
    for (int mutation = 0; mutation < 25; ++mutation) {
      Plan mutant = plan;
      mutant.peak = 10'000;
      for (std::uint64_t moves = 1 + rng.below(2); moves > 0; --moves)
        mutant.offsets[rng.below(12)] += rng.between(-6, 6);
      const bool valid = is_valid(f, mutant.offsets);
      ASSERT_EQ(check_plan(f.problem, mutant).empty(), valid) << "round " << round;
      ++(valid ? harmless : harmful);
    }
  }
  EXPECT_GT(harmful, 5000);
  EXPECT_GT(harmless, 800);
}

/// Two buffers of 4 that are in use together.
PlanProblem two(Bytes a = 4, Bytes b = 4) {
  PlanProblem p;
  for (const auto& [name, size] : {std::pair{"a", a}, std::pair{"b", b}}) {
    p.buffers.push_back({name, size, 1, {}, {}, {}});
    p.lifetimes.buffers.push_back({name, size, {}, {}});
  }
  p.lifetimes.intervals = {{0, 9}, {0, 9}};
  return p;
}

std::vector<std::string> complaints(const PlanProblem& p, std::vector<Bytes> offsets) {
  Plan plan;
  plan.offsets = std::move(offsets);
  plan.peak = 1000;
  std::vector<std::string> messages;
  for (const Violation& v : check_plan(p, plan)) messages.push_back(v.message);
  return messages;
}

TEST(InPlace, SharesAtOneOffsetOnly) {
  PlanProblem p = two(4, 3);
  p.in_place = {{0, 1}};
  complete_problem(p);
  EXPECT_EQ(p.lower_bound, 4);
  EXPECT_EQ(run_planner("greedy-by-size", p, {}).offsets, (std::vector<Bytes>{0, 0}));
  EXPECT_TRUE(complaints(p, {0, 0}).empty());
  EXPECT_EQ(complaints(p, {0, 1}),
            std::vector<std::string>{"b and a share bytes [1, 4): both are in use at time 0"});
  EXPECT_TRUE(complaints(p, {0, 4}).empty());
}

TEST(InPlace, TwoThatTakeOverTheSameBytesStillConflict) {
  PlanProblem p = two();
  p.buffers.push_back({"c", 4, 1, {}, {}, {}});
  p.lifetimes.buffers.push_back({"c", 4, {}, {}});
  p.lifetimes.intervals->push_back({5, 9});
  p.in_place = {{0, 1}, {0, 2}};
  complete_problem(p);
  EXPECT_EQ(complaints(p, {0, 0, 0}),
            std::vector<std::string>{"c and b share bytes [0, 4): both are in use at time 5"});
  EXPECT_EQ(run_planner("greedy-by-size", p, {}).peak, 8);
}

TEST(InPlace, NeverIntoALargerOneNorApart) {
  const auto message = [](PlanProblem p) -> std::string {
    try {
      complete_problem(p);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  PlanProblem p = two(4, 5);
  p.in_place = {{0, 1}};
  EXPECT_EQ(message(p), "'b' of 5 bytes can't be in place of 'a' of 4, expected at most its size");
  p.buffers[1].size = 4;
  EXPECT_EQ(message(p), "accepted");
  p.apart = {{1, 0}};
  EXPECT_EQ(message(p), "'b' is in place of 'a' and apart from it, expected one of the two");
  p.apart = {{1, 1}};
  EXPECT_EQ(message(p), "'b' is apart from itself, expected another buffer");
}

TEST(Windows, KeptBytesBlockAndTheOthersDoNot) {
  PlanProblem p = two(10, 4);
  p.lifetimes.intervals = {{0, 9}, {3, 5}};
  p.lifetimes.gaps = {{{{2, 6}, 0, 4}}, {}};
  complete_problem(p);
  EXPECT_EQ(p.lower_bound, 10);
  EXPECT_EQ(run_planner("greedy-by-size", p, {}).peak, 10);
  EXPECT_TRUE(complaints(p, {0, 4}).empty());
  EXPECT_EQ(complaints(p, {0, 3}),
            std::vector<std::string>{"b and a share bytes [3, 4): both are in use at time 3"});
  p.lifetimes.gaps[0][0].kept_end = 7;
  complete_problem(p);
  EXPECT_EQ(p.lower_bound, 11);
  EXPECT_EQ(run_planner("greedy-by-size", p, {}).peak, 11);
}

TEST(Reserved, LastFreeByteFitsOneByteOverDoesNot) {
  PlanProblem p = two(4, 6);
  p.reserved = {{4, 6}, {5, 7}, {20, 30}};
  complete_problem(p);
  EXPECT_EQ(p.reserved, (std::vector<ByteRange>{{4, 7}, {20, 30}}));
  EXPECT_EQ(p.lower_bound, 13) << "10 bytes, 3 of those below reserved";
  EXPECT_EQ(run_planner("greedy-by-size", p, {}).offsets, (std::vector<Bytes>{0, 7}));
  EXPECT_TRUE(complaints(p, {0, 7}).empty());
  EXPECT_EQ(complaints(p, {1, 7}),
            std::vector<std::string>{"a is at [1, 5), in the reserved range [4, 7)"});
  EXPECT_EQ(complaints(p, {0, 15}),
            std::vector<std::string>{"b is at [15, 21), in the reserved range [20, 30)"});
}

TEST(Reserved, ALargeBufferNeedsRoomInOnePiece) {
  PlanProblem p = two(6, 6);
  p.lifetimes.intervals = {{0, 1}, {1, 2}};
  p.reserved = {{5, 8}};
  p.buffers[1].alignment = 5;
  complete_problem(p);
  EXPECT_EQ(p.lower_bound, 16);
  EXPECT_EQ(p.bound_kind, BoundKind::single);
}

TEST(Apart, NeverShareThoughNeverInUseTogether) {
  PlanProblem p = two();
  p.lifetimes.intervals = {{0, 1}, {1, 2}};
  complete_problem(p);
  EXPECT_EQ(p.lower_bound, 4);
  p.apart = {{1, 0}};
  complete_problem(p);
  EXPECT_EQ(p.lower_bound, 8);
  EXPECT_EQ(p.bound_kind, BoundKind::apart);
  EXPECT_EQ(run_planner("greedy-by-size", p, {}).peak, 8);
  EXPECT_EQ(complaints(p, {0, 3}),
            std::vector<std::string>{"a and b share bytes [3, 4): they are to be kept apart"});
}

TEST(Refusal, NamesPlannerAndFeature) {
  PlanProblem p = two();
  p.reserved = {{0, 1}};
  complete_problem(p);
  try {
    run_planner("bfc", p, {});
    FAIL();
  } catch (const InputError& e) {
    EXPECT_STREQ(e.what(), "bfc can't honour reserved ranges, expected another planner");
  }
}

TEST(EdgeOrder, IsTheTransitiveClosure) {
  Rng rng(705);
  for (int round = 0; round < 200; ++round) {
    const Featured f = random_featured(rng, {10, 1, 1, true});
    std::vector<std::vector<bool>> before(10, std::vector<bool>(10));
    for (const BufferPair e : f.edges) before[e.first][e.second] = true;
    for (std::size_t k = 0; k < 10; ++k)
      for (std::size_t a = 0; a < 10; ++a)
        for (std::size_t b = 0; b < 10; ++b)
          if (before[a][k] && before[k][b]) before[a][b] = true;
    for (std::size_t a = 0; a < 10; ++a)
      for (std::size_t b = 0; b < 10; ++b)
        ASSERT_EQ(a != b && f.problem.lifetimes.before(a, b), before[a][b]);
    EXPECT_TRUE(find_cycle(10, f.edges).empty());
  }
  const std::vector<BufferPair> circle = {{0, 1}, {1, 2}, {2, 3}, {3, 1}, {3, 4}};
  EXPECT_EQ(find_cycle(5, circle), (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(find_cycle(2, std::vector<BufferPair>{{1, 1}}), std::vector<std::uint32_t>{1});
}

}  // namespace
}  // namespace unna::test
