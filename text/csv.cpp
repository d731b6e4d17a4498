#include "text/csv.h"

namespace unna {

CsvReader::CsvReader(std::string_view text, std::string file)
    : text_(text), file_(std::move(file)) {
  if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
}

std::optional<std::vector<CsvField>> CsvReader::next() {
  for (skip_blanks(); !at_end() && at_line_end(); skip_blanks()) end_line();
  if (at_end()) return std::nullopt;
  std::vector<CsvField> record;
  for (;;) {
    record.push_back(field());
    if (at_line_end()) break;
    ++at_;  // the comma
  }
  if (!at_end()) end_line();
  return record;
}

void CsvReader::skip_blanks() {
  while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
}

void CsvReader::end_line() {
  if (text_[at_] == '\r') {
    if (at_ + 1 >= text_.size() || text_[at_ + 1] != '\n')
      throw InputError(here(), "carriage return without line feed, expected the end of the line");
    ++at_;
  }
  ++at_;
  ++line_;
  line_start_ = at_;
}

CsvField CsvReader::field() {
  skip_blanks();
  CsvField result{{}, here()};
  if (!at_line_end() && text_[at_] == '"') {
    result.text = quoted();
    skip_blanks();
    if (!at_line_end() && text_[at_] != ',')
      throw InputError(here(), "text behind a closing quote, expected a comma or the line's end");
    return result;
  }
  const std::size_t from = at_;
  for (; !at_line_end() && text_[at_] != ','; ++at_) {
    if (text_[at_] == '"')
      throw InputError(here(), "quote within a field, expected the whole field in quotes");
    if (text_[at_] == '\0') throw InputError(here(), "NUL character, expected text");
  }
  result.text = text_.substr(from, at_ - from);
  while (result.text.ends_with(' ') || result.text.ends_with('\t')) result.text.pop_back();
  return result;
}

std::string CsvReader::quoted() {
  const SourcePos opened = here();
  std::string text;
  for (++at_; !at_end(); ++at_) {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    if (text_[at_] != '"') {
      text += text_[at_];
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
      text += '"';
      ++at_;
    } else {
      ++at_;
      return text;
    }
  }
  throw InputError(opened, "quote is never closed, expected a closing quote");
}

namespace {

std::string csv_cell(std::string_view cell) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  const bool padded = !cell.empty() && (blank(cell.front()) || blank(cell.back()));
  if (!padded && cell.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(cell);
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string csv_line(std::span<const std::string> cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    line += csv_cell(cells[i]);
  }
  return line;
}

std::vector<std::string> split_csv_line(const std::string& line) {
  CsvReader reader(line, "CSV line");
  std::vector<std::string> cells;
  if (const auto record = reader.next())
    for (const CsvField& field : *record) cells.push_back(field.text);
  return cells;
}

CsvWriter::CsvWriter(std::span<const std::string_view> columns) : columns_(columns.size()) {
  const std::vector<std::string> names(columns.begin(), columns.end());
  text_ = csv_line(names) + "\n";
}

void CsvWriter::row(const std::vector<std::string>& cells) {
  invariant(cells.size() == columns_, "{} cells under {} columns", cells.size(), columns_);
  text_ += csv_line(cells) + "\n";
}

}  // namespace unna
