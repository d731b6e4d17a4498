#include <algorithm>

#include "workloads/graph.h"
#include "workloads/sparsity.h"
#include "workloads/states.h"
#include "workloads/weight_groups.h"

namespace unna {
namespace {

/// A reshape's target with its -1, if any, resolved. Left as it is where that is not possible:
/// inference says what is wrong.
Shape resolve_reshape(const GraphOp& op, const Shape& target, const Shape& input) {
  Shape shape = target;
  const auto open = std::find(shape.begin(), shape.end(), -1);
  if (open != shape.end()) {
    *open = 1;
    const std::int64_t known = element_count(shape);
    if (known < 1 || element_count(input) % known != 0)
      throw InputError(
          op.pos, fmt::format("reshape '{}': no size for -1 makes {} of {}, expected a divisor",
                              op.name, fmt::join(target, "x"), to_string(input)));
    *open = element_count(input) / known;
  }
  return shape;
}

/// Puts the builder's `target` where inference looks for it.
void apply_target(GraphOp& op, const std::vector<std::int64_t>& target,
                  const std::vector<Shape>& inputs) {
  if (op.kind == OpKind::reshape && !inputs.empty()) {
    const auto* attrs = std::get_if<ReshapeAttrs>(&op.attrs);
    const Shape& shape = attrs != nullptr ? attrs->shape : target;
    op.attrs = ReshapeAttrs{resolve_reshape(op, shape, inputs[0])};
  }
  if (target.empty()) return;
  if (auto* axis = std::get_if<AxisAttrs>(&op.attrs)) axis->sizes = target;
  if (auto* resize = std::get_if<ResizeAttrs>(&op.attrs)) {
    invariant(target.size() == 2, "resize '{}' has {} target sizes", op.name, target.size());
    resize->height = target[0];
    resize->width = target[1];
  }
}

}  // namespace

GraphBuilder::GraphBuilder(std::string name) {
  graph_.name = std::move(name);
}

TensorId GraphBuilder::add_tensor(SourcePos pos, GraphTensor tensor) {
  if (pos.file.empty()) pos.file = graph_.name;
  for (const std::int64_t dim : tensor.shape)
    if (dim < 1 || dim > kMaxDimension)
      throw InputError(pos, fmt::format("tensor '{}' is {}, expected dimensions from 1 to {}",
                                        tensor.name, to_string(tensor.shape), kMaxDimension));
  if (tensor.elements() > kMaxElements)
    throw InputError(pos, fmt::format("tensor '{}' is {}, expected at most {} elements",
                                      tensor.name, to_string(tensor.shape), kMaxElements));
  if (!tensor_names_.insert(tensor.name).second)
    throw InputError(pos,
                     fmt::format("duplicate tensor '{}', expected each name once", tensor.name));
  graph_.tensors.push_back(std::move(tensor));
  return TensorId(graph_.tensors.size() - 1);
}

TensorId GraphBuilder::input(const std::string& name, const Shape& shape, const SourcePos& pos) {
  GraphTensor tensor;
  tensor.name = name;
  tensor.kind = TensorKind::input;
  tensor.shape = shape;
  return add_tensor(pos, std::move(tensor));
}

TensorId GraphBuilder::weight(const std::string& name, const Shape& shape, const SourcePos& pos,
                              std::shared_ptr<const std::vector<float>> values) {
  GraphTensor tensor;
  tensor.name = name;
  tensor.kind = TensorKind::weight;
  tensor.shape = shape;
  invariant(!values || static_cast<std::int64_t>(values->size()) == tensor.elements(),
            "weight '{}' is {} and has {} values", name, to_string(shape),
            values ? values->size() : 0);
  tensor.values = std::move(values);
  return add_tensor(pos, std::move(tensor));
}

std::vector<TensorId> GraphBuilder::op(OpKind kind, const std::string& name,
                                       std::vector<TensorId> inputs, OpAttrs attrs,
                                       const SourcePos& pos,
                                       const std::vector<std::int64_t>& target) {
  GraphOp op{name, kind, std::move(inputs), {}, std::move(attrs), pos};
  if (op.pos.file.empty()) op.pos.file = graph_.name;
  std::vector<Shape> shapes;
  for (const TensorId input : op.inputs) {
    invariant(input.index() < graph_.tensors.size(), "op '{}' reads tensor {} of {}", name,
              input.value, graph_.tensors.size());
    shapes.push_back(tensor(input).shape);
  }
  apply_target(op, target, shapes);
  const std::vector<Shape> outputs = infer_shapes(op, shapes);
  if (!op_names_.insert(name).second)
    throw InputError(op.pos, fmt::format("duplicate op '{}', expected each name once", name));

  const OpId id(graph_.ops.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    GraphTensor out;
    out.name = kind == OpKind::split ? fmt::format("{}.{}", name, i) : name;
    out.shape = outputs[i];
    out.producer = id;
    op.outputs.push_back(add_tensor(op.pos, std::move(out)));
  }
  for (const TensorId input : op.inputs) {
    std::vector<OpId>& consumers = graph_.tensors[input.index()].consumers;
    if (consumers.empty() || consumers.back() != id) consumers.push_back(id);
  }
  std::vector<TensorId> made = op.outputs;
  graph_.ops.push_back(std::move(op));
  return made;
}

void GraphBuilder::set_steps(TensorId tensor, std::shared_ptr<const ModelSteps> steps) {
  graph_.tensors.at(tensor.index()).steps = std::move(steps);
}

void GraphBuilder::set_groups(TensorId weight, std::shared_ptr<const WeightGroups> groups) {
  graph_.tensors.at(weight.index()).groups = std::move(groups);
}

void GraphBuilder::set_weight_format(const GroupFormat& format) {
  unna::set_weight_format(graph_, graph_.ops.back(), format);
}

void GraphBuilder::mark_output(TensorId tensor) {
  invariant(tensor.index() < graph_.tensors.size(), "output {} of {} tensors", tensor.value,
            graph_.tensors.size());
  graph_.tensors[tensor.index()].is_output = true;
}

void GraphBuilder::state(TensorId present, std::int64_t capacity, const SourcePos& pos) {
  invariant(present.index() < graph_.tensors.size(), "state {} of {} tensors", present.value,
            graph_.tensors.size());
  const SourcePos at = pos.file.empty() ? SourcePos{graph_.name} : pos;
  add_state(graph_, present, capacity, at);
}

void GraphBuilder::prune(const Pruning& pruning) {
  for (PrunedTensor& p : unna::prune(graph_, graph_.ops.back(), pruning))
    graph_.tensors[p.tensor.index()].kept = std::move(p.kept);
}

Graph GraphBuilder::finish() {
  bool has_output = false;
  for (const GraphTensor& tensor : graph_.tensors) {
    has_output = has_output || tensor.is_output;
    if (tensor.kind != TensorKind::activation || tensor.is_output || !tensor.consumers.empty())
      continue;
    const GraphOp& producer = graph_.op(*tensor.producer);
    throw InputError(
        producer.pos,
        fmt::format("'{}' is never read, expected a reader or an entry in outputs", tensor.name));
  }
  if (!has_output)
    throw InputError(SourcePos{graph_.name}, "the network has no output, expected at least one");
  return std::move(graph_);
}

}  // namespace unna
