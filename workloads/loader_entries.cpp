// The entries of an `ops` list: operators, caches, uses of blocks, repeats.

#include <algorithm>

#include "text/yaml.h"
#include "workloads/network_loader.h"
#include "workloads/op_reader.h"
#include "workloads/scope.h"

namespace unna {
namespace {

constexpr std::size_t kMaxEntries = 100'000;  // after expansion
constexpr int kMaxNesting = 100;              // of uses of blocks

}  // namespace

void NetworkLoader::run_list(const YamlNode& list, Scope& scope) {
  if (list.as_sequence("ops").empty()) list.fail("ops is empty, expected at least one entry");
  for (const YamlNode& entry : list.items) run_entry(entry, scope);
}

void NetworkLoader::run_entry(const YamlNode& raw, Scope& scope) {
  raw.as_map("an entry of ops");
  if (++entries_ > kMaxEntries)
    raw.fail(fmt::format("more than {} entries after expansion, expected fewer", kMaxEntries));
  const int forms =
      (raw.find("op") != nullptr) + (raw.find("use") != nullptr) + (raw.find("repeat") != nullptr);
  if (forms != 1)
    raw.fail(fmt::format("{} 'op', 'use' and 'repeat' in an entry of ops, expected one of them",
                         forms == 0 ? "none of" : "more than one of"));
  const YamlNode node = expand(raw, scope.variables, "ops");
  if (node.find("op") != nullptr) return run_op(node, scope);
  if (node.find("use") != nullptr) return run_use(node, scope);
  run_repeat(node, scope);
}

/// What earlier runs have left, an input `<name>.past`, with the rows of `from` behind it.
void NetworkLoader::run_cache(const YamlNode& node, Scope& scope) {
  YamlMapReader fields(node, "cache");
  fields.require("op");
  const std::string local = entry_name(fields.optional("name"), "cache", scope);
  const std::vector<TensorId> from = scope.read_from(fields.optional("from"), node);
  if (from.size() != 1)
    node.fail(fmt::format("cache reads {} tensors, expected 1: its new rows", from.size()));
  Shape shape = builder_.tensor(from[0]).shape;
  const std::int64_t axis = fields.require("axis").as_int(
      "axis", 0, std::max<std::int64_t>(0, static_cast<std::int64_t>(shape.size()) - 1));
  const std::int64_t past = fields.require("past").as_int("past", 0, kMaxDimension);
  const YamlNode& capacity = fields.require("capacity");
  const std::string name = scope.prefix + local;
  fields.finish();
  std::vector<TensorId> parts = from;
  if (past > 0) {
    shape[static_cast<std::size_t>(axis)] = past;
    parts.insert(parts.begin(), builder_.input(name + ".past", shape, node.pos));
  }
  const std::vector<TensorId> out =
      builder_.op(OpKind::concat, name, parts, AxisAttrs{axis, {}}, node.pos);
  caches_.push_back({out[0], capacity.as_int("capacity", 1, kMaxDimension), node.pos});
  scope.define(local, out, {}, node.pos);
}

void NetworkLoader::run_op(const YamlNode& node, Scope& scope) {
  if (node.find("op")->text == "cache") return run_cache(node, scope);
  const auto kind = static_cast<OpKind>(node.find("op")->as_choice("op", op_kind_names()));
  YamlMapReader fields(node, name(kind));
  fields.require("op");
  const std::string local = entry_name(fields.optional("name"), name(kind), scope);
  const std::vector<TensorId> from = scope.read_from(fields.optional("from"), node);
  std::vector<Shape> shapes;
  shapes.reserve(from.size());
  for (const TensorId id : from) shapes.push_back(builder_.tensor(id).shape);
  const YamlNode* weights = has_own_weights(kind) ? fields.optional("weights") : nullptr;
  Layer layer = read_layer(kind, fields, shapes, weights == nullptr);
  fields.finish();
  if (weights != nullptr) layer.weights = scope.read_from(weights, node);
  layer.name = scope.prefix + local;
  layer.from = from;
  layer.pos = node.pos;
  const std::vector<TensorId> out = add_layer(builder_, layer);
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < out.size(); ++i) labels.push_back(std::to_string(i));
  scope.define(local, out, kind == OpKind::split ? labels : std::vector<std::string>{}, node.pos);
}

void NetworkLoader::run_use(const YamlNode& node, Scope& scope) {
  YamlMapReader fields(node, "use of a block");
  const YamlNode& block_name = fields.require("use");
  const std::string local = entry_name(fields.optional("name"), block_name.as_string("use"), scope);
  const YamlNode* from = fields.optional("from");
  const YamlNode* with = fields.optional("with");
  fields.finish();
  const auto found = blocks_.find(block_name.text);
  if (found == blocks_.end())
    block_name.fail(
        fmt::format("unknown block '{}', expected {}", block_name.text, key_list(blocks_)));
  Block& block = found->second;
  if (block.open)
    block_name.fail(fmt::format("block '{}' uses itself, expected no recursion", found->first));
  if (nesting_ == kMaxNesting)
    block_name.fail(fmt::format("blocks nested more than {} deep, expected fewer", kMaxNesting));

  Scope inner;
  inner.prefix = scope.prefix + local + ".";
  inner.variables = constants_;
  if (with != nullptr) expect_params(with->as_map("with"), found->first, *block.params);
  bind_params(*block.params, with, found->first, node, inner.variables);
  const std::vector<TensorId> inputs = scope.read_from(from, node);
  if (inputs.size() != block.inputs.size())
    node.fail(fmt::format("block '{}' given {} inputs, expected {}: {}", found->first,
                          inputs.size(), block.inputs.size(), fmt::join(block.inputs, ", ")));
  for (std::size_t i = 0; i < inputs.size(); ++i) inner.values[block.inputs[i]] = {inputs[i]};
  if (inputs.size() == 1) inner.previous = block.inputs[0];

  block.used = block.open = true;
  ++nesting_;
  BlockResult result;
  try {
    result = run_block(block, inner);
  } catch (const InputError& e) {
    throw InputError(fmt::format("{} (in block '{}' used at {}:{})", e.what(), found->first,
                                 node.pos.line, node.pos.column));
  }
  --nesting_;
  block.open = false;
  scope.define(local, result.tensors, result.labels, node.pos);
}

BlockResult NetworkLoader::run_block(const Block& block, Scope& inner) {
  run_list(*block.ops, inner);
  BlockResult result;
  if (block.outputs == nullptr) {
    result.tensors = inner.values.at(inner.previous);
    for (std::size_t i = 0; i < result.tensors.size(); ++i)
      result.labels.push_back(std::to_string(i));
  } else {
    const YamlNode list = expand(*block.outputs, inner.variables);
    for (const YamlNode& item : list.as_sequence("outputs")) {
      result.tensors.push_back(inner.resolve(item));
      result.labels.push_back(item.text);
    }
    if (result.tensors.empty()) list.fail("outputs is empty, expected at least one");
  }
  if (result.tensors.size() == 1) result.labels.clear();
  return result;
}

void NetworkLoader::run_repeat(const YamlNode& node, Scope& scope) {
  YamlMapReader fields(node, "repeat");
  const YamlNode& over = fields.require("repeat").as_map("repeat");
  const YamlNode& ops = fields.require("ops");
  fields.finish();
  if (over.fields.empty()) over.fail("repeat has no variable, expected at least one");
  std::size_t count = 0;
  for (std::size_t i = 0; i < over.fields.size(); ++i) {
    const auto& [variable, values] = over.fields[i];
    expect_variable(variable, scope.variables, over.field_pos[i]);
    const std::size_t n = values.kind == YamlNode::Kind::sequence
                              ? values.items.size()
                              : static_cast<std::size_t>(values.as_int(variable, 0, kMaxEntries));
    if (i > 0 && n != count)
      values.fail(fmt::format("{} has {} values, expected {} as {} has", variable, n, count,
                              over.fields[0].first));
    count = n;
  }
  const Variables before = scope.variables;
  for (std::size_t k = 0; k < count; ++k) {
    std::string now;
    for (const auto& [variable, values] : over.fields) {
      const bool list = values.kind == YamlNode::Kind::sequence;
      const std::string value = list ? values.items[k].as_string(variable) : std::to_string(k);
      scope.variables[variable] = value;
      now += fmt::format("{}{}={}", now.empty() ? "" : ", ", variable, value);
    }
    try {
      run_list(ops, scope);
    } catch (const InputError& e) {
      throw InputError(fmt::format("{} (repeated at {}:{} with {})", e.what(), node.pos.line,
                                   node.pos.column, now));
    }
  }
  scope.variables = before;
}

std::string NetworkLoader::entry_name(const YamlNode* node, std::string_view kind,
                                      const Scope& scope) {
  // '#' is not in names, so that a name that was not written can't clash with one that was.
  if (node == nullptr) return fmt::format("{}#{}", kind, unnamed_++);
  expect_name("name", *node);
  const std::string& name = node->text;
  if (scope.values.contains(name))
    node->fail(fmt::format("duplicate name '{}', expected each name once", name));
  return name;
}

}  // namespace unna
