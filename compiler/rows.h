#pragma once

// Rows that are longer than the buffers.

#include "configs/machine.h"
#include "workloads/graph.h"

namespace unna {

/// The graph with operators over rows that do not fit the machine's buffers put together from
/// others, as such machines do it: reductions in pieces, whose results are reduced again, means
/// after zeros have made the pieces equal; and log-softmax. Softmax and layer norm pass over their
/// pieces as kernels (compiler/point.h). Everything else is as it was.
/// For graphs that nobody has calibrated yet.
Graph with_short_rows(Graph graph, const MachineConfig& machine);

}  // namespace unna
