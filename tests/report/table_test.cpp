#include "text/table.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "text/csv.h"

namespace unna {
namespace {

TEST(TextTable, first_column_flush_left_others_flush_right) {
  TextTable table({"name", "two\nlines"});
  table.add({"a", "1"});
  table.rule();
  table.add({"longer", "12345678"});
  EXPECT_EQ(table.str(),
            "             two\n"
            "name       lines\n"
            "----------------\n"
            "a              1\n"
            "----------------\n"
            "longer  12345678\n");
}

TEST(TextTable, remarks_are_flush_left_without_trailing_blanks) {
  TextTable table({"n", "v", "remark"});
  table.left_from(2);
  table.add({"a", "1", "x"});
  table.add({"b", "22", "longer remark"});
  EXPECT_EQ(table.str(),
            "n   v  remark\n"
            "--------------------\n"
            "a   1  x\n"
            "b  22  longer remark\n");
}

TEST(TextTable, a_row_of_another_width_is_refused) {
  TextTable table({"a", "b"});
  EXPECT_THROW(table.add({"1"}), InternalError);
}

TEST(Csv, cells_survive_writing_and_reading) {
  const std::vector<std::string> cells = {"plain", "with,comma", "with \"quotes\"", "", " blank "};
  EXPECT_EQ(csv_line(cells), "plain,\"with,comma\",\"with \"\"quotes\"\"\",,\" blank \"");
  EXPECT_EQ(split_csv_line(csv_line(cells)), cells);
}

TEST(Csv, an_open_quote_is_refused) {
  EXPECT_THROW(split_csv_line("a,\"b"), InputError);
}

TEST(Csv, a_row_needs_as_many_cells_as_columns) {
  constexpr std::string_view kColumns[] = {"a", "b"};
  CsvWriter csv(kColumns);
  csv.row({"1", "2"});
  EXPECT_EQ(csv.text(), "a,b\n1,2\n");
  EXPECT_THROW(csv.row({"1", "2", "3"}), InternalError);
}

}  // namespace
}  // namespace unna
