#pragma once

#include <string_view>

namespace unna {

/// project(VERSION) of CMakeLists.txt, the one place that says it.
extern const std::string_view kVersion;

}  // namespace unna
