#include "configs/dram_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/units.h"

namespace unna {
namespace {

constexpr std::string_view kExpected =
    "expected a time such as '13.32 ns', '8 clk', 'max(4 clk, 7.5 ns)' or 'ras + rp'";

/// sum = term { ("+" | "-") term }; term = number ("ns" | "clk") | "max(" sum "," sum ")" | name.
class DramTimeReader {
 public:
  DramTimeReader(const YamlNode& node, const DramCommandClock& clock, DramRounding rounding,
                 const std::function<std::optional<std::int64_t>(std::string_view)>& named)
      : node_(node), clock_(clock), rounding_(rounding), named_(named), rest_(node.text) {}

  std::int64_t read() {
    const std::int64_t clocks = sum();
    if (!rest_.empty()) fail();
    return clocks;
  }

 private:
  [[noreturn]] void fail() const {
    node_.fail(fmt::format("'{}' is not a time, {}", node_.text, kExpected));
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

  bool take(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    skip_space();
    return true;
  }

  template <class Test>
  std::string_view take_while(Test&& test) {
    const auto* const end = std::find_if_not(rest_.begin(), rest_.end(), test);
    const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::int64_t sum() {
    std::int64_t clocks = term();
    while (true) {
      if (take("+"))
        clocks += term();
      else if (take("-"))
        clocks -= term();
      else
        return clocks;
    }
  }

  std::int64_t term() {
    skip_space();
    if (take("max(")) {
      const std::int64_t first = sum();
      if (!take(",")) fail();
      const std::int64_t second = sum();
      if (!take(")")) fail();
      return std::max(first, second);
    }
    if (!rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_.front())) != 0)
      return number();
    const std::string_view name = take_while(
        [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; });
    const std::optional<std::int64_t> clocks = named_(name);
    if (!clocks) fail();
    return *clocks;
  }

  std::int64_t number() {
    const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
    const std::int64_t whole = decimal(take_while(digit), 7);
    std::string decimals = "000";
    const bool has_point = rest_.starts_with('.');
    if (has_point) {
      rest_.remove_prefix(1);
      const std::string_view given = take_while(digit);
      if (given.empty() || given.size() > decimals.size()) fail();
      std::copy(given.begin(), given.end(), decimals.begin());
    }
    if (take("ns")) return clock_.clocks(whole * 1000 + decimal(decimals, 3), rounding_);
    if (has_point || !take("clk")) fail();
    return whole;
  }

  std::int64_t decimal(std::string_view digits, std::size_t most) const {
    if (digits.empty() || digits.size() > most) fail();
    std::int64_t value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return value;
  }

  const YamlNode& node_;
  const DramCommandClock& clock_;
  DramRounding rounding_;
  const std::function<std::optional<std::int64_t>(std::string_view)>& named_;
  std::string_view rest_;
};

}  // namespace

std::int64_t DramCommandClock::clocks(std::int64_t picoseconds, DramRounding rounding) const {
  constexpr std::int64_t kPicosecondsOfMhz = 1'000'000;  // of a period at 1 MHz
  const std::int64_t work = picoseconds * data_mhz;
  const std::int64_t period = kPicosecondsOfMhz * data_clocks;
  return rounding == DramRounding::up ? ceil_div(work, period) : work / period;
}

std::int64_t read_dram_time(
    const YamlNode& node, const DramCommandClock& clock, DramRounding rounding,
    const std::function<std::optional<std::int64_t>(std::string_view)>& named) {
  if (node.kind != YamlNode::Kind::scalar) node.fail(kExpected);
  return DramTimeReader(node, clock, rounding, named).read();
}

}  // namespace unna
