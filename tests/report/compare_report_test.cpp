#include "report/compare_report.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

MemoryFigures plan(const char* liveness, const char* planner, Bytes peak) {
  MemoryFigures figures;
  figures.liveness = liveness;
  figures.planner = planner;
  figures.peak = peak;
  figures.lower_bound = peak;
  figures.without_sharing = 1000;
  return figures;
}

CompareCase make_case(const char* network, std::int64_t cores, Bytes bfc, Bytes tetris) {
  CompareCase c;
  c.network = network;
  c.cores = cores;
  c.without_sharing = 1000;
  c.plans = {plan("topology", "bfc", bfc), plan("instruction", "tetris", tetris)};
  return c;
}

TEST(Averages, are_means_of_the_networks_ratios_by_number_of_cores) {
  const auto found = averages(
      {make_case("a", 16, 500, 100), make_case("b", 16, 800, 600), make_case("a", 4, 200, 100)},
      "tetris");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].cores, 4);
  EXPECT_DOUBLE_EQ(*found[0].versus_none, 0.9);
  EXPECT_DOUBLE_EQ(*found[0].versus_bfc, 0.5);
  EXPECT_EQ(found[1].networks, 2U);
  EXPECT_DOUBLE_EQ(*found[1].versus_none, (0.9 + 0.4) / 2);
  EXPECT_DOUBLE_EQ(*found[1].versus_bfc, (0.8 + 0.25) / 2);
}

TEST(Averages, have_no_ratio_to_a_planner_that_did_not_run) {
  CompareCase c = make_case("a", 4, 200, 100);
  c.plans.erase(c.plans.begin());
  const auto found = averages({c}, "tetris");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].versus_none.has_value());
  EXPECT_FALSE(found[0].versus_bfc.has_value());
}

TEST(CompareCsv, has_a_row_a_plan_with_both_ratios) {
  CompareReport report;
  report.planner = "tetris";
  report.cases = {make_case("a", 4, 200, 100)};
  const std::string csv = compare_csv(report);
  EXPECT_NE(csv.find("a,4,,topology,bfc,0,1000,200,200,0,0.8,0,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("a,4,,instruction,tetris,0,1000,100,100,0,0.9,0.5,"), std::string::npos);
}

}  // namespace
}  // namespace unna
