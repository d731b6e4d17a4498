#include <algorithm>

#include "bench/instances.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/exact/capacity_search.h"
#include "memmgr/exact/descent.h"
#include "memmgr/exact/instance.h"
#include "memmgr/exact/search.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

/// Instances small enough for brute force, of every kind that the search knows.
PlanProblem instance_of(Rng& rng, int round, std::size_t n) {
  PlanProblem p = round % 3 == 0
                      ? make_problem(instruction_liveness(random_trace(rng, 3, n, 10 * n)),
                                     rng.chance(1, 2) ? 1 : 16)
                      : random_intervals(rng, n, 2 + rng.between(1, 10), 1 + rng.between(1, 9));
  if (round % 3 == 1) return p;
  if (round % 3 == 2)
    for (PlanBuffer& b : p.buffers) b.alignment = rng.chance(1, 2) ? 1 : rng.between(1, 4);
  if (rng.chance(1, 3)) {
    PlanBuffer& b = p.buffers[rng.below(p.size())];
    b.fixed = b.alignment * rng.between(0, 4);
  } else if (rng.chance(1, 3)) {
    p.apart.push_back({0, static_cast<std::uint32_t>(p.size()) - 1});
  }
  if (rng.chance(1, 3) &&
      std::ranges::none_of(p.buffers, [](const PlanBuffer& b) { return b.fixed.has_value(); })) {
    const Bytes from = rng.between(0, 12);
    p.reserved = {{from, from + rng.between(1, 6)}};
  }
  complete_problem(p);
  return p;
}

PlanProblem small_instance(Rng& rng, int round) {
  // Brute force looks at 40,320 orders of 8 buffers: fewer of these leave time for the others.
  constexpr int kSeldom = 20;
  return instance_of(rng, round, round % kSeldom == 0 ? 8 : 2 + rng.below(6));
}
PlanProblem larger_instance(Rng& rng, int round) {
  return instance_of(rng, round, 12 + rng.below(19));
}

std::string text(const PlanProblem& p) {
  std::string s;
  for (std::size_t i = 0; i < p.size(); ++i) {
    s += fmt::format("\n{} size {} align {}{}", i, p.buffers[i].size, p.buffers[i].alignment,
                     p.buffers[i].fixed ? fmt::format(" fixed {}", *p.buffers[i].fixed) : "");
    if (p.lifetimes.intervals)
      s += fmt::format(" [{}, {})", (*p.lifetimes.intervals)[i].lower,
                       (*p.lifetimes.intervals)[i].upper);
  }
  return s;
}

TEST(Exact, AgreesWithBruteForceOnThousandsOfSmallInstances) {
  Rng rng(700);
  int above_the_bound = 0;
  for (int round = 0; round < 3000; ++round) {
    const PlanProblem p = small_instance(rng, round);
    const Plan plan = run_planner("exact", p, {});
    const Bytes best = brute_force_optimum(p);
    ASSERT_EQ(plan.peak, best) << "round " << round << text(p);
    ASSERT_EQ(plan.lower_bound, best) << "round " << round << ": " << plan.note;
    ASSERT_TRUE(plan.proved_optimal);
    ASSERT_TRUE(check_plan(p, plan).empty());
    above_the_bound += best > p.lower_bound ? 1 : 0;
  }
  EXPECT_GT(above_the_bound, 100) << "hardly an instance needs a proof by search";
}

/// Larger than brute force can tell: any of them fits, so that no style may call one impossible.
TEST(Exact, APerfectPackingIsNeverCalledImpossible) {
  Rng rng(702);
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const bench::PerfectPacking kind{seed, 14 + rng.below(20), 12, 40, 1, 20};
    const PlanProblem p = make_problem(bench::make(kind), 1);
    std::vector<std::uint32_t> all(p.size());
    for (std::uint32_t i = 0; i < p.size(); ++i) all[i] = i;
    // With bytes to spare there are more decisions to jump back over.
    for (const Bytes spare : {0, 1, 3})
      for (const PackingInstance& in : packing_instances(p, all, kind.height + spare)) {
        SearchMemory memory(in);
        const SearchStyle style{SearchStyle::First::size, SearchStyle::Niche::choices, seed};
        PackingSearch search(in, kind.height + spare, style, memory);
        const SearchEnd end = search.run(20'000).end;
        ASSERT_NE(end, SearchEnd::impossible) << "seed " << seed << " spare " << spare;
        found += end == SearchEnd::found ? 1 : 0;
      }
  }
  EXPECT_GT(found, 1000);
}

/// A layout that exists refutes every proof that there is none, at sizes that brute force can't do.
TEST(Exact, NothingIsProvedAgainstALayoutThatExists) {
  Rng rng(703);
  for (int round = 0; round < 300; ++round) {
    const PlanProblem p = larger_instance(rng, round);
    std::vector<std::uint32_t> order = by_size(p);
    Bytes planted = std::numeric_limits<Bytes>::max();
    for (int tries = 0; tries < 30; ++tries) {
      rng.shuffle(order);
      planted = std::min(planted, peak_of(p, place_in_order(p, order, Fit::lowest)));
    }
    PlanOptions options;
    options.effort = 3;
    options.seed = static_cast<std::uint64_t>(round);
    const Plan plan = run_planner("exact", p, options);
    ASSERT_LE(plan.lower_bound, planted) << "round " << round << text(p);
    CapacitySearch search(p, planted, options.seed);
    Budget budget{3'000'000, {}, 1};
    ASSERT_NE(search.go_on(budget), SearchEnd::impossible) << "round " << round << text(p);
  }
}

TEST(Exact, ACapacityBelowTheOptimumIsImpossibleWhateverTheStyle) {
  Rng rng(701);
  for (int round = 0; round < 1500; ++round) {
    const PlanProblem p = small_instance(rng, round);
    const Bytes best = brute_force_optimum(p);
    std::vector<std::uint32_t> all(p.size());
    for (std::uint32_t i = 0; i < p.size(); ++i) all[i] = i;
    for (const auto first : {SearchStyle::First::length, SearchStyle::First::size})
      for (const auto niche : {SearchStyle::Niche::choices, SearchStyle::Niche::blamed})
        for (const Bytes capacity : {best - 1, best}) {
          bool fits = true;
          for (const PackingInstance& in : packing_instances(p, all, capacity)) {
            SearchMemory memory(in);
            const SearchStyle style{first, niche, rng.below(3)};
            const SearchEnd end = PackingSearch(in, capacity, style, memory).run(1'000'000).end;
            ASSERT_NE(end, SearchEnd::limit);
            fits = fits && end == SearchEnd::found;
          }
          ASSERT_EQ(fits, capacity == best)
              << "round " << round << " capacity " << capacity << text(p);
        }
  }
}

}  // namespace
}  // namespace unna::test
