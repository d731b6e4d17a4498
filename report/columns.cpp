#include "report/columns.h"

#include <fmt/format.h>

#include <cctype>

#include "text/csv.h"
#include "text/units.h"

namespace unna {

std::string cell_text(const Cell& cell) {
  struct Text {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return plain_number(value); }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(const std::string& text) const { return text; }
  };
  return std::visit(Text{}, cell);
}

std::vector<std::string> cell_texts(const std::vector<Cell>& cells) {
  std::vector<std::string> texts;
  for (const Cell& cell : cells) texts.push_back(cell_text(cell));
  return texts;
}

std::string table_csv(const Table& table) {
  std::vector<std::string_view> names;
  for (const ColumnInfo& column : table.columns) names.push_back(column.name);
  CsvWriter csv(names);
  for (const std::vector<Cell>& row : table.rows) csv.row(cell_texts(row));
  return csv.text();
}

std::string_view json_key(const ColumnInfo& column) {
  std::string suffix = "_";
  for (const char c : column.unit)
    suffix += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::string_view key = column.name;
  if (!column.unit.empty() && key.ends_with(suffix)) key.remove_suffix(suffix.size());
  return key;
}

std::string columns_markdown(std::span<const ColumnInfo> columns) {
  std::string text = "| column | unit | meaning |\n|---|---|---|\n";
  for (const ColumnInfo& column : columns)
    text += fmt::format("| `{}` | {} | {} |\n", column.name, column.unit, column.definition);
  return text;
}

}  // namespace unna
