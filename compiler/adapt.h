#pragma once

// A network as a machine computes it, before it is calibrated and compiled.

#include "configs/machine.h"
#include "workloads/graph.h"

namespace unna {

/// With the model's own quantisation in int8 (compiler/model_steps.h), and rows that fit the
/// machine's buffers (compiler/rows.h). Inputs and outputs are those of the graph.
Graph adapted(Graph graph, const MachineConfig& machine);

}  // namespace unna
