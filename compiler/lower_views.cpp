// Operators that compute nothing: their outputs are views of their inputs where strides allow, and
// copies where they don't.

#include <fmt/format.h>

#include <algorithm>

#include "compiler/lowering.h"

namespace unna {

void Lowering::lower_concat(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const std::size_t axis = static_cast<std::size_t>(o.as<AxisAttrs>().axis);
  const TensorView y = view(op.outputs[0]);
  std::int64_t start = 0;
  for (const TensorId in : op.inputs) {
    const TensorView x = view(in);
    const TensorView part = sliced(y, axis, start, x.dims[axis]);
    start += x.dims[axis];
    const bool in_place =
        x.storage == part.storage && x.offset == part.offset && x.strides == part.strides;
    if (!in_place) copy(x, part, fmt::format("{}.{}", o.name, graph_.tensor(in).name));
  }
}

void Lowering::lower_split(const CanonicalOp& op) {
  const std::size_t axis = static_cast<std::size_t>(source(op).as<AxisAttrs>().axis);
  const TensorView x = view(op.inputs[0]);
  std::int64_t start = 0;
  for (const TensorId out : op.outputs) {
    const std::int64_t extent = graph_.tensor(out).shape[axis];
    views_[out.index()] = sliced(x, axis, start, extent);
    start += extent;
  }
}

void Lowering::lower_slice(const CanonicalOp& op) {
  const SliceAttrs& attrs = source(op).as<SliceAttrs>();
  TensorView v = view(op.inputs[0]);
  const Shape& out = graph_.tensor(op.outputs[0]).shape;
  for (std::size_t d = 0; d < out.size(); ++d)
    v = sliced(v, d, attrs.starts[d], out[d], attrs.steps[d]);
  views_[op.outputs[0].index()] = v;
}

void Lowering::lower_reshape(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const GraphTensor& out = graph_.tensor(op.outputs[0]);
  TensorView x = view(op.inputs[0]);
  std::optional<TensorView> y = reshaped(x, out.shape);
  const bool flattens =
      x.rank() == 4 && is_image(op.inputs[0]) && out.shape.size() == 2 && out.shape[0] == x.dims[0];
  const bool only_gemm =
      !out.is_output && std::all_of(out.consumers.begin(), out.consumers.end(),
                                    [&](OpId c) { return graph_.op(c).kind == OpKind::gemm; });
  if (!y && flattens && only_gemm) {
    // Fully connected layers take the features in memory order; their weights' columns are
    // permuted to match when the weights are packed.
    const std::int64_t nhwc[] = {0, 2, 3, 1};
    y = reshaped(transposed(x, nhwc), out.shape);
    if (y) permuted_[op.outputs[0].index()] = x.dims;
  }
  if (!y) y = reshaped(dense_copy(x, o.name, row_major(x.rank())), out.shape);
  views_[op.outputs[0].index()] = *y;
}

/// A function of each element of more than five dimensions: those that lie behind one another in
/// all operands are one; where they do not, a dense copy is made first.
void Lowering::lower_many_dims(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const FunctionAttrs& attrs = o.as<FunctionAttrs>();
  const TensorView y = view(op.outputs[0]);
  auto merged = merged_views({view(op.inputs[0]), y});
  if (merged[0].rank() > kDims) {
    std::vector<std::size_t> order = row_major(y.rank());
    std::ranges::stable_sort(order, [&](auto i, auto j) { return y.strides[i] > y.strides[j]; });
    merged = merged_views({dense_copy(view(op.inputs[0]), o.name + ".dense", order), y});
  }
  if (merged[0].rank() > kDims) throw Unsupported{"more than 5 dimensions"};
  Kernel k = make(KernelKind::unary, o.name, merged[1], false);
  const std::size_t rank = merged[0].rank();
  const TensorView x = rank == 0 ? merged[0] : inner_contiguous(merged[0], rank - 1, o.name, false);
  k.in = {{to_access(x, roles_of(rank, false)), k.dims}};
  k.fn = isa_function(attrs.fn);
  k.alpha = static_cast<float>(attrs.alpha);
  k.beta = static_cast<float>(attrs.beta);
  add(std::move(k));
}

}  // namespace unna
