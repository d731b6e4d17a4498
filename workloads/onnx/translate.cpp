#include "workloads/onnx/translate.h"

#include <algorithm>

namespace unna::onnx_import {

namespace {

/// Of [outputs][inputs...]; null where groups lie in other directions.
std::shared_ptr<const WeightGroups> weight_groups(const Constant& c) {
  if (c.groups == nullptr || c.dims.size() < 2) return nullptr;
  ConstantGroups g = *c.groups;
  if (g.format.size == 0 && g.scales.size() == 1) {  // one for all
    g.axis = 0;
    g.scales.resize(static_cast<std::size_t>(c.dims[0]), g.scales.front());
    if (!g.zeros.empty()) g.zeros.resize(g.scales.size(), g.zeros.front());
  }
  if (g.axis != (g.format.size == 0 ? 0U : 1U)) return nullptr;
  if (g.format.size != 0 && c.dims.size() != 2) return nullptr;
  return std::make_shared<const WeightGroups>(WeightGroups{g.format, g.codes, g.scales, g.zeros});
}

}  // namespace

TensorId Weights::of(const Constant& constant) {
  if (constant.kind != ElementKind::real) refuse("integers as weights");
  for (const std::int64_t dim : constant.dims)
    if (dim < 1) refuse("an operand without elements, {}", to_string(constant.dims));
  auto& same = made_[{constant.name, constant.dims}];
  const void* key = constant.reals.get();
  if (!constant.name.empty())
    for (const auto& [values, id] : same)
      if (values == key) return id;
  const std::string name = constant.name.empty() ? "constant" : constant.name;
  const TensorId id = draft_.weight(name, constant.dims, constant.reals);
  // Scales count the outermost dimension, where there are several.
  const auto& steps = constant.steps;
  if (steps != nullptr && (steps->steps.scales.size() == 1 || steps->axis == 0))
    draft_.tensor(id).steps = std::make_shared<const ModelSteps>(steps->steps);
  draft_.tensor(id).groups = weight_groups(constant);
  same.emplace_back(key, id);
  return id;
}

TensorId Weights::scalar(double value) {
  const auto found = scalars_.find(value);
  if (found != scalars_.end()) return found->second;
  const TensorId id =
      draft_.weight(fmt::format("constant.{}", value), {},
                    std::make_shared<const Reals>(Reals{static_cast<float>(value)}));
  return scalars_[value] = id;
}

void Weights::count(const Constant& constant) {
  if (constant.kind != ElementKind::real) return;
  if (seen_.insert(constant.name).second || constant.name.empty()) counted_ += constant.count();
}

Translation::Translation(const Node& node, std::vector<const Value*> inputs, Draft& draft,
                         Weights& weights, std::int64_t opset,
                         const std::set<std::string, std::less<>>& read)
    : node_(node),
      inputs_(std::move(inputs)),
      draft_(draft),
      weights_(weights),
      opset_(opset),
      read_(read),
      name_(!node.name.empty()     ? node.name
            : node.outputs.empty() ? node.op
                                   : node.outputs[0]) {}

const Value& Translation::input(std::size_t i) const {
  if (!has(i)) refuse("input {} is missing", i);
  return *inputs_[i];
}

const Constant& Translation::constant(std::size_t i) {
  const Value& value = input(i);
  if (!value.constant) refuse("input {} is computed, expected a constant", i);
  return *value.constant;
}

const Shape& Translation::dims(std::size_t i) const {
  const Value& value = input(i);
  return value.constant ? value.constant->dims : draft_.tensor(value.tensor).shape;
}

ElementKind Translation::element(std::size_t i) const {
  const Value& value = input(i);
  return value.constant ? value.constant->kind : draft_.tensor(value.tensor).element;
}

TensorId Translation::tensor(std::size_t i) {
  const Value& value = input(i);
  return value.constant ? weight(*value.constant) : value.tensor;
}

TensorId Translation::real_tensor(std::size_t i) {
  if (element(i) != ElementKind::real)
    refuse("input {} has {} elements, expected real ones", i, onnx_import::name(element(i)));
  return tensor(i);
}

Integers Translation::integers_of(std::size_t i, std::string_view attribute) {
  if (!has(i)) return attribute.empty() ? Integers{} : integers(node_, attribute);
  const Constant& c = constant(i);
  if (c.integers == nullptr) refuse("input {} is not of integers", i);
  return *c.integers;
}

double Translation::number(std::size_t i) {
  const Constant& c = constant(i);
  if (!c.known() || c.count() != 1) refuse("input {} is no single known element", i);
  return c.at(0);
}

bool Translation::output_wanted(std::size_t i) const {
  return i < node_.outputs.size() && !node_.outputs[i].empty() && read_.contains(node_.outputs[i]);
}

void Translation::expect_rank(std::size_t i, std::size_t lo, std::size_t hi) const {
  if (rank(i) < lo || rank(i) > hi)
    refuse("input {} is {}, expected {} to {} dimensions", i, to_string(dims(i)), lo, hi);
}

TensorId Translation::emit(OpKind kind, std::vector<TensorId> inputs, OpAttrs attrs,
                           std::string_view suffix) {
  const std::string full = suffix.empty() ? name_ : fmt::format("{}.{}", name_, suffix);
  return draft_.op(kind, full, std::move(inputs), std::move(attrs))[0];
}

TensorId Translation::unary(ScalarFn fn, TensorId x, std::string_view suffix, double alpha,
                            double beta) {
  return emit(OpKind::unary, {x}, FunctionAttrs{fn, alpha, beta}, suffix);
}

TensorId Translation::binary(ScalarFn fn, TensorId a, TensorId b, std::string_view suffix) {
  return emit(OpKind::binary, {a, b}, FunctionAttrs{fn}, suffix);
}

TensorId Translation::apply(const std::string& op, const std::vector<TensorId>& inputs,
                            std::string_view suffix) {
  const OperatorRow* row = find_operator(std::string_view(op));
  invariant(row != nullptr, "no operator {}", op);
  const Node node{fmt::format("{}.{}", name_, suffix), op, "", {}, {""}, node_.attributes};
  std::vector<Value> values;
  values.reserve(inputs.size());
  for (const TensorId input : inputs) values.push_back(Value::of(input));
  std::vector<const Value*> given;
  given.reserve(values.size());
  for (const Value& value : values) given.push_back(&value);
  Translation inner(node, std::move(given), draft_, weights_, opset_, read_);
  row->translate(inner);
  for (const std::string& note : inner.notes()) notes_.push_back(note);
  return inner.take_results().at(0).tensor;
}

/// Undoes an earlier reshape rather than adding one.
TensorId Translation::reshape(TensorId x, const Shape& to, std::string_view suffix) {
  if (shape(x) == to) return x;
  const DraftOp* maker = draft_.producer(x);
  if (maker != nullptr && maker->kind == OpKind::reshape) {
    x = maker->inputs[0];
    if (shape(x) == to) return x;
  }
  return emit(OpKind::reshape, {x}, ReshapeAttrs{to}, suffix);
}

TensorId Translation::transpose(TensorId x, std::vector<std::int64_t> perm,
                                std::string_view suffix) {
  if (std::is_sorted(perm.begin(), perm.end())) return x;
  return emit(OpKind::transpose, {x}, TransposeAttrs{std::move(perm)}, suffix);
}

TensorId Translation::slice(TensorId x, std::size_t axis, std::int64_t start, std::int64_t end,
                            std::string_view suffix) {
  SliceAttrs attrs{Shape(shape(x).size(), 0), shape(x), Shape(shape(x).size(), 1)};
  if (start == 0 && end == attrs.ends[axis]) return x;
  attrs.starts[axis] = start;
  attrs.ends[axis] = end;
  return emit(OpKind::slice, {x}, attrs, suffix);
}

TensorId Translation::concat(std::vector<TensorId> parts, std::size_t axis,
                             std::string_view suffix) {
  if (parts.size() == 1) return parts[0];
  return emit(OpKind::concat, std::move(parts), AxisAttrs{static_cast<std::int64_t>(axis), {}},
              suffix);
}

TensorId Translation::reduce(ReduceFn fn, TensorId x, std::vector<std::int64_t> axes, bool keep,
                             std::string_view suffix) {
  return emit(OpKind::reduce, {x}, ReduceAttrs{fn, std::move(axes), keep}, suffix);
}

TensorId Translation::pick(TensorId x, std::size_t axis, const std::vector<std::int64_t>& indices,
                           std::string_view suffix) {
  return emit(OpKind::gather, {x}, GatherAttrs{static_cast<std::int64_t>(axis), indices, true},
              suffix);
}

/// Adds zeros of the dimensions that grow.
TensorId Translation::expand(TensorId x, const Shape& to, std::string_view suffix) {
  if (shape(x) == to) return x;
  Shape grown = to;
  const std::size_t skip = to.size() - shape(x).size();
  for (std::size_t d = skip; d < to.size(); ++d)
    if (shape(x)[d - skip] == to[d]) grown[d] = 1;
  constexpr std::int64_t kMaxGrown = std::int64_t{1} << 27;
  const std::int64_t count = element_count(grown);
  if (count > kMaxGrown) refuse("repeats to {}", to_string(to));
  const TensorId zeros =
      weight(make_reals(grown, Reals(static_cast<std::size_t>(count), 0), "zeros"));
  return binary(ScalarFn::add, x, zeros, suffix);
}

}  // namespace unna::onnx_import
