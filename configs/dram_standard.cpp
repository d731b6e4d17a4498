#include "configs/dram_standard.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/error.h"
#include "configs/dram_device.h"
#include "configs/dram_time.h"
#include "text/yaml.h"

namespace unna {
namespace {

std::int64_t read_power(const YamlNode& node, std::string_view what, std::int64_t hi) {
  const std::int64_t value = node.as_int(what, 1, hi);
  if ((value & (value - 1)) != 0)
    node.fail(fmt::format("{} is {}, expected a power of two from 1 to {}", what, value, hi));
  return value;
}

std::string_view name_of(const DramTime& time) {
  return time.path.substr(time.path.rfind('.') + 1);
}

/// In the order of kDramTimes: a time may name those before it.
DramTiming read_timing(const YamlNode& node, const DramCommandClock& clock, std::int64_t own_mhz) {
  DramTiming timing;
  YamlMapReader reader(node, "timing");
  for (const DramTime& time : kDramTimes) {
    const auto earlier = [&](std::string_view name) -> std::optional<std::int64_t> {
      for (const DramTime& other : kDramTimes) {
        if (&other == &time) break;
        if (name_of(other) == name) return timing.*other.member / clock.data_clocks;
      }
      return std::nullopt;
    };
    const YamlNode& text = reader.require(name_of(time));
    std::int64_t clocks = read_dram_time(text, clock, time.rounding, earlier) * clock.data_clocks;
    // At clocks far from its own a memory is nonsense, which check_dram() says with its place.
    if (clock.data_mhz != own_mhz) clocks = std::clamp(clocks, time.least, kDramMaxClocks);
    if (clocks < time.least || clocks > kDramMaxClocks)
      text.fail(fmt::format("{} is {} clocks at {} MHz, expected {} to {}", name_of(time), clocks,
                            clock.data_mhz, time.least, kDramMaxClocks));
    timing.*time.member = clocks;
  }
  reader.finish();
  return timing;
}

}  // namespace

DramDevice parse_dram_standard(const std::string& yaml, const std::string& file,
                               std::optional<std::int64_t> clock_mhz) {
  const YamlNode root = parse_yaml(yaml, file);
  YamlMapReader reader(root, "the memory");
  if (reader.require("source").as_string("source").empty())
    reader.require("source").fail("source is empty, expected where the values come from");
  DramDevice device;
  const std::int64_t own_mhz = reader.require("clock_mhz").as_int("clock_mhz", 1, 10'000);
  device.clock_mhz = clock_mhz.value_or(own_mhz);
  if (const YamlNode* node = reader.optional("command_clocks"))
    device.command_clocks = read_power(*node, "command_clocks", 8);
  const auto power = [&](std::string_view key, std::int64_t hi) {
    return read_power(reader.require(key), key, hi);
  };
  device.bus_bits = power("bus_bits", 1024);
  device.burst_length = power("burst_length", 32);
  device.ranks = 1;
  device.groups = power("groups", 8);
  device.banks = power("banks", 32);
  device.rows = power("rows", 1 << 20);
  device.columns = power("columns", 1 << 14);
  device.timing =
      read_timing(reader.require("timing"), {device.clock_mhz, device.command_clocks}, own_mhz);
  reader.finish();
  return device;
}

DramDevice dram_standard_at(DramStandard standard, std::int64_t clock_mhz) {
  const DramStandardFile& file = dram_standard_files()[static_cast<std::size_t>(standard)];
  return parse_dram_standard(std::string(file.yaml), std::string(file.file), clock_mhz);
}

const DramDevice& dram_standard(DramStandard standard) {
  static const std::vector<DramDevice> devices = [] {
    std::vector<DramDevice> parsed;
    for (const DramStandardFile& file : dram_standard_files())
      parsed.push_back(parse_dram_standard(std::string(file.yaml), std::string(file.file)));
    return parsed;
  }();
  return devices[static_cast<std::size_t>(standard)];
}

std::string_view dram_standard_name(DramStandard standard) {
  return dram_standard_names()[static_cast<std::size_t>(standard)];
}

std::optional<DramStandard> find_dram_standard(std::string_view name) {
  const auto names = dram_standard_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<DramStandard>(found - names.begin());
}

}  // namespace unna
