#include "compiler/canonical.h"

#include <numeric>

namespace unna {
namespace {

bool takes_activation(OpKind kind) {
  return kind == OpKind::conv || kind == OpKind::gemm || kind == OpKind::matmul ||
         kind == OpKind::binary || kind == OpKind::batch_norm;
}

class Canonicaliser {
 public:
  explicit Canonicaliser(const Graph& graph) : graph_(graph), maker_(graph.tensors.size()) {
    result_.graph = &graph;
    result_.replaced.resize(graph.tensors.size());
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) result_.replaced[i] = TensorId(i);
  }

  CanonicalGraph run() {
    for (std::size_t i = 0; i < graph_.ops.size(); ++i) visit(OpId(i));
    return std::move(result_);
  }

 private:
  void visit(OpId id) {
    const GraphOp& op = graph_.op(id);
    if (drop_identity(op) || fold_batch_norm(id) || fuse_activation(op)) return;
    CanonicalOp made{id, {}, op.outputs, std::nullopt};
    for (const TensorId in : op.inputs) made.inputs.push_back(result_.resolve(in));
    for (const TensorId out : op.outputs) maker_[out.index()] = result_.ops.size();
    result_.ops.push_back(std::move(made));
  }

  /// The op that made `tensor`, if nobody else needs its unfused result.
  CanonicalOp* sole_maker(TensorId tensor) {
    const GraphTensor& t = graph_.tensor(tensor);
    const std::optional<std::size_t> at = maker_[tensor.index()];
    if (!at || t.is_output || t.consumers.size() != 1) return nullptr;
    return &result_.ops[*at];
  }

  void absorb(CanonicalOp& maker, TensorId out) {
    maker_[out.index()] = maker_[maker.outputs[0].index()];
    maker.outputs = {out};
  }

  bool drop_identity(const GraphOp& op) {
    if (op.kind != OpKind::unary || op.as<FunctionAttrs>().fn != ScalarFn::identity) return false;
    if (graph_.tensor(op.outputs[0]).is_output) return become_output(op);
    result_.replaced[op.outputs[0].index()] = result_.resolve(op.inputs[0]);
    return true;
  }

  /// What is a graph output under another name is made as that output; else the operator stays, as
  /// a copy.
  bool become_output(const GraphOp& op) {
    const TensorId from = result_.resolve(op.inputs[0]);
    CanonicalOp* maker = sole_maker(from);
    if (maker == nullptr || maker->outputs.size() != 1) return false;
    // Identities before this one have no other readers either.
    for (TensorId at = op.inputs[0]; at != from;) {
      const GraphTensor& t = graph_.tensor(at);
      if (t.is_output || t.consumers.size() != 1) return false;
      at = graph_.op(*t.producer).inputs[0];
    }
    absorb(*maker, op.outputs[0]);
    return true;
  }

  bool fold_batch_norm(OpId id) {
    const GraphOp& op = graph_.op(id);
    if (op.kind != OpKind::batch_norm) return false;
    CanonicalOp* conv = sole_maker(op.inputs[0]);
    if (conv == nullptr || graph_.op(conv->source).kind != OpKind::conv || conv->post ||
        conv->folded_batch_norm)
      return false;
    conv->folded_batch_norm = id;
    absorb(*conv, op.outputs[0]);
    return true;
  }

  bool fuse_activation(const GraphOp& op) {
    if (op.kind != OpKind::unary) return false;
    CanonicalOp* maker = sole_maker(op.inputs[0]);
    if (maker == nullptr || maker->post || !takes_activation(graph_.op(maker->source).kind))
      return false;
    maker->post = op.as<FunctionAttrs>();
    maker->before_post = op.inputs[0];
    absorb(*maker, op.outputs[0]);
    return true;
  }

  const Graph& graph_;
  CanonicalGraph result_;
  std::vector<std::optional<std::size_t>> maker_;  ///< by tensor: the op whose last output it is
};

}  // namespace

CanonicalGraph canonicalise(const Graph& graph) {
  return Canonicaliser(graph).run();
}

}  // namespace unna
