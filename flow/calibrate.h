#pragma once

// Scales for int8, from what the values are (docs/functional.md, "int8").

#include <map>
#include <vector>

#include "reference/reference.h"
#include "report/run_report.h"
#include "workloads/graph.h"

namespace unna {

/// A network's outputs in double precision, by tensor.
using ExactOutputs = std::map<TensorId, std::vector<double>>;

/// Runs the graph in double precision and gives each of its tensors, and what operators compute in
/// between, a scale with which the largest magnitude becomes 127, unless the model itself says how
/// it is quantised. Tensors that may share a storage
/// or that one instruction hands on as they are have one scale together. Every weight and input
/// needs values.
ExactOutputs calibrate(Graph& graph, const InputValues& inputs);

/// How near `got` is to that.
Fidelity fidelity(const Graph& graph, const ExactOutputs& exact,
                  const std::map<TensorId, std::vector<double>>& got);

}  // namespace unna
