#include "flow/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/error.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

constexpr const char* kSmallNetwork =
    "name: net\n"
    "inputs: {x: [1, 16, 16, 16]}\n"
    "ops:\n"
    "  - {op: conv, name: a, channels: 32, kernel: 3, pad: 1, act: relu}\n"
    "  - {op: conv, name: b, channels: 32, kernel: 1}\n"
    "  - {op: conv, name: c, channels: 64, kernel: 3, pad: 1, stride: 2}\n"
    "  - {op: conv, name: d, channels: 32, kernel: 1}\n"
    "  - {op: conv, name: e, channels: 64, kernel: 3, pad: 1}\n"
    "  - {op: binary, name: f, fn: add, from: [e, c]}\n"
    "  - {op: conv, name: g, channels: 16, kernel: 1}\n";

class Candidates : public ::testing::Test {
 protected:
  Candidates()
      : compiled_(compile_graph(parse_workload(kSmallNetwork, "net.yaml"),
                                {machine(), std::nullopt}, {})),
        executed_(execute(compiled_)),
        problem_(problem_of(compiled_, executed_, LivenessKind::instruction)) {}

  static MachineConfig machine() {
    MachineConfig machine;
    machine.cores = 2;
    machine.dram.model = DramModel::banked;
    machine.cache.size_bytes = 32768;
    return machine;
  }

  LayoutReport choose(std::vector<std::string> objectives, std::int64_t candidates, double slack) {
    CandidateOptions options;
    options.objectives = objectives_named(objectives);
    options.candidates = candidates;
    options.slack = slack;
    options.jobs = 2;
    return choose_layout(compiled_, executed_, problem_, options);
  }

  Layout laid_out(const LayoutRow& row) const {
    Plan plan;
    plan.offsets = row.offsets;
    return lay_out(compiled_, executed_, problem_, plan).layout;
  }

  /// A run of the program with the row's offsets and nothing else.
  LayoutFigures measured(const LayoutRow& row) const {
    Bytes peak = 0;
    for (std::size_t i = 0; i < problem_.size(); ++i)
      peak = std::max(peak, row.offsets[i] + problem_.buffers[i].size);
    const Image image = link(compiled_.object, laid_out(row), std::numeric_limits<Bytes>::max());
    return layout_figures(simulate(image, compiled_.machine.config, {}), peak);
  }

  Compiled compiled_;
  Executed executed_;
  PlanProblem problem_;
};

TEST_F(Candidates, FiguresAreThoseOfARunWithTheLayout) {
  const LayoutReport report = choose({"peak", "latency"}, 40, 0.05);
  ASSERT_EQ(report.rows.size(), 40U);
  std::set<Cycle> cycles;
  for (const LayoutRow& row : report.rows) {
    EXPECT_EQ(measured(row), row.figures) << row.name;
    cycles.insert(row.figures.cycles);
  }
  EXPECT_GT(cycles.size(), 5U) << "layouts do not matter here";
}

TEST_F(Candidates, AreDistinctAndWithinSlackOfTheSmallestPeak) {
  for (const double slack : {0.0, 0.1}) {
    const LayoutReport report = choose({"latency"}, 40, slack);
    std::set<std::vector<Bytes>> seen;
    Bytes least = std::numeric_limits<Bytes>::max(), most = 0;
    for (const LayoutRow& row : report.rows) {
      EXPECT_TRUE(seen.insert(row.offsets).second) << row.name;
      least = std::min(least, row.figures.peak);
      most = std::max(most, row.figures.peak);
    }
    EXPECT_LE(static_cast<double>(most), static_cast<double>(least) * (1 + slack));
    EXPECT_EQ(most > least, slack > 0);
    EXPECT_EQ(report.rows.front().name, "auto");
  }
}

TEST_F(Candidates, TheFrontIsOfAllRowsAndTheChoiceOnIt) {
  const LayoutReport report = choose({"row-hits", "cache-hits", "latency"}, 40, 0.05);
  std::vector<Scores> all;
  for (const LayoutRow& row : report.rows) all.push_back(scores(report.objectives, row.figures));
  const std::vector<std::size_t> front = pareto_front(all);
  for (std::size_t i = 0; i < report.rows.size(); ++i)
    EXPECT_EQ(report.rows[i].front, std::ranges::count(front, i) > 0) << i;
  EXPECT_EQ(std::ranges::count(report.rows, true, &LayoutRow::chosen), 1);
  EXPECT_TRUE(std::ranges::find(report.rows, true, &LayoutRow::chosen)->front);
  EXPECT_TRUE(report.validation.checker && report.validation.shadow);
}

TEST_F(Candidates, TheSearchFindsAFasterLayoutThanThePlanners) {
  const LayoutReport few = choose({"latency"}, 8, 0);
  const LayoutReport many = choose({"latency"}, 80, 0);
  const auto fastest = [](const LayoutReport& report) {
    return std::ranges::find(report.rows, true, &LayoutRow::chosen)->figures.cycles;
  };
  EXPECT_LT(fastest(many), fastest(few));
  EXPECT_LT(fastest(many), many.rows.front().figures.cycles);
}

TEST_F(Candidates, OneCandidateIsThatOfAuto) {
  const LayoutReport report = choose({"latency"}, 1, 0.05);
  ASSERT_EQ(report.rows.size(), 1U);
  EXPECT_EQ(report.rows.front().name, "auto");
  EXPECT_TRUE(report.rows.front().chosen);
  // What is within slack does not depend on how many are looked at.
  EXPECT_EQ(report.within_slack, choose({"latency"}, 40, 0.05).within_slack);
  EXPECT_GT(report.within_slack, 1U);
}

TEST_F(Candidates, OnlyThoseThatFitTakePart) {
  const auto total = [&](const LayoutRow& row) { return laid_out(row).total_bytes; };
  const LayoutReport all = choose({"latency"}, 40, 0.5);
  const Bytes least = total(*std::ranges::min_element(all.rows, {}, total));
  ASSERT_GT(total(*std::ranges::max_element(all.rows, {}, total)), least + 64);
  compiled_.machine.config.dram.capacity_bytes = least + 64;
  for (const LayoutRow& row : choose({"latency"}, 40, 0.5).rows)
    EXPECT_LE(total(row), least + 64) << row.name;
  compiled_.machine.config.dram.capacity_bytes = least - 1;
  EXPECT_THROW(choose({"latency"}, 40, 0.5), CapacityError);
}

}  // namespace
}  // namespace unna
