#pragma once

// Which buffers of a perfect packing meet at the times at which some end and others begin.

#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "memmgr/exact/instance.h"

namespace unna {

/// Numbers of groups, by buffer.
struct Contacts {
  std::vector<std::uint32_t> at_end;    ///< of those that it may meet where it ends,
  std::vector<std::uint32_t> at_begin;  ///< and where it begins
  std::uint32_t count = 0;              ///< numbers are below it
};

/// Where nothing is wasted, buffers that end at a time and those that begin then touch along lines
/// with the same bytes on both sides (the nodes of the network in Brooks, Smith, Stone, Tutte, "The
/// dissection of rectangles into squares", Duke Mathematical Journal 7, 1940). Sizes mostly tell
/// which buffers share a line: those of the least sets with equal sums. Sets with buffers in common
/// are one group, and so is all of a time with too many sets to tell.
///
/// A guide, no proof: sums may be equal by chance, so that a packing may have lines across groups.
///
/// `ending` and `starting` have a row a time.
Contacts find_contacts(std::span<const Bytes> size, const Rows& ending, const Rows& starting);

}  // namespace unna
