#pragma once

#include <cstdint>

namespace unna {

/// Which of the free places a buffer gets.
enum class Fit : std::uint8_t {
  lowest,  ///< lowest offset that is free
  best,    ///< smallest gap that is large enough, the lowest among equals; else above all
};

}  // namespace unna
