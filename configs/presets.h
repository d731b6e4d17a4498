#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace unna {

/// A shipped machine file, embedded at build time: the program finds it wherever it runs.
struct MachinePreset {
  std::int64_t cores = 0;
  std::string_view file;  ///< path in the source tree, for messages
  std::string_view yaml;  ///< its content, byte by byte
};

/// By ascending number of cores.
std::span<const MachinePreset> machine_presets();

}  // namespace unna
