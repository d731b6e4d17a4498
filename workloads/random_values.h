#pragma once

// Values for networks that come without: seeded, the same on every host.

#include <cstdint>
#include <vector>

#include "workloads/graph.h"

namespace unna {

/// Gives every weight that has no values some, by what reads it first (docs/functional.md):
///   lstm weights and biases uniform in +-1 / sqrt(hidden)
///   scales of norms         uniform in [0.5, 1.5)
///   variances               uniform in [0.5, 1.5)
///   means, biases           uniform in [-0.1, 0.1)
///   others                  normal, variance 1/4
/// Pruned elements are zero, also of weights that had values.
/// "Normal" is the sum of four uniform numbers, so within +-3.5 deviations.
void fill_weights(Graph& graph, std::uint64_t seed);

/// Values of a tensor that is a network's input: normal, variance 1.
std::vector<float> random_input(const Graph& graph, TensorId input, std::uint64_t seed);

}  // namespace unna
