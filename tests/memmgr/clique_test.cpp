#include "memmgr/clique.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "memmgr/complete_problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

/// By trying all sets.
Bytes heaviest(const BitGraph& graph, const std::vector<Bytes>& weights) {
  Bytes most = 0;
  for (std::uint32_t set = 0; set < 1U << graph.size(); ++set) {
    Bytes weight = 0;
    bool clique = true;
    for (std::size_t a = 0; a < graph.size() && clique; ++a) {
      if ((set >> a & 1U) == 0) continue;
      weight += weights[a];
      for (std::size_t b = 0; b < a; ++b)
        clique = clique && ((set >> b & 1U) == 0 || graph.linked(a, b));
    }
    if (clique) most = std::max(most, weight);
  }
  return most;
}

TEST(HeavyClique, IsTheHeaviestWhereItMaySearchLongEnough) {
  Rng rng(61);
  for (int round = 0; round < 60; ++round) {
    BitGraph graph(1 + rng.below(11));
    std::vector<Bytes> weights;
    for (std::size_t a = 0; a < graph.size(); ++a) {
      weights.push_back(rng.between(0, 20));
      for (std::size_t b = 0; b < a; ++b)
        if (rng.chance(1, 2)) graph.link(a, b);
    }
    const std::vector<std::uint32_t> found = heavy_clique(graph, weights, 0, 100'000);
    Bytes weight = 0;
    for (const std::uint32_t a : found) {
      weight += weights[a];
      for (const std::uint32_t b : found) EXPECT_TRUE(a == b || graph.linked(a, b));
    }
    EXPECT_EQ(weight, heaviest(graph, weights)) << "round " << round;
    EXPECT_TRUE(heavy_clique(graph, weights, weight, 100'000).empty());
  }
}

TEST(Bound, IsTheHeaviestBuffersInUseTogetherOrKeptApart) {
  Rng rng(62);
  for (int round = 0; round < 100; ++round) {
    PlanProblem p = random_intervals(rng, 10, 12, 30);
    for (std::uint32_t a = 0; a < p.size(); ++a)
      for (std::uint32_t b = 0; b < a; ++b)
        if (rng.chance(1, 4)) p.apart.push_back({b, a});
    complete_problem(p);
    BitGraph graph(p.size());
    std::vector<Bytes> weights;
    for (std::uint32_t a = 0; a < p.size(); ++a) {
      weights.push_back(p.buffers[a].size);
      for (std::uint32_t b = 0; b < a; ++b)
        if (p.conflict(a, b)) graph.link(a, b);
    }
    EXPECT_EQ(p.lower_bound, heaviest(graph, weights)) << "round " << round;
  }
}

}  // namespace
}  // namespace unna::test
