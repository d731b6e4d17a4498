// One function an operator: which kernel it becomes, over which views. Windows and LSTM have files
// of their own.

#include <fmt/format.h>

#include <algorithm>

#include "compiler/lowering.h"
#include "numbers/quantised.h"

namespace unna {

Epilogue Lowering::epilogue(const CanonicalOp& op) const {
  if (!op.post) return {};
  return {isa_function(op.post->fn), static_cast<float>(op.post->alpha),
          static_cast<float>(op.post->beta), quantisation_of(*op.before_post)};
}

Kernel Lowering::make(KernelKind kind, const std::string& name, const TensorView& out,
                      bool image) const {
  const Roles roles = roles_of(out.rank(), image);
  Kernel k;
  k.kind = kind;
  k.name = name;
  k.dims = to_dims(out.dims, roles);
  k.out = to_access(out, roles);
  return k;
}

void Lowering::copy(const TensorView& from, const TensorView& to, const std::string& name) {
  // Named by the destination's memory order, so that its innermost dimension is C.
  std::vector<std::size_t> order = row_major(to.rank());
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return to.strides[a] > to.strides[b]; });
  std::erase_if(order, [&](std::size_t d) { return to.dims[d] == 1; });
  if (order.size() > kDims) {
    // One dimension more than a kernel has: a copy for each element of the shortest.
    const std::size_t d = *std::min_element(
        order.begin(), order.end(), [&](auto a, auto b) { return to.dims[a] < to.dims[b]; });
    for (std::int64_t i = 0; i < to.dims[d]; ++i)
      copy(sliced(from, d, i, 1), sliced(to, d, i, 1), fmt::format("{}.{}", name, i));
    return;
  }
  Kernel k;
  k.kind = KernelKind::copy;
  k.name = name;
  k.out = {to.storage, to.offset, {}};
  KernelInput in{{from.storage, from.offset, {}}, {1, 1, 1, 1, 1}};
  // Two dimensions: H and C, so that there are rows to divide; more: from C outwards.
  const Roles roles = order.size() == 2 ? Roles{kH, kC} : [&] {
    Roles r;
    for (std::size_t i = 0; i < order.size(); ++i) r.push_back(kDims - order.size() + i);
    return r;
  }();
  for (std::size_t i = 0; i < order.size(); ++i) {
    k.dims[roles[i]] = in.dims[roles[i]] = to.dims[order[i]];
    k.out.stride[roles[i]] = to.strides[order[i]];
    in.access.stride[roles[i]] = from.strides[order[i]];
  }
  k.in = {in};
  add(std::move(k));
}

TensorView Lowering::dense_copy(const TensorView& v, const std::string& name,
                                std::span<const std::size_t> order) {
  const Storage& from = result_.storages[v.storage.index()];
  const Quantisation quantisation = from.quantisation;
  const StorageId storage =
      new_storage(name, BufferKind::intermediate, v.dims, order, from.element);
  result_.storages.back().quantisation = quantisation;
  TensorView to{storage, 0, v.dims, dense_strides(v.dims, order)};
  copy(v, to, name);
  return to;
}

TensorView Lowering::inner_contiguous(const TensorView& v, std::size_t dim, const std::string& name,
                                      bool image) {
  if (v.dims[dim] == 1 || v.strides[dim] == 1) return v;
  const std::vector<std::size_t> order =
      image ? std::vector<std::size_t>{0, 2, 3, 1} : row_major(v.rank());
  return dense_copy(v, name + ".dense", order);
}

/// Each kernel has constants of its own: they are packed for its tiles, and folding changes them
/// for one reader only.
StorageId Lowering::weight_storage(TensorId tensor, Bytes element, const CanonicalOp* folding) {
  const GraphTensor& t = graph_.tensor(tensor);
  if (t.kind != TensorKind::weight) throw Unsupported{t.name + " is computed, expected a weight"};
  const std::vector<std::size_t> order = row_major(t.shape.size());
  const StorageId id = new_storage(t.name, BufferKind::weight, t.shape, order, element);
  result_.storages.back().quantisation = quantisation_of(tensor);
  recipe(id).terms = {{tensor, 0, t.shape, dense_strides(t.shape, order)}};
  take_steps(id, t, folding);
  if (folding != nullptr && folding->folded_batch_norm) {
    recipe(id).batch_norm = folding->folded_batch_norm;
    recipe(id).use = element == element_ && t.shape.size() > 1 ? ParameterRecipe::Use::scaled
                                                               : ParameterRecipe::Use::shifted;
  }
  return id;
}

/// Synapses keep the model's scales, unless folding has changed them, or pruning has where it is no
/// 0 that stands for 0.
void Lowering::take_steps(StorageId id, const GraphTensor& weight, const CanonicalOp* folding) {
  if (machine_.data_type != DataType::int8 || weight.shape.size() < 2) return;
  const bool folded = folding != nullptr && folding->folded_batch_norm;
  const bool given =
      weight.steps != nullptr && !folded && !(weight.kept && weight.steps->zero != 0);
  if (given) recipe(id).scales = weight.steps->scales;
  result_.storages[id.index()].quantisation.zero = given ? weight.steps->zero : 0;
}

StorageId Lowering::bias_storage(const std::string& name, std::int64_t count) {
  return new_storage(name, BufferKind::weight, {count}, row_major(1), bias_bytes_);
}

void Lowering::scale_channels(Kernel& k) {
  if (machine_.data_type != DataType::int8) return;
  if (!k.bias) k.bias = bias_storage(k.name + ".scales", k.dims[kC]);
  Storage& synapses = result_.storages[k.weights->index()];
  synapses.scaled_channels = k.dims[kC];
  const float out = result_.storage(k.out.storage).quantisation.scale;
  result_.storages[k.bias->index()].scaling =
      ChannelScaling{synapses.recipe, result_.storage(k.in[0].access.storage).quantisation.scale,
                     k.post.fn == Function::none ? out : k.post.quantisation.scale};
}

float Lowering::inner_scale(const CanonicalOp& op, InnerValue which) const {
  const std::vector<float>& scales = source(op).inner_scales;
  return scales.empty() ? 1 : scales[static_cast<std::size_t>(which)];
}

void Lowering::lower_unary(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const FunctionAttrs& attrs = o.as<FunctionAttrs>();
  const bool image = is_image(op.outputs[0]);
  const TensorView x = view(op.inputs[0]);
  const TensorView y = define(op.outputs[0]);
  if (attrs.fn == ScalarFn::identity) return copy(x, y, o.name);
  if (y.rank() > kDims) return lower_many_dims(op);
  const TensorView dense =
      y.rank() == 0 ? x : inner_contiguous(x, image ? 1 : y.rank() - 1, o.name, image);
  Kernel k = make(KernelKind::unary, o.name, y, image);
  k.in = {{to_access(dense, roles_of(y.rank(), image)), k.dims}};
  k.fn = isa_function(attrs.fn);
  k.alpha = static_cast<float>(attrs.alpha);
  k.beta = static_cast<float>(attrs.beta);
  add(std::move(k));
}

void Lowering::binary_kernel(const std::string& name, Function fn, const TensorView& a,
                             const TensorView& b, const TensorView& out, bool image,
                             const Epilogue& post) {
  if (out.rank() > kDims) {
    const auto merged = merged_views({broadcast_to(a, out.dims), broadcast_to(b, out.dims), out});
    if (merged[0].rank() > kDims) throw Unsupported{"more than 5 dimensions"};
    return binary_kernel(name, fn, merged[0], merged[1], merged[2], false, post);
  }
  const Roles roles = roles_of(out.rank(), image);
  Kernel k = make(KernelKind::binary, name, out, image);
  for (const TensorView* v : {&a, &b}) {
    TensorView dense = *v;
    if (dense.rank() == out.rank() && out.rank() > 0)
      dense = inner_contiguous(dense, image ? 1 : out.rank() - 1, name, image);
    KernelInput in{to_access(broadcast_to(dense, out.dims), roles), k.dims};
    for (std::size_t d = 0; d < kDims; ++d)
      if (in.access.stride[d] == 0) in.dims[d] = 1;
    k.in.push_back(in);
  }
  k.fn = fn;
  k.post = post;
  add(std::move(k));
}

void Lowering::lower_binary(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const TensorView a = view(op.inputs[0]);
  const TensorView b = view(op.inputs[1]);
  binary_kernel(o.name, isa_function(o.as<FunctionAttrs>().fn), a, b, define(op.outputs[0]),
                is_image(op.outputs[0]), epilogue(op));
}

/// A batch norm that could not be folded: y = x * scale' + bias', two element-wise kernels with
/// constants that the compiler precomputes.
void Lowering::lower_batch_norm(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const TensorView x = view(op.inputs[0]);
  const TensorView y = define(op.outputs[0]);
  const bool image = is_image(op.outputs[0]);
  const std::int64_t channels = x.dims[1];
  Shape per_channel(x.rank(), 1);
  per_channel[1] = channels;
  const auto constant = [&](const char* suffix, ParameterRecipe::Use use, InnerValue value) {
    const StorageId s =
        new_storage(o.name + suffix, BufferKind::weight, {channels}, row_major(1), element_);
    result_.storages.back().quantisation.scale = inner_scale(op, value);
    recipe(s).batch_norm = op.source;
    recipe(s).use = use;
    TensorView v{s, 0, per_channel, std::vector<std::int64_t>(x.rank(), 0)};
    v.strides[1] = 1;
    return v;
  };
  const std::vector<std::size_t> order = order_of(op.outputs[0]);
  const StorageId mid =
      new_storage(o.name + ".scaled", BufferKind::intermediate, x.dims, order, element_);
  result_.storages.back().quantisation.scale = inner_scale(op, InnerValue::norm_product);
  const TensorView scaled{mid, 0, x.dims, dense_strides(x.dims, order)};
  binary_kernel(o.name + ".scale", Function::mul, x,
                constant(".scale", ParameterRecipe::Use::factor, InnerValue::norm_factor), scaled,
                image, {});
  binary_kernel(o.name, Function::add, scaled,
                constant(".bias", ParameterRecipe::Use::shifted, InnerValue::norm_shift), y, image,
                epilogue(op));
}

void Lowering::lower_rows(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  TensorView x = view(op.inputs[0]);
  if (x.rank() == 0) throw Unsupported{"a scalar has no last axis"};
  x = inner_contiguous(x, x.rank() - 1, o.name, false);
  TensorView y = define(op.outputs[0]);
  // Written dense where the output's own order would put another dimension innermost.
  std::optional<TensorView> target;
  if (y.dims.back() != 1 && y.strides.back() != 1) {
    target = y;
    const StorageId mid = new_storage(o.name + ".rows", BufferKind::intermediate, y.dims,
                                      row_major(y.rank()), element_);
    result_.storages.back().quantisation = quantisation_of(y);
    y = {mid, 0, y.dims, dense_strides(y.dims, row_major(y.rank()))};
  }
  const bool softmax = o.kind == OpKind::softmax;
  Kernel k = make(softmax ? KernelKind::softmax : KernelKind::norm, o.name, y, false);
  k.in = {{to_access(x, roles_of(x.rank(), false)), k.dims}};
  k.gamma = 1;
  if (!softmax) {
    k.alpha = static_cast<float>(o.as<NormAttrs>().epsilon);
    k.weights = weight_storage(op.inputs[1], element_);
    k.bias = weight_storage(op.inputs[2], machine_.core.accumulator_bytes);
    // In units of the result, with twice the fraction bits of layer norm.
    if (machine_.data_type == DataType::int8)
      result_.storages.back().quantisation = {
          std::ldexp(quantisation_of(y).scale, -2 * kInt8NormFraction)};
  }
  add(std::move(k));
  if (target) copy(y, *target, o.name + ".reorder");
}

void Lowering::lower_lrn(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const LrnAttrs& attrs = o.as<LrnAttrs>();
  const TensorView x = inner_contiguous(view(op.inputs[0]), 1, o.name, true);
  Kernel k = make(KernelKind::lrn, o.name, define(op.outputs[0]), true);
  k.in = {{to_access(x, roles_of(4, true)), k.dims}};
  k.lrn_size = attrs.size;
  k.alpha = static_cast<float>(attrs.alpha);
  k.beta = static_cast<float>(attrs.beta);
  k.gamma = static_cast<float>(attrs.bias);
  add(std::move(k));
}

void Lowering::lower_reduce(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const ReduceAttrs& attrs = o.as<ReduceAttrs>();
  TensorView x = view(op.inputs[0]);
  if (is_image(op.inputs[0]) && attrs.fn == ReduceFn::mean &&
      attrs.axes == std::vector<std::int64_t>{2, 3})
    return lower_global_pool(op.inputs[0], op.outputs[0], o.name);
  // As [kept..., reduced]: the reduced dimensions have to merge into one.
  std::vector<std::int64_t> perm;
  Shape kept;
  std::int64_t reduced = 1;
  const auto is_reduced = [&](std::size_t d) {
    return std::find(attrs.axes.begin(), attrs.axes.end(), static_cast<std::int64_t>(d)) !=
           attrs.axes.end();
  };
  for (std::size_t d = 0; d < x.rank(); ++d)
    if (!is_reduced(d)) {
      perm.push_back(static_cast<std::int64_t>(d));
      kept.push_back(x.dims[d]);
    }
  for (std::size_t d = 0; d < x.rank(); ++d)
    if (is_reduced(d)) {
      perm.push_back(static_cast<std::int64_t>(d));
      reduced *= x.dims[d];
    }
  if (kept.size() > 4) throw Unsupported{"more than 4 kept dimensions"};
  Shape merged = kept;
  merged.push_back(reduced);
  std::optional<TensorView> rows = reshaped(transposed(x, perm), merged);
  if (!rows) {
    const TensorView dense =
        dense_copy(transposed(x, perm), o.name + ".dense", row_major(x.rank()));
    rows = reshaped(dense, merged);
  }
  TensorView y = *reshaped(define(op.outputs[0]), kept);
  y.dims.push_back(1);
  y.strides.push_back(1);
  Kernel k = make(KernelKind::reduce, o.name, y, false);
  const Roles roles = roles_of(merged.size(), false);
  k.in = {{to_access(*rows, roles), to_dims(rows->dims, roles)}};
  k.fn = attrs.fn == ReduceFn::max ? Function::max : Function::sum;
  k.gamma = attrs.fn == ReduceFn::mean ? 1.0F / static_cast<float>(reduced) : 1.0F;
  add(std::move(k));
}

}  // namespace unna
