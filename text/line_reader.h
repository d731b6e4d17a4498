#pragma once

// Words and lines of the text forms (assembly, traces): a line is one statement, words stand
// between spaces or tabs, `#` begins a comment, `"..."` may hold anything (escapes \" \\ \n \xHH).
// Every word knows its place.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace unna {

/// `name`, `name=value`, `name="value"` or `"value"`, as it stands in the text.
struct Word {
  std::string_view name;   ///< before '='; the whole word where it has none; empty for `"value"`
  std::string_view value;  ///< after '='; with escapes still in it
  bool has_value = false;
  bool quoted = false;
  int column = 0;
  int value_column = 0;
};

class LineReader {
 public:
  /// Both must outlive the reader and the words.
  LineReader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  /// Goes to the next line that is not empty or a comment; false at the end of the text.
  bool next();
  /// Words of the current line; at least one.
  const std::vector<Word>& words() const { return words_; }
  int line() const { return line_; }
  /// Of the current line, or of the first one while there is none.
  SourcePos pos(int column) const { return {file_, line_ > 0 ? line_ : 1, column}; }

  template <class... Args>
  [[noreturn]] void fail(int column, fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError(pos(column), fmt::format(format, std::forward<Args>(args)...));
  }

  /// The characters of a quoted word's value.
  std::string unquote(const Word& word) const;

 private:
  void split(std::string_view line);
  std::size_t end_of_quoted(std::string_view line, std::size_t open) const;

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  int line_ = 0;
  std::vector<Word> words_;
};

/// Takes the `name=value` words of one line one by one; finish() rejects those that nobody asked
/// for. Every name at most once.
class FieldReader {
 public:
  /// Fields are words [first, ...) of the current line of `line`; `what` names the statement.
  FieldReader(const LineReader& line, std::size_t first, std::string_view what);

  const Word* optional(std::string_view name);
  const Word& require(std::string_view name);
  void finish() const;

  std::int64_t integer(std::string_view name, std::int64_t lo, std::int64_t hi);
  std::string string(std::string_view name);
  /// "0,3,7" as ascending or not, "none" as empty.
  std::vector<std::uint32_t> ids(std::string_view name);
  std::size_t choice(std::string_view name, const std::string_view* begin, std::size_t count);

  const LineReader& line() const { return line_; }

 private:
  const LineReader& line_;
  std::size_t first_;
  std::string_view what_;
  std::uint64_t taken_ = 0;  ///< bit i: word first + i was asked for
};

/// `b12` with prefix "b" -> 12; `what` names it in the message.
std::uint32_t parse_id(const LineReader& line, std::string_view text, int column,
                       std::string_view prefix, std::string_view what);

}  // namespace unna
