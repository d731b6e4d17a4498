#include "memmgr/antichain.h"

#include <algorithm>

#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

std::vector<Bytes> sizes(const PlanProblem& p) {
  std::vector<Bytes> result;
  for (const PlanBuffer& b : p.buffers) result.push_back(b.size);
  return result;
}

/// The members are pairwise in conflict and weigh what is said.
void expect_certificate(const PlanProblem& p) {
  Bytes sum = 0;
  for (const std::uint32_t a : p.antichain) {
    sum += p.buffers[a].size;
    for (const std::uint32_t b : p.antichain)
      EXPECT_TRUE(a == b || p.conflict(a, b)) << a << ", " << b;
  }
  EXPECT_EQ(sum, p.lower_bound);
}

TEST(Antichain, AgreesWithBruteForceOnRandomOrders) {
  Rng rng(77);
  for (int round = 0; round < 3000; ++round) {
    const Trace trace = random_trace(rng, 1 + rng.below(5), 9, 10 + rng.below(50));
    const PlanProblem p = make_problem(instruction_liveness(trace), 1);
    ASSERT_EQ(p.lower_bound, brute_force_antichain(p.lifetimes, sizes(p))) << "round " << round;
    expect_certificate(p);
  }
}

TEST(Antichain, AgreesWithBruteForceOnRandomIntervals) {
  Rng rng(78);
  for (int round = 0; round < 2000; ++round) {
    const PlanProblem p = random_intervals(rng, 9, 12, 9);
    ASSERT_EQ(p.lower_bound, brute_force_antichain(p.lifetimes, sizes(p))) << "round " << round;
    expect_certificate(p);
  }
}

TEST(Antichain, StoredAndEnumeratedNeighboursAreTheSame) {
  Rng rng(79);
  for (int round = 0; round < 300; ++round) {
    PlanProblem p = round % 2 == 0
                        ? random_intervals(rng, 40, 50, 9)
                        : make_problem(instruction_liveness(random_trace(rng, 4, 30, 200)), 1);
    PlanProblem lazy = p;
    lazy.row.clear();
    lazy.column.clear();
    std::vector<std::uint32_t> scratch;
    for (std::uint32_t i = 0; i < p.size(); ++i) {
      const auto a = p.neighbours(i, scratch);
      std::vector<std::uint32_t> stored(a.begin(), a.end());
      const auto b = lazy.neighbours(i, scratch);
      std::vector<std::uint32_t> enumerated(b.begin(), b.end());
      std::vector<std::uint32_t> expected;
      for (std::uint32_t j = 0; j < p.size(); ++j)
        if (j != i && p.lifetimes.conflict(i, j)) expected.push_back(j);
      std::ranges::sort(stored);
      std::ranges::sort(enumerated);
      ASSERT_EQ(stored, expected);
      ASSERT_EQ(enumerated, expected);
    }
  }
}

}  // namespace
}  // namespace unna::test
