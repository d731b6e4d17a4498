// Published figures of the reference page; the files are skipped where ../shared is absent.

#include <algorithm>

#include "base/file.h"
#include "memmgr/checker.h"
#include "memmgr/placement/placement.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

double mib(Bytes bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

struct UsageRow {
  const char* file;
  std::size_t records;
  const char* naive;
  const char* bound;
  const char* greedy;
};

class UsageRecords : public testing::TestWithParam<UsageRow> {};

TEST_P(UsageRecords, ReproduceTheTableToThreeDecimals) {
  const UsageRow& row = GetParam();
  const auto path = shared_file(fmt::format("reference/usage_records/{}.csv", row.file));
  if (path.empty()) GTEST_SKIP() << "no ../shared";
  const PlanProblem p = usage_records(path);
  EXPECT_EQ(p.size(), row.records);
  // The naive row counts bytes before alignment.
  Bytes naive = 0;
  for (const LiveBuffer& b : p.lifetimes.buffers) naive += b.size;
  EXPECT_EQ(fmt::format("{:.3f}", mib(naive)), row.naive);
  EXPECT_EQ(run_planner("naive", p, {}).peak, p.total());
  EXPECT_EQ(fmt::format("{:.3f}", mib(p.lower_bound)), row.bound);
  EXPECT_EQ(fmt::format("{:.3f}", mib(run_planner("greedy-by-size", p, {}).peak)), row.greedy);
}

// Inception v3 (rebuilt, 54.749 instead of the paper's 54.010 naive) comes to 7.91345 MiB, which
// the reference page gives as the paper's 7.914.
INSTANTIATE_TEST_SUITE_P(
    PisarchykLee, UsageRecords,
    testing::Values(UsageRow{"mobilenet_v1_1.0_224", 30, "19.248", "4.594", "4.594"},
                    UsageRow{"mobilenet_v2_1.0_224", 65, "26.313", "5.742", "5.742"},
                    UsageRow{"deeplab_v3_257_gpu", 68, "48.642", "4.320", "4.653"},
                    UsageRow{"inception_v3_299", 125, "54.749", "7.913", "7.913"},
                    UsageRow{"posenet_353x257", 29, "28.556", "6.271", "6.271"},
                    UsageRow{"blazeface_128_relu_fused", 71, "7.062", "1.312", "1.500"}),
    [](const auto& param) {
      std::string name = param.param.file;
      std::ranges::replace(name, '.', '_');
      return name;
    });

struct MinimallocRow {
  const char* file;
  Bytes live_sum;
  Bytes greedy_lowest;
};

class Minimalloc : public testing::TestWithParam<MinimallocRow> {};

TEST_P(Minimalloc, BoundAndGreedyBySizeWithLowestFit) {
  const auto path = shared_file(fmt::format("reference/minimalloc/{}", GetParam().file));
  if (path.empty()) GTEST_SKIP() << "no ../shared";
  const PlanProblem p = parse_problem_csv(read_file(path), path.string());
  EXPECT_EQ(p.lower_bound, GetParam().live_sum);
  EXPECT_EQ(peak_of(p, place_in_order(p, by_size(p), Fit::lowest)), GetParam().greedy_lowest);
  expect_all_planners_valid(p, GetParam().file);
}

INSTANTIATE_TEST_SUITE_P(
    Corpus, Minimalloc,
    testing::Values(MinimallocRow{"A.1048576.csv", 1048576, 1352704},
                    MinimallocRow{"B.1048576.csv", 1048576, 1420288},
                    MinimallocRow{"C.1048576.csv", 1039360, 1417216},
                    MinimallocRow{"D.1048576.csv", 986112, 1292288},
                    MinimallocRow{"E.1048576.csv", 1048576, 1435648},
                    MinimallocRow{"input.12.csv", 12, 12}),
    [](const auto& param) {
      return std::string(param.param.file).substr(0, std::string(param.param.file).find('.'));
    });

struct LifetimeRow {
  const char* file;
  std::size_t buffers;
  Bytes live_sum;
};

TEST(Lifetimes, LiveSumsOfRealTraces) {
  for (const LifetimeRow& row : {LifetimeRow{"somas_resnet50.csv", 1042, 1'515'472'556},
                                 LifetimeRow{"tflm_person_detect_uint8.csv", 30, 64'512}}) {
    const auto path = shared_file(fmt::format("reference/lifetimes/{}", row.file));
    if (path.empty()) GTEST_SKIP() << "no ../shared";
    const PlanProblem p = parse_problem_csv(read_file(path), path.string());
    EXPECT_EQ(p.size(), row.buffers);
    EXPECT_EQ(p.lower_bound, row.live_sum);
    expect_all_planners_valid(p, row.file);
  }
}

TEST(PathologicalPacking, OptimumIsTenGreedyNeedsEleven) {
  const PlanProblem p = interval_problem(pathological_packing());
  EXPECT_EQ(brute_force_optimum(p), 10);
  EXPECT_EQ(run_planner("greedy-by-size", p, {}).peak, 11);
  std::vector<std::uint32_t> arrival(p.sequence().begin(), p.sequence().end());
  EXPECT_EQ(peak_of(p, place_in_order(p, arrival, Fit::lowest)), 11);
}

TEST(FragmentationFixture, LiveSumIsEightOptimumNine) {
  const PlanProblem p = interval_problem(fragmentation_fixture());
  EXPECT_EQ(p.lower_bound, 8);
  EXPECT_EQ(brute_force_optimum(p), 9);
}

}  // namespace
}  // namespace unna::test
