// The YAML network language: the parts of a file. docs/workloads.md describes it.

#include <algorithm>

#include "text/yaml.h"
#include "workloads/graph.h"
#include "workloads/network_loader.h"
#include "workloads/op_reader.h"
#include "workloads/scope.h"

namespace unna {

Graph NetworkLoader::load() {
  YamlMapReader fields(root_, "network");
  const YamlNode& name = fields.require("name");
  const YamlNode* params = fields.optional("params");
  const YamlNode& inputs = fields.require("inputs");
  const YamlNode* weights = fields.optional("weights");
  const YamlNode* blocks = fields.optional("blocks");
  const YamlNode& ops = fields.require("ops");
  const YamlNode* outputs = fields.optional("outputs");
  const YamlNode* states = fields.optional("states");
  fields.finish();

  expect_name("name", name.as_string("name"), name.pos);
  builder_ = GraphBuilder(name.text);
  bind_file_params(params);
  top_.variables = constants_;
  read_inputs(inputs, "inputs", TensorKind::input);
  if (inputs.fields.size() == 1) top_.previous = inputs.fields[0].first;
  if (weights != nullptr) read_inputs(*weights, "weights", TensorKind::weight);
  if (blocks != nullptr) read_blocks(*blocks);
  run_list(ops, top_);
  mark_outputs(outputs);
  mark_states(states);
  expect_all_used();
  return builder_.finish();
}

void NetworkLoader::read_inputs(const YamlNode& node, std::string_view what, TensorKind kind) {
  node.as_map(what);
  if (node.fields.empty()) node.fail(fmt::format("{} is empty, expected at least one", what));
  for (std::size_t i = 0; i < node.fields.size(); ++i) {
    const auto& [name, raw] = node.fields[i];
    const SourcePos& pos = node.field_pos[i];
    if (!node.field_quoted[i] || name.empty()) expect_name("tensor", name, pos);
    const YamlNode dims = expand(raw, constants_);
    const Shape shape = read_integers(dims, fmt::format("shape of '{}'", name), 1, kMaxDimension);
    if (shape.empty() && kind == TensorKind::input)
      dims.fail(fmt::format("{} has no dimensions, expected at least one", name));
    if (element_count(shape) > kMaxElements)
      dims.fail(fmt::format("{} is {}, expected at most {} elements", name, to_string(shape),
                            kMaxElements));
    if (top_.values.contains(name))
      throw InputError(pos, fmt::format("duplicate name '{}', expected each name once", name));
    const TensorId id =
        kind == TensorKind::input ? builder_.input(name, shape) : builder_.weight(name, shape);
    top_.values[name] = {id};
    declared_.emplace_back(id, pos);
  }
}

void NetworkLoader::read_blocks(const YamlNode& node) {
  node.as_map("blocks");
  for (std::size_t i = 0; i < node.fields.size(); ++i) {
    const auto& [name, value] = node.fields[i];
    expect_name("block", name, node.field_pos[i]);
    blocks_.emplace(name, read_block(name, value, node.field_pos[i]));
  }
}

/// A param with the name of one of the file's would hide it, perhaps unnoticed.
void NetworkLoader::expect_no_shadow(const std::string& block, const YamlNode& params) const {
  for (std::size_t i = 0; i < params.fields.size(); ++i) {
    const std::string& name = params.fields[i].first;
    if (!constants_.contains(name)) continue;
    const auto& of_file = root_.find("params")->fields;
    const auto there = std::ranges::find(of_file, name, [](const auto& f) { return f.first; });
    throw InputError(
        params.field_pos[i],
        fmt::format("param '{}' of block '{}' has the name of the file's in line {}, expected "
                    "another one",
                    name, block, there->second.pos.line));
  }
}

Block NetworkLoader::read_block(const std::string& name, const YamlNode& node,
                                const SourcePos& pos) {
  YamlMapReader fields(node, fmt::format("block '{}'", name));
  Block block;
  block.pos = pos;
  block.params = fields.optional("params");
  if (block.params == nullptr) block.params = &no_params_;
  expect_no_shadow(name, block.params->as_map("params"));
  if (const YamlNode* inputs = fields.optional("inputs")) {
    block.inputs.clear();
    for (const YamlNode& item : inputs->as_sequence("inputs")) {
      expect_name("input", item.as_string("input"), item.pos);
      if (std::find(block.inputs.begin(), block.inputs.end(), item.text) != block.inputs.end())
        item.fail(fmt::format("duplicate name '{}', expected each name once", item.text));
      block.inputs.push_back(item.text);
    }
    if (block.inputs.empty()) inputs->fail("inputs is empty, expected at least one");
  }
  block.ops = &fields.require("ops");
  block.outputs = fields.optional("outputs");
  fields.finish();
  return block;
}

/// Defines the variables of `params`, in order: a value of `with`, or the default, which may use
/// the variables before it.
void NetworkLoader::bind_params(const YamlNode& params, const YamlNode* with,
                                const std::string& block, const YamlNode& use,
                                Variables& variables) {
  for (std::size_t i = 0; i < params.fields.size(); ++i) {
    const auto& [name, otherwise] = params.fields[i];
    expect_variable(name, variables, params.field_pos[i]);
    const YamlNode* given = with == nullptr ? nullptr : with->find(name);
    if (given == nullptr && otherwise.kind == YamlNode::Kind::null) {
      if (block.empty())
        throw InputError(params.field_pos[i],
                         fmt::format("param '{}' has no value, expected one", name));
      use.fail(fmt::format("block '{}' has no value for '{}', expected one in with", block, name));
    }
    const YamlNode value = given != nullptr ? *given : expand(otherwise, variables);
    variables[name] = value.as_string(name);
  }
}

/// Refuses keys of `with` that are no params of the block.
void NetworkLoader::expect_params(const YamlNode& with, const std::string& block,
                                  const YamlNode& params) {
  for (std::size_t i = 0; i < with.fields.size(); ++i)
    if (params.find(with.fields[i].first) == nullptr)
      throw InputError(with.field_pos[i],
                       fmt::format("block '{}' has no param '{}', expected {}", block,
                                   with.fields[i].first, key_list(params.fields)));
}

/// Values from outside win over the file's.
void NetworkLoader::bind_file_params(const YamlNode* params) {
  const YamlNode& own = params == nullptr ? no_params_ : params->as_map("params");
  YamlNode with = no_params_;
  for (const auto& [name, value] : given_) {
    if (own.find(name) == nullptr)
      throw InputError(SourcePos{root_.pos.file},
                       own.fields.empty() ? "has no params, expected no --dim"
                                          : fmt::format("has no param '{}', expected {}", name,
                                                        key_list(own.fields)));
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.text = std::to_string(value);
    node.pos = root_.pos;
    with.fields.emplace_back(name, std::move(node));
  }
  bind_params(own, &with, "", root_, constants_);
}

/// `cache` entries, and concats that are named: {keys: 1024}.
void NetworkLoader::mark_states(const YamlNode* node) {
  for (const Cache& cache : caches_) builder_.state(cache.present, cache.capacity, cache.pos);
  if (node == nullptr) return;
  const YamlNode map = expand(node->as_map("states"), constants_);
  for (std::size_t i = 0; i < map.fields.size(); ++i) {
    const auto& [name, capacity] = map.fields[i];
    YamlNode key;
    key.kind = YamlNode::Kind::scalar;
    key.text = name;
    key.pos = node->field_pos[i];
    builder_.state(top_.resolve(key), capacity.as_int("room of a state", 1, kMaxDimension),
                   node->field_pos[i]);
  }
}

void NetworkLoader::mark_outputs(const YamlNode* node) {
  std::vector<std::pair<TensorId, SourcePos>> outputs;
  if (node != nullptr) {
    const YamlNode list = expand(*node, constants_);
    for (const YamlNode& item : list.as_sequence("outputs"))
      outputs.emplace_back(top_.resolve(item), item.pos);
    if (outputs.empty()) node->fail("outputs is empty, expected at least one");
  } else if (!top_.previous.empty()) {
    for (const TensorId id : top_.values.at(top_.previous)) outputs.emplace_back(id, root_.pos);
  }
  for (const auto& [id, pos] : outputs) {
    const GraphTensor& tensor = builder_.tensor(id);
    if (tensor.kind != TensorKind::activation)
      throw InputError(pos, fmt::format("output '{}' is not computed, expected the result of an op",
                                        tensor.name));
    if (tensor.is_output)
      throw InputError(pos, fmt::format("duplicate output '{}', expected each once", tensor.name));
    builder_.mark_output(id);
  }
}

void NetworkLoader::expect_all_used() const {
  for (const auto& [id, pos] : declared_)
    if (builder_.tensor(id).consumers.empty())
      throw InputError(
          pos, fmt::format("'{}' is never read, expected a reader", builder_.tensor(id).name));
  const Block* first = nullptr;
  std::string_view first_name;
  for (const auto& [name, block] : blocks_)
    if (!block.used && (first == nullptr || block.pos.line < first->pos.line)) {
      first = &block;
      first_name = name;
    }
  if (first != nullptr)
    throw InputError(first->pos,
                     fmt::format("block '{}' is never used, expected a use", first_name));
}

Graph parse_workload(const std::string& yaml, const std::string& file,
                     const NetworkParams& params) {
  const YamlNode root = parse_yaml(yaml, file);
  return NetworkLoader(root, params).load();
}

std::vector<std::string> workload_params(const std::string& yaml, const std::string& file) {
  const YamlNode root = parse_yaml(yaml, file);
  std::vector<std::string> names;
  if (const YamlNode* params = root.as_map("network").find("params"))
    for (const auto& [name, value] : params->as_map("params").fields) names.push_back(name);
  return names;
}

Graph load_workload(const std::filesystem::path& path, const NetworkParams& params) {
  const YamlNode root = load_yaml(path);
  return NetworkLoader(root, params).load();
}

}  // namespace unna
