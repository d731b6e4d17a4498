#include "reference/reference.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "reference/machine.h"

namespace unna {
namespace reference {

const std::vector<float>& Call::weight(std::size_t input) const {
  const GraphTensor& t = graph.tensor(op.inputs[input]);
  if (t.kind != TensorKind::weight)
    throw InputError(op.pos, fmt::format("{}: {} is computed, expected a weight", op.name, t.name));
  invariant(t.values != nullptr, "weight {} has no values", t.name);
  return *t.values;
}

std::vector<double> Call::elements(std::size_t input) const {
  std::vector<double> all;
  for (const float v : weight(input)) all.push_back(numbers.element(static_cast<double>(v)));
  return all;
}

double Call::in_scale(std::size_t input) const {
  return static_cast<double>(graph.tensor(op.inputs[input]).quantisation.value().scale);
}
double Call::out_scale() const {
  const GraphOp& last = folded != nullptr ? *folded : op;
  return static_cast<double>(graph.tensor(last.outputs[0]).quantisation.value().scale);
}
std::int64_t Call::out_zero() const {
  const GraphOp& last = folded != nullptr ? *folded : op;
  return graph.tensor(last.outputs[0]).quantisation.value().zero;
}
double Call::inner_scale(InnerValue which) const {
  return static_cast<double>(op.inner_scales.at(static_cast<std::size_t>(which)));
}

void Call::observe(InnerValue which, double value) const {
  if (largest == nullptr) return;
  double& most = (*largest)[static_cast<std::size_t>(which)];
  most = std::max(most, std::fabs(value));
}

namespace {

struct Row {
  OpKind kind;
  void (*run)(Call&);
  std::size_t parameters;             ///< inputs behind the first that it takes as reals
  void (*run_int8)(Call&) = nullptr;  ///< where `run` is not that
};

constexpr auto kOps = std::to_array<Row>({
    {OpKind::conv, conv, 2, int8_conv},
    {OpKind::gemm, gemm, 2, int8_gemm},
    {OpKind::matmul, matmul, 0, int8_matmul},
    {OpKind::max_pool, max_pool, 0},
    {OpKind::avg_pool, avg_pool, 0},
    {OpKind::global_avg_pool, global_avg_pool, 0},
    {OpKind::unary, unary, 0, int8_unary},
    {OpKind::binary, binary, 0, int8_binary},
    {OpKind::softmax, softmax, 0, int8_softmax},
    {OpKind::layer_norm, layer_norm, 2, int8_layer_norm},
    {OpKind::batch_norm, batch_norm, 4, int8_batch_norm},
    {OpKind::lrn, lrn, 0, int8_lrn},
    {OpKind::reduce, reduce, 0},
    {OpKind::concat, concat, 0},
    {OpKind::split, split, 0},
    {OpKind::slice, slice, 0},
    {OpKind::reshape, reshape, 0},
    {OpKind::transpose, transpose, 0},
    {OpKind::pad, pad, 0},
    {OpKind::resize, resize, 0},
    {OpKind::lstm, lstm, 3, int8_lstm},
    {OpKind::log_softmax, log_softmax, 0, int8_log_softmax},
    {OpKind::gather, gather, 0},
});

const Row& row_of(const GraphOp& op) {
  for (const Row& row : kOps)
    if (row.kind == op.kind) return row;
  throw InputError(op.pos,
                   fmt::format("{}: the reference does not know {}", op.name, name(op.kind)));
}

class Executor {
 public:
  Executor(const Graph& graph, const std::optional<Encoding>& encoding,
           const ReferenceVisitor& visit, const InnerVisitor& inner)
      : graph_(graph),
        numbers_(encoding),
        exact_(!encoding),
        int8_(encoding && encoding->type == DataType::int8),
        visit_(visit),
        inner_(inner),
        tensors_(graph.tensors.size()),
        readers_left_(graph.tensors.size()) {
    for (std::size_t i = 0; i < graph.tensors.size(); ++i)
      readers_left_[i] = graph.tensors[i].consumers.size();
  }

  void run(const InputValues& inputs) {
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i)
      if (graph_.tensors[i].kind == TensorKind::input) {
        const auto values = inputs.find(TensorId(i));
        invariant(values != inputs.end(), "input {} has no values", graph_.tensors[i].name);
        make(TensorId(i), values->second);
        visit_(TensorId(i), tensors_[i]->data);
      }
    for (std::size_t i = 0; i < graph_.ops.size(); ++i) step(OpId(i));
  }

 private:
  void make(TensorId id, const std::vector<float>& values) {
    Tensor t(graph_.tensor(id).shape);
    invariant(values.size() == t.data.size(), "{} has {} values for {} elements",
              graph_.tensor(id).name, values.size(), t.data.size());
    const double unit =
        int8_ ? static_cast<double>(graph_.tensor(id).quantisation.value().scale) : 1;
    for (std::size_t i = 0; i < values.size(); ++i)
      t.data[i] = numbers_.element(static_cast<double>(values[i]) / unit);
    finish(id, t.data);
    tensors_[id.index()] = std::move(t);
  }

  /// Results as they are stored: rounded; in int8 saturated, from their zero points; without an
  /// encoding as the model itself has them, where it is quantised.
  void finish(TensorId id, std::vector<double>& data) const {
    const GraphTensor& t = graph_.tensor(id);
    if (int8_) {
      const double zero = t.quantisation.value().zero;
      for (double& x : data) x = std::clamp(x, -128 - zero, 127 - zero);
      return;
    }
    for (double& x : data) x = numbers_.round(x);
    if (exact_ && t.kind != TensorKind::weight && t.steps != nullptr)
      for (double& x : data) x = stepped(*t.steps, x);
  }
  static double stepped(const ModelSteps& steps, double x) {
    const auto scale = static_cast<double>(steps.scales.front());
    const double zero = steps.zero;
    return (std::clamp(std::nearbyint(x / scale) + zero, -128.0, 127.0) - zero) * scale;
  }

  /// The batch norm that is folded into a convolution.
  const GraphOp* folded(const GraphOp& op) const {
    if (op.kind != OpKind::conv) return nullptr;
    const GraphTensor& out = graph_.tensor(op.outputs[0]);
    if (out.is_output || out.consumers.size() != 1) return nullptr;
    const GraphOp& reader = graph_.op(out.consumers[0]);
    return reader.kind == OpKind::batch_norm ? &reader : nullptr;
  }
  bool is_folded(const GraphOp& op) const {
    if (op.kind != OpKind::batch_norm) return false;
    const std::optional<OpId> maker = graph_.tensor(op.inputs[0]).producer;
    return maker && folded(graph_.op(*maker)) == &op;
  }

  const Tensor* input(TensorId id) {
    const GraphTensor& t = graph_.tensor(id);
    if (t.kind == TensorKind::weight && !tensors_[id.index()]) {
      invariant(t.values != nullptr, "weight {} has no values", t.name);
      make(id, *t.values);
    }
    return &*tensors_[id.index()];
  }

  void step(OpId op_id) {
    const GraphOp& op = graph_.op(op_id);
    if (is_folded(op)) return;
    const Row& row = row_of(op);
    const GraphOp* norm = folded(op);
    const GraphOp& last = norm != nullptr ? *norm : op;
    std::vector<Tensor> out;
    for (const TensorId id : last.outputs) out.emplace_back(graph_.tensor(id).shape);
    std::vector<double> largest(kInnerValues);
    Call call{graph_, op, numbers_, {}, out, norm, int8_, inner_ ? &largest : nullptr};
    for (std::size_t i = 0; i < op.inputs.size(); ++i)
      call.in.push_back(i > 0 && i <= row.parameters ? nullptr : input(op.inputs[i]));
    (int8_ && row.run_int8 != nullptr ? row.run_int8 : row.run)(call);
    if (inner_) inner_(op_id, largest);
    if (numbers_.overflowed())
      throw InputError(op.pos,
                       fmt::format("{}: a sum is more than an accumulator holds, expected more "
                                   "core.accumulator_bytes or fewer core.fraction_bits",
                                   op.name));
    for (std::size_t i = 0; i < out.size(); ++i) {
      finish(last.outputs[i], out[i].data);
      tensors_[last.outputs[i].index()] = std::move(out[i]);
      visit_(last.outputs[i], tensors_[last.outputs[i].index()]->data);
    }
    release(op);
  }

  /// Frees what nobody will read any more.
  void release(const GraphOp& op) {
    std::set<TensorId> once(op.inputs.begin(), op.inputs.end());
    for (const TensorId id : once)
      if (--readers_left_[id.index()] == 0) tensors_[id.index()].reset();
  }

  const Graph& graph_;
  Numbers numbers_;
  bool exact_, int8_;
  const ReferenceVisitor& visit_;
  const InnerVisitor& inner_;
  std::vector<std::optional<Tensor>> tensors_;
  std::vector<std::size_t> readers_left_;
};

}  // namespace
}  // namespace reference

void run_reference(const Graph& graph, const InputValues& inputs,
                   const std::optional<Encoding>& encoding, const ReferenceVisitor& visit,
                   const InnerVisitor& inner) {
  reference::Executor(graph, encoding, visit, inner).run(inputs);
}

}  // namespace unna
