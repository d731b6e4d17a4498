#pragma once

// What number types make of the values that a network is given: inputs and weights.

#include <vector>

#include "flow/compile_network.h"
#include "reference/reference.h"
#include "report/run_report.h"

namespace unna {

/// Throws InputError for what fixed-point types have no number for: NaN, and in int8, where a scale
/// has to hold all values, infinity. Minus infinity is a mask (docs/functional.md), but not among
/// the weights of products.
void check_given_numbers(const Graph& graph, const InputValues& inputs, DataType type);

/// Inputs and, in int16, weights other than biases of which some finite values are more than the
/// number type holds.
std::vector<SaturatedTensor> saturated_tensors(const Compiled& compiled, const InputValues& inputs);

}  // namespace unna
