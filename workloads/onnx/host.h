#pragma once

// The parts of a model that the host computes: what depends on token numbers, positions, masks and
// time steps only, before the machine starts; and what comes after the machine's last operator.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workloads/onnx/fold.h"
#include "workloads/onnx/model.h"

namespace unna::onnx_import {

using HostValues = std::map<std::string, Constant, std::less<>>;  ///< by name

/// Computes a graph's outputs from its inputs, both by name: the reference executor, say.
using GraphExecutor = std::function<std::map<std::string, Reals>(
    const Graph& graph, const std::map<std::string, Reals>& inputs)>;

/// Nodes in the order in which they run, and the constants that they read.
struct HostProgram {
  std::vector<Node> nodes;
  HostValues constants;
  std::int64_t opset = 0;

  bool empty() const { return nodes.empty(); }
};

/// The outputs of a node whose inputs are all known: by fold(), or else by translating the node
/// into a graph of its own that `execute` runs. None where neither can. Throws Unsupported.
std::optional<std::vector<Constant>> evaluate(const Node& node, const ConstantInputs& inputs,
                                              std::int64_t opset, const GraphExecutor& execute);

/// Adds the results of all nodes to `values`, which have what they read beside constants. Throws
/// InputError, naming the node.
void run_host(const HostProgram& program, HostValues& values, const GraphExecutor& execute);

/// Names that the program reads but does not make: what it has to be given, ascending.
std::vector<std::string> needs_of(const HostProgram& program);

/// Whether a node is of a kind that a host may run beside a machine: no convolutions, large
/// products, recurrent layers or attention.
bool is_light(const Node& node);

/// How a node is called in messages: its name, else that of its first output.
std::string label_of(const Node& node);

}  // namespace unna::onnx_import
