#include "text/units.h"

#include <fmt/format.h>

#include <array>

namespace unna {

std::string grouped(std::int64_t value) {
  const std::string digits = fmt::format("{}", value < 0 ? -value : value);
  std::string text = value < 0 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string readable_bytes(Bytes bytes) {
  if (bytes < kKiB) return fmt::format("{} B", bytes);
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / static_cast<double>(kKiB);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.2f} {}", value, kUnits[unit]);
}

std::string readable_seconds(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.3g} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1e3);
  return fmt::format("{:.3g} s", seconds);
}

std::string readable_joules(double joules) {
  if (joules < 1e-6) return fmt::format("{:.3g} nJ", joules * 1e9);
  if (joules < 1e-3) return fmt::format("{:.3g} uJ", joules * 1e6);
  if (joules < 1) return fmt::format("{:.3g} mJ", joules * 1e3);
  return fmt::format("{:.3g} J", joules);
}

std::string percent(double ratio, int digits) {
  return fmt::format("{:.{}f} %", ratio * 100, digits);
}

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

double reduction(Bytes before, Bytes after) {
  if (before == 0) return 0;
  return 1 - static_cast<double>(after) / static_cast<double>(before);
}

std::string plain_number(double value) {
  return fmt::format("{:.6g}", value);
}

}  // namespace unna
