#pragma once

#include <string_view>

namespace unna {

/// The shipped energy table, embedded at build time, byte by byte.
std::string_view default_energy_yaml();

}  // namespace unna
