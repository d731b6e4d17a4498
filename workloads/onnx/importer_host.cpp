// The parts of a model that are the host's.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "workloads/onnx/fold_parts.h"
#include "workloads/onnx/importer.h"

namespace unna::onnx_import {
namespace {

bool is_lookup(const Node& node) {
  return node.op == "Gather" || node.op == "GatherND" || node.op == "GatherElements";
}

/// Products of a MatMul that the host may do: outer products of positions and frequencies.
bool is_small_product(const Node& node, const Shape& a, const Shape& b) {
  constexpr std::int64_t kMost = 1 << 20;
  if (node.op != "MatMul" || a.empty() || b.empty()) return false;
  const std::int64_t depth = std::max<std::int64_t>(a.back(), 1);
  return element_count(a) <= kMost && element_count(b) <= kMost &&
         element_count(a) / depth * element_count(b) <= kMost;
}

}  // namespace

/// What is computed from integers and booleans of the outside alone: positions, masks, tables'
/// rows.
bool Importer::to_host_early(const Node& node, const Inputs& inputs) {
  bool any = false;
  std::vector<Shape> dims;
  for (const Value* v : inputs) {
    if (v == nullptr) continue;
    if (!v->constant && (v->host.empty() || v->bound)) return false;
    any = any || !v->constant;
    dims.push_back(v->constant ? v->constant->dims : sample(v->host).dims);
  }
  if (!any) return false;
  if (!is_light(node) && !(dims.size() == 2 && is_small_product(node, dims[0], dims[1])))
    return false;
  try {
    to_host(node);
    return true;
  } catch (const Unsupported&) {
    return false;
  }
}

/// Of a real input that nobody has asked for yet, ones.
const Constant& Importer::sample(const std::string& name) {
  const auto found = samples_.find(name);
  if (found != samples_.end()) return found->second;
  const Value& value = *values_.at(name);
  invariant(value.has_tensor, "'{}' has no sample", name);
  const Shape& dims = draft_.tensor(value.tensor).shape;
  checked_count(dims);
  return samples_[name] =
             make_reals(dims, Reals(static_cast<std::size_t>(element_count(dims)), 1), name);
}

/// Makes the host compute `name` before the machine starts, where it can be computed so from the
/// model's inputs by at most `left` more nodes.
bool Importer::pull(const std::string& name, std::size_t& left) {
  std::optional<Value>& value = values_.at(name);
  if (!value || value->after) return false;
  if (value->constant) return true;
  if (!value->host.empty()) return true;
  const auto maker = maker_.find(name);
  if (maker == maker_.end() || left == 0 || !is_light(*maker->second)) return false;
  --left;
  if (!pull_inputs(*maker->second, left)) return false;
  try {
    to_host(*maker->second);
  } catch (const Unsupported&) {
    return false;
  }
  return true;
}

bool Importer::pull_inputs(const Node& node, std::size_t& left) {
  if (!is_light(node)) return false;
  return std::ranges::all_of(
      node.inputs, [&](const std::string& name) { return name.empty() || pull(name, left); });
}

void Importer::keep_constants(const Node& node, HostProgram& program) const {
  for (const std::string& name : node.inputs)
    if (!name.empty() && values_.at(name)->constant)
      program.constants.emplace(name, *values_.at(name)->constant);
}

/// Results have the shapes that they have for inputs of ones.
void Importer::to_host(const Node& node) {
  ConstantInputs inputs;
  for (const std::string& name : node.inputs) {
    if (name.empty()) {
      inputs.push_back(nullptr);
      continue;
    }
    const Value& v = *values_.at(name);
    inputs.push_back(v.constant ? &*v.constant : &sample(v.host));
  }
  std::optional<std::vector<Constant>> made =
      evaluate(node, inputs, model_.opset, options_.execute);
  if (!made) refuse("of computed inputs");
  for (std::size_t i = made->size(); i < node.outputs.size(); ++i)
    if (read_.contains(node.outputs[i])) refuse("output {} is read", i);
  keep_constants(node, before_);
  before_.nodes.push_back(node);
  const bool rows = is_lookup(node) && values_.at(node.inputs[0])->constant &&
                    inputs[0]->kind == ElementKind::real && inputs[0]->count() > 1;
  for (std::size_t i = 0; i < node.outputs.size() && i < made->size(); ++i) {
    const std::string& name = node.outputs[i];
    if (name.empty()) continue;
    if (!values_.contains(name)) define(name, Value{});
    std::optional<Value>& value = values_.at(name);
    if (!value) value.emplace();
    value->host = name;
    value->bound = rows;
    if (rows)
      model_.notes.push_back(printable(
          fmt::format("the rows of '{}' that '{}' chooses are input '{}', {}: tables are looked up "
                      "by the host",
                      inputs[0]->name, node.inputs[1], name, to_string((*made)[i].dims))));
    samples_[name] = std::move((*made)[i]);
  }
}

/// Whether the host rather does a node before the machine starts than after it has ended.
bool Importer::comes_first(const Node& node, const Inputs& inputs) const {
  const bool given = std::ranges::all_of(inputs, [](const Value* v) {
    return v == nullptr || v->constant.has_value() || !v->host.empty();
  });
  return given || std::ranges::any_of(node.outputs, [&](const std::string& output) {
           return needed_by_heavy_.contains(output);
         });
}

/// What the machine can't do, but the host can before the machine starts.
bool Importer::to_host_on_demand(const Node& node) {
  std::size_t most = 64;
  if (!pull_inputs(node, most)) return false;
  try {
    to_host(node);
  } catch (const Unsupported&) {
    return false;
  }
  return true;
}

/// What the machine can't do, but nothing of the machine reads afterwards.
bool Importer::to_host_late(const Node& node, const std::string& reason) {
  const auto foldable = foldable_operators();
  const bool known = std::binary_search(foldable.begin(), foldable.end(), node.op) ||
                     (find_operator(node) != nullptr && options_.execute);
  if (!known || !is_light(node)) return false;
  std::set<std::size_t> roots;
  for (const std::string& name : node.inputs)
    if (const auto r = roots_.find(name); r != roots_.end())
      roots.insert(r->second.begin(), r->second.end());
  if (!reason.empty()) {
    roots.insert(late_.size());
    late_.push_back({node.op, label_of(node), reason, false});
  }
  keep_constants(node, after_);
  after_.nodes.push_back(node);
  for (const std::string& output : node.outputs) {
    if (output.empty()) continue;
    Value value;
    value.after = true;
    define(output, value);
    roots_[output] = roots;
  }
  return true;
}

/// A node that reads what the host computes last is the host's too; if it is none that a host does,
/// those before it are what is not supported.
void Importer::refuse_after(const Node& node) {
  if (to_host_late(node, "")) return;
  for (const std::string& name : node.inputs) {
    const auto roots = roots_.find(name);
    if (roots == roots_.end()) continue;
    for (const std::size_t root : roots->second) {
      Late& late = late_[root];
      if (!late.blamed) problems_.add_operator(late.op, late.reason, late.label);
      late.blamed = true;
    }
  }
  for (const std::string& output : node.outputs) define(output, std::nullopt);
}

/// Where with a condition of the host between tensors of the machine: max(min(x, upper), lower), of
/// which the host makes the bounds: infinite where x is taken, else the other element.
bool Importer::select_by_host(const Node& node) {
  if (node.op != "Where" || node.inputs.size() != 3) return false;
  const Value& condition = *values_.at(node.inputs[0]);
  if (condition.constant || condition.host.empty() || condition.bound) return false;
  const auto hosts = [&](std::size_t i) {
    const Value& v = *values_.at(node.inputs[i]);
    return v.constant || (!v.host.empty() && !v.bound);
  };
  const std::string label = label_of(node);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto bound = [&](const char* which, float infinite, bool yes, const std::string& other) {
    const std::string name = fmt::format("{}.{}{}", label, yes ? "yes_" : "no_", which);
    define(name + ".value", Value::of(make_reals({}, {infinite}, name + ".value")));
    Node made{name, "Where", "", {node.inputs[0], name + ".value", other}, {name}, {}};
    if (!yes) std::swap(made.inputs[1], made.inputs[2]);
    to_host(made);
    make_tensor(name);
    return values_.at(name)->tensor;
  };
  define(label + ".zero", Value::of(make_reals({}, {0}, label + ".zero")));
  make_tensors(node);
  Translation t(node, *inputs_of(node), draft_, weights_, model_.opset, read_);
  /// x (input 1 or 2) where the condition says so, else `other`.
  const auto select = [&](bool yes, const std::string& other, const std::string& suffix) {
    const TensorId x = t.real_tensor(yes ? 1 : 2);
    const TensorId upper = bound("upper", kInfinity, yes, other);
    const TensorId limited = t.binary(ScalarFn::min, x, upper, suffix + "min");
    return t.binary(ScalarFn::max, limited, bound("lower", -kInfinity, yes, other), suffix);
  };
  TensorId y;
  if (hosts(2)) {
    y = select(true, node.inputs[2], "");
  } else if (hosts(1)) {
    y = select(false, node.inputs[1], "");
  } else {
    const TensorId yes = select(true, label + ".zero", "yes");
    y = t.binary(ScalarFn::add, yes, select(false, label + ".zero", "no"));
  }
  define(node.outputs.at(0), Value::of(y));
  return true;
}

/// The host's result becomes an input of the machine.
void Importer::make_tensor(const std::string& name) {
  if (name.empty()) return;
  Value& v = *values_.at(name);
  if (v.host.empty() || v.has_tensor) return;
  const Constant& made = sample(v.host);
  v.tensor = draft_.input(v.host, made.dims, made.kind);
  v.has_tensor = true;
  boundary_[v.tensor] = v.host;
}

void Importer::make_tensors(const Node& node) {
  for (const std::string& name : node.inputs) make_tensor(name);
}

/// Only what the machine or an output needs; the machine's results that the host reads are outputs.
void Importer::finish_host(OnnxImport& result) {
  std::set<std::string, std::less<>> wanted(result.host.outputs.begin(), result.host.outputs.end());
  const auto sweep = [&](HostProgram& program) {
    std::vector<Node> kept;
    for (auto node = program.nodes.rbegin(); node != program.nodes.rend(); ++node) {
      if (!std::ranges::any_of(node->outputs, [&](const auto& o) { return wanted.contains(o); }))
        continue;
      wanted.insert(node->inputs.begin(), node->inputs.end());
      kept.push_back(std::move(*node));
    }
    program.nodes.assign(std::make_move_iterator(kept.rbegin()),
                         std::make_move_iterator(kept.rend()));
    std::erase_if(program.constants, [&](const auto& c) { return !wanted.contains(c.first); });
  };
  sweep(after_);
  for (const std::string& name : needs_of(after_)) {
    make_tensor(name);
    const Value& v = *values_.at(name);
    const bool given =
        std::ranges::any_of(outputs_, [&](const auto& o) { return o.first == name; });
    if (v.has_tensor && v.host.empty() && !given) outputs_.emplace_back(name, v.tensor);
  }
  for (const auto& [tensor, host] : boundary_) wanted.insert(host);
  sweep(before_);
  const auto describe = [](const HostProgram& program) {
    std::set<std::string> ops;
    for (const Node& node : program.nodes) ops.insert(node.op);
    return fmt::format("{} operators ({})", program.nodes.size(), fmt::join(ops, ", "));
  };
  if (!before_.empty())
    model_.notes.push_back(
        printable(fmt::format("before the machine starts the host computes {} from {}",
                              describe(before_), fmt::join(needs_of(before_), ", "))));
  if (!after_.empty())
    model_.notes.push_back(
        printable(fmt::format("from the machine's results the host computes {}: {}",
                              describe(after_), fmt::join(result.host.outputs, ", "))));
  result.host.before = std::move(before_);
  result.host.after = std::move(after_);
}

}  // namespace unna::onnx_import
