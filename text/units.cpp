#include "text/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <utility>

namespace unna {

namespace {

constexpr int kMostZeros = 15;  ///< behind the point, of numbers so small that they count as none

}  // namespace

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

std::string counted(std::int64_t number, std::string_view one, std::string_view many) {
  if (number == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", grouped(number), one)
                      : fmt::format("{} {}", grouped(number), many);
}

std::string significant(double value, int digits) {
  const std::string text = fmt::format("{:.{}g}", value, digits);
  if (text.find('e') == std::string::npos) return text;
  if (std::fabs(value) < 1) return fmt::format("{:.{}f}", value, digits + kMostZeros);
  // Numbers of this size are rounded to the digits first, then written with all their places.
  double rounded = 0;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  constexpr double kLargest = 9e18;
  return rounded < kLargest && rounded > -kLargest ? grouped(static_cast<std::int64_t>(rounded))
                                                   : text;
}

namespace {

/// With the first unit in which it is less than a thousand, after rounding.
std::string in_units(double value, std::span<const std::pair<double, std::string_view>> units) {
  constexpr double kRoundsToThousand = 999.5;
  if (value == 0) return fmt::format("0 {}", units.back().second);
  for (const auto& [size, name] : units)
    if (value / size < kRoundsToThousand)
      return fmt::format("{} {}", significant(value / size), name);
  return fmt::format("{} {}", significant(value / units.back().first), units.back().second);
}

}  // namespace

std::string readable_seconds(double seconds) {
  constexpr std::pair<double, std::string_view> kUnits[] = {{1e-6, "us"}, {1e-3, "ms"}, {1, "s"}};
  constexpr double kMinutesFrom = 99.5;
  if (seconds < kMinutesFrom) return in_units(seconds, kUnits);
  constexpr std::int64_t kMinute = 60;
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  const std::int64_t minutes = whole / kMinute;
  if (minutes < kMinute) return fmt::format("{} min {} s", minutes, whole % kMinute);
  return fmt::format("{} h {} min", grouped(minutes / kMinute), minutes % kMinute);
}

std::string readable_joules(double joules) {
  constexpr std::pair<double, std::string_view> kUnits[] = {
      {1e-9, "nJ"}, {1e-6, "uJ"}, {1e-3, "mJ"}, {1, "J"}};
  return in_units(joules, kUnits);
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
