#include "compiler/lower.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compiler/lowering.h"
#include "isa/accesses.h"

namespace unna {
namespace {

/// Operators whose feature maps the engines want with channels innermost.
bool wants_image(OpKind kind) {
  switch (kind) {
    case OpKind::conv:
    case OpKind::max_pool:
    case OpKind::avg_pool:
    case OpKind::global_avg_pool:
    case OpKind::lrn:
    case OpKind::resize:
    case OpKind::batch_norm:
      return true;
    default:
      return false;
  }
}

/// Operators that keep the meaning of the dimensions, so that all their tensors agree on an order.
bool keeps_dimensions(OpKind kind) {
  return kind == OpKind::unary || kind == OpKind::binary || kind == OpKind::concat ||
         kind == OpKind::split || kind == OpKind::slice || kind == OpKind::gather ||
         kind == OpKind::pad;
}

/// Operators that only rename elements of their first input.
bool is_view(OpKind kind) {
  return kind == OpKind::split || kind == OpKind::slice || kind == OpKind::gather ||
         kind == OpKind::reshape || kind == OpKind::transpose;
}

}  // namespace

Lowering::Lowering(const CanonicalGraph& canonical, const MachineConfig& machine)
    : canonical_(canonical),
      graph_(*canonical.graph),
      machine_(machine),
      element_(element_bytes(machine.data_type)),
      bias_bytes_(channel_bytes(element_, machine.core.accumulator_bytes)),
      image_(graph_.tensors.size()),
      place_(graph_.tensors.size()),
      views_(graph_.tensors.size()),
      permuted_(graph_.tensors.size()),
      state_(graph_.tensors.size()),
      maker_(graph_.tensors.size()) {
  result_.name = graph_.name;
  result_.data_type = machine.data_type;
  for (std::size_t i = 0; i < canonical_.ops.size(); ++i)
    for (const TensorId out : canonical_.ops[i].outputs) maker_[out.index()] = i;
  for (const GraphState& s : graph_.states) {
    state_[s.present.index()] = &s;
    if (s.past) state_[s.past->index()] = &s;
  }
}

LoweredGraph Lowering::run() {
  find_images();
  find_concat_places();
  std::vector<std::string> failed;
  std::optional<SourcePos> pos;
  for (const CanonicalOp& op : canonical_.ops) {
    try {
      lower_op(op);
    } catch (const Unsupported& u) {
      const GraphOp& o = source(op);
      failed.push_back(fmt::format("{} ({}: {})", o.name, name(o.kind), u.reason));
      if (!pos) pos = o.pos;
      for (const TensorId out : op.outputs) view(out);  // go on, to find the others
    }
  }
  if (!failed.empty())
    throw InputError(*pos, fmt::format("{} of {} operators can't be lowered: {}", failed.size(),
                                       canonical_.ops.size(), fmt::join(failed, "; ")));
  finish_outputs();
  list_places();
  return std::move(result_);
}

void Lowering::find_images() {
  bool changed = true;
  const auto mark = [&](TensorId t) {
    if (graph_.tensor(t).shape.size() == 4 && !image_[t.index()]) {
      image_[t.index()] = true;
      changed = true;
    }
  };
  while (changed) {
    changed = false;
    for (const CanonicalOp& op : canonical_.ops) {
      const OpKind kind = source(op).kind;
      bool image = wants_image(kind);
      if (keeps_dimensions(kind)) {
        for (const TensorId t : op.inputs) image = image || is_image(t);
        for (const TensorId t : op.outputs) image = image || is_image(t);
      }
      if (!image) continue;
      for (const TensorId t : op.inputs)
        if (graph_.tensor(t).kind != TensorKind::weight || keeps_dimensions(kind)) mark(t);
      for (const TensorId t : op.outputs) mark(t);
    }
  }
}

bool Lowering::may_live_in_concat(TensorId tensor) const {
  const GraphTensor& t = graph_.tensor(tensor);
  if (t.kind != TensorKind::activation || t.is_output || place_[tensor.index()]) return false;
  const std::optional<std::size_t> maker = maker_[tensor.index()];
  return maker && !is_view(source(canonical_.ops[*maker]).kind);
}

/// Decides which tensors are made right where a concat wants them. Later concats come first, so
/// that of a chain of growing ones (DenseNet) the largest holds all the others as prefixes.
void Lowering::find_concat_places() {
  for (std::size_t i = canonical_.ops.size(); i-- > 0;)
    if (source(canonical_.ops[i]).kind == OpKind::concat) place_concat(canonical_.ops[i]);
}

void Lowering::place_concat(const CanonicalOp& op) {
  const std::size_t axis = static_cast<std::size_t>(source(op).as<AxisAttrs>().axis);
  const TensorId out = op.outputs[0];
  // All inputs side by side in some other concat already: this output is a view of that one.
  const std::optional<Place> first = place_[op.inputs[0].index()];
  bool together =
      first && first->axis == axis && !place_[out.index()] && !graph_.tensor(out).is_output;
  std::int64_t at = together ? first->start : 0;
  for (const TensorId in : op.inputs) {
    if (!together) break;
    const std::optional<Place> p = place_[in.index()];
    together = p && p->parent == first->parent && p->axis == axis && p->start == at;
    at += graph_.tensor(in).shape[axis];
  }
  if (together) {
    place_[out.index()] = first;
    return;
  }
  std::int64_t start = 0;
  for (const TensorId in : op.inputs) {
    if (may_live_in_concat(in)) place_[in.index()] = Place{out, axis, start};
    start += graph_.tensor(in).shape[axis];
  }
}

std::vector<std::size_t> Lowering::order_of(TensorId tensor) const {
  const GraphTensor& t = graph_.tensor(tensor);
  if (is_image(tensor)) return {0, 2, 3, 1};
  if (t.consumers.size() == 1 && t.kind == TensorKind::activation) {
    // Made in the order in which its transposition is wanted, as long as rows stay contiguous.
    const GraphOp& reader = graph_.op(t.consumers[0]);
    if (reader.kind == OpKind::transpose && !is_image(reader.outputs[0])) {
      const auto& perm = reader.as<TransposeAttrs>().perm;
      if (perm.back() + 1 == static_cast<std::int64_t>(perm.size()))
        return {perm.begin(), perm.end()};
    }
  }
  return row_major(t.shape.size());
}

StorageId Lowering::new_storage(const std::string& name, BufferKind kind, const Shape& dims,
                                std::span<const std::size_t> order, Bytes element) {
  // Storage names become buffer names, which are unique.
  const int count = ++names_[name];
  Storage s;
  s.name = count == 1 ? name : fmt::format("{}~{}", name, count);
  s.kind = kind;
  s.elements = s.recipe.elements = element_count(dims);
  s.element = element;
  if (!order.empty()) s.channels = dims[order.back()];
  if (order.size() > 1) s.rows_per_line = dims.size() == 4 ? dims[order[order.size() - 2]] : 1;
  result_.storages.push_back(std::move(s));
  return StorageId(result_.storages.size() - 1);
}

TensorView Lowering::define_state(const GraphState& state, TensorId tensor) {
  const std::int64_t rows = graph_.tensor(tensor).shape[state.axis];
  if (tensor != state.present) return sliced(view(state.present), state.axis, 0, rows);
  const GraphTensor& t = graph_.tensor(tensor);
  Shape room = t.shape;
  room[state.axis] = state.capacity;
  const std::vector<std::size_t> order =
      is_image(tensor) ? std::vector<std::size_t>{0, 2, 3, 1} : row_major(room.size());
  const StorageId storage = new_storage(t.name, BufferKind::state, room, order, element_);
  result_.storages.back().quantisation = quantisation_of(tensor);
  return sliced(TensorView{storage, 0, room, dense_strides(room, order)}, state.axis, 0, rows);
}

TensorView Lowering::define(TensorId tensor) {
  const GraphTensor& t = graph_.tensor(tensor);
  if (const GraphState* state = state_[tensor.index()])
    return *(views_[tensor.index()] = define_state(*state, tensor));
  if (const std::optional<Place>& p = place_[tensor.index()]) {
    return *(views_[tensor.index()] = sliced(view(p->parent), p->axis, p->start, t.shape[p->axis]));
  }
  const BufferKind kind = t.kind == TensorKind::input    ? BufferKind::input
                          : t.kind == TensorKind::weight ? BufferKind::weight
                                                         : BufferKind::intermediate;
  const std::vector<std::size_t> order = order_of(tensor);
  const StorageId storage = new_storage(t.name, kind, t.shape, order, element_);
  result_.storages.back().quantisation = quantisation_of(tensor);
  if (t.kind == TensorKind::weight) {
    // In the order of the storage.
    const auto strides = dense_strides(t.shape, row_major(t.shape.size()));
    ParameterTerm term{tensor, 0, {}, {}};
    for (const std::size_t d : order) {
      term.dims.push_back(t.shape[d]);
      term.strides.push_back(strides[d]);
    }
    recipe(storage).terms = {term};
  }
  return *(views_[tensor.index()] = TensorView{storage, 0, t.shape, dense_strides(t.shape, order)});
}

TensorView Lowering::view(TensorId tensor) {
  const TensorId id = canonical_.resolve(tensor);
  return views_[id.index()] ? *views_[id.index()] : define(id);
}

/// Outputs get storages of their own kind, states have them. One that is a view of an input, a
/// weight or a state, or of only a part of its storage, is copied: the rest of that storage stays
/// the memory manager's.
void Lowering::finish_outputs() {
  for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
    const GraphTensor& t = graph_.tensors[i];
    if (!t.is_output || state_[i] != nullptr) continue;
    TensorView v = view(TensorId(i));
    Storage* s = &result_.storages[v.storage.index()];
    const bool whole = element_count(v.dims) == s->elements;
    if (s->kind == BufferKind::input || s->kind == BufferKind::weight ||
        s->kind == BufferKind::state || !whole) {
      v = dense_copy(v, t.name + ".out", row_major(v.rank()));
      s = &result_.storages[v.storage.index()];
      views_[i] = v;
    }
    s->kind = BufferKind::output;
  }
}

/// A tensor whose features stand in memory order has the bytes of the tensor before the reshape.
void Lowering::list_places() {
  for (std::size_t i = 0; i < graph_.tensors.size(); ++i)
    if (views_[i] && !permuted_[i] && graph_.tensors[i].kind != TensorKind::weight)
      result_.tensors.push_back(
          {TensorId(i), views_[i]->storage, views_[i]->offset, views_[i]->strides});
}

void Lowering::lower_op(const CanonicalOp& op) {
  switch (source(op).kind) {
    case OpKind::conv:
      return lower_conv(op);
    case OpKind::gemm:
      return lower_gemm(op);
    case OpKind::matmul:
      return lower_matmul(op);
    case OpKind::max_pool:
    case OpKind::avg_pool:
      return lower_pool(op);
    case OpKind::global_avg_pool:
      return lower_global_pool(op.inputs[0], op.outputs[0], source(op).name);
    case OpKind::unary:
      return lower_unary(op);
    case OpKind::binary:
      return lower_binary(op);
    case OpKind::softmax:
    case OpKind::layer_norm:
      return lower_rows(op);
    case OpKind::batch_norm:
      return lower_batch_norm(op);
    case OpKind::lrn:
      return lower_lrn(op);
    case OpKind::reduce:
      return lower_reduce(op);
    case OpKind::concat:
      return lower_concat(op);
    case OpKind::split:
      return lower_split(op);
    case OpKind::slice:
      return lower_slice(op);
    case OpKind::reshape:
      return lower_reshape(op);
    case OpKind::transpose:
      views_[op.outputs[0].index()] =
          transposed(view(op.inputs[0]), source(op).as<TransposeAttrs>().perm);
      return;
    case OpKind::pad:
      return lower_pad(op);
    case OpKind::resize:
      return lower_resize(op);
    case OpKind::lstm:
      return lower_lstm(op);
    case OpKind::log_softmax:
      return lower_log_softmax(op);
    case OpKind::gather:
      return lower_gather(op);
  }
  throw Unsupported{"no lowering for this kind"};
}

LoweredGraph lower(const CanonicalGraph& canonical, const MachineConfig& machine) {
  return Lowering(canonical, machine).run();
}

}  // namespace unna
