#pragma once

// Which units use which buffers: what a plan that makes units wait for one another goes by.

#include <vector>

#include "compiler/compile.h"
#include "compiler/pieces.h"
#include "compiler/schedule.h"

namespace unna {

/// Of each intermediate buffer, by BufferId, ascending by unit, each unit once (as one that writes
/// where it does both).
std::vector<std::vector<UnitUse>> unit_uses(const LoweredGraph& graph, const Schedule& schedule,
                                            const Pieces& pieces,
                                            const std::vector<BufferInfo>& buffers);

}  // namespace unna
