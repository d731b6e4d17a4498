// The portfolio and its parts, on instances where the search has to work.

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "bench/instances.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/exact/instance.h"
#include "memmgr/exact/repair.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/planners/starts.h"
#include "memmgr/problem.h"
#include "tests/memmgr/featured.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

Lifetimes packing_lives(std::uint64_t seed, std::size_t count) {
  bench::PerfectPacking kind;
  kind.seed = seed;
  kind.count = count;
  kind.horizon = 60;
  return make(kind);
}

PlanProblem packing(std::uint64_t seed, std::size_t count) {
  return make_problem(packing_lives(seed, count), 1);
}

/// Without one of its buffers, so that the search for perfect packings has no turn.
PlanProblem loose_packing(std::uint64_t seed, std::size_t count) {
  Lifetimes lives = packing_lives(seed, count);
  lives.buffers.pop_back();
  lives.intervals->pop_back();
  return make_problem(std::move(lives), 1);
}

/// Partial orders and intervals, with alignment and fixed offsets: none is solved by a greedy
/// order.
std::vector<PlanProblem> hard_problems() {
  Rng rng(41);
  std::vector<PlanProblem> problems;
  problems.push_back(packing(3, 150));
  for (int k = 0; k < 2; ++k) {
    PlanProblem p = random_intervals(rng, 120, 60, 4000);
    for (PlanBuffer& b : p.buffers) b.alignment = k == 0 ? 1 : 64;
    if (k == 1) p.buffers[0].fixed = 640;
    complete_problem(p);
    problems.push_back(std::move(p));
  }
  problems.push_back(make_problem(instruction_liveness(random_trace(rng, 4, 60, 500)), 16));
  problems.push_back(interval_problem(fragmentation_fixture()));
  problems.push_back(
      loose_packing(5, 4'500));  // too many for branch and bound: repair has its turn
  return problems;
}

Plan plan_of(const PlanProblem& p, std::vector<Bytes> offsets) {
  Plan plan;
  plan.peak = peak_of(p, offsets);
  plan.offsets = std::move(offsets);
  return plan;
}

bool searched(const Plan& plan) {
  return !plan.note.starts_with("by a greedy order") || plan.note.ends_with("effort spent");
}

TEST(Auto, TheSameBytesForAnyNumberOfThreads) {
  PlanOptions options;
  int hard = 0;
  int repaired = 0;
  int number = 0;
  for (const PlanProblem& problem : hard_problems()) {
    for (const char* planner : {"auto", "exact"}) {
      options.threads = 1;
      options.effort = planner == std::string_view("auto") ? 250 : 30;  // until repair has its turn
      const Plan one = run_planner(planner, problem, options);
      EXPECT_TRUE(check_plan(problem, one).empty());
      hard += searched(one) ? 1 : 0;
      repaired += one.note.starts_with("by repair") ? 1 : 0;
      options.threads = number % 2 == 0 ? 4 : 3;
      const Plan many = run_planner(planner, problem, options);
      EXPECT_EQ(many.offsets, one.offsets) << planner << " on problem " << number;
      EXPECT_EQ(many.lower_bound, one.lower_bound) << planner << " on problem " << number;
      EXPECT_EQ(many.note, one.note);
    }
    ++number;
  }
  EXPECT_GE(hard, 7) << "hardly a problem needs a search";
  EXPECT_GE(repaired, 1);
}

/// What `./dev test` runs under ThreadSanitizer, where the test above takes minutes.
TEST(Auto, PlansOnThreadsBrieflyAsOnOne) {
  std::vector<PlanProblem> problems = hard_problems();
  problems.pop_back();
  for (const PlanProblem& problem : problems)
    for (const char* planner : {"auto", "exact", "tetris"}) {
      PlanOptions options;
      options.effort = 1;
      options.tetris.effort = 5;
      const Plan one = run_planner(planner, problem, options);
      options.threads = 4;
      EXPECT_EQ(run_planner(planner, problem, options).offsets, one.offsets) << planner;
    }
}

TEST(PlaceInOrder, IsGivenUpWhereAnEndRisesToTheLimit) {
  for (const std::size_t count : {100, 4'000}) {  // among neighbours, and by a scan
    const PlanProblem problem = packing(7, count);
    const std::vector<std::uint32_t> order = by_size(problem);
    const std::vector<Bytes> offsets = place_in_order(problem, order, Fit::lowest);
    const Bytes peak = peak_of(problem, offsets);
    EXPECT_EQ(place_in_order(problem, order, Fit::lowest, {}, peak + 1), offsets);
    EXPECT_TRUE(place_in_order(problem, order, Fit::lowest, {}, peak).empty());
  }
}

/// Gaps that keep bytes, in-place pairs, fixed offsets: whatever a planner that does not search
/// finds.
TEST(Auto, IsNeverWorseThanACheapPlannerOnSmallProblems) {
  Rng rng(46);
  FeaturedShape shape;
  shape.buffers = 8;
  shape.max_size = 200;
  int compared = 0;
  for (int round = 0; round < 120; ++round) {
    shape.order = round % 3 == 0;
    const PlanProblem p = random_featured(rng, shape).problem;
    PlanOptions options;
    options.effort = 10;
    const Bytes peak = run_planner("auto", p, options).peak;
    for (const PlannerInfo& info : planners()) {
      if (info.seeded) continue;
      try {
        ASSERT_LE(peak, run_planner(info.name, p, {}).peak) << info.name << ", round " << round;
        ++compared;
      } catch (const InputError&) {
      }
    }
  }
  EXPECT_GT(compared, 600);
}

TEST(Auto, MeetsTheHeightOfPerfectPackings) {
  int hard = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const PlanProblem problem = packing(seed, 50);
    const Plan plan = run_planner("auto", problem, {});
    EXPECT_EQ(plan.peak, 1 << 20) << "seed " << seed;
    EXPECT_TRUE(plan.proved_optimal);
    EXPECT_TRUE(check_plan(problem, plan).empty());
    hard += run_planner("greedy-by-size", problem, {}).peak > plan.peak ? 1 : 0;
  }
  EXPECT_GE(hard, 10);
}

/// The greedy orders are where the portfolio starts: it has to go on, and not to lose the best.
TEST(Auto, LowersWhatItsGreedyOrdersLeave) {
  Rng rng(42);
  int open = 0;
  int lowered = 0;
  for (int round = 0; round < 150; ++round) {
    const PlanProblem problem =
        round % 2 == 0 ? random_intervals(rng, 20 + rng.below(60), 40, 50)
                       : make_problem(instruction_liveness(random_trace(rng, 3, 20, 120)), 8);
    Budget budget{1'000'000'000, {}, 1};
    const Bytes start = peak_of(problem, best_constructive(problem, budget));
    PlanOptions options;
    options.effort = 100;
    const Plan plan = run_planner("auto", problem, options);
    ASSERT_LE(plan.peak, start) << "round " << round;
    ASSERT_TRUE(check_plan(problem, plan).empty()) << "round " << round;
    if (start == plan.lower_bound) continue;
    ++open;
    lowered += plan.peak < start ? 1 : 0;
  }
  EXPECT_GT(open, 10) << "the greedy orders leave hardly anything";
  EXPECT_GT(lowered * 2, open) << lowered << " of " << open;
}

TEST(Deadline, EndsALongPlacementAndLeavesOnePlan) {
  const auto past = std::chrono::steady_clock::now() - std::chrono::hours(1);
  const bench::NetworkLike shape{1, 8'000, false};
  PlanProblem problem = make_problem(make(shape), 1);
  const auto order = by_size(problem);
  EXPECT_TRUE(place_in_order(problem, order, Fit::lowest, past).empty());
  for (const bool fixed : {false, true}) {  // linear scan and strip packing refuse fixed offsets
    if (fixed) {
      problem.buffers[0].fixed = 0;
      complete_problem(problem);
    }
    Budget budget{1'000'000'000, past, 1};
    EXPECT_TRUE(check_plan(problem, plan_of(problem, best_constructive(problem, budget))).empty());
  }
}

TEST(Auto, TakesSixtyThousandBuffers) {
  const PlanProblem problem = make_problem(make(bench::NetworkLike{1, 60'000, false}), 1);
  PlanOptions options;
  options.effort = 1;
  const Plan plan = run_planner("auto", problem, options);
  EXPECT_TRUE(check_plan(problem, plan).empty());
  EXPECT_LT(plan.peak, problem.lower_bound + problem.lower_bound / 10);
}

/// Fixed offsets, reserved ranges, pairs apart; no in-place pairs and no gaps that keep bytes.
PlanProblem plain_featured(Rng& rng, std::size_t buffers) {
  FeaturedShape shape;
  shape.buffers = buffers;
  shape.horizon = 12;
  shape.max_size = 9;
  for (;;) {
    shape.order = rng.chance(1, 2);
    PlanProblem p = random_featured(rng, shape).problem;
    p.in_place.clear();
    p.lifetimes.gaps.clear();
    // What was free thanks to a pair or a gap may collide now.
    for (PlanBuffer& b : p.buffers)
      if (rng.chance(1, 2)) b.fixed.reset();
    complete_problem(p);
    if (check_plan(p, plan_of(p, place_in_order(p, by_size(p), Fit::lowest))).empty()) return p;
  }
}

TEST(Repair, KeepsPlansValidWhateverTheProblem) {
  Rng rng(44);
  int lowered = 0;
  int with_fixed = 0;
  int with_apart = 0;
  for (int round = 0; round < 300; ++round) {
    const PlanProblem p = plain_featured(rng, 6 + rng.below(14));
    std::vector<std::uint32_t> order = by_size(p);
    std::ranges::reverse(order);
    const std::vector<Bytes> start = place_in_order(p, order, Fit::lowest);
    const Bytes before = peak_of(p, start);
    Repair repair(p, start, static_cast<std::uint64_t>(round));
    Budget budget;
    budget.work = 300'000;
    repair.run(p.lower_bound, budget);
    const Plan plan = plan_of(p, repair.offsets());
    const std::vector<Violation> violations = check_plan(p, plan);
    ASSERT_TRUE(violations.empty()) << "round " << round << ": " << violations[0].message;
    ASSERT_EQ(repair.peak(), plan.peak);
    ASSERT_LE(plan.peak, before);
    lowered += plan.peak < before ? 1 : 0;
    with_apart += p.apart.empty() ? 0 : 1;
    with_fixed += std::ranges::any_of(p.buffers, [](const auto& b) { return !!b.fixed; }) ? 1 : 0;
  }
  EXPECT_GT(lowered, 60);
  EXPECT_GT(with_fixed, 20);
  EXPECT_GT(with_apart, 20);
}

/// Each buffer but those aside at a random offset that is free; false where one finds none.
bool lay_at_random(const PlanProblem& p, const std::vector<std::uint32_t>& aside, Bytes capacity,
                   Rng& rng, std::vector<Bytes>& offsets) {
  std::vector<std::uint32_t> order = by_size(p);
  rng.shuffle(order);
  std::erase_if(order, [&](auto i) { return std::ranges::count(aside, i) != 0; });
  std::stable_partition(order.begin(), order.end(),
                        [&](auto i) { return p.buffers[i].fixed.has_value(); });
  std::vector<std::uint32_t> laid;
  for (const std::uint32_t i : order) {
    const PlanBuffer& b = p.buffers[i];
    std::vector<Bytes> free;
    for (Bytes at = 0; at + b.size <= capacity; at += b.alignment) {
      const auto meets = [&](Bytes begin, Bytes end) { return begin < at + b.size && at < end; };
      const bool taken =
          (b.fixed && *b.fixed != at) ||
          std::ranges::any_of(p.reserved, [&](auto r) { return meets(r.begin, r.end); }) ||
          std::ranges::any_of(laid, [&](auto j) {
            return p.conflict(i, j) && meets(offsets[j], offsets[j] + p.buffers[j].size);
          });
      if (!taken) free.push_back(at);
    }
    if (free.empty()) return false;
    offsets[i] = free[rng.below(free.size())];
    laid.push_back(i);
  }
  return true;
}

TEST(AlwaysPlaceable, AnyLayoutOfTheOthersLeavesRoom) {
  Rng rng(45);
  int layouts = 0;
  for (int round = 0; round < 400; ++round) {
    const PlanProblem p = plain_featured(rng, 4 + rng.below(12));
    const Bytes capacity = p.lower_bound + rng.between(0, 12);
    const std::vector<std::uint32_t> aside = always_placeable(p, capacity);
    if (aside.empty()) continue;
    for (int layout = 0; layout < 8; ++layout) {
      std::vector<Bytes> offsets(p.size(), 0);
      if (!lay_at_random(p, aside, capacity, rng, offsets)) continue;
      ++layouts;
      place_aside(p, aside, offsets);
      ASSERT_TRUE(check_plan(p, plan_of(p, offsets)).empty()) << "round " << round;
      for (const std::uint32_t i : aside)
        ASSERT_LE(offsets[i] + p.buffers[i].size, capacity) << "round " << round;
    }
  }
  EXPECT_GT(layouts, 500);
}

}  // namespace
}  // namespace unna::test
