#pragma once

// Quantities as a reader wants them. Files for tools hold plain numbers instead.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/units.h"

namespace unna {

std::string grouped(std::int64_t value);  ///< 12,345,678
/// "1 core", "16 cores", "1,000 cores"; the plural ends in s unless it is given.
std::string counted(std::int64_t number, std::string_view one, std::string_view many = {});
inline std::string counted(std::size_t number, std::string_view one, std::string_view many = {}) {
  return counted(static_cast<std::int64_t>(number), one, many);
}
std::string readable_bytes(Bytes bytes);  ///< 512 B, 1.50 KiB, 20.12 MiB
std::string readable_seconds(
    double seconds);  ///< 0 s, 12.3 us, 4.56 ms, 1.23 s, 2 min 5 s, 3 h 1 min
std::string readable_joules(double joules);  ///< 12.3 nJ, 4.56 uJ, 1.23 mJ, 1.02 J, 1,020 J
/// So many digits that count, never an exponent: 0.0123, 12.3, 13,520.
std::string significant(double value, int digits = 3);
std::string percent(double ratio, int digits = 1);  ///< 0.9187 -> "91.9 %"

/// 1 - after / before: what sharing saves. 0 where there is nothing to save.
double reduction(Bytes before, Bytes after);

/// part / whole; 0 where there is no whole.
double share(std::int64_t part, std::int64_t whole);

/// A double for CSV and tables of tools: 6 significant digits, the same on every host.
std::string plain_number(double value);

}  // namespace unna
