#include "memmgr/pools/pools.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/pools/pool_problem.h"
#include "memmgr/pools/spill_bound.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"
#include "tests/memmgr/featured.h"

namespace unna::test {
namespace {

/// Pools with capacities that are somewhat short, and choices among them.
Featured random_pooled(Rng& rng, std::size_t buffers, bool order) {
  Featured f = random_featured(rng, {buffers, 6, 4, order});
  PlanProblem& p = f.problem;
  p.reserved.clear();
  const Bytes need = p.lower_bound;
  for (std::uint32_t k = 0; k < 2 + rng.below(2); ++k) {
    MemoryPool pool;
    pool.name = fmt::format("p{}", k);
    if (rng.chance(4, 5)) pool.capacity = rng.between(1, need + 1);
    if (rng.chance(1, 5)) pool.reserved = {{1, 2}};
    p.pools.push_back(std::move(pool));
  }
  for (PlanBuffer& b : p.buffers) {
    b.fixed.reset();
    if (rng.chance(1, 2)) b.weight = rng.between(0, 9);
    if (rng.chance(1, 2)) continue;
    std::vector<std::uint32_t> all;
    for (std::uint32_t k = 0; k < p.pools.size(); ++k) all.push_back(k);
    rng.shuffle(all);
    all.resize(1 + rng.below(all.size()));
    b.pools = all;
  }
  complete_problem(p);
  return f;
}

std::int64_t cost_of(const PlanProblem& p, const std::vector<std::uint32_t>& pool) {
  std::int64_t cost = 0;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    const auto& list = p.buffers[i].pools;
    const auto level = list.empty() ? pool[i] : std::ranges::find(list, pool[i]) - list.begin();
    cost += level * p.buffers[i].weight.value_or(p.buffers[i].size);
  }
  return cost;
}

/// By trying all pools and all offsets.
struct BruteForce {
  const Featured& f;
  std::vector<std::uint32_t> pool = {};
  std::vector<Bytes> offsets = {};
  std::optional<std::int64_t> best = {};

  void run() {
    const PlanProblem& p = f.problem;
    const auto i = static_cast<std::uint32_t>(pool.size());
    if (best && cost_of(p, pool) >= *best) return;
    if (i == p.size()) {
      const std::int64_t cost = cost_of(p, pool);
      if (!best || cost < *best) best = cost;
      return;
    }
    for (std::uint32_t k = 0; k < p.pools.size(); ++k) {
      const auto& list = p.buffers[i].pools;
      if (!list.empty() && std::ranges::count(list, k) == 0) continue;
      const Bytes capacity = p.pools[k].capacity.value_or(p.total() + 16);
      for (Bytes at = 0; at + p.buffers[i].size <= capacity; ++at) try_at(i, k, at);
    }
  }
  void try_at(std::uint32_t i, std::uint32_t k, Bytes at) {
    if (!may_lie(f, i, at)) return;
    for (const ByteRange& r : f.problem.pools[k].reserved)
      if (at < r.end && r.begin < at + f.problem.buffers[i].size) return;
    for (std::uint32_t j = 0; j < i; ++j)
      if (pool[j] == k && !may_lie(f, i, at, j, offsets[j])) return;
    pool.push_back(k);
    offsets.push_back(at);
    run();
    pool.pop_back();
    offsets.pop_back();
  }
};

TEST(Pools, PlansAreValidNeverBetterThanTheBestAndMostlyAsGood) {
  Rng rng(800);
  int solved = 0;
  int best = 0;
  int missed = 0;
  int proved = 0;
  int proved_no = 0;
  for (int round = 0; round < 250; ++round) {
    const Featured f = random_pooled(rng, 4, round % 3 == 0);
    BruteForce brute{f};
    brute.run();
    try {
      const PoolPlan plan = plan_pools("greedy-by-size", f.problem, {});
      for (const Violation& v : check_pools(f.problem, plan.pool, plan.offsets))
        ADD_FAILURE() << "round " << round << ": " << v.message;
      ASSERT_TRUE(brute.best) << "round " << round;
      ASSERT_EQ(plan.spilled, cost_of(f.problem, plan.pool));
      ASSERT_GE(plan.spilled, *brute.best);
      ASSERT_LE(plan.spill_bound, *brute.best) << "round " << round;
      ++solved;
      if (plan.spilled == *brute.best) ++best;
      if (plan.proved_optimal()) ++proved;
    } catch (const CapacityError& e) {
      const bool proved_none = std::string(e.what()).find("proved impossible") != std::string::npos;
      ASSERT_FALSE(proved_none && brute.best) << "round " << round << ": " << e.what();
      if (brute.best) ++missed;
      if (proved_none) ++proved_no;
    }
  }
  RecordProperty("solved", solved);
  RecordProperty("best", best);
  RecordProperty("proved", proved);
  RecordProperty("missed", missed);
  EXPECT_GT(solved, 150);
  EXPECT_GT(best * 100, solved * 95) << best << " of " << solved;
  EXPECT_GT(proved * 100, solved * 80) << proved << " of " << solved;
  EXPECT_LE(missed, 4);
  EXPECT_GT(proved_no, 20);
}

/// By all subsets.
std::int64_t cheapest_subset(const std::vector<SpillItem>& items, Bytes over) {
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  for (unsigned chosen = 0; chosen < 1U << items.size(); ++chosen) {
    SpillItem sum;
    for (std::size_t k = 0; k < items.size(); ++k)
      if ((chosen >> k & 1U) != 0) {
        sum.cost += items[k].cost;
        sum.bytes += items[k].bytes;
      }
    if (sum.bytes >= over) best = std::min(best, sum.cost);
  }
  return best;
}

TEST(SpillBound, OfASmallSetIsTheCheapestSubsetThatIsLargeEnough) {
  Rng rng(802);
  for (int round = 0; round < 2000; ++round) {
    std::vector<SpillItem> items(rng.below(9));
    for (SpillItem& item : items) item = {rng.between(0, 12), rng.between(0, 9)};
    const Bytes over = rng.between(-1, 30);
    ASSERT_EQ(least_cost_to_free(items, over), cheapest_subset(items, over)) << "round " << round;
  }
}

TEST(SpillBound, OfAHardSetStaysBelowWhatFreesEnough) {
  Rng rng(803);
  std::vector<SpillItem> items(60);
  SpillItem all;
  for (SpillItem& item : items) {
    item.bytes = rng.between(1'000'000, 1'100'000);
    item.cost = item.bytes + rng.between(0, 2);
    all.cost += item.cost;
    all.bytes += item.bytes;
  }
  const std::int64_t bound = least_cost_to_free(items, all.bytes / 2 + 1);
  EXPECT_GE(bound, all.bytes / 2 + 1) << "no byte costs less than 1";
  EXPECT_LE(bound, all.cost);
}

TEST(SpillBound, BuffersThatMayLiveNowhereElseTakeTheirRoom) {
  const PlanProblem p = parse_problem_json(
      R"({"buffers": [{"id": "a", "size": 4, "lower": 0, "upper": 2, "pools": ["sram"]},
                      {"id": "b", "size": 3, "lower": 0, "upper": 2, "weight": 5},
                      {"id": "c", "size": 2, "lower": 0, "upper": 2, "weight": 4}],
          "pools": [{"name": "sram", "capacity": 7}, {"name": "dram"}]})",
      "f.json");
  EXPECT_EQ(spill_bound(p, 0), 4) << "c leaves; two thirds of b would cost 4, too, b as a whole 5";
  EXPECT_TRUE(plan_pools("greedy-by-size", p, {}).proved_optimal());
}

TEST(Pools, MutatedAssignmentsAreCaught) {
  Rng rng(801);
  int harmful = 0;
  for (int round = 0; round < 200; ++round) {
    const Featured f = random_pooled(rng, 8, round % 3 == 0);
    PoolPlan plan;
    try {
      plan = plan_pools("greedy-by-size", f.problem, {});
    } catch (const CapacityError&) {
      continue;
    }
    for (int mutation = 0; mutation < 20; ++mutation) {
      auto pool = plan.pool;
      auto offsets = plan.offsets;
      pool[rng.below(8)] = static_cast<std::uint32_t>(rng.below(f.problem.pools.size()));
      offsets[rng.below(8)] += rng.between(-2, 2);
      bool valid = true;
      for (std::uint32_t i = 0; i < 8; ++i) {
        const PlanBuffer& b = f.problem.buffers[i];
        const MemoryPool& home = f.problem.pools[pool[i]];
        valid = valid && may_lie(f, i, offsets[i]) &&
                (b.pools.empty() || std::ranges::count(b.pools, pool[i]) > 0) &&
                (!home.capacity || offsets[i] + b.size <= *home.capacity);
        for (const ByteRange& r : home.reserved)
          valid = valid && !(b.size > 0 && offsets[i] < r.end && r.begin < offsets[i] + b.size);
        for (std::uint32_t j = 0; j < i; ++j)
          valid = valid && (pool[i] != pool[j] || may_lie(f, i, offsets[i], j, offsets[j]));
      }
      ASSERT_EQ(check_pools(f.problem, pool, offsets).empty(), valid) << "round " << round;
      if (!valid) ++harmful;
    }
  }
  EXPECT_GT(harmful, 1000);
}

std::string refusal(const std::string& json) {
  try {
    plan_pools("greedy-by-size", parse_problem_json(json, "f.json"), {});
  } catch (const CapacityError& e) {
    return e.what();
  }
  return "fits";
}

TEST(Pools, LastByteFitsOneByteOverIsNamed) {
  const auto json = [](Bytes capacity) {
    return fmt::format(
        R"({{"buffers": [{{"id": "a", "size": 4, "lower": 0, "upper": 2}},
                        {{"id": "b", "size": 4, "lower": 1, "upper": 3}}],
            "pools": [{{"name": "sram", "capacity": {}}}]}})",
        capacity);
  };
  EXPECT_EQ(refusal(json(8)), "fits");
  EXPECT_EQ(refusal(json(7)),
            "buffer 'b' of 4 bytes fits in none of its pools (sram): proved impossible, those that "
            "may live in sram only need 8 bytes of its 7");
  EXPECT_EQ(refusal(json(3)),
            "buffer 'a' of 4 bytes fits in none of its pools (sram): proved impossible, those that "
            "may live in sram only need 8 bytes of its 3");
}

TEST(Pools, WhatMattersLeastIsSpilled) {
  const PlanProblem p = parse_problem_json(
      R"({"buffers": [{"id": "a", "size": 4, "lower": 0, "upper": 2, "weight": 1},
                      {"id": "b", "size": 2, "lower": 0, "upper": 2, "weight": 9}],
          "pools": [{"name": "sram", "capacity": 4}, {"name": "dram"}]})",
      "f.json");
  const PoolPlan plan = plan_pools("greedy-by-size", p, {});
  EXPECT_EQ(plan.pool, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(plan.spilled, 1);
  EXPECT_EQ(plan.spill_bound, 1) << "2 bytes have to go: a is the cheapest that has them";
  EXPECT_TRUE(plan.proved_optimal());
}

TEST(Pools, CommandLinePoolsComeFirstAndKeepTheirOrder) {
  PlanProblem p = parse_problem_csv(
      "id,lower,upper,size,pool\na,0,2,4,sram dram\nb,0,2,4,dram\nc,0,2,4,\n", "f.csv");
  set_pools(p, std::vector<MemoryPool>{{"dram", {}, {}}, {"sram", 4, {}}});
  EXPECT_EQ(p.pools[1].name, "sram");
  EXPECT_EQ(p.pools[1].capacity, 4);
  EXPECT_EQ(p.buffers[0].pools, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(plan_pools("greedy-by-size", p, {}).pool, (std::vector<std::uint32_t>{1, 0, 0}));
}

/// A pool that nobody needs is a problem without buffers.
TEST(Pools, OneStaysEmpty) {
  const PlanProblem problem = parse_problem_json(
      R"({"buffers": [{"id": "a", "size": 4, "lower": 0, "upper": 1}],
          "pools": [{"name": "x"}, {"name": "y"}]})",
      "empty.json");
  for (const char* planner : {"greedy-by-size", "by-thread", "auto"}) {
    const PoolPlan plan = plan_pools(planner, problem, {});
    EXPECT_EQ(plan.pools[0].plan.peak, 4) << planner;
    EXPECT_EQ(plan.pools[1].plan.peak, 0) << planner;
  }
}

}  // namespace
}  // namespace unna::test
