#pragma once

// Why the search is where it is: sets of decisions.

#include <algorithm>
#include <cstdint>
#include <span>

namespace unna {

/// Decisions by their level, a bit each. All of a search have the same number of words.
using Reason = std::span<std::uint64_t>;

inline void add(Reason to, std::span<const std::uint64_t> more) {
  for (std::size_t w = 0; w < to.size(); ++w) to[w] |= more[w];
}

inline void add_to(Reason to, std::uint32_t level) {
  to[level / 64] |= std::uint64_t{1} << (level % 64);
}

inline void assign(Reason to, std::span<const std::uint64_t> from) {
  std::ranges::copy(from, to.begin());
}

}  // namespace unna
