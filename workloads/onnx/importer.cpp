#include "workloads/onnx/importer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "workloads/onnx/patterns.h"

namespace unna::onnx_import {
namespace {

/// The network's name: that of the file, as names may be.
std::string network_name(const std::filesystem::path& file) {
  std::string name = file.stem().string();
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') c = '_';
  if (name.empty() || (!std::isalpha(static_cast<unsigned char>(name[0])) && name[0] != '_'))
    name = "_" + name;
  return name;
}

bool is_listed(std::string_view list, std::string_view word) {
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(' ', at), list.size());
    if (list.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

/// Attributes of known operators that would change the result, but that no translation reads.
bool changes_result(const Node& node, std::string_view attribute) {
  struct Row {
    std::string_view op, attributes;
  };
  constexpr auto kRows = std::to_array<Row>({
      {"GRU", "activation_alpha activation_beta clip"},
      {"LSTM", "activation_alpha activation_beta clip"},
      {"RNN", "activation_alpha activation_beta clip"},
  });
  const bool recurrent = std::ranges::any_of(
      kRows, [&](const Row& r) { return r.op == node.op && is_listed(r.attributes, attribute); });
  // Before opset 7, arithmetic said here how shapes broadcast.
  return recurrent || attribute == "broadcast" || attribute == "axis";
}

/// Why a model has no operator for the machine.
std::string nothing_left(const OnnxHost& host) {
  std::set<std::string> names;
  std::size_t count = 0;
  for (const auto* nodes : {&host.before.nodes, &host.after.nodes})
    for (const Node& node : *nodes) {
      names.insert(printable(node.op));
      ++count;
    }
  if (count == 0) return "has no operators, expected at least one for the machine";
  return fmt::format(
      "nothing is left for the machine, {} the host's ({}), as is all that is done to integers, "
      "such "
      "as ids, positions and masks, and behind the machine's last operator, expected at least one "
      "operator for the machine",
      count == 1 ? "the only operator is" : fmt::format("all {} operators are", count),
      fmt::join(names, ", "));
}

}  // namespace

Importer::Importer(Model model, const std::filesystem::path& file, const OnnxOptions& options,
                   Early early)
    : model_(std::move(model)),
      file_(file.string()),
      options_(options),
      early_(early),
      draft_(network_name(file), file_),
      weights_(draft_) {
  before_.opset = after_.opset = model_.opset;
}

void Importer::define(const std::string& name, std::optional<Value> value) {
  if (name.empty()) return;
  if (!values_.emplace(name, std::move(value)).second)
    fail(fmt::format("'{}' is defined twice, expected each name once", printable(name)));
}

/// Results of a node that can't be imported are nothing, so that the others are still looked at.
void Importer::visit(const Node& node) {
  const std::size_t before = problems_.size();
  try {
    visit_known(with_real_mask(with_lookups(node)));
  } catch (const Unsupported& u) {
    problems_.add_operator(node.op.empty() ? "node" : node.op, u.reason, label_of(node));
  } catch (const InputError& error) {
    std::string reason = error.what();
    if (reason.starts_with(file_ + ": ")) reason = reason.substr(file_.size() + 2);
    problems_.add_operator(node.op.empty() ? "node" : node.op, reason, label_of(node));
  }
  if (problems_.size() == before) return;
  for (const std::string& output : node.outputs)
    if (!values_.contains(output)) define(output, std::nullopt);
}

/// None where one is the result of a node that is not supported.
std::optional<Importer::Inputs> Importer::inputs_of(const Node& node) const {
  Inputs inputs;
  bool poisoned = false;
  for (const std::string& name : node.inputs) {
    if (name.empty()) {
      inputs.push_back(nullptr);
      continue;
    }
    const auto found = values_.find(name);
    if (found == values_.end()) refuse("reads '{}', which nothing before it defines", name);
    poisoned = poisoned || !found->second;
    inputs.push_back(found->second ? &*found->second : nullptr);
  }
  if (poisoned) return std::nullopt;
  return inputs;
}

/// Rotary embeddings with positions: the rows of the tables of cosines and sines are a Gather of
/// its own, once for all that have the same positions.
Node Importer::with_lookups(const Node& node) {
  const bool own = node.domain.empty();
  const std::size_t positions = own ? 3 : 1;
  if (node.op != "RotaryEmbedding" || node.inputs.size() <= positions ||
      node.inputs[positions].empty())
    return node;
  const auto found = values_.find(node.inputs[positions]);
  if (found != values_.end() && found->second && found->second->constant &&
      found->second->constant->count() == 1 && found->second->constant->dims.size() == 1)
    refuse("one position for all tokens");
  Node made = node;
  made.inputs = {node.inputs[0]};
  for (const std::size_t table :
       own ? std::array<std::size_t, 2>{1, 2} : std::array<std::size_t, 2>{2, 3}) {
    const std::string name = fmt::format("{}[{}]", node.inputs.at(table), node.inputs[positions]);
    if (!values_.contains(name))
      visit_known({name, "Gather", "", {node.inputs[table], node.inputs[positions]}, {name}, {}});
    made.inputs.push_back(name);
  }
  return made;
}

/// Attention with a mask of booleans: the host says what is added instead.
Node Importer::with_real_mask(const Node& node) {
  if (node.op != "Attention" || !node.domain.empty() || node.inputs.size() < 4 ||
      node.inputs[3].empty())
    return node;
  const auto found = values_.find(node.inputs[3]);
  if (found == values_.end() || !found->second) return node;
  const Value& mask = *found->second;
  const bool booleans = mask.constant ? mask.constant->kind == ElementKind::boolean
                                      : !mask.host.empty() && !mask.has_tensor &&
                                            sample(mask.host).kind == ElementKind::boolean;
  if (!booleans) return node;
  Node made = node;
  made.inputs[3] = fmt::format("{}.added", node.inputs[3]);
  if (values_.contains(made.inputs[3])) return made;
  const auto number = [&](const char* suffix, float value) {
    const std::string name = fmt::format("{}.{}", made.inputs[3], suffix);
    define(name, Value::of(make_reals({}, {value}, name)));
    return name;
  };
  const std::string seen = number("seen", 0), unseen = number("unseen", -1e4F);
  visit_known({made.inputs[3], "Where", "", {node.inputs[3], seen, unseen}, {made.inputs[3]}, {}});
  return made;
}

void Importer::visit_known(const Node& node) {
  Node standard;
  const Node* known = &node;
  if (!node.domain.empty() && find_operator(node) == nullptr) {
    if (!options_.assume_standard) refuse("of domain {}", node.domain);
    standard = node;
    standard.domain.clear();
    known = &standard;
    ++ignored_[fmt::format("{} of domain {} is taken as ONNX's own", node.op, node.domain)];
  }
  const OperatorRow* row = find_operator(*known);
  const auto foldable = foldable_operators();
  const bool folds = std::binary_search(foldable.begin(), foldable.end(), node.op);
  if (!folds && row == nullptr) refuse("unknown");
  const std::optional<Inputs> inputs = inputs_of(*known);
  if (row != nullptr) check_attributes(*known, *row);
  if (!inputs) {
    for (const std::string& output : node.outputs) define(output, std::nullopt);
    return;
  }
  if (fold_constant(*known, *inputs)) return;
  if (std::ranges::any_of(*inputs, [](const Value* v) { return v != nullptr && v->after; }))
    return refuse_after(*known);
  if (to_host_early(*known, *inputs) || select_by_host(*known)) return;
  try {
    if (row == nullptr) refuse("of computed inputs");
    translate(*known, *row);
  } catch (const Unsupported& u) {
    const bool first = comes_first(*known, *inputs);
    if (first && to_host_on_demand(*known)) return;
    if (to_host_late(*known, u.reason)) return;
    if (first || !to_host_on_demand(*known)) throw;
  }
}

/// Attributes that no translation reads are either refused or ignored with a note.
void Importer::check_attributes(const Node& node, const OperatorRow& row) {
  for (const auto& [name, attribute] : node.attributes) {
    if (node.op == "Dropout" || node.op == "Identity" || is_listed(row.attributes, name)) continue;
    if (changes_result(node, name)) refuse("attribute {}", name);
    ++ignored_[fmt::format("attribute {} of {} is ignored", name, node.op)];
  }
}

/// Shape and Size are constant whatever they read.
bool Importer::fold_constant(const Node& node, const Inputs& inputs) {
  const bool of_shape = node.op == "Shape" || node.op == "Size";
  ConstantInputs constants;
  Constant dims_only;
  for (const Value* value : inputs) {
    if (value == nullptr) {
      constants.push_back(nullptr);
    } else if (value->constant) {
      constants.push_back(&*value->constant);
    } else if (of_shape && !value->after) {
      if (value->has_tensor)
        dims_only.dims = draft_.tensor(value->tensor).shape;
      else
        dims_only.dims = sample(value->host).dims;
      constants.push_back(&dims_only);
    } else {
      return false;
    }
  }
  if (model_.opset < 7 && has(node, "broadcast")) refuse("attribute broadcast of constants");
  std::optional<std::vector<Constant>> made =
      evaluate(node, constants, model_.opset, options_.execute);
  if (!made && !inputs.empty()) refuse("of constants only");
  if (!made) return false;
  if (made->size() < node.outputs.size()) refuse("output {} of a constant", made->size());
  define_constants(node, std::move(*made));
  return true;
}

void Importer::define_constants(const Node& node, std::vector<Constant> made) {
  constexpr std::int64_t kMaxTotal = std::int64_t{1} << 29;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    Constant& c = made[i];
    if (c.known()) folded_ += c.count();
    if (folded_ > kMaxTotal) refuse("computes more than {} constants", kMaxTotal);
    if (c.name.empty()) c.name = node.outputs[i];
    if (node.op == "Constant") {
      c.name = node.outputs[i];
      c.stored = true;
    }
    if (node.op == "ConstantOfShape") c.stored = false;
    define(node.outputs[i], Value::of(std::move(c)));
  }
}

void Importer::translate(const Node& node, const OperatorRow& row) {
  dequantise_inputs(node);
  make_tensors(node);
  Inputs inputs = *inputs_of(node);
  for (const Value* value : inputs)
    if (value != nullptr && value->constant) weights_.count(*value->constant);
  if (std::none_of(inputs.begin(), inputs.end(),
                   [](const Value* v) { return v != nullptr && !v->constant; }))
    refuse("of constants only");
  // Inside a model it does not matter in which steps values are that depend on the values.
  if (node.op == "DynamicQuantizeLinear")
    for (const std::string& output : node.outputs)
      if (std::ranges::find(model_.outputs, output) != model_.outputs.end())
        refuse("output '{}' is one of the model", output);
  Translation t(node, std::move(inputs), draft_, weights_, model_.opset, read_);
  row.translate(t);
  std::vector<Value> results = t.take_results();
  for (const std::string& note : t.notes()) model_.notes.push_back(printable(note));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    if (i < results.size()) {
      define(node.outputs[i], std::move(results[i]));
    } else {
      define(node.outputs[i], std::nullopt);
    }
  }
  hand_on_steps(node);
}

void Importer::mark_output(const std::string& name, OnnxImport& result) {
  const auto found = values_.find(name);
  if (found == values_.end() || !found->second)
    fail(fmt::format("output '{}' is not computed, expected the result of an operator",
                     printable(name)));
  const Value& value = *found->second;
  if (value.constant && options_.constant_outputs) {
    result.constants.emplace(name, *value.constant);
  } else if (value.constant) {
    fail(fmt::format("output '{}' is a constant, expected the result of an operator",
                     printable(name)));
  } else if (quantise_output(name, value)) {
    result.host.outputs.push_back(name);
  } else if (value.has_tensor) {
    outputs_.emplace_back(name, value.tensor);
  } else {
    result.host.outputs.push_back(name);
  }
}

void Importer::mark_outputs(OnnxImport& result) {
  if (model_.outputs.empty()) fail("has no outputs, expected at least one");
  std::vector<std::string> wanted = model_.outputs;
  if (!options_.outputs.empty()) wanted = options_.outputs;
  for (const std::string& name : wanted) {
    if (!values_.contains(name) && !options_.outputs.empty())
      fail(fmt::format("computes no '{}', expected the name of a tensor of it", printable(name)));
    mark_output(name, result);
  }
}

void Importer::finish(OnnxImport& result) {
  finish_host(result);
  for (const auto& [name, tensor] : outputs_) draft_.output(tensor, name);
  if (options_.fuse) fuse_patterns(draft_);
  result.parameters = weights_.counted();
  std::vector<std::string> unread;
  if (!outputs_.empty()) {
    result.graph = draft_.finish(unread);
    for (const auto& [tensor, host] : boundary_)
      if (std::ranges::find(unread, draft_.tensor(tensor).name) == unread.end())
        result.host.graph_inputs[draft_.tensor(tensor).name] = host;
    for (std::size_t i = 0; i < outputs_.size(); ++i)
      result.host.graph_outputs[outputs_[i].first] = draft_.output_name(i);
    std::vector<std::string> empty;
    for (const OnnxHost::Input& input : result.host.inputs)
      if (element_count(input.dims) == 0) empty.push_back(input.name);
    pair_states(result.graph, empty, options_.states, SourcePos{file_});
  }
  std::erase_if(unread, [&](const std::string& name) {
    const bool input = std::ranges::any_of(
        model_.inputs, [&](const ValueInfo& info) { return printable(info.name) == name; });
    const std::vector<std::string> needed = needs_of(result.host.before);
    return !input || std::ranges::binary_search(needed, name);
  });
  if (result.graph.ops.empty() && !options_.constant_outputs) fail(nothing_left(result.host));
  for (const auto& [text, nodes] : ignored_)
    model_.notes.push_back(printable(fmt::format("{} ({} nodes)", text, nodes)));
  result.notes = std::move(model_.notes);
  if (!unread.empty())
    result.notes.push_back(fmt::format("no output depends on input {}", fmt::join(unread, ", ")));
}

/// Where the caller names outputs, the model ends there: what only others need is not looked at.
void Importer::drop_unwanted() {
  if (options_.outputs.empty()) return;
  std::set<std::string, std::less<>> wanted(options_.outputs.begin(), options_.outputs.end());
  std::vector<Node> kept;
  for (auto node = model_.nodes.rbegin(); node != model_.nodes.rend(); ++node) {
    if (!std::ranges::any_of(node->outputs, [&](const auto& o) { return wanted.contains(o); }))
      continue;
    wanted.insert(node->inputs.begin(), node->inputs.end());
    kept.push_back(std::move(*node));
  }
  model_.nodes.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
}

std::optional<OnnxImport> Importer::run() {
  constexpr std::size_t kMaxNodes = 200'000;
  if (model_.nodes.size() > kMaxNodes)
    fail(fmt::format("has {} nodes, expected at most {}", model_.nodes.size(), kMaxNodes));
  drop_unwanted();
  for (const Node& node : model_.nodes) {
    read_.insert(node.inputs.begin(), node.inputs.end());
    for (const std::string& output : node.outputs) maker_.emplace(output, &node);
  }
  read_.insert(model_.outputs.begin(), model_.outputs.end());
  read_.insert(options_.outputs.begin(), options_.outputs.end());
  // From the last node on: what a large operator needs, directly or by way of others.
  for (auto node = model_.nodes.rbegin(); node != model_.nodes.rend(); ++node)
    if (!is_light(*node) || std::ranges::any_of(node->outputs, [&](const std::string& output) {
          return needed_by_heavy_.contains(output);
        }))
      needed_by_heavy_.insert(node->inputs.begin(), node->inputs.end());
  read_inputs();
  read_initializers();
  for (const Node& node : model_.nodes) visit(node);
  if (!problems_.empty()) fail(problems_.text(model_.nodes.size()));
  OnnxImport result;
  for (const ValueInfo& info : model_.inputs)
    if (!options_.constants.contains(info.name)) {
      const auto& value = *values_.at(info.name);
      const Shape dims = value.constant     ? value.constant->dims
                         : value.has_tensor ? draft_.tensor(value.tensor).shape
                                            : sample(info.name).dims;
      result.host.inputs.push_back({info.name, info.kind, dims});
    }
  mark_outputs(result);
  const bool quantised = !after_.empty();
  if (outputs_.empty() && !quantised && early_ == Early::host && !options_.constant_outputs)
    return std::nullopt;
  if (options_.check && !model_.skeleton.empty())
    if (const auto verdict = check_skeleton(model_.skeleton)) fail(printable(*verdict));
  finish(result);
  return result;
}

}  // namespace unna::onnx_import
