#pragma once

// Attributes of operators drawn at random, such that they are valid for an input of a given shape.

#include <optional>

#include "base/rng.h"
#include "workloads/graph.h"

namespace unna {

/// `partial`: also functions that are not defined, or infinite, for some numbers.
FunctionAttrs random_unary(Rng& rng, bool partial);
/// Of an image [n, c, h, w]; the kernel spans no more than the padded input.
WindowAttrs random_window(Rng& rng, const Shape& x, bool dilated);
ReduceAttrs random_reduce(Rng& rng, const Shape& x);
/// Up to 4 parts; none where the axis that was drawn has one element only.
std::optional<AxisAttrs> random_split(Rng& rng, const Shape& x);
SliceAttrs random_slice(Rng& rng, const Shape& x);
/// Merges two neighbouring dimensions, or splits one.
ReshapeAttrs random_reshape(Rng& rng, const Shape& x);
TransposeAttrs random_transpose(Rng& rng, const Shape& x);
PadAttrs random_pad(Rng& rng, const Shape& x);

}  // namespace unna
