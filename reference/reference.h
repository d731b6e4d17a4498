#pragma once

// What a network computes, straight from the graph: no tiles, no instructions, no layouts. Shares
// nothing with compiler and simulator but the number formats.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "numbers/encoding.h"
#include "workloads/graph.h"

namespace unna {

/// Values of the graph's inputs, row-major.
using InputValues = std::map<TensorId, std::vector<float>>;

/// Called with each tensor's values, row-major, as its operator has run. With a fixed-point
/// encoding they are whole numbers, in units of 2^-fraction; in int8 from the tensor's zero point,
/// in units of its scale. Later operators read what it leaves.
using ReferenceVisitor = std::function<void(TensorId, std::span<double>)>;

/// Called with the largest magnitudes of what an operator computed in between, by InnerValue.
using InnerVisitor = std::function<void(OpId, std::span<const double>)>;

/// Runs the graph in double precision. Without an encoding nothing is rounded but what the model
/// itself has in steps. With one, inputs,
/// weights and each operator's results are: floating point to its type; fixed point is computed in
/// whole numbers, rounded and saturated as docs/functional.md says, sums of products exact. A
/// batch norm behind a convolution that nobody else reads is folded into it, so the convolution's
/// own output is not visited. Every weight and input needs values; in int8 every tensor and
/// operator needs its scales. Throws InputError at an operator of a kind that it does not know, and
/// where a sum of whole numbers is more than an accumulator holds.
void run_reference(const Graph& graph, const InputValues& inputs,
                   const std::optional<Encoding>& encoding, const ReferenceVisitor& visit,
                   const InnerVisitor& inner = {});

}  // namespace unna
