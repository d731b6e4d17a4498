#pragma once

// What a depth-first search for a layout tries first.

#include <cstdint>
#include <vector>

#include "memmgr/exact/instance.h"

namespace unna {

/// What the search prefers; whatever it is, the search is complete.
struct SearchStyle {
  /// The buffers that may come next are tried in descending order of this, then of size.
  enum class First : std::uint8_t { length, size } first = First::length;
  /// Which of the lowest sections is decided next: the one with the fewest choices, or with the
  /// fewest for the failures that it was to blame for.
  enum class Niche : std::uint8_t { choices, blamed } niche = Niche::choices;
  /// Not 0: the keys of the order are perturbed by up to a quarter.
  std::uint64_t seed = 0;
};

/// The place of each buffer in the order of the style.
std::vector<std::uint32_t> ranks(const PackingInstance& in, SearchStyle style);

}  // namespace unna
