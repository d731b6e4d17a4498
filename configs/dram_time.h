#pragma once

// A time as a memory's standard gives it: `13.32 ns`, `8 clk`, `max(4 clk, 7.5 ns)`, `ras + rp`,
// `max(8 clk, 10 ns) + 1 clk`.

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "configs/dram_device.h"
#include "text/yaml.h"

namespace unna {

/// The clock in which commands go.
struct DramCommandClock {
  std::int64_t data_mhz = 0;
  std::int64_t data_clocks = 1;  ///< clocks of the data in one of commands

  /// Whole clocks of a time: exact on integers.
  std::int64_t clocks(std::int64_t picoseconds, DramRounding rounding) const;
};

/// Clocks of the command clock. Each time in nanoseconds, of at most three decimals, is rounded for
/// itself before it is added or compared. `named` gives the clocks of another time by its name.
/// Throws InputError at the node where the text is no time.
std::int64_t read_dram_time(
    const YamlNode& node, const DramCommandClock& clock, DramRounding rounding,
    const std::function<std::optional<std::int64_t>(std::string_view)>& named);

}  // namespace unna
