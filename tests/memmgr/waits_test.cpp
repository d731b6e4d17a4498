#include "memmgr/planners/waits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/planners/registry.h"
#include "memmgr/pools/pools.h"
#include "memmgr/problem_files.h"
#include "tests/memmgr/featured.h"

namespace unna::test {
namespace {

/// Pairs to avoid at random, some of which are in use together anyway.
void add_avoided(Rng& rng, PlanProblem& problem) {
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    for (std::uint32_t j = i + 1; j < problem.size(); ++j)
      if (rng.chance(2, 3)) problem.avoid.push_back({{i, j}, rng.between(0, 4)});
  complete_problem(problem);
}

/// Bytes that two buffers share, pair by pair: not how planners and checkers count.
std::int64_t plain_cost(const PlanProblem& p, const std::vector<Bytes>& offsets) {
  std::int64_t cost = 0;
  for (const AvoidPair& a : p.avoid) {
    bool share = false;
    for (Bytes x = 0; x < p.buffers[a.pair.first].size; ++x)
      for (Bytes y = 0; y < p.buffers[a.pair.second].size; ++y)
        share = share || offsets[a.pair.first] + x == offsets[a.pair.second] + y;
    if (share) cost += a.weight;
  }
  return cost;
}

/// The least cost of any plan below a limit, by trying all offsets.
struct LeastCost {
  const Featured& f;
  Bytes limit = 0;
  std::vector<Bytes> offsets = {};
  std::optional<std::int64_t> best = {};

  void run() {
    const PlanProblem& p = f.problem;
    const auto i = static_cast<std::uint32_t>(offsets.size());
    if (i == p.size()) {
      const std::int64_t cost = plain_cost(p, offsets);
      if (!best || cost < *best) best = cost;
      return;
    }
    for (Bytes at = 0; at + p.buffers[i].size <= limit && best != 0; ++at) {
      if (!may_lie(f, i, at)) continue;
      bool valid = true;
      for (std::uint32_t j = 0; j < i && valid; ++j) valid = may_lie(f, i, at, j, offsets[j]);
      if (!valid) continue;
      offsets.push_back(at);
      run();
      offsets.pop_back();
    }
  }
};

PlanOptions few_waits(std::int64_t effort = 20) {
  PlanOptions options;
  options.few_waits = true;
  options.effort = effort;
  return options;
}

TEST(Waits, PlansAreValidNeverBelowTheLeastCostAndMostlyAtIt) {
  Rng rng(31);
  int problems = 0;
  int least = 0;
  int proved = 0;
  for (int k = 0; k < 200; ++k) {
    Featured f = random_featured(rng, {5, 6, 3, k % 2 == 1});
    add_avoided(rng, f.problem);
    if (rng.chance(1, 3)) f.problem.capacity = f.problem.lower_bound + rng.between(0, 3);
    const Plan plan = run_planner("auto", f.problem, few_waits());
    ASSERT_TRUE(is_valid(f, plan.offsets)) << k;
    const Bytes least_peak = exhaustive_optimum(f);
    const Bytes limit = std::max(least_peak, f.problem.capacity.value_or(least_peak));
    ASSERT_LE(plan.peak, limit) << k;
    if (f.problem.avoid.empty()) continue;
    ASSERT_EQ(plan.waits->cost, plain_cost(f.problem, plan.offsets)) << k;
    ASSERT_EQ(plan.waits->cost, waits_cost(f.problem, plan.offsets)) << k;
    LeastCost search{f, limit};
    search.run();
    ASSERT_GE(plan.waits->cost, *search.best) << k;
    ASSERT_LE(plan.waits->lower_bound, *search.best) << k;
    ++problems;
    least += plan.waits->cost == *search.best ? 1 : 0;
    proved += plan.waits->proved_optimal() ? 1 : 0;
  }
  EXPECT_GT(problems, 180);
  EXPECT_GE(least, problems * 98 / 100) << least << " of " << problems;
  EXPECT_GE(proved, problems * 45 / 100) << proved << " of " << problems;
}

/// Two buffers fit side by side, three do not: one pair has to be paid for, and it is the cheap
/// one.
TEST(Waits, TheCheapestPairIsGivenUp) {
  const PlanProblem problem = parse_problem_json(
      R"({"buffers": [{"id": "a", "size": 4, "lower": 0, "upper": 1},
                      {"id": "b", "size": 4, "lower": 1, "upper": 2},
                      {"id": "c", "size": 4, "lower": 2, "upper": 3}],
          "avoid": [["a", "b", 7], ["b", "c", 2], ["c", "a", 5], ["c", "b", 1]], "capacity": 8})",
      "three.json");
  const Plan plan = run_planner("auto", problem, few_waits());
  EXPECT_EQ(plan.peak, 8);
  EXPECT_EQ(plan.waits->cost, 3) << "b and c, whose two weights add up";
  EXPECT_EQ(plan.waits->lower_bound, 3);
  EXPECT_TRUE(plan.waits->proved_optimal());
  const Plan without = run_planner("auto", problem, PlanOptions{});
  EXPECT_GT(without.waits->cost, 3) << "who does not ask for few waits gets the peak alone";
}

TEST(Waits, AmongPlansThatCostTheSameTheLowestIsTaken) {
  const PlanProblem problem = parse_problem_json(
      R"({"buffers": [{"id": "a", "size": 4, "lower": 0, "upper": 1},
                      {"id": "b", "size": 4, "lower": 1, "upper": 2},
                      {"id": "c", "size": 4, "lower": 2, "upper": 3}],
          "avoid": [["a", "b"]], "capacity": 1000})",
      "three.json");
  const Plan plan = run_planner("auto", problem, few_waits());
  EXPECT_EQ(plan.waits->cost, 0);
  EXPECT_EQ(plan.peak, 8);
}

TEST(Waits, EachPoolHasItsOwn) {
  const PlanProblem problem = parse_problem_json(
      R"({"buffers": [{"id": "a", "size": 4, "lower": 0, "upper": 1, "pools": ["x"]},
                      {"id": "b", "size": 4, "lower": 1, "upper": 2, "pools": ["x"]},
                      {"id": "c", "size": 4, "lower": 2, "upper": 3, "pools": ["y"]}],
          "avoid": [["a", "b", 3], ["a", "c", 9]],
          "pools": [{"name": "x", "capacity": 8}, {"name": "y", "capacity": 4}]})",
      "pools.json");
  const PoolPlan plan = plan_pools("auto", problem, few_waits());
  EXPECT_EQ(plan.pools[0].plan.waits->cost, 0);
  EXPECT_FALSE(plan.pools[1].plan.waits.has_value()) << "a pair in two pools shares nothing";
}

TEST(Waits, TheSameForAnyNumberOfThreads) {
  Rng rng(7);
  PlanProblem problem;
  problem.lifetimes.intervals.emplace();
  for (int i = 0; i < 60; ++i) {
    const std::int64_t start = rng.between(0, 40);
    PlanBuffer& b = problem.buffers.emplace_back();
    b.name = fmt::format("{}", i);
    b.size = rng.between(1, 64);
    problem.lifetimes.buffers.push_back({b.name, b.size, {}, {}});
    problem.lifetimes.intervals->push_back({start, start + rng.between(1, 12)});
  }
  complete_problem(problem);
  add_avoided(rng, problem);
  PlanOptions options = few_waits();
  const Plan one = run_planner("auto", problem, options);
  options.threads = 3;
  EXPECT_EQ(run_planner("auto", problem, options).offsets, one.offsets);
  EXPECT_LT(one.waits->cost, run_planner("auto", problem, PlanOptions{}).waits->cost);
}

TEST(Waits, SharedObjectsAreRefused) {
  const PlanProblem problem = parse_problem_json(
      R"({"buffers": [{"id": "a", "size": 4, "lower": 0, "upper": 1},
                      {"id": "b", "size": 4, "lower": 1, "upper": 2}], "avoid": [["a", "b"]]})",
      "two.json");
  EXPECT_THROW(run_planner("objects-by-size", problem, few_waits()), InputError);
}

}  // namespace
}  // namespace unna::test
