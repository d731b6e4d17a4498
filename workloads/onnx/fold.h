#pragma once

// Evaluates nodes whose inputs are all constant: the shape arithmetic of exporters, and what they
// compute from weights.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "workloads/onnx/attributes.h"

namespace unna::onnx_import {

/// Inputs of a node; nullptr where not given.
using ConstantInputs = std::vector<const Constant*>;

/// The outputs of `node`; none where this operator is not evaluated. Real inputs without values
/// give outputs without values. Throws Unsupported where the node is malformed, or its result is
/// too large to be held.
std::optional<std::vector<Constant>> fold(const Node& node, const ConstantInputs& inputs,
                                          std::int64_t opset);

/// Operators that fold() knows, ascending.
std::span<const std::string_view> foldable_operators();

/// Dimensions of a Reshape's result: 0 copies a dimension (unless `allow_zero`), -1 is what is
/// left.
Shape reshape_target(const Shape& from, const Integers& wanted, bool allow_zero);

/// Starts, steps and extents of a Slice, one a dimension; inputs (or, before opset 10, attributes)
/// as ONNX has them. A step may be negative, an extent 0.
struct SliceRange {
  std::vector<std::int64_t> starts, steps;
  Shape extents;
};
SliceRange slice_range(const Shape& dims, const Integers& starts, const Integers& ends,
                       const Integers& axes, const Integers& steps);

/// Sizes of a Split's parts.
/// With `uneven` the last part may be smaller.
std::vector<std::int64_t> split_sizes(std::int64_t size, const Integers& given, std::size_t parts,
                                      bool uneven = false);

/// The dimensions that Squeeze leaves, and those that Unsqueeze makes.
Shape squeezed(const Shape& dims, const Integers& axes, bool all);
Shape unsqueezed(const Shape& dims, const Integers& axes);

}  // namespace unna::onnx_import
