#include "compiler/model_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace unna {

bool keeps_numbers(const GraphOp& op) {
  switch (op.kind) {
    case OpKind::concat:
    case OpKind::split:
    case OpKind::slice:
    case OpKind::gather:
    case OpKind::reshape:
    case OpKind::transpose:
    case OpKind::pad:
    case OpKind::resize:
    case OpKind::max_pool:
    case OpKind::avg_pool:
      return true;
    case OpKind::reduce:
      return op.as<ReduceAttrs>().fn == ReduceFn::max;
    case OpKind::unary:
      return op.as<FunctionAttrs>().fn == ScalarFn::identity;
    default:
      return false;
  }
}

bool may_rescale(const GraphOp& op) {
  return op.kind == OpKind::avg_pool;
}

QuantisationGroups::QuantisationGroups(const Graph& graph) {
  for (const GraphTensor& t : graph.tensors)
    add(t.steps == nullptr ? std::nullopt : t.steps->single());
}

void QuantisationGroups::add(const std::optional<Quantisation>& given) {
  parent_.push_back(parent_.size());
  given_.push_back(given);
}

std::size_t QuantisationGroups::find(TensorId tensor) {
  std::size_t at = tensor.index();
  while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
  return at;
}

bool QuantisationGroups::join(TensorId a, TensorId b) {
  const std::size_t from = find(a), to = find(b);
  if (from == to) return true;
  if (given_[from] && given_[to] && *given_[from] != *given_[to]) return false;
  if (given_[from]) given_[to] = given_[from];
  parent_[from] = to;
  return true;
}

namespace {

class ModelStepsPass {
 public:
  explicit ModelStepsPass(Graph graph) : graph_(std::move(graph)), groups_(graph_) {}

  Graph run() {
    for (GraphOp& op : graph_.ops) drop_clip(op);
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) adopt(TensorId(i));
    groups_ = QuantisationGroups(graph_);
    for (const GraphTensor& t : graph_.tensors) names_.insert(t.name);
    for (GraphOp& op : std::exchange(graph_.ops, {})) convert(std::move(op));
    link();
    return std::move(graph_);
  }

 private:
  GraphTensor& tensor(TensorId id) { return graph_.tensors[id.index()]; }

  static bool is(const GraphOp& op, ScalarFn fn) {
    return op.kind == OpKind::unary && op.as<FunctionAttrs>().fn == fn;
  }
  static void make_identity(GraphOp& op) { op.attrs = FunctionAttrs{}; }

  /// A result of 8 bits saturates by itself.
  void drop_clip(GraphOp& op) {
    if (!is(op, ScalarFn::clip)) return;
    const GraphTensor& out = tensor(op.outputs[0]);
    GraphTensor& rounded = tensor(op.inputs[0]);
    if (out.steps == nullptr || !rounded.producer || rounded.is_output) return;
    if (rounded.consumers.size() != 1) return;
    if (!is(graph_.op(*rounded.producer), ScalarFn::round)) return;
    rounded.steps = out.steps;
    make_identity(op);
  }

  /// A cache is an output that only later runs read, and these round it, too.
  bool is_cache(TensorId id) const {
    return std::ranges::any_of(graph_.states, [&](const GraphState& s) { return s.present == id; });
  }

  /// A tensor that is only rounded to the model's steps, always to the same ones, has them itself.
  void adopt(TensorId id) {
    GraphTensor& t = tensor(id);
    if (t.kind == TensorKind::weight || t.consumers.empty()) return;
    if (t.is_output && !is_cache(id)) return;
    std::shared_ptr<const ModelSteps> steps = t.steps;
    for (const OpId reader : t.consumers) {
      const GraphOp& op = graph_.op(reader);
      const auto& of_result = tensor(op.outputs[0]).steps;
      if (!is(op, ScalarFn::round) || of_result == nullptr) return;
      if (steps != nullptr && *steps != *of_result) return;
      steps = of_result;
    }
    t.steps = steps;
    for (const OpId reader : t.consumers) make_identity(graph_.ops[reader.index()]);
  }

  /// An operator that keeps numbers needs them in one quantisation.
  void convert(GraphOp op) {
    const TensorId out = op.outputs[0];
    if (op.kind == OpKind::lstm && op.inputs.size() > 4) bring(op, 4, out);
    if (keeps_numbers(op)) {
      const bool several = !groups_.given(out) && given_quantisations(op).size() > 1;
      for (std::size_t i = 0; i < op.inputs.size(); ++i) {
        if (may_rescale(op))
          groups_.join(op.inputs[i], out);
        else if (several && groups_.given(op.inputs[i]))
          op.inputs[i] = requantised(op, op.inputs[i], out);
        else
          bring(op, i, out);
      }
    }
    std::vector<GraphOp> after;
    for (std::size_t i = 1; keeps_numbers(op) && i < op.outputs.size(); ++i)
      if (!groups_.join(op.outputs[i], out)) after.push_back(from_result(op, i, out));
    graph_.ops.push_back(std::move(op));
    for (GraphOp& a : after) graph_.ops.push_back(std::move(a));
  }

  std::set<std::pair<float, std::int32_t>> given_quantisations(const GraphOp& op) {
    std::set<std::pair<float, std::int32_t>> all;
    for (const TensorId in : op.inputs)
      if (const auto& given = groups_.given(in)) all.insert({given->scale, given->zero});
    return all;
  }
  void bring(GraphOp& op, std::size_t input, TensorId like) {
    if (!groups_.join(op.inputs[input], like))
      op.inputs[input] = requantised(op, op.inputs[input], like);
  }

  /// `from` with the quantisation of `like`.
  TensorId requantised(const GraphOp& op, TensorId from, TensorId like) {
    const TensorId made = added(op, from, like);
    graph_.ops.push_back(requantiser(tensor(made).name, from, made, op.pos));
    return made;
  }
  /// Output i is made like `like`, and then what it has to be.
  GraphOp from_result(GraphOp& op, std::size_t i, TensorId like) {
    const TensorId wanted = op.outputs[i];
    op.outputs[i] = added(op, wanted, like);
    return requantiser(tensor(op.outputs[i]).name, op.outputs[i], wanted, op.pos);
  }

  TensorId added(const GraphOp& op, TensorId shaped_like, TensorId like) {
    GraphTensor t;
    t.name = fmt::format("{}.requantised", op.name);
    while (!names_.insert(t.name).second) t.name += "~";
    t.shape = tensor(shaped_like).shape;
    if (const auto& given = groups_.given(like))
      t.steps = std::make_shared<const ModelSteps>(ModelSteps{{given->scale}, given->zero});
    groups_.add(groups_.given(like));
    graph_.tensors.push_back(std::move(t));
    const TensorId made(graph_.tensors.size() - 1);
    groups_.join(made, like);
    return made;
  }
  /// The identity, computed: what goes through an instruction has the quantisation of its result.
  static GraphOp requantiser(std::string name, TensorId from, TensorId to, const SourcePos& pos) {
    return {
        std::move(name), OpKind::unary, {from}, {to}, FunctionAttrs{ScalarFn::leaky_relu, 1}, pos};
  }

  /// Producers and consumers, as operators stand now.
  void link() {
    for (GraphTensor& t : graph_.tensors) {
      t.producer.reset();
      t.consumers.clear();
    }
    for (std::size_t i = 0; i < graph_.ops.size(); ++i) {
      for (const TensorId in : graph_.ops[i].inputs) {
        std::vector<OpId>& readers = tensor(in).consumers;
        if (readers.empty() || readers.back() != OpId(i)) readers.push_back(OpId(i));
      }
      for (const TensorId out : graph_.ops[i].outputs) tensor(out).producer = OpId(i);
    }
  }

  Graph graph_;
  QuantisationGroups groups_;
  std::set<std::string> names_;
};

}  // namespace

Graph with_model_steps(Graph graph, const MachineConfig& machine) {
  const auto given = [](const GraphTensor& t) {
    return t.kind != TensorKind::weight && t.steps != nullptr;
  };
  if (machine.data_type != DataType::int8 || std::ranges::none_of(graph.tensors, given))
    return graph;
  return ModelStepsPass(std::move(graph)).run();
}

}  // namespace unna
