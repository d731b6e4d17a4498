#include "memmgr/shared_objects.h"

#include <algorithm>

#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

struct BoundRow {
  const char* file;
  const char* mib;
};

class SharedObjectBound : public testing::TestWithParam<BoundRow> {};

TEST_P(SharedObjectBound, IsThePapers) {
  const auto path = shared_file(fmt::format("reference/usage_records/{}.csv", GetParam().file));
  if (path.empty()) GTEST_SKIP() << "no ../shared";
  const PlanProblem p = usage_records(path);
  EXPECT_EQ(fmt::format("{:.3f}", static_cast<double>(shared_object_bound(p)) / (1024.0 * 1024.0)),
            GetParam().mib);
  expect_all_planners_valid(p, GetParam().file);
}

INSTANTIATE_TEST_SUITE_P(PisarchykLee, SharedObjectBound,
                         testing::Values(BoundRow{"mobilenet_v1_1.0_224", "4.594"},
                                         BoundRow{"mobilenet_v2_1.0_224", "6.604"},
                                         BoundRow{"deeplab_v3_257_gpu", "6.105"},
                                         BoundRow{"inception_v3_299", "9.038"},
                                         BoundRow{"posenet_353x257", "6.347"},
                                         BoundRow{"blazeface_128_relu_fused", "1.337"}),
                         [](const auto& param) {
                           std::string name = param.param.file;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(PositionalMaxima, AreTheLargestOfEachPlaceInAnyOperatorsProfile) {
  // Profiles: 32 | 32 32 | 32 8 | 32 16 8 | 32 16 8 8 | 64 16 8 8 | 64 8 | 64 8 8 | 16 8 8 | 16.
  const PlanProblem p = interval_problem({{0, 1, 32},
                                          {1, 4, 32},
                                          {2, 5, 8},
                                          {3, 5, 16},
                                          {4, 5, 8},
                                          {5, 7, 64},
                                          {6, 8, 8},
                                          {7, 8, 8},
                                          {8, 9, 16}});
  EXPECT_EQ(positional_maxima(p), (std::vector<Bytes>{64, 32, 8, 8}));
  EXPECT_EQ(shared_object_bound(p), 112);
}

TEST(PositionalMaxima, ABufferInAGapIsNotInUse) {
  PlanProblem p = interval_problem({{0, 9, 8}, {4, 5, 8}});
  EXPECT_EQ(positional_maxima(p), (std::vector<Bytes>{8, 8}));
  p.lifetimes.gaps = {{Gap{{4, 6}}}, {}};
  EXPECT_EQ(positional_maxima(p), (std::vector<Bytes>{8}));
}

TEST(PositionalMaxima, WhoMayTakeOverBytesIsLeftOut) {
  PlanProblem p = interval_problem({{0, 1, 8}, {1, 2, 8}});
  EXPECT_EQ(shared_object_bound(p), 16);
  p.in_place = {{0, 1}};
  EXPECT_EQ(shared_object_bound(p), 8);
}

/// By all sets of buffers that conflict pair by pair.
std::vector<Bytes> brute_force_maxima(const PlanProblem& p) {
  std::vector<Bytes> maxima;
  for (std::uint32_t set = 1; set < (1U << p.size()); ++set) {
    std::vector<Bytes> profile;
    bool clique = true;
    for (std::size_t a = 0; a < p.size(); ++a) {
      if ((set >> a & 1U) == 0) continue;
      profile.push_back(p.buffers[a].size);
      for (std::size_t b = a + 1; b < p.size(); ++b)
        clique = clique && ((set >> b & 1U) == 0 || p.conflict(a, b));
    }
    if (!clique) continue;
    std::ranges::sort(profile, std::ranges::greater{});
    if (maxima.size() < profile.size()) maxima.resize(profile.size());
    for (std::size_t i = 0; i < profile.size(); ++i) maxima[i] = std::max(maxima[i], profile[i]);
  }
  return maxima;
}

TEST(PositionalMaxima, OfALargeOrderAreNeverTooLargeAndHardlyTooSmall) {
  // Intervals written as an order of one chain: exact there, here by a sample of the sizes.
  Rng rng(211);
  const PlanProblem intervals = random_intervals(rng, 2500, 400, 1'000'000);
  Lifetimes order;
  order.kind = LivenessKind::instruction;
  order.buffers = intervals.lifetimes.buffers;
  order.order = ChainOrder(1);
  for (const Interval& life : *intervals.lifetimes.intervals) {
    const auto lower = static_cast<std::uint32_t>(life.lower);
    const ChainOrder::Mark last{0, static_cast<std::uint32_t>(life.upper)};
    order.order->add({&last, 1}, {&lower, 1});
  }
  const std::vector<Bytes> exact = positional_maxima(intervals);
  const std::vector<Bytes> sampled = positional_maxima(make_problem(std::move(order), 1));
  ASSERT_EQ(sampled.size(), exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_LE(sampled[i], exact[i]) << i;
  const auto sum = [](const std::vector<Bytes>& v) {
    return std::accumulate(v.begin(), v.end(), Bytes{0});
  };
  EXPECT_LT(sum(sampled), sum(exact));
  EXPECT_GT(sum(sampled), sum(exact) * 98 / 100);
}

/// The least total of any assignment of the buffers from i on.
Bytes brute_force_objects(const PlanProblem& p, std::uint32_t i,
                          std::vector<std::vector<std::uint32_t>>& objects) {
  if (i == p.size()) {
    Bytes total = 0;
    for (const auto& members : objects) {
      Bytes size = 0;
      for (const std::uint32_t j : members) size = std::max(size, p.buffers[j].size);
      total += size;
    }
    return total;
  }
  Bytes best = p.total();
  for (std::size_t k = 0; k < objects.size(); ++k) {
    if (std::ranges::any_of(objects[k], [&](std::uint32_t j) { return p.conflict(i, j); }))
      continue;
    objects[k].push_back(i);
    best = std::min(best, brute_force_objects(p, i + 1, objects));
    objects[k].pop_back();
  }
  objects.push_back({i});
  best = std::min(best, brute_force_objects(p, i + 1, objects));
  objects.pop_back();
  return best;
}

TEST(SharedObjects, BoundIsExactMaximaAndNoPlannerBeatsTheOptimum) {
  Rng rng(210);
  int met = 0;
  for (int round = 0; round < 80; ++round) {
    const PlanProblem p = round % 2 == 0
                              ? random_intervals(rng, 8, 14, 20)
                              : make_problem(instruction_liveness(random_trace(rng, 3, 8, 70)), 1);
    EXPECT_EQ(positional_maxima(p), brute_force_maxima(p)) << round;
    std::vector<std::vector<std::uint32_t>> objects;
    const Bytes best = brute_force_objects(p, 0, objects);
    EXPECT_LE(shared_object_bound(p), best);
    for (const PlannerInfo& info : planners()) {
      if (!info.shared_objects) continue;
      const Plan plan = run_planner(info.name, p, {});
      EXPECT_GE(plan.objects->total(), best) << info.name << ", round " << round;
      if (plan.objects->proved_optimal()) {
        EXPECT_EQ(plan.objects->total(), best) << info.name;
        ++met;
      }
    }
  }
  EXPECT_GT(met, 100) << "hardly anything is ever proved";
}

TEST(SharedObjects, LieSideBySideAtTheLargestAlignmentOfTheirMembers) {
  PlanProblem p = interval_problem({{0, 0, 10}, {0, 0, 100}, {1, 1, 10}});
  p.buffers[2].alignment = 64;
  p.reserved = {{0, 32}};
  complete_problem(p);
  const Plan plan = planner("objects-by-size").run(p, {});
  EXPECT_EQ(plan.objects->object, (std::vector<std::uint32_t>{1, 0, 1}));
  EXPECT_EQ(plan.offsets, (std::vector<Bytes>{64, 74, 64}));
}

TEST(SharedObjects, TheirBoundAndProofAreApartFromThoseOfOffsets) {
  // Two of 4 at once, then one of 8: 8 bytes by offsets, 12 by objects.
  const PlanProblem p = interval_problem({{0, 0, 4}, {0, 0, 4}, {1, 1, 8}});
  const Plan plan = run_planner("objects-by-size", p, {});
  EXPECT_EQ(plan.peak, 12);
  EXPECT_EQ(plan.lower_bound, 8);
  EXPECT_FALSE(plan.proved_optimal);
  EXPECT_EQ(plan.objects->lower_bound, 12);
  EXPECT_TRUE(plan.objects->proved_optimal());
}

class ObjectChecker : public testing::Test {
 protected:
  void expect(const std::string& message) const {
    const auto found = check_objects(problem_, plan_);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().message, message);
  }

  // b0 and b1 one after the other, b2 beside b1.
  PlanProblem problem_ = interval_problem({{0, 0, 8}, {1, 1, 6}, {1, 1, 4}});
  Plan plan_ = run_planner("objects-by-size", problem_, {});
};

TEST_F(ObjectChecker, AValidPlan) {
  EXPECT_EQ(plan_.objects->object, (std::vector<std::uint32_t>{0, 0, 1}));
  EXPECT_TRUE(check_objects(problem_, plan_).empty());
}

TEST_F(ObjectChecker, MembersInConflict) {
  plan_.objects->object[2] = 0;
  plan_.offsets[2] = 0;
  expect("b1 and b2 share object 0: both are in use at time 1");
  problem_.in_place = {{1, 2}};
  EXPECT_TRUE(check_objects(problem_, plan_).empty());
}

TEST_F(ObjectChecker, MembersInConflictOnAnOrder) {
  TraceBuilder builder(2);
  const BufferId a = builder.buffer("a", 4);
  const BufferId b = builder.buffer("b", 4);
  builder.write(0, a);
  builder.write(1, b);
  problem_ = make_problem(instruction_liveness(builder.finish()), 1);
  plan_ = run_planner("objects-by-size", problem_, {});
  EXPECT_TRUE(check_objects(problem_, plan_).empty());
  plan_.objects->object = {0, 0};
  plan_.offsets = {0, 0};
  expect("a and b share object 0: neither has to be over before the other");
}

TEST_F(ObjectChecker, AnObjectOneByteTooSmall) {
  plan_.objects->sizes[1] = 3;
  expect("b2 of 4 bytes is in object 1 of 3");
}

TEST_F(ObjectChecker, AMemberElsewhere) {
  plan_.offsets[1] = 2;
  expect("b0 and b1 share object 0 but start at 0 and 2");
}

TEST_F(ObjectChecker, ObjectsThatOverlap) {
  plan_.offsets[2] = 7;
  expect("objects 0 and 1 overlap at byte 7");
}

TEST_F(ObjectChecker, BuffersKeptApart) {
  problem_.apart = {{0, 1}};
  expect("b0 and b1 are kept apart but share object 0");
}

TEST_F(ObjectChecker, AnObjectThatIsNotThere) {
  plan_.objects->object[2] = 2;
  expect("b2 is in object 2 of 2");
}

TEST_F(ObjectChecker, IsPartOfCheckPlan) {
  plan_.objects->sizes[1] = 3;
  EXPECT_EQ(check_plan(problem_, plan_).size(), 1U);
}

}  // namespace
}  // namespace unna::test
