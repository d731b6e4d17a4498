#include "text/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace unna {

std::size_t typing_mistakes(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + wrong});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[a.size()][b.size()];
}

namespace {

constexpr std::size_t kLongest = 100;  // names are shorter; the table above is quadratic
constexpr std::size_t kBeginning = 3;

/// Mistakes of a word for a name, and one for what was left out; none where it is no likely one.
std::optional<std::size_t> mistakes(std::string_view word, std::string_view name) {
  std::optional<std::size_t> best;
  const auto consider = [&](std::size_t found, std::size_t letters) {
    if (found <= std::max<std::size_t>(letters / 3, 1) && found < letters)
      best = std::min(best.value_or(found), found);
  };
  consider(typing_mistakes(word, name), name.size());
  const std::string_view last = name.substr(name.rfind('.') + 1);
  if (last.size() < name.size()) consider(typing_mistakes(word, last) + 1, last.size());
  const std::string_view end = word.substr(word.rfind('.') + 1);  // behind a wrong part
  if (end.size() < word.size()) consider(typing_mistakes(end, last) + 1, last.size());
  if (word.size() >= kBeginning && (name.starts_with(word) || last.starts_with(word)))
    consider(1, name.size());
  if (name.size() > kBeginning && word.starts_with(name)) consider(1, name.size());
  return best;
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> names) {
  std::optional<std::string> found;
  std::size_t least = 0;
  if (word.size() > kLongest) return found;
  for (const std::string& name : names) {
    const auto wrong = mistakes(word, name);
    if (!wrong || (found && *wrong >= least)) continue;
    found = name;
    least = *wrong;
  }
  return found;
}

std::string expected_name(std::string_view word, std::span<const std::string> names) {
  constexpr std::size_t kFew = 8;
  constexpr std::size_t kListed = 20;
  if (names.size() <= kFew) return fmt::format("expected one of: {}", fmt::join(names, ", "));
  if (const auto name = nearest(word, names)) return fmt::format("did you mean '{}'?", *name);
  if (names.size() <= kListed) return fmt::format("expected one of: {}", fmt::join(names, ", "));
  return fmt::format("expected one of: {}, ... ({} in all)", fmt::join(names.first(kListed), ", "),
                     names.size());
}

std::string expected_name(std::string_view word, std::span<const std::string_view> names) {
  return expected_name(word, std::vector<std::string>(names.begin(), names.end()));
}

}  // namespace unna
