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

}  // namespace unna
