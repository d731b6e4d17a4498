#include "text/line_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

#include "text/nearest.h"
#include "text/numbers.h"
#include "text/yaml.h"

namespace unna {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
  return std::nullopt;
}

/// Longer lines have no columns, and no statement has so many words.
constexpr std::size_t kMaxLine = 1 << 24;
constexpr std::size_t kMaxFields = 64;

}  // namespace

bool LineReader::next() {
  while (at_ < text_.size()) {
    const std::string_view line = text_.substr(at_, text_.find('\n', at_) - at_);
    at_ += line.size() + 1;
    ++line_;
    if (line.size() > kMaxLine)
      fail(1, "line of {} bytes, expected at most {}", line.size(), kMaxLine);
    split(line);
    if (!words_.empty()) return true;
  }
  return false;
}

void LineReader::split(std::string_view line) {
  words_.clear();
  for (std::size_t i = 0; i < line.size();) {
    if (is_space(line[i])) {
      ++i;
      continue;
    }
    if (line[i] == '#') return;
    Word word;
    word.column = static_cast<int>(i) + 1;
    const std::size_t begin = i;
    while (i < line.size() && !is_space(line[i]) && line[i] != '=' && line[i] != '"') ++i;
    word.name = line.substr(begin, i - begin);
    if (i < line.size() && line[i] == '=') {
      ++i;
      word.has_value = true;
    }
    word.value_column = static_cast<int>(i) + 1;
    if (i < line.size() && line[i] == '"') {
      if (!word.has_value && !word.name.empty())
        fail(static_cast<int>(i) + 1, "'\"' within a word, expected it behind a space or '='");
      const std::size_t end = end_of_quoted(line, i);
      word.has_value = word.quoted = true;
      word.value = line.substr(i + 1, end - i - 1);
      i = end + 1;
      if (i < line.size() && !is_space(line[i]))
        fail(static_cast<int>(i) + 1, "'{}' behind a closing '\"', expected a space", line[i]);
    } else if (word.has_value) {
      const std::size_t value = i;
      while (i < line.size() && !is_space(line[i])) ++i;
      word.value = line.substr(value, i - value);
    }
    words_.push_back(word);
  }
}

std::size_t LineReader::end_of_quoted(std::string_view line, std::size_t open) const {
  for (std::size_t i = open + 1; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      return i;
    }
  }
  fail(static_cast<int>(open) + 1, "no closing '\"' on this line, expected one");
}

std::string LineReader::unquote(const Word& word) const {
  if (!word.quoted) {
    const std::string_view text = word.has_value ? word.value : word.name;
    fail(word.has_value ? word.value_column : word.column, "'{}' is not quoted, expected \"{}\"",
         text, text);
  }
  std::string out;
  const std::string_view in = word.value;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] != '\\') {
      out += in[i];
      continue;
    }
    const char code = in[++i];  // end_of_quoted() saw to it that there is one
    if (code == '"' || code == '\\') {
      out += code;
    } else if (code == 'n') {
      out += '\n';
    } else {
      const auto high = i + 2 < in.size() ? hex_digit(in[i + 1]) : std::nullopt;
      const auto low = i + 2 < in.size() ? hex_digit(in[i + 2]) : std::nullopt;
      if (code != 'x' || !high || !low)
        fail(word.value_column + static_cast<int>(i),
             "unknown escape '\\{}', expected \\\", \\\\, \\n or \\x and two digits", code);
      out += static_cast<char>(static_cast<unsigned char>(*high * 16 + *low));
      i += 2;
    }
  }
  return out;
}

FieldReader::FieldReader(const LineReader& line, std::size_t first, std::string_view what)
    : line_(line), first_(first), what_(what) {
  const std::vector<Word>& words = line.words();
  if (words.size() > first + kMaxFields)
    line.fail(words[first + kMaxFields].column, "more than {} fields in {}, expected fewer",
              kMaxFields, what);
  for (std::size_t i = first; i < words.size(); ++i) {
    if (!words[i].has_value || words[i].name.empty())
      line.fail(words[i].column, "'{}' in {}, expected name=value",
                words[i].has_value ? words[i].value : words[i].name, what);
    for (std::size_t k = first; k < i; ++k)
      if (words[k].name == words[i].name)
        line.fail(words[i].column, "'{}' twice in {}, expected it once", words[i].name, what);
  }
}

const Word* FieldReader::optional(std::string_view name) {
  const std::vector<Word>& words = line_.words();
  for (std::size_t i = first_; i < words.size(); ++i) {
    if (words[i].name != name) continue;
    taken_ |= 1ULL << (i - first_);
    return &words[i];
  }
  return nullptr;
}

const Word& FieldReader::require(std::string_view name) {
  if (const Word* word = optional(name)) return *word;
  line_.fail(line_.words()[0].column, "{} has no '{}', expected {}=...", what_, name, name);
}

void FieldReader::finish() const {
  const std::vector<Word>& words = line_.words();
  for (std::size_t i = first_; i < words.size(); ++i)
    if ((taken_ >> (i - first_) & 1U) == 0)
      line_.fail(words[i].column, "unknown '{}' in {}, expected no such field", words[i].name,
                 what_);
}

std::int64_t FieldReader::integer(std::string_view name, std::int64_t lo, std::int64_t hi) {
  const Word& word = require(name);
  std::int64_t value = 0;
  if (word.quoted || !parse_integer(word.value, value) || value < lo || value > hi)
    line_.fail(word.value_column, "{} is '{}', expected an integer from {} to {}", name, word.value,
               lo, hi);
  return value;
}

std::string FieldReader::string(std::string_view name) {
  return line_.unquote(require(name));
}

std::vector<std::uint32_t> FieldReader::ids(std::string_view name) {
  const Word& word = require(name);
  std::vector<std::uint32_t> out;
  if (word.value == "none") return out;
  for (std::size_t at = 0; at <= word.value.size();) {
    const std::string_view item = word.value.substr(at, word.value.find(',', at) - at);
    out.push_back(parse_id(line_, item, word.value_column + static_cast<int>(at), "", name));
    at += item.size() + 1;
  }
  return out;
}

std::size_t FieldReader::choice(std::string_view name, const std::string_view* begin,
                                std::size_t count) {
  const Word& word = require(name);
  const std::string_view* const end = begin + count;
  const std::string_view* const found = std::find(begin, end, word.value);
  if (found == end)
    line_.fail(word.value_column, "{} is '{}', {}", name, word.value,
               expected_name(word.value, std::span(begin, end)));
  return static_cast<std::size_t>(found - begin);
}

std::uint32_t parse_id(const LineReader& line, std::string_view text, int column,
                       std::string_view prefix, std::string_view what) {
  std::int64_t value = 0;
  if (!text.starts_with(prefix) || !parse_integer(text.substr(prefix.size()), value) || value < 0 ||
      value > std::numeric_limits<std::uint32_t>::max())
    line.fail(column, "{} is '{}', expected {}", what, text,
              prefix.empty() ? "a number from 0 to 4294967295"
                             : fmt::format("{}0, {}1, ...", prefix, prefix));
  return static_cast<std::uint32_t>(value);
}

}  // namespace unna
