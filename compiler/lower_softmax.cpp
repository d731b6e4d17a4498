// Log-softmax, put together from several kernels.

#include <fmt/format.h>

#include "compiler/lowering.h"

namespace unna {

/// x - max - log(sum(exp(x - max))), which neither overflows nor loses small probabilities.
void Lowering::lower_log_softmax(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const TensorView input = view(op.inputs[0]);
  if (input.rank() == 0) throw Unsupported{"a scalar has no last axis"};
  const std::int64_t columns = input.dims.back();
  const std::int64_t rows = element_count(input.dims) / columns;
  const auto dense = [&](const char* suffix, const Shape& dims, Quantisation quantisation) {
    const StorageId s = new_storage(o.name + suffix, BufferKind::intermediate, dims,
                                    row_major(dims.size()), element_);
    result_.storages.back().quantisation = quantisation;
    return TensorView{s, 0, dims, dense_strides(dims, row_major(dims.size()))};
  };
  const auto reduce = [&](const char* suffix, Function fn, const TensorView& from,
                          Quantisation quantisation) {
    TensorView to = dense(suffix, {rows, 1}, quantisation);
    Kernel k = make(KernelKind::reduce, o.name + suffix, to, false);
    const Roles roles = roles_of(2, false);
    k.in = {{to_access(from, roles), to_dims(from.dims, roles)}};
    k.fn = fn;
    k.gamma = 1;
    add(std::move(k));
    return to;
  };
  const auto unary = [&](const char* suffix, Function fn, const TensorView& from,
                         InnerValue value) {
    TensorView to = dense(suffix, from.dims, {inner_scale(op, value)});
    Kernel k = make(KernelKind::unary, o.name + suffix, to, false);
    k.in = {{to_access(from, roles_of(2, false)), k.dims}};
    k.fn = fn;
    add(std::move(k));
    return to;
  };
  std::optional<TensorView> x = reshaped(input, {rows, columns});
  if (!x || (columns > 1 && x->strides[1] != 1))
    x = reshaped(dense_copy(input, o.name + ".dense", row_major(input.rank())), {rows, columns});
  const TensorView below =
      dense(".below", {rows, columns}, {inner_scale(op, InnerValue::log_softmax_below)});
  binary_kernel(o.name + ".below", Function::sub, *x,
                reduce(".max", Function::max, *x, quantisation_of(*x)), below, false, {});
  const TensorView powers = unary(".exp", Function::exp, below, InnerValue::log_softmax_powers);
  const TensorView sum =
      reduce(".sum", Function::sum, powers, {inner_scale(op, InnerValue::log_softmax_sum)});
  const TensorView out = define(op.outputs[0]);
  const std::optional<TensorView> flat = reshaped(out, {rows, columns});
  const bool direct = flat && (columns == 1 || flat->strides[1] == 1);
  const TensorView result = direct ? *flat : dense(".rows", {rows, columns}, quantisation_of(out));
  binary_kernel(o.name, Function::sub, below,
                unary(".log", Function::log, sum, InnerValue::log_softmax_log), result, false, {});
  if (!direct) copy(*reshaped(result, out.dims), out, o.name + ".reorder");
}

}  // namespace unna
