#pragma once

// What the tile search has to know of a kernel's unit.

#include "compiler/ir.h"
#include "compiler/tile.h"

namespace unna {

/// Of conv and matmul, for a unit with these extents of the output.
MacShape mac_shape(const Kernel& k, const Dims& unit);
/// Of dwconv and pool.
WindowShape window_shape(const Kernel& k, const Dims& unit);

}  // namespace unna
