// Perfect packings: skylines, contacts, and the search.

#include <algorithm>

#include "bench/instances.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/exact/capacity_search.h"
#include "memmgr/exact/contacts.h"
#include "memmgr/exact/perfect_instance.h"
#include "memmgr/exact/perfect_search.h"
#include "memmgr/exact/skyline.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

struct Box {
  std::int64_t lower, upper;
  Bytes size;
};

PlanProblem problem_of(const std::vector<Box>& boxes) {
  PlanProblem p;
  p.lifetimes.intervals.emplace();
  for (const Box& b : boxes) {
    PlanBuffer buffer;
    buffer.name = fmt::format("b{}", p.size());
    buffer.size = b.size;
    p.buffers.push_back(buffer);
    p.lifetimes.buffers.push_back({buffer.name, b.size, {}, {}});
    p.lifetimes.intervals->push_back({b.lower, b.upper});
  }
  complete_problem(p);
  return p;
}

/// Random buffers, and others of one slot that fill what is left of the height.
PlanProblem filled(Rng& rng, std::size_t n) {
  constexpr std::int64_t kSlots = 7;
  std::vector<Box> boxes;
  std::vector<Bytes> load(kSlots, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t lower = rng.between(0, kSlots - 2);
    const std::int64_t upper = rng.between(lower + 1, kSlots);
    boxes.push_back({lower, upper, rng.between(1, 6)});
    for (std::int64_t s = lower; s < upper; ++s)
      load[static_cast<std::size_t>(s)] += boxes.back().size;
  }
  const Bytes height = std::ranges::max(load);
  for (std::int64_t s = 0; s < kSlots; ++s)
    if (const Bytes rest = height - load[static_cast<std::size_t>(s)]; rest > 0)
      boxes.push_back({s, s + 1, rest});
  return problem_of(boxes);
}

Plan plan_of(const PlanProblem& p, const PerfectInstance& in, const SearchResult& result) {
  Plan plan;
  plan.offsets.assign(p.size(), 0);
  for (std::size_t k = 0; k < in.count(); ++k) plan.offsets[in.buffer[k]] = result.offsets[k];
  plan.peak = peak_of(p, plan.offsets);
  return plan;
}

constexpr PerfectStyle::First kFirsts[] = {
    PerfectStyle::First::longest, PerfectStyle::First::largest, PerfectStyle::First::any,
    PerfectStyle::First::smallest, PerfectStyle::First::shortest};

TEST(Skyline, RaisesAndRestoresAsHeightsBySlotDo) {
  Rng rng(3);
  constexpr std::uint32_t kSlots = 24;
  for (int round = 0; round < 200; ++round) {
    Skyline skyline(kSlots, 1000);
    std::vector<std::vector<Bytes>> heights{std::vector<Bytes>(kSlots, 0)};
    std::vector<Skyline::Undo> undos;
    const auto holds = [&] {
      const std::vector<Bytes>& expected = heights.back();
      std::uint32_t s = 0;
      for (; s < kSlots; s = skyline.end(s)) {
        for (std::uint32_t x = s; x < skyline.end(s); ++x)
          if (expected[x] != skyline.height(s)) return false;
        if (skyline.left_wall(s) != (s == 0 ? 1000 : expected[s - 1])) return false;
        const std::uint32_t end = skyline.end(s);
        if (skyline.right_wall(s) != (end == kSlots ? 1000 : expected[end])) return false;
        if (end < kSlots && expected[end] == expected[s]) return false;  // would be one segment
      }
      return s == kSlots;
    };
    for (int step = 0; step < 40; ++step) {
      if (!undos.empty() && rng.chance(1, 3)) {
        skyline.restore(undos.back());
        undos.pop_back();
        heights.pop_back();
      } else {
        std::vector<std::uint32_t> segments;
        for (std::uint32_t s = 0; s < kSlots; s = skyline.end(s)) segments.push_back(s);
        const std::uint32_t segment = segments[rng.below(segments.size())];
        const auto begin =
            static_cast<std::uint32_t>(rng.between(segment, skyline.end(segment) - 1));
        const auto end = static_cast<std::uint32_t>(rng.between(begin + 1, skyline.end(segment)));
        const Bytes by = rng.between(1, 3);
        heights.push_back(heights.back());
        for (std::uint32_t s = begin; s < end; ++s) heights.back()[s] += by;
        undos.push_back(skyline.raise(segment, begin, end, by));
      }
      ASSERT_TRUE(holds()) << round << " " << step;
    }
  }
}

TEST(Contacts, GroupsAreTheLeastSetsOfEqualSums) {
  // At 1: 5 and 3 give way to 3 and 5; 7 and 4 to 9 and 2. Two stay.
  const PlanProblem p = problem_of({{0, 1, 5},
                                    {0, 1, 3},
                                    {0, 1, 17},
                                    {0, 1, 14},
                                    {0, 2, 6},
                                    {1, 2, 3},
                                    {1, 2, 5},
                                    {1, 2, 21},
                                    {1, 2, 10}});
  const auto in = perfect_instance(p, 45);
  ASSERT_TRUE(in);
  EXPECT_EQ(in->contacts.at_end[0], in->contacts.at_begin[6]);
  EXPECT_EQ(in->contacts.at_end[1], in->contacts.at_begin[5]);
  EXPECT_EQ(in->contacts.at_end[2], in->contacts.at_begin[7]);
  EXPECT_EQ(in->contacts.at_end[3], in->contacts.at_begin[8]);
  EXPECT_EQ(in->contacts.at_end[2], in->contacts.at_end[3]);
  EXPECT_NE(in->contacts.at_end[0], in->contacts.at_end[1]);
  EXPECT_NE(in->contacts.at_end[0], in->contacts.at_end[2]);
}

TEST(Contacts, SetsWithBuffersInCommonAreOneGroup) {
  const PlanProblem p = problem_of({{0, 1, 4}, {0, 1, 4}, {0, 1, 1}, {1, 2, 4}, {1, 2, 5}});
  const auto in = perfect_instance(p, 9);
  ASSERT_TRUE(in);
  // 4 = 4 for either, 4 + 1 = 5 for either.
  for (const std::uint32_t k : {1, 2}) EXPECT_EQ(in->contacts.at_end[0], in->contacts.at_end[k]);
  for (const std::uint32_t k : {3, 4}) EXPECT_EQ(in->contacts.at_end[0], in->contacts.at_begin[k]);
}

TEST(PerfectInstance, IsWhatFillsTheCapacityAndMayLieAnywhere) {
  const std::vector<Box> boxes{{0, 2, 4}, {0, 1, 8}, {1, 2, 8}, {2, 3, 12}};
  EXPECT_TRUE(perfect_instance(problem_of(boxes), 12));
  EXPECT_FALSE(perfect_instance(problem_of(boxes), 16));
  EXPECT_FALSE(perfect_instance(problem_of({{0, 2, 4}, {0, 1, 8}, {2, 3, 12}}), 12));
  PlanProblem fixed = problem_of(boxes);
  fixed.buffers[0].fixed = 8;
  EXPECT_FALSE(perfect_instance(fixed, 12));
  PlanProblem aligned = problem_of(boxes);
  aligned.buffers[0].alignment = 4;
  EXPECT_TRUE(perfect_instance(aligned, 12));
  aligned.buffers[0].alignment = 8;
  EXPECT_FALSE(perfect_instance(aligned, 12));
  PlanProblem apart = problem_of(boxes);
  apart.apart = {{1, 2}};
  EXPECT_FALSE(perfect_instance(apart, 12));
  PlanProblem reserved = problem_of(boxes);
  reserved.reserved = {{0, 1}};
  EXPECT_FALSE(perfect_instance(reserved, 12));
}

// The other search knows nothing of niches or contacts.
TEST(PerfectSearch, KnowsWhichFullProblemsHaveAPacking) {
  Rng rng(11);
  int found = 0;
  int impossible = 0;
  std::uint64_t nodes = 0;  // of proofs
  for (int round = 0; round < 2000; ++round) {
    const PlanProblem p = filled(rng, 6 + rng.below(8));
    const auto in = perfect_instance(p, p.lower_bound);
    ASSERT_TRUE(in);
    std::vector<std::uint32_t> all(p.size());
    std::iota(all.begin(), all.end(), 0U);
    bool fits = true;
    for (const PackingInstance& part : packing_instances(p, all, p.lower_bound)) {
      SearchMemory memory(part);
      fits = fits &&
             PackingSearch(part, p.lower_bound, {}, memory).run(10'000'000).end == SearchEnd::found;
    }
    for (const auto first : kFirsts) {
      const SearchResult result =
          PerfectSearch(*in, {first, false, static_cast<std::uint64_t>(round)}).run(10'000'000);
      ASSERT_EQ(result.end, fits ? SearchEnd::found : SearchEnd::impossible) << round;
      if (!fits) nodes += result.nodes;
      if (!fits) continue;
      const Plan plan = plan_of(p, *in, result);
      EXPECT_EQ(plan.peak, p.lower_bound);
      EXPECT_TRUE(check_plan(p, plan).empty()) << round;
    }
    // What contacts find is a packing; that they find none proves nothing.
    const SearchResult guided = PerfectSearch(*in, {}).run(10'000'000);
    EXPECT_NE(guided.end, SearchEnd::impossible);
    if (guided.end == SearchEnd::found) {
      EXPECT_TRUE(fits);
      EXPECT_TRUE(check_plan(p, plan_of(p, *in, guided)).empty()) << round;
    }
    (fits ? found : impossible) += 1;
  }
  EXPECT_GT(found, 300);
  EXPECT_GT(impossible, 200);
  // 600 each without a look at whether walls can be covered.
  EXPECT_LT(nodes, 480 * std::size(kFirsts) * static_cast<std::uint64_t>(impossible));
}

TEST(PerfectSearch, RefutesNothingThatWasCutFromARectangle) {
  Rng rng(17);
  for (std::uint64_t round = 0; round < 1000; ++round) {
    bench::PerfectPacking kind{round, 8 + rng.below(20), rng.between(4, 14), rng.between(6, 20), 1,
                               40};
    const PlanProblem p = make_problem(make(kind), 1);
    const auto in = perfect_instance(p, kind.height);
    ASSERT_TRUE(in);
    for (const auto first : kFirsts)
      ASSERT_EQ(PerfectSearch(*in, {first, false, round}).run(1'000'000).end, SearchEnd::found)
          << round;
  }
}

TEST(PerfectSearch, StopsAtItsLimits) {
  const PlanProblem p = make_problem(make(bench::PerfectPacking{.count = 300}), 1);
  const auto in = perfect_instance(p, p.lower_bound);
  ASSERT_TRUE(in);
  EXPECT_EQ(PerfectSearch(*in, {}).run(10).end, SearchEnd::limit);
  EXPECT_EQ(PerfectSearch(*in, {}).run(10).nodes, 11U);  // the first that is too much
  EXPECT_EQ(PerfectSearch(*in, {}).run(1'000'000, std::chrono::steady_clock::now()).end,
            SearchEnd::limit);
  EXPECT_EQ(PerfectSearch(*in, {}).run(1'000'000, std::nullopt, 1).end, SearchEnd::limit);
}

// More than branch and bound takes: what is known of the capacity has to come from this search.
TEST(PerfectSearch, ProvesABoundImpossibleBesideThousandsOfOthers) {
  Rng rng(12);
  std::vector<Box> core;
  for (int tries = 0; core.empty(); ++tries) {
    const PlanProblem p = filled(rng, 8);
    if (PerfectSearch(*perfect_instance(p, p.lower_bound), {PerfectStyle::First::any, false, 1})
            .run(1'000'000)
            .end != SearchEnd::impossible)
      continue;
    for (std::size_t i = 0; i < p.size(); ++i)
      core.push_back({(*p.lifetimes.intervals)[i].lower, (*p.lifetimes.intervals)[i].upper,
                      p.buffers[i].size});
  }
  const Bytes height = problem_of(core).lower_bound;
  std::int64_t time = 7;
  while (core.size() < 4200) {
    core.push_back({time, time + 1, height});
    ++time;
  }
  PlanProblem p = problem_of(core);
  EXPECT_EQ(run_planner("auto", p, {}).lower_bound, height + 1);
  p.capacity = height + 1;  // nothing to be proved: any plan of that size will do
  EXPECT_EQ(run_planner("auto", p, {}).lower_bound, height);
}

TEST(PerfectSearch, GivesTheSameBytesForAnyNumberOfThreads) {
  for (const auto& kind : {bench::PerfectPacking{7, 300, 200, Bytes{1} << 20, 1024, 0},
                           bench::PerfectPacking{8, 1000, 5000, Bytes{1} << 30, 1, 90},
                           bench::PerfectPacking{9, 600, 100, Bytes{1} << 20, 4096, 50}}) {
    const PlanProblem p = make_problem(make(kind), 1);
    std::vector<SearchEnd> ends;
    std::vector<std::vector<Bytes>> offsets;
    for (const int threads : {1, 2, 4}) {
      CapacitySearch search(p, p.lower_bound, 5);
      ASSERT_TRUE(search.is_perfect());
      Budget budget{40'000'000, {}, threads};
      ends.push_back(search.go_on(budget));
      offsets.push_back(search.offsets());
    }
    EXPECT_EQ(ends[1], ends[0]);
    EXPECT_EQ(ends[2], ends[0]);
    if (ends[0] != SearchEnd::found) continue;
    EXPECT_EQ(offsets[1], offsets[0]);
    EXPECT_EQ(offsets[2], offsets[0]);
  }
}

// Where one placement would look at too many pairs.
TEST(Bands, ThreadsOfAThousandMillionPairsAreStacked) {
  const PlanProblem p = make_problem(make(bench::Strands{1, 66'000, 2, 0}), 1);
  ASSERT_GT(p.index.pairs(), kManyPairs);
  const Plan plan = run_planner("auto", p, {});
  EXPECT_EQ(plan.peak, plan.lower_bound);
  EXPECT_EQ(plan.note, "by bands");
  EXPECT_TRUE(check_plan(p, plan).empty());
}

/// Guillotines and pinwheels of thousands of buffers, at the optimum with the default effort.
class LargePerfectPackings : public testing::TestWithParam<bench::PerfectPacking> {};

TEST_P(LargePerfectPackings, AreFoundByAuto) {
  const PlanProblem p = make_problem(make(GetParam()), 1);
  PlanOptions options;
  options.threads = 2;
  const Plan plan = run_planner("auto", p, options);
  EXPECT_EQ(plan.peak, GetParam().height);
  EXPECT_EQ(plan.note, "by a perfect packing");
  EXPECT_TRUE(check_plan(p, plan).empty());
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, LargePerfectPackings,
    testing::Values(bench::PerfectPacking{1, 2000, 10'000, Bytes{1} << 30, 1, 0},
                    bench::PerfectPacking{2, 2000, 10'000, Bytes{1} << 30, 1, 90},
                    bench::PerfectPacking{3, 2000, 2000, Bytes{1} << 30, 1, 90},
                    bench::PerfectPacking{4, 200, 30, Bytes{1} << 20, Bytes{1} << 16, 30},
                    bench::PerfectPacking{5, 5000, 1'000'000, Bytes{1} << 40, 1, 0}),
    [](const auto& kind) {
      return fmt::format("{}_buffers_{}_percent_pinwheels_{}", kind.param.count,
                         kind.param.pinwheel_percent, kind.param.seed);
    });

}  // namespace
}  // namespace unna::test
