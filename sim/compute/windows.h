#pragma once

// Positions of windows that lie within a tile.

#include <algorithm>
#include <cstdint>

#include "base/units.h"
#include "isa/instruction.h"

namespace unna::compute {

/// Kernel positions [lo, hi) of a window whose first one is at `first` that lie in [0, size).
struct Taps {
  std::int64_t lo = 0, hi = 0;

  Taps(std::int64_t first, std::int64_t step, std::int64_t count, std::int64_t size) {
    lo = first >= 0 ? 0 : std::min(count, ceil_div(-first, step));
    hi = first >= size ? 0 : std::min(count, ceil_div(size - first, step));
    hi = std::max(lo, hi);
  }
};

/// Calls f(y, x, first input position, its taps) for each output position and tap within the
/// tile.
template <class Position, class Tap>
void windows(const Instruction& i, Position&& position, Tap&& tap) {
  const std::int64_t h = i.count(Operand::in_h), w = i.count(Operand::in_w);
  for (std::int64_t y = 0; y < i.count(Operand::out_h); ++y)
    for (std::int64_t p = 0; p < i.count(Operand::out_w); ++p) {
      const std::int64_t top = y * i.count(Operand::sy) - i.count(Operand::pad_t);
      const std::int64_t left = p * i.count(Operand::sx) - i.count(Operand::pad_l);
      const Taps tall(top, i.count(Operand::dy), i.count(Operand::kh), h);
      const Taps wide(left, i.count(Operand::dx), i.count(Operand::kw), w);
      const std::int64_t at = y * i.count(Operand::out_w) + p;
      position(at, (tall.hi - tall.lo) * (wide.hi - wide.lo));
      for (std::int64_t ky = tall.lo; ky < tall.hi; ++ky)
        for (std::int64_t kx = wide.lo; kx < wide.hi; ++kx)
          tap(at, (top + ky * i.count(Operand::dy)) * w + left + kx * i.count(Operand::dx),
              ky * i.count(Operand::kw) + kx);
    }
}

}  // namespace unna::compute
