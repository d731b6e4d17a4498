#pragma once

#include <string_view>

namespace unna {

/// project(VERSION) of CMakeLists.txt, the one place that says it.
inline constexpr std::string_view kVersion = UNNASIM_VERSION;

}  // namespace unna
