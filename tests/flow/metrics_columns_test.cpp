// The tables of columns in docs/metrics.md are those of the code.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "flow/sweep_columns.h"
#include "report/compare_report.h"
#include "report/fit_report.h"
#include "report/objectives.h"
#include "report/run_report.h"
#include "report/waits_report.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

std::map<std::string, std::vector<ColumnInfo>> all_columns() {
  std::map<std::string, std::vector<ColumnInfo>> tables = {
      {"layers.csv", infos(layer_columns())},
      {"plan.csv", infos(plan_columns())},
      {"buffers.csv", infos(cache_columns())},
      {"the layouts", infos(layout_columns())},
      {"layouts that need waits", infos(waits_columns())},
      {"front.csv", infos(fit_columns())},
      {"sweep.csv", {std::begin(kSweepOutcomeColumns), std::end(kSweepOutcomeColumns)}},
  };
  for (const CompareColumn& c : compare_columns()) tables["compare.csv"].push_back(c.column.info());
  for (const ColumnInfo& figure : infos(sweep_figures())) tables["sweep.csv"].push_back(figure);
  return tables;
}

TEST(MetricsColumns, stand_in_the_document_as_in_the_code) {
  std::string text = read_file(UNNASIM_SOURCE_DIR "/docs/metrics.md");
  for (const auto& [name, columns] : all_columns()) {
    const std::string begin = fmt::format("<!-- columns of {} -->\n", name);
    const std::size_t from = text.find(begin);
    ASSERT_NE(from, std::string::npos) << begin;
    const std::size_t to = text.find("<!-- end of columns -->", from);
    ASSERT_NE(to, std::string::npos) << begin;
    text.replace(from + begin.size(), to - from - begin.size(),
                 "\n" + columns_markdown(columns) + "\n");
  }
  expect_committed("docs/metrics.md", text);
}

TEST(MetricsColumns, have_distinct_names_and_a_definition_each) {
  for (const auto& [table, columns] : all_columns()) {
    std::set<std::string_view> names;
    for (const ColumnInfo& c : columns) {
      EXPECT_TRUE(names.insert(c.name).second) << table << ": " << c.name;
      EXPECT_FALSE(c.definition.empty()) << table << ": " << c.name;
    }
  }
}

/// A name has one unit, whichever table it stands in.
TEST(MetricsColumns, have_the_same_unit_wherever_they_stand) {
  std::map<std::string_view, std::string_view> units;
  for (const auto& [table, columns] : all_columns())
    for (const ColumnInfo& c : columns)
      EXPECT_EQ(units.emplace(c.name, c.unit).first->second, c.unit) << table << ": " << c.name;
}

/// Parts and causes are spelled out in the table of columns, so that each has a definition.
TEST(LayerColumns, name_every_stall_and_every_part_of_the_energy_of_a_layer) {
  std::set<std::string> names;
  for (const ColumnInfo& c : infos(layer_columns())) names.emplace(c.name);
  for (const std::string_view stall : kStallNames)
    EXPECT_TRUE(names.contains(fmt::format("stall_{}", stall))) << stall;
  for (std::size_t p = 0; p < static_cast<std::size_t>(Part::idle); ++p)
    EXPECT_TRUE(names.contains(fmt::format("energy_{}_nj", kPartNames[p]))) << kPartNames[p];
  for (const auto& [loss, count] : losses(SlotUse{}))
    EXPECT_TRUE(names.contains(fmt::format("loss_{}", loss))) << loss;
}

TEST(Table, is_written_with_a_line_of_names_and_empty_cells_where_there_is_nothing) {
  const Table table{{{"a", "", "x"}, {"b_s", "s", "y"}},
                    {{Cell(std::int64_t{3}), Cell()}, {Cell("p,q"), Cell(0.25)}}};
  EXPECT_EQ(table_csv(table), "a,b_s\n3,\n\"p,q\",0.25\n");
  EXPECT_EQ(json_key(table.columns[1]), "b");
  EXPECT_EQ(json_key({"gbps", "GB/s", ""}), "gbps");
}

}  // namespace
}  // namespace unna
