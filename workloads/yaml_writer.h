#pragma once

#include <string>

#include "workloads/graph.h"

namespace unna {

/// The graph in the network language: parse_workload() of it gives the same graph, but for the
/// values of weights, which the language does not have, and for source positions. Throws
/// InputError where an attribute is no number that the language can say.
std::string write_workload(const Graph& graph);

}  // namespace unna
