#include "text/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "text/printable.h"

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
  for (std::string& cell : cells) cell = printable(cell);
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

}  // namespace unna
