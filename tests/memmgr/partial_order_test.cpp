// The fixtures of "Partial orders" in the reference page.

#include <algorithm>
#include <numeric>

#include "bench/instances.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/conflict_sums.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

struct Fixture {
  const char* name;
  OpGraph graph;
  Bytes best_order;
  Bytes given_order;
  Bytes asynchronous;
};

enum Op : std::uint8_t { A, B, C, D, E, F, G };

std::vector<Fixture> fixtures() {
  return {
      {"chain with a branch",
       {5, {{"AB", A, {B}, 10}, {"BC", B, {C}, 20}, {"BD", B, {D}, 30}, {"DE", D, {E}, 40}}},
       70,
       70,
       90},
      {"two branches that join",
       {7,
        {{"AB", A, {B}, 10},
         {"BC", B, {C}, 20},
         {"BD", B, {D}, 30},
         {"DE", D, {E}, 40},
         {"EF", E, {F}, 50},
         {"CF", C, {F}, 60},
         {"FG", F, {G}, 10}}},
       130,
       150,
       170},
      {"diamond",
       {5,
        {{"AB", A, {B}, 10},
         {"AC", A, {C}, 20},
         {"BD", B, {D}, 30},
         {"DE", D, {E}, 40},
         {"CE", C, {E}, 50}}},
       110,
       120,
       140},
  };
}

Bytes sequential_bound(const OpGraph& graph) {
  return make_problem(topology_liveness(object_of(graph, false)), 1).lower_bound;
}

TEST(PartialOrder, BestAndGivenSequentialOrder) {
  for (const Fixture& f : fixtures()) {
    EXPECT_EQ(sequential_bound(f.graph), f.given_order) << f.name;
    Bytes best = f.given_order;
    for (const auto& order : execution_orders(f.graph))
      best = std::min(best, sequential_bound(reordered(f.graph, order)));
    EXPECT_EQ(best, f.best_order) << f.name;
  }
}

/// By reachability of the operator graph, and by the instructions of a core each.
std::vector<PlanProblem> asynchronous(const OpGraph& graph) {
  std::vector<PlanProblem> both;
  both.push_back(make_problem(topology_liveness(object_of(graph, true)), 1));
  both.push_back(make_problem(instruction_liveness(trace_of(graph)), 1));
  return both;
}

TEST(PartialOrder, EveryOperatorOnItsOwnCore) {
  for (const Fixture& f : fixtures()) {
    for (const PlanProblem& p : asynchronous(f.graph)) {
      EXPECT_EQ(p.lower_bound, f.asynchronous) << f.name;
      EXPECT_EQ(brute_force_optimum(p), f.asynchronous) << f.name;
      expect_all_planners_valid(p, f.name);
    }
  }
}

/// The greatest load at any moment: some operators have started, some of those have ended, as the
/// edges of `graph` allow; a tensor of `load` needs bytes from its writer's start to its last end.
Bytes greatest_cut(const OpGraph& graph, const std::vector<GraphTensor>& tensors) {
  Bytes best = 0;
  for (std::uint32_t done = 0; done < (1U << graph.ops); ++done) {
    for (std::uint32_t running = done;; running = (running - 1) & done) {
      // `done` have started, `running` of them have not ended.
      const auto started = [&](std::size_t op) { return (done >> op & 1U) != 0; };
      const auto ended = [&](std::size_t op) { return started(op) && (running >> op & 1U) == 0; };
      bool possible = true;
      for (const GraphTensor& t : graph.tensors)
        for (const std::size_t r : t.readers)
          possible = possible && (!started(r) || ended(t.writer));
      Bytes load = 0;
      for (const GraphTensor& t : tensors)
        if (started(t.writer) && !(ended(t.writer) && std::ranges::all_of(t.readers, ended)))
          load += t.size;
      if (possible) best = std::max(best, load);
      if (running == 0) break;
    }
  }
  return best;
}

TEST(PartialOrder, UnorderedLastReadersCostMoreThanAnyCut) {
  // IN -> {A, B} 2, A -> C 100, C -> E 5, B -> D 200, D -> F 10
  enum : std::uint8_t { IN, OpA, OpB, OpC, OpD, OpE, OpF };
  const OpGraph graph{7,
                      {{"IN", IN, {OpA, OpB}, 2},
                       {"AC", OpA, {OpC}, 100},
                       {"CE", OpC, {OpE}, 5},
                       {"BD", OpB, {OpD}, 200},
                       {"DF", OpD, {OpF}, 10}}};
  EXPECT_EQ(greatest_cut(graph, graph.tensors), 315);
  for (const PlanProblem& p : asynchronous(graph)) {
    EXPECT_EQ(p.lower_bound, 317);
    EXPECT_EQ(brute_force_optimum(p), 317);
  }
}

TEST(PartialOrder, HellyFixture) {
  const OpGraph graph{7,
                      {{"t0", 0, {1, 2}, 10},
                       {"t1", 1, {3}, 10},
                       {"t2", 2, {4}, 10},
                       {"t3", 3, {5}, 7},
                       {"t4", 4, {6}, 6}}};
  // As given: edges 0>1 0>2 1>3 2>4 3>5 4>6, tensors {0,1,2} x 10, {3,5} x 7, {4,6} x 6.
  const OpGraph published{7, {{"x", 0, {1, 2}, 10}, {"y", 3, {5}, 7}, {"z", 4, {6}, 6}}};
  Object object = object_of(graph, true);
  Object wanted = object_of(published, true);
  wanted.layer_inputs = object.layer_inputs;
  const PlanProblem p = make_problem(topology_liveness(wanted), 1);
  EXPECT_EQ(p.lower_bound, 23);
  EXPECT_EQ(brute_force_optimum(p), 23);
  EXPECT_EQ(greatest_cut(graph, published.tensors), 17);
}

/// Two cores that do not synchronise, each with one live tensor after another: (4, 1) and (1, 4).
Trace two_cores() {
  TraceBuilder t(2);
  const BufferId ids[] = {t.buffer("p4", 4), t.buffer("p1", 1), t.buffer("q1", 1),
                          t.buffer("q4", 4)};
  Cycle now = 0;
  for (std::size_t step = 0; step < 2; ++step, now += 10) {
    for (std::size_t core = 0; core < 2; ++core) {
      TraceEvent& e = t.write(core, ids[2 * core + step]);
      e.start = now;
      e.end = now + 10;
    }
  }
  return t.finish();
}

TEST(PartialOrder, TwoCoresWithoutSynchronisationNeedEight) {
  const Trace trace = two_cores();
  EXPECT_EQ(make_problem(observed_liveness(trace), 1, true).lower_bound, 5);
  const PlanProblem p = make_problem(instruction_liveness(trace), 1);
  EXPECT_EQ(p.lower_bound, 8);
  EXPECT_EQ(brute_force_optimum(p), 8);
  expect_all_planners_valid(p, "two cores");
}

TEST(PartialOrder, APlanByTimeStampsIsRejectedWithTheCulprits) {
  const Trace trace = two_cores();
  const PlanProblem unsafe = make_problem(observed_liveness(trace), 1, true);
  const Plan plan = run_planner("greedy-by-size", unsafe, {});
  EXPECT_EQ(plan.peak, 5);
  EXPECT_TRUE(check_plan(unsafe, plan).empty()) << "consistent with the time stamps";

  Layout layout;
  layout.base = member_offsets(unsafe, plan, trace.buffers.size(), trace.buffers, 1);
  const auto violations = check_layout(trace, layout);
  ASSERT_FALSE(violations.empty());
  EXPECT_EQ(violations[0].message,
            "p4 and q4 share bytes [0, 4): core 0 pc 0 (write of p4) need not happen before core 1 "
            "pc 1 (write of q4); core 1 pc 1 (write of q4) need not happen before core 0 pc 0 "
            "(write of p4)");

  const PlanProblem safe = make_problem(instruction_liveness(trace), 1);
  EXPECT_FALSE(check_plan(safe, plan).empty());
}

/// Plans whose buffers lie anywhere: the checker, which looks at neighbours on a byte, finds what a
/// look at every pair finds.
TEST(PartialOrder, ThePlanCheckerMissesNoPair) {
  Rng rng(906);
  int valid = 0;
  int broken = 0;
  for (int round = 0; round < 400; ++round) {
    const PlanProblem p = make_problem(
        instruction_liveness(random_trace(rng, 1 + rng.below(4), 3 + rng.below(25), 150)), 1);
    Plan plan = run_planner("greedy-by-size", p, {});
    if (round % 4 != 0 && p.size() > 0)  // often one that still fits
      plan.offsets[rng.below(p.size())] = rng.between(0, plan.peak);
    plan.peak = peak_of(p, plan.offsets);
    bool expected = true;
    for (std::size_t a = 0; a < p.size(); ++a)
      for (std::size_t b = 0; b < a; ++b)
        expected = expected && !(p.lifetimes.conflict(a, b) &&
                                 plan.offsets[a] < plan.offsets[b] + p.buffers[b].size &&
                                 plan.offsets[b] < plan.offsets[a] + p.buffers[a].size);
    EXPECT_EQ(check_plan(p, plan).empty(), expected) << "round " << round;
    (expected ? valid : broken) += 1;
  }
  EXPECT_GT(valid, 100);
  EXPECT_GT(broken, 100);
}

TEST(PartialOrder, StrandsThatWaitForOneAnotherStayFewChains) {
  constexpr std::size_t kStrands = 8;
  const Lifetimes lives = make(bench::Strands{3, 4000, kStrands, 20});
  EXPECT_LE(lives.order->chains(), kStrands + 2);
}

TEST(PartialOrder, ChainsKeepTheOrderOfTheEdges) {
  Rng rng(19);
  for (int round = 0; round < 100; ++round) {
    const std::size_t n = 2 + rng.below(30);
    std::vector<std::uint32_t> name(n);
    std::iota(name.begin(), name.end(), 0U);
    rng.shuffle(name);
    std::vector<BufferPair> edges;
    std::vector<std::vector<char>> before(n, std::vector<char>(n, 0));
    for (std::size_t b = 1; b < n; ++b)
      for (std::size_t a = 0; a < b; ++a)
        if (rng.chance(1, 6)) {
          edges.push_back({name[a], name[b]});
          before[name[a]][name[b]] = 1;
        }
    rng.shuffle(edges);
    for (std::size_t k = 0; k < n; ++k)  // closed transitively (Warshall 1962)
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b)
          if (before[a][k] != 0 && before[k][b] != 0) before[a][b] = 1;
    const ChainOrder order = order_of_edges(n, edges);
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b)
        ASSERT_EQ(order.before(a, b), a != b && before[a][b] != 0) << round;
  }
}

TEST(PartialOrder, ConflictsAreCountedWithoutEnumeratingThem) {
  Rng rng(23);
  for (int round = 0; round < 60; ++round) {
    PlanProblem p = make_problem(
        round % 2 == 0 ? instruction_liveness(random_trace(rng, 4, 40, 300))
                       : make(bench::Strands{static_cast<std::uint64_t>(round), 60, 4, 20}),
        1);
    if (round % 3 == 0) {
      p.apart = {{0, static_cast<std::uint32_t>(p.size()) - 1}, {1, 2}};
      complete_problem(p);
    }
    std::vector<std::uint32_t> threads(p.size());
    for (std::uint32_t& t : threads) t = static_cast<std::uint32_t>(rng.below(3));
    for (const bool of_threads : {false, true}) {
      const std::span<const std::uint32_t> which =
          of_threads ? std::span<const std::uint32_t>(threads) : std::span<const std::uint32_t>();
      ASSERT_TRUE(p.lists_stored());
      const ConflictSums expected = conflict_sums(p, which);
      PlanProblem unlisted = p;
      unlisted.row.clear();
      const ConflictSums counted = conflict_sums(unlisted, which);
      ASSERT_EQ(counted.degree, expected.degree) << round;
      ASSERT_EQ(counted.pressure, expected.pressure) << round;
    }
  }
}

/// Whether some use of a happens before some use of b: by the clocks, and by search.
TEST(PartialOrder, UseClocksTellWhatStartsBeforeWhatEnds) {
  Rng rng(907);
  int found = 0;
  for (int round = 0; round < 100; ++round) {
    const Trace trace = random_trace(rng, 1 + rng.below(3), 8, 60);
    const auto order = brute_force_order(trace);
    const Lifetimes l = instruction_liveness(trace);
    const UseClocks clocks = use_clocks(trace);
    const auto uses = [&](std::size_t i, std::size_t v) {
      const TraceEvent& e = trace.events[v];
      return (e.kind == TraceKind::read || e.kind == TraceKind::write) &&
             e.buffer == l.buffers[i].members.front();
    };
    for (std::size_t a = 0; a < l.size(); ++a)
      for (std::size_t b = 0; b < l.size(); ++b) {
        bool expected = false;
        for (std::size_t u = 0; u < order.size(); ++u)
          for (std::size_t v = 0; v < order.size(); ++v)
            expected = expected || (order[u][v] && uses(a, u) && uses(b, v));
        const bool starts =
            std::ranges::any_of(clocks.first_use[a], [&](const ChainOrder::Mark& first) {
              return clocks.known[b * clocks.chains + first.chain] >= first.position;
            });
        EXPECT_EQ(starts, expected) << "round " << round << ": " << a << " and " << b;
        found += expected ? 1 : 0;
      }
  }
  EXPECT_GT(found, 1000);
}

}  // namespace
}  // namespace unna::test
