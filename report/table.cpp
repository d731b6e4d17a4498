#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace unna {

namespace {

/// Titles of several lines, as one row of cells a line, the last line always full.
std::vector<std::vector<std::string>> lines_of_titles(const std::vector<std::string>& titles) {
  std::size_t lines = 1;
  for (const std::string& title : titles)
    lines =
        std::max(lines, 1 + static_cast<std::size_t>(std::count(title.begin(), title.end(), '\n')));
  std::vector<std::vector<std::string>> rows(lines, std::vector<std::string>(titles.size()));
  for (std::size_t column = 0; column < titles.size(); ++column) {
    std::string rest = titles[column];
    for (std::size_t row = lines; row-- > 0;) {
      const auto cut = rest.rfind('\n');
      rows[row][column] = cut == std::string::npos ? rest : rest.substr(cut + 1);
      rest = cut == std::string::npos ? "" : rest.substr(0, cut);
    }
  }
  return rows;
}

}  // namespace

TextTable::TextTable(std::vector<std::string> titles)
    : titles_(std::move(titles)), left_from_(titles_.size()) {}

void TextTable::add(std::vector<std::string> cells) {
  invariant(cells.size() == titles_.size(), "{} cells under {} titles", cells.size(),
            titles_.size());
  rows_.push_back(std::move(cells));
}

void TextTable::rule() {
  rows_.emplace_back();
}

std::string TextTable::str() const {
  std::vector<std::size_t> width(titles_.size());
  const auto widen = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) width[i] = std::max(width[i], cells[i].size());
  };
  for (const auto& cells : lines_of_titles(titles_)) widen(cells);
  for (const auto& row : rows_) widen(row);

  std::string text;
  const auto put = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += "  ";
      line += i == 0 || i >= left_from_ ? fmt::format("{:<{}}", cells[i], width[i])
                                        : fmt::format("{:>{}}", cells[i], width[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  std::size_t total = 2 * (width.size() - 1);
  for (const std::size_t w : width) total += w;
  for (const auto& cells : lines_of_titles(titles_)) put(cells);
  text += std::string(total, '-') + "\n";
  for (const auto& row : rows_) {
    if (row.empty())
      text += std::string(total, '-') + "\n";
    else
      put(row);
  }
  return text;
}

namespace {

std::string csv_cell(std::string_view cell) {
  if (cell.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(cell);
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
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  invariant(!quoted, "a quote stays open in the CSV line {}", line);
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
