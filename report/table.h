#pragma once

// Text tables for the terminal and CSV for tools. Neither knows what the cells mean.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace unna {

/// Aligned columns: the first is flush left, the others flush right. ASCII only; '\n' in titles.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> titles);

  /// As many cells as titles; throws InternalError otherwise.
  void add(std::vector<std::string> cells);
  /// A line between groups of rows.
  void rule();
  /// Columns from `first` on are flush left too (for remarks at the end of a row).
  void left_from(std::size_t first) { left_from_ = first; }

  /// Lines with '\n' at their ends and no trailing blanks.
  std::string str() const;

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<std::string>> rows_;  ///< an empty one is a rule
  std::size_t left_from_;
};

/// RFC 4180 with '\n' line ends; cells are quoted where they must be.
class CsvWriter {
 public:
  explicit CsvWriter(std::span<const std::string_view> columns);

  /// As many cells as columns; throws InternalError otherwise.
  void row(const std::vector<std::string>& cells);
  const std::string& text() const { return text_; }

 private:
  std::size_t columns_;
  std::string text_;
};

/// One CSV line without its line end, and back (throws InternalError for an open quote).
std::string csv_line(std::span<const std::string> cells);
std::vector<std::string> split_csv_line(const std::string& line);

}  // namespace unna
