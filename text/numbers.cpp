#include "text/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace unna {

bool parse_integer(std::string_view text, std::int64_t& value) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return false;
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_number(std::string_view text, double& value) {
  std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return false;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

bool parse_bytes(std::string_view text, std::int64_t& value) {
  constexpr std::pair<std::string_view, int> kUnits[] = {
      {"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}};
  const auto unit =
      std::ranges::find_if(kUnits, [&](const auto& u) { return text.ends_with(u.first); });
  if (unit == std::end(kUnits)) return parse_integer(text, value);
  text.remove_suffix(unit->first.size());
  if (text.ends_with(' ')) text.remove_suffix(1);
  if (!parse_integer(text, value)) return false;
  const std::int64_t factor = std::int64_t{1} << unit->second;
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() / factor;
  if (value > most || value < -most) return false;
  value *= factor;
  return true;
}

}  // namespace unna
