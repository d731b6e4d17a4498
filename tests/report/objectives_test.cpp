#include "report/objectives.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"

namespace unna {
namespace {

constexpr LayoutFigures kFigures = {1000, 5000, 80, 100, 40, 50, 6400};

Scores all_scores(const LayoutFigures& figures) {
  Scores result;
  for (const Objective& o : objectives()) {
    const Objective* const one[] = {&o};
    result.push_back(scores(one, figures).front());
  }
  return result;
}

std::size_t index_of(std::string_view name) {
  for (std::size_t i = 0; i < objectives().size(); ++i)
    if (objectives()[i].name == name) return i;
  ADD_FAILURE() << name;
  return 0;
}

/// Of all objectives that of `name` alone is better for it.
void expect_better(const LayoutFigures& better, std::string_view name) {
  const Scores before = all_scores(kFigures), after = all_scores(better);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (i == index_of(name))
      EXPECT_LT(after[i], before[i]) << name;
    else
      EXPECT_EQ(after[i], before[i]) << name << " changes " << objectives()[i].name;
}

TEST(Objectives, EachGoesByItsOwnFigureInItsOwnDirection) {
  LayoutFigures f = kFigures;
  f.peak -= 1;
  expect_better(f, "peak");
  f = kFigures;
  f.cycles -= 1;
  expect_better(f, "latency");
  f = kFigures;
  f.row_hits += 1;
  expect_better(f, "row-hits");
  f = kFigures;
  f.cache_hits += 1;
  expect_better(f, "cache-hits");
  f = kFigures;
  f.dram_bytes -= 1;
  expect_better(f, "dram-bytes");
  EXPECT_EQ(objectives().size(), 5U) << "a new objective needs a case here";
}

TEST(Objectives, RatesOfNoAccessesAreZero) {
  for (const Objective& o : objectives()) EXPECT_EQ(o.value({}), 0) << o.name;
}

std::string error_of(const std::vector<std::string>& names) {
  try {
    objectives_named(names);
    return "";
  } catch (const InputError& e) {
    return e.what();
  }
}

TEST(Objectives, AreNamedInOrderOnce) {
  const auto found = objectives_named(std::vector<std::string>{"latency", "peak"});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]->name, "latency");
  EXPECT_EQ(found[1]->name, "peak");
  EXPECT_EQ(error_of({"speed"}),
            "'speed' is unknown, expected peak, row-hits, cache-hits, dram-bytes, latency, "
            "or peak,waits");
  EXPECT_EQ(error_of({"peak", "peak"}), "'peak' twice, expected it once");
  EXPECT_NE(error_of({""}), "");
}

TEST(LayoutReport, TheFrontComesBestFirst) {
  LayoutReport report;
  report.objectives = objectives_named(std::vector<std::string>{"row-hits", "peak"});
  for (const std::int64_t hits : {50, 70, 60}) {
    LayoutRow row;
    row.figures = kFigures;
    row.figures.row_hits = hits;
    row.front = hits != 50;
    report.rows.push_back(row);
  }
  EXPECT_EQ(front_rows(report), (std::vector<std::size_t>{1, 2}));
}

}  // namespace
}  // namespace unna
