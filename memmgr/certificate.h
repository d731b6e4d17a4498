#pragma once

#include <cstdint>
#include <string_view>

namespace unna {

/// What makes a lower bound.
enum class BoundKind : std::uint8_t {
  together,  ///< buffers that are in use at one time, or that nothing orders
  single,    ///< one buffer where it can lie lowest
  fixed,     ///< the end of a buffer at a fixed offset
  apart,     ///< two buffers that are kept apart, and what conflicts with both
};
inline constexpr std::string_view kBoundKindNames[] = {"together", "single", "fixed", "apart"};

}  // namespace unna
