#include "memmgr/antichain.h"

#include <algorithm>

#include "bench/instances.h"
#include "memmgr/complete_problem.h"
#include "memmgr/problem.h"
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

/// Tensors on random edges of a random graph, every operator on its own.
PlanProblem random_graph_problem(Rng& rng, std::size_t ops, std::size_t tensors) {
  OpGraph graph{ops, {}};
  for (std::size_t t = 0; t < tensors; ++t) {
    const std::size_t writer = rng.below(ops - 1);
    graph.tensors.push_back({fmt::format("t{}", t), writer, {}, rng.between(1, 9)});
    const std::size_t reach = std::min(ops - 1 - writer, std::size_t{5});
    for (std::uint64_t readers = 1 + rng.below(2); readers > 0; --readers)
      graph.tensors.back().readers.push_back(writer + 1 + rng.below(reach));
  }
  return make_problem(topology_liveness(object_of(graph, true)), 1);
}

TEST(Antichain, AgreesWithBruteForceOnRandomGraphs) {
  Rng rng(80);
  for (int round = 0; round < 500; ++round) {
    const PlanProblem p = random_graph_problem(rng, 14, 12);
    ASSERT_EQ(p.lower_bound, brute_force_antichain(p.lifetimes, sizes(p))) << "round " << round;
    expect_certificate(p);
  }
}

/// Dilworth by the plainest of flows (Ford and Fulkerson on the whole relation).
class DenseFlow {
 public:
  DenseFlow(const Lifetimes& lifetimes, const std::vector<Bytes>& weights)
      : lifetimes_(lifetimes),
        supply_(weights),
        demand_(weights),
        n_(weights.size()),
        flow_(n_, std::vector<Bytes>(n_, 0)) {}

  Bytes antichain() {
    Bytes moved = 0;
    Bytes sum = 0;
    for (std::size_t a = 0; a < n_; ++a) {
      sum += supply_[a];
      while (supply_[a] > 0) {
        seen_.assign(2 * n_, false);
        const Bytes step = push(a, supply_[a]);
        if (step == 0) break;
        supply_[a] -= step;
        moved += step;
      }
    }
    return sum - moved;
  }

 private:
  Bytes push(std::size_t a, Bytes amount) {
    seen_[a] = true;
    for (std::size_t b = 0; b < n_; ++b) {
      if (seen_[n_ + b] || a == b || !lifetimes_.before(a, b)) continue;
      seen_[n_ + b] = true;
      Bytes step = std::min(amount, demand_[b]);
      demand_[b] -= step;
      for (std::size_t other = 0; other < n_ && step == 0; ++other) {
        if (seen_[other] || flow_[other][b] == 0) continue;
        step = push(other, std::min(amount, flow_[other][b]));
        flow_[other][b] -= step;
      }
      flow_[a][b] += step;
      if (step > 0) return step;
    }
    return 0;
  }

  const Lifetimes& lifetimes_;
  std::vector<Bytes> supply_;
  std::vector<Bytes> demand_;
  std::size_t n_;
  std::vector<std::vector<Bytes>> flow_;
  std::vector<bool> seen_;
};

TEST(Antichain, AgreesWithADenseFlowOnLargerOrders) {
  Rng rng(81);
  for (int round = 0; round < 150; ++round) {
    const PlanProblem p =
        round % 2 == 0 ? random_graph_problem(rng, 60, 80)
                       : make_problem(instruction_liveness(random_trace(rng, 6, 90, 150)), 1);
    std::vector<Bytes> used = sizes(p);
    for (std::size_t i = 0; i < p.size(); ++i)
      if (p.index.unused(i)) used[i] = 0;
    ASSERT_EQ(p.lower_bound, DenseFlow(p.lifetimes, used).antichain()) << "round " << round;
    expect_certificate(p);
  }
}

// Where the greedy start is not the end: bytes that an augmenting path has moved are moved again.
TEST(Antichain, AgreesWithADenseFlowOnStrandsThatWait) {
  for (std::uint64_t round = 0; round < 60; ++round) {
    const PlanProblem p = make_problem(make(bench::Strands{round, 110, 4 + round % 9, 30}), 1);
    ASSERT_EQ(p.lower_bound, DenseFlow(p.lifetimes, sizes(p)).antichain()) << "round " << round;
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
