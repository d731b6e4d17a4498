#pragma once

// Which buffers of a perfect packing meet at the times at which some end and others begin.

#include "memmgr/exact/perfect_instance.h"

namespace unna {

/// Where nothing is wasted, buffers that end at a time and those that begin then touch along lines
/// with the same bytes on both sides (the nodes of the network in Brooks, Smith, Stone, Tutte, "The
/// dissection of rectangles into squares", Duke Mathematical Journal 7, 1940). Sizes mostly tell
/// which buffers share a line: those of the least sets with equal sums. Sets with buffers in common
/// are one group, and so is all of a time with too many sets to tell.
///
/// A guide, no proof: sums may be equal by chance, so that a packing may have lines across groups.
void find_contacts(PerfectInstance& instance);

}  // namespace unna
