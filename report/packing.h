#pragma once

// How data travels inside a report page: columns of whole numbers as differences in variable-length
// bytes, a JSON header in front of them, gzip, base64 (docs/adr/0019-report-page.md). The page's
// data.js undoes it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unna {

/// A named column of numbers, each given by its difference from the one before.
struct PackedColumn {
  std::string name;
  std::size_t count = 0;
  bool wide = false;  ///< some number needs more than 32 bits
  std::string bytes;
};
PackedColumn pack_column(std::string name, const std::vector<std::int64_t>& values);

/// The bytes as a gzip file without name and time, so that the same bytes give the same file.
std::string gzip(std::string_view bytes);

std::string base64(std::string_view bytes);

}  // namespace unna
