#pragma once

// Tables of results as lists of columns. A column's name, unit, definition and value stand in one
// row of code; CSV, JSON and docs/metrics.md are written from it. Another format is one more
// function of a Table.

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace unna {

/// Nothing, a whole number, a real number, a truth value, or a name.
using Cell = std::variant<std::monostate, std::int64_t, double, bool, std::string>;

/// A whole number of whatever type.
template <std::integral T>
requires(!std::same_as<T, bool>) Cell whole(T value) {
  return static_cast<std::int64_t>(value);
}
inline Cell name_cell(std::string_view text) {
  return std::string(text);
}

/// What a reader is told of a column. Names that mean the same in several tables are the same.
struct ColumnInfo {
  std::string_view name;
  std::string_view unit;        ///< empty: a name, an index, a seed or a truth value
  std::string_view definition;  ///< Markdown
};

/// A column of a table whose rows are made from values of type Row.
template <class Row>
struct Column {
  std::string_view name;
  std::string_view unit;
  std::string_view definition;
  Cell (*get)(const Row& row);

  constexpr ColumnInfo info() const { return {name, unit, definition}; }
};

template <class Row>
using Columns = std::span<const Column<Row>>;

template <class Row>
std::vector<ColumnInfo> infos(Columns<Row> columns) {
  std::vector<ColumnInfo> result;
  for (const Column<Row>& column : columns) result.push_back(column.info());
  return result;
}

template <class Row>
std::vector<Cell> cells(Columns<Row> columns, const std::type_identity_t<Row>& row) {
  std::vector<Cell> result;
  for (const Column<Row>& column : columns) result.push_back(column.get(row));
  return result;
}

/// A finished table; every row has a cell for each column.
struct Table {
  std::vector<ColumnInfo> columns;
  std::vector<std::vector<Cell>> rows;
};

template <class Row>
Table make_table(Columns<Row> columns, const std::vector<Row>& rows) {
  Table table{infos(columns), {}};
  for (const Row& row : rows) table.rows.push_back(cells(columns, row));
  return table;
}

/// As it stands in CSV: nothing is empty, real numbers have six significant digits.
std::string cell_text(const Cell& cell);
std::vector<std::string> cell_texts(const std::vector<Cell>& cells);

/// RFC 4180, with a line of names first.
std::string table_csv(const Table& table);

/// The column's key in JSON, where the unit stands beside the value: `latency_s` is `latency`.
std::string_view json_key(const ColumnInfo& column);

/// The columns' names, units and definitions as a Markdown table.
std::string columns_markdown(std::span<const ColumnInfo> columns);

}  // namespace unna
