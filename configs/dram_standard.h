#pragma once

// Memories as data: each is a file configs/dram/<name>.yaml, embedded at build time, with the
// organisation of one channel and its times in nanoseconds or clocks, as its standard gives them
// (docs/machine.md, "A memory's file").

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace unna {

struct DramDevice;

/// Index in dram_standard_names(): the value of `dram.standard`.
enum class DramStandard : std::uint8_t {};

/// In the order of configs/CMakeLists.txt; the first is the default of `dram.standard`.
std::span<const std::string_view> dram_standard_names();
std::string_view dram_standard_name(DramStandard standard);
/// Nothing where there is no such memory.
std::optional<DramStandard> find_dram_standard(std::string_view name);

/// One channel of it: one rank; of stacked memories a pseudo-channel.
const DramDevice& dram_standard(DramStandard standard);
/// The same with its times in another clock: each time is rounded up to whole clocks of its
/// commands, the interval of refreshes down.
DramDevice dram_standard_at(DramStandard standard, std::int64_t clock_mhz);

/// What a memory's file says, at a clock, or at its own where none is given. Strict as
/// parse_machine() (configs/machine.h): throws InputError with file:line:column.
DramDevice parse_dram_standard(const std::string& yaml, const std::string& file,
                               std::optional<std::int64_t> clock_mhz = std::nullopt);

/// A memory's file as it was embedded.
struct DramStandardFile {
  std::string_view file;  ///< path in the source tree, for messages
  std::string_view yaml;  ///< its content, byte by byte
};
std::span<const DramStandardFile> dram_standard_files();

}  // namespace unna
