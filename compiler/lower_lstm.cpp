// An LSTM layer (ONNX LSTM, no peepholes) as matrix products and cells, step by step.

#include <fmt/format.h>

#include "compiler/lowering.h"

namespace unna {

void Lowering::lower_lstm(const CanonicalOp& op) {
  define(op.outputs[0]);
  const std::size_t directions = source(op).as<LstmAttrs>().bidirectional ? 2 : 1;
  for (std::size_t d = 0; d < directions; ++d) lower_lstm_direction(op, d);
}

/// One direction of a first output or cell state [D,N,H], as rows.
TensorView Lowering::initial_state(const CanonicalOp& op, std::size_t input,
                                   std::size_t direction) {
  const TensorView v = inner_contiguous(view(op.inputs[input]), 2, source(op).name, false);
  return *reshaped(sliced(v, 0, static_cast<std::int64_t>(direction), 1), {v.dims[1], v.dims[2]});
}

void Lowering::lower_lstm_direction(const CanonicalOp& op, std::size_t direction) {
  const GraphOp& o = source(op);
  const std::int64_t hidden = o.as<LstmAttrs>().hidden;
  const std::int64_t gates = 4 * hidden;
  TensorView x = view(op.inputs[0]);
  x = inner_contiguous(x, 2, o.name, false);
  const TensorView y = sliced(view(op.outputs[0]), 1, static_cast<std::int64_t>(direction), 1);
  const std::int64_t steps = x.dims[0];
  const std::int64_t batch = x.dims[1];
  const std::int64_t inputs = x.dims[2];
  const std::string prefix = fmt::format("{}.d{}", o.name, direction);
  const auto dense = [&](const std::string& name, BufferKind kind, const Shape& dims,
                         Quantisation quantisation = {}) {
    const StorageId s = new_storage(name, kind, dims, row_major(dims.size()), element_);
    result_.storages.back().quantisation = quantisation;
    return TensorView{s, 0, dims, dense_strides(dims, row_major(dims.size()))};
  };
  const auto product = [&](const std::string& name, TensorView in, TensorView out,
                           StorageId weights, std::optional<StorageId> bias) {
    merge_rows(in, out);
    Kernel k = make(KernelKind::matmul, name, out, false);
    const Roles roles = roles_of(in.rank(), false);
    k.in = {{to_access(in, roles), to_dims(in.dims, roles)}};
    k.macs = element_count(in.dims) * gates;
    k.gamma = 1;
    k.weights = weights;
    k.bias = bias;
    scale_channels(k);
    add(std::move(k));
  };

  // Input products of all steps at once; the two biases of ONNX are one constant.
  const TensorView gx = dense(prefix + ".x_gates", BufferKind::intermediate, {steps, batch, gates},
                              {inner_scale(op, InnerValue::lstm_input_gates)});
  const StorageId w = dense(prefix + ".w", BufferKind::weight, {gates, inputs}).storage;
  std::optional<StorageId> bias;
  const auto d = static_cast<std::int64_t>(direction);
  recipe(w).terms = {{op.inputs[1], d * gates * inputs, {gates * inputs}, {1}}};
  if (op.inputs.size() > 3) {
    bias = bias_storage(prefix + ".b", gates);
    recipe(*bias).terms = {{op.inputs[3], d * 2 * gates, {gates}, {1}},
                           {op.inputs[3], d * 2 * gates + gates, {gates}, {1}}};
  }
  product(prefix + ".x", x, gx, w, bias);

  const StorageId r = dense(prefix + ".r", BufferKind::weight, {gates, hidden}).storage;
  recipe(r).terms = {{op.inputs[2], d * gates * hidden, {gates * hidden}, {1}}};
  std::optional<StorageId> r_scales;
  if (machine_.data_type == DataType::int8) r_scales = bias_storage(prefix + ".r.scales", gates);
  const Quantisation state{inner_scale(op, InnerValue::lstm_state)};
  TensorView h, c;
  if (op.inputs.size() > 5) {
    h = initial_state(op, 4, direction);
    c = initial_state(op, 5, direction);
  } else {
    h = c = dense(prefix + ".zero_state", BufferKind::weight, {batch, hidden}, quantisation_of(y));
  }
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t t = direction == 0 ? i : steps - 1 - i;
    const std::string step = fmt::format("{}.t{}", prefix, t);
    const TensorView gh = dense(step + ".h_gates", BufferKind::intermediate, {batch, gates},
                                {inner_scale(op, InnerValue::lstm_output_gates)});
    product(step + ".h", h, gh, r, r_scales);
    const TensorView g = dense(step + ".gates", BufferKind::intermediate, {batch, gates},
                               {inner_scale(op, InnerValue::lstm_gates)});
    binary_kernel(step + ".add", Function::add, gh, *reshaped(sliced(gx, 0, t, 1), {batch, gates}),
                  g, false, {});
    const TensorView c_next = dense(step + ".c", BufferKind::intermediate, {batch, hidden}, state);
    h = *reshaped(sliced(y, 0, t, 1), {batch, hidden});
    Kernel cell;
    cell.kind = KernelKind::lstm_cell;
    cell.name = step + ".cell";
    cell.dims = {1, batch, 1, 1, hidden};
    const auto rows = [](const TensorView& v) {
      return Access{v.storage, v.offset, {0, v.strides[0], 0, 0, v.strides[1]}};
    };
    cell.out = rows(h);
    cell.out2 = rows(c_next);
    Access gate_access = rows(g);
    gate_access.stride[kH] = hidden;
    cell.in = {{gate_access, {1, batch, 4, 1, hidden}}, {rows(c), cell.dims}};
    add(std::move(cell));
    c = c_next;
  }
}

}  // namespace unna
