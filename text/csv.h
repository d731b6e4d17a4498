#pragma once

// Comma-separated values: one reader, which knows where each field stands, and one writer.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace unna {

/// A field, without quotes and surrounding blanks, and where it starts.
struct CsvField {
  std::string text;
  SourcePos pos;
};

/// Records of a comma-separated file (RFC 4180: quoted fields, doubled quotes, CRLF or LF; a byte
/// order mark is skipped, empty lines are). Throws InputError with line and column.
class CsvReader {
 public:
  CsvReader(std::string_view text, std::string file);

  /// The next record that is not empty; none at the end.
  std::optional<std::vector<CsvField>> next();

 private:
  bool at_end() const { return at_ >= text_.size(); }
  bool at_line_end() const { return at_end() || text_[at_] == '\n' || text_[at_] == '\r'; }
  SourcePos here() const { return {file_, line_, static_cast<int>(at_ - line_start_) + 1}; }
  void skip_blanks();
  void end_line();
  CsvField field();
  std::string quoted();

  std::string_view text_;
  std::string file_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
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

/// One CSV line without its line end, and back (throws InputError for an open quote).
std::string csv_line(std::span<const std::string> cells);
std::vector<std::string> split_csv_line(const std::string& line);

}  // namespace unna
