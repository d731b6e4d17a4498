// Convolutions and matrix products.

#include <fmt/format.h>

#include "compiler/lowering.h"
#include "numbers/quantised.h"

namespace unna {

void Lowering::lower_conv(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const ConvAttrs& attrs = o.as<ConvAttrs>();
  const TensorView x = inner_contiguous(view(op.inputs[0]), 1, o.name, true);
  Kernel k = make(KernelKind::conv, o.name, define(op.outputs[0]), true);
  const Roles roles = roles_of(4, true);
  k.in = {{to_access(x, roles), to_dims(x.dims, roles)}};
  k.macs = macs(graph_, o);
  k.window = attrs.window;
  k.groups = attrs.groups;
  k.post = epilogue(op);
  const std::int64_t ci = k.in[0].dims[kC];
  if (k.groups > 1 && k.groups == ci && k.dims[kC] == ci) k.kind = KernelKind::dwconv;
  k.weights = weight_storage(op.inputs[1], element_, &op);
  if (op.inputs.size() > 2) {
    k.bias = weight_storage(op.inputs[2], bias_bytes_, &op);
  } else if (op.folded_batch_norm) {
    k.bias = bias_storage(o.name + ".folded_bias", k.dims[kC]);
    recipe(*k.bias).batch_norm = op.folded_batch_norm;
    recipe(*k.bias).use = ParameterRecipe::Use::shifted;
  }
  scale_channels(k);
  add(std::move(k));
}

/// A product with constant synapses takes all leading dimensions as rows, where strides allow.
void Lowering::merge_rows(TensorView& x, TensorView& y) {
  const std::int64_t rows = element_count(x.dims) / x.dims.back();
  const std::optional<TensorView> flat_x = reshaped(x, {rows, x.dims.back()});
  const std::optional<TensorView> flat_y = reshaped(y, {rows, y.dims.back()});
  if (!flat_x || !flat_y) return;
  x = *flat_x;
  y = *flat_y;
}

void Lowering::lower_gemm(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  TensorView x = view(op.inputs[0]);
  const std::size_t last = x.rank() - 1;
  x = inner_contiguous(x, last, o.name, false);
  TensorView y = define(op.outputs[0]);
  merge_rows(x, y);
  Kernel k = make(KernelKind::matmul, o.name, y, false);
  const Roles roles = roles_of(x.rank(), false);
  k.in = {{to_access(x, roles), to_dims(x.dims, roles)}};
  k.macs = macs(graph_, o);
  k.gamma = 1;
  k.post = epilogue(op);
  k.weights = weight_storage(op.inputs[1], element_);
  if (const std::optional<Shape>& chw = permuted_[op.inputs[0].index()]) {
    ParameterTerm& term = recipe(*k.weights).terms[0];
    const std::int64_t c = (*chw)[1], h = (*chw)[2], w = (*chw)[3];
    term.dims = {term.dims[0], h, w, c};
    term.strides = {c * h * w, w, 1, h * w};
  }
  if (op.inputs.size() > 2) k.bias = weight_storage(op.inputs[2], bias_bytes_);
  scale_channels(k);
  add(std::move(k));
}

void Lowering::lower_matmul(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const MatmulAttrs& attrs = o.as<MatmulAttrs>();
  const GraphTensor& out = graph_.tensor(op.outputs[0]);
  const std::size_t rank = out.shape.size();
  if (rank < 2 || rank > 4) throw Unsupported{"a matrix product of rank " + std::to_string(rank)};
  TensorView a = view(op.inputs[0]);
  TensorView b = view(op.inputs[1]);
  a = inner_contiguous(a, a.rank() - 1, o.name, false);
  Kernel k = make(KernelKind::matmul, o.name, define(op.outputs[0]), false);
  k.macs = macs(graph_, o);
  k.gamma = static_cast<float>(attrs.scale);
  k.post = epilogue(op);

  const auto with_batch = [&](const TensorView& v) {
    Shape wide(out.shape.begin(), out.shape.end() - 2);
    wide.push_back(v.dims[v.rank() - 2]);
    wide.push_back(v.dims[v.rank() - 1]);
    return broadcast_to(v, wide);
  };
  const auto operand = [&](const TensorView& v) {
    const Roles roles = roles_of(rank, false);
    KernelInput in{to_access(v, roles), to_dims(v.dims, roles)};
    for (const std::size_t d : {kB, kN})
      if (in.access.stride[d] == 0) in.dims[d] = 1;
    return in;
  };
  b = with_batch(b);
  if (!attrs.transpose_b) {
    std::swap(b.dims[rank - 1], b.dims[rank - 2]);
    std::swap(b.strides[rank - 1], b.strides[rank - 2]);
  }
  k.in = {operand(with_batch(a)), operand(b)};
  add(std::move(k));
}

}  // namespace unna
