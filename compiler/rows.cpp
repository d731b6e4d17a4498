#include "compiler/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace unna {
namespace {

class RowSplitter {
 public:
  RowSplitter(Graph graph, const MachineConfig& machine)
      : in_(std::move(graph)),
        element_(element_bytes(machine.data_type)),
        reduced_(machine.core.nbin_bytes / (2 * element_)),
        made_(in_.tensors.size()) {}

  Graph run() {
    if (std::ranges::none_of(in_.ops, [&](const GraphOp& op) { return is_long(op); }))
      return std::move(in_);
    for (const GraphTensor& t : in_.tensors) names_.insert(t.name);
    for (const GraphOp& op : in_.ops) names_.insert(op.name);
    out_.name = in_.name;
    for (std::size_t i = 0; i < in_.tensors.size(); ++i)
      if (in_.tensors[i].kind != TensorKind::activation) made_[i] = add(in_.tensors[i]);
    for (const GraphOp& op : in_.ops) is_long(op) ? split(op) : copy(op);
    for (GraphState state : in_.states) {
      if (state.past) state.past = made_[state.past->index()];
      state.present = *made_[state.present.index()];
      out_.states.push_back(state);
    }
    std::ranges::sort(out_.states, {}, &GraphState::present);
    return std::move(out_);
  }

 private:
  const Shape& shape(TensorId id) const { return out_.tensor(id).shape; }

  std::int64_t row_of(const GraphOp& op) const {
    const Shape& x = in_.tensor(op.inputs[0]).shape;
    if (op.kind != OpKind::reduce) return x.empty() ? 1 : x.back();
    std::int64_t count = 1;
    for (const std::int64_t axis : op.as<ReduceAttrs>().axes)
      count *= x[static_cast<std::size_t>(axis)];
    return count;
  }
  bool is_long(const GraphOp& op) const {
    switch (op.kind) {
      case OpKind::reduce: {
        // The mean of a feature map is pooled.
        const ReduceAttrs& a = op.as<ReduceAttrs>();
        const bool pooled = a.fn == ReduceFn::mean && a.axes == std::vector<std::int64_t>{2, 3} &&
                            in_.tensor(op.inputs[0]).shape.size() == 4;
        return !pooled && row_of(op) > reduced_;
      }
      case OpKind::log_softmax:
        return row_of(op) > reduced_;
      default:
        return false;
    }
  }

  TensorId add(GraphTensor t) {
    t.producer.reset();
    t.consumers.clear();
    out_.tensors.push_back(std::move(t));
    return TensorId(out_.tensors.size() - 1);
  }
  void append(GraphOp op) {
    const OpId id(out_.ops.size());
    for (const TensorId in : op.inputs) {
      std::vector<OpId>& consumers = out_.tensors[in.index()].consumers;
      if (consumers.empty() || consumers.back() != id) consumers.push_back(id);
    }
    for (const TensorId made : op.outputs) out_.tensors[made.index()].producer = id;
    out_.ops.push_back(std::move(op));
  }
  void copy(const GraphOp& op) {
    GraphOp same = op;
    for (TensorId& in : same.inputs) in = *made_[in.index()];
    for (TensorId& made : same.outputs) {
      const std::size_t old = made.index();
      made_[old] = made = add(in_.tensors[old]);
    }
    append(std::move(same));
  }

  std::string unique(const std::string& name) {
    std::string out = name;
    while (!names_.insert(out).second) out += "~";
    return out;
  }
  /// An inner operator of the one that is split.
  TensorId op(OpKind kind, const char* suffix, std::vector<TensorId> inputs, OpAttrs attrs) {
    GraphOp o{unique(fmt::format("{}.{}", now_->name, suffix)),
              kind,
              std::move(inputs),
              {},
              std::move(attrs),
              now_->pos};
    std::vector<Shape> shapes;
    for (const TensorId in : o.inputs) shapes.push_back(shape(in));
    GraphTensor t;
    t.name = o.name;
    t.shape = infer_shapes(o, shapes).at(0);
    o.outputs = {add(std::move(t))};
    append(o);
    return o.outputs[0];
  }
  /// The last one, which has the name and the result of the one that is split.
  void last(OpKind kind, std::vector<TensorId> inputs, OpAttrs attrs) {
    GraphOp o{now_->name, kind, std::move(inputs), {}, std::move(attrs), now_->pos};
    const std::size_t old = now_->outputs[0].index();
    made_[old] = add(in_.tensors[old]);
    o.outputs = {*made_[old]};
    append(std::move(o));
  }
  TensorId binary(ScalarFn fn, const char* suffix, TensorId a, TensorId b) {
    return op(OpKind::binary, suffix, {a, b}, FunctionAttrs{fn});
  }
  TensorId unary(ScalarFn fn, const char* suffix, TensorId x) {
    return op(OpKind::unary, suffix, {x}, FunctionAttrs{fn});
  }
  TensorId scalar(const char* suffix, double value) {
    GraphTensor t;
    t.name = unique(fmt::format("{}.{}", now_->name, suffix));
    t.kind = TensorKind::weight;
    t.values = std::make_shared<const std::vector<float>>(1, static_cast<float>(value));
    return add(std::move(t));
  }

  TensorId reduce(ReduceFn fn, TensorId x, std::size_t axis, bool keep) {
    return op(OpKind::reduce, "part", {x},
              ReduceAttrs{fn, {static_cast<std::int64_t>(axis)}, keep});
  }

  /// Over one dimension, which stays with size 1.
  TensorId reduced(ReduceFn fn, TensorId x, std::size_t axis) {
    const Shape dims = shape(x);
    const std::int64_t n = dims[axis];
    if (n <= reduced_) return reduce(fn, x, axis, true);
    std::int64_t piece = 0;  // that divides the row into as few equal ones as possible
    for (std::int64_t d = reduced_; d * reduced_ >= n && piece == 0; --d)
      if (n % d == 0) piece = d;
    if (piece == 0)
      return fn == ReduceFn::mean ? mean_of_padded(x, axis) : reduced_by_slices(fn, x, axis);
    return reduced_by_pieces(fn, x, axis, piece);
  }

  /// `piece` divides the row.
  TensorId reduced_by_pieces(ReduceFn fn, TensorId x, std::size_t axis, std::int64_t piece) {
    Shape split = shape(x);
    split[axis] /= piece;
    split.insert(split.begin() + static_cast<std::ptrdiff_t>(axis) + 1, piece);
    const TensorId pieces = op(OpKind::reshape, "pieces", {x}, ReshapeAttrs{split});
    return reduced(fn, reduce(fn, pieces, axis + 1, false), axis);
  }

  /// Zeros make the row a multiple of a piece. The means of the pieces are as large as elements
  /// are, and what the zeros took is a factor near 1: a sum would overflow, and a factor of
  /// 1 / length would be 0 in fixed point.
  TensorId mean_of_padded(TensorId x, std::size_t axis) {
    const Shape dims = shape(x);
    const std::int64_t pieces = (dims[axis] + reduced_ - 1) / reduced_;
    const std::int64_t piece = (dims[axis] + pieces - 1) / pieces;
    const std::int64_t padded = pieces * piece;
    if (padded == dims[axis]) return reduced_by_pieces(ReduceFn::mean, x, axis, piece);
    PadAttrs zeros{Shape(dims.size(), 0), Shape(dims.size(), 0)};
    zeros.after[axis] = padded - dims[axis];
    const TensorId whole = op(OpKind::pad, "padded", {x}, zeros);
    const double factor = static_cast<double>(padded) / static_cast<double>(dims[axis]);
    return binary(ScalarFn::mul, "mean", reduced_by_pieces(ReduceFn::mean, whole, axis, piece),
                  scalar("factor", factor));
  }

  /// Of a sum or a largest element, which pieces of different lengths do not distort.
  TensorId reduced_by_slices(ReduceFn fn, TensorId x, std::size_t axis) {
    const Shape dims = shape(x);
    std::vector<TensorId> parts;
    for (std::int64_t at = 0; at < dims[axis]; at += reduced_) {
      SliceAttrs slice{Shape(dims.size(), 0), dims, Shape(dims.size(), 1)};
      slice.starts[axis] = at;
      slice.ends[axis] = std::min(dims[axis], at + reduced_);
      parts.push_back(reduce(fn, op(OpKind::slice, "piece", {x}, slice), axis, true));
    }
    const TensorId all =
        op(OpKind::concat, "pieces", parts, AxisAttrs{static_cast<std::int64_t>(axis), {}});
    return reduced(fn, all, axis);
  }

  void split(const GraphOp& op) {
    now_ = &op;
    const TensorId x = *made_[op.inputs[0].index()];
    if (op.kind == OpKind::reduce) return split_reduce(x);
    const std::size_t row = shape(x).size() - 1;
    const TensorId most = reduced(ReduceFn::max, x, row);
    const TensorId below = binary(ScalarFn::sub, "below", x, most);
    const TensorId powers = unary(ScalarFn::exp, "exp", below);
    const TensorId sum = reduced(ReduceFn::sum, powers, row);
    last(OpKind::binary, {below, unary(ScalarFn::log, "log", sum)}, FunctionAttrs{ScalarFn::sub});
  }

  void split_reduce(TensorId x) {
    const ReduceAttrs& attrs = now_->as<ReduceAttrs>();
    for (std::size_t i = attrs.axes.size(); i-- > 0;)
      x = reduced(attrs.fn, x, static_cast<std::size_t>(attrs.axes[i]));
    last(OpKind::reshape, {x}, ReshapeAttrs{in_.tensor(now_->outputs[0]).shape});
  }

  Graph in_, out_;
  Bytes element_;
  std::int64_t reduced_;                       ///< longest row of a reduction
  std::vector<std::optional<TensorId>> made_;  ///< by tensor of `in_`
  std::set<std::string> names_;
  const GraphOp* now_ = nullptr;
};

}  // namespace

Graph with_short_rows(Graph graph, const MachineConfig& machine) {
  return RowSplitter(std::move(graph), machine).run();
}

}  // namespace unna
