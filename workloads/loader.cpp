// The YAML network language: expands blocks, repeats and expressions into layers. docs/workloads.md
// describes it.

#include <algorithm>
#include <map>

#include "text/yaml.h"
#include "workloads/graph.h"
#include "workloads/op_reader.h"
#include "workloads/scope.h"

namespace unna {
namespace {

constexpr std::size_t kMaxEntries = 100'000;  // after expansion
constexpr int kMaxNesting = 100;              // of uses of blocks

/// A template of `blocks`, read once; its ops are read at every use.
struct Block {
  SourcePos pos;
  const YamlNode* params = nullptr;  ///< a map, perhaps empty
  std::vector<std::string> inputs = {"x"};
  const YamlNode* ops = nullptr;
  const YamlNode* outputs = nullptr;
  bool used = false;
  bool open = false;  ///< being expanded
};

struct BlockResult {
  std::vector<TensorId> tensors;
  std::vector<std::string> labels;  ///< a name for each, where there are several
};

/// The keys of a map, for messages.
template <class Pairs>
std::string key_list(const Pairs& pairs) {
  std::string out;
  for (const auto& pair : pairs) out += fmt::format("{}{}", out.empty() ? "" : ", ", pair.first);
  return out.empty() ? "none: there are none" : "one of: " + out;
}

class NetworkLoader {
 public:
  NetworkLoader(const YamlNode& root, const NetworkParams& params) : root_(root), given_(params) {
    no_params_.kind = YamlNode::Kind::map;
  }

  Graph load();

 private:
  // The parts of the file.
  void read_inputs(const YamlNode& node, std::string_view what, TensorKind kind);
  void read_blocks(const YamlNode& node);
  Block read_block(const std::string& name, const YamlNode& node, const SourcePos& pos);
  void expect_no_shadow(const std::string& block, const YamlNode& params) const;
  void bind_params(const YamlNode& params, const YamlNode* with, const std::string& block,
                   const YamlNode& use, Variables& variables);
  static void expect_params(const YamlNode& with, const std::string& block, const YamlNode& params);
  void bind_file_params(const YamlNode* params);
  void mark_outputs(const YamlNode* node);
  void mark_states(const YamlNode* node);
  void expect_all_used() const;

  // The entries of an `ops` list.
  void run_list(const YamlNode& list, Scope& scope);
  void run_entry(const YamlNode& raw, Scope& scope);
  void run_op(const YamlNode& node, Scope& scope);
  void run_cache(const YamlNode& node, Scope& scope);
  void run_use(const YamlNode& node, Scope& scope);
  void run_repeat(const YamlNode& node, Scope& scope);
  BlockResult run_block(const Block& block, Scope& inner);

  // Names.
  std::string entry_name(const YamlNode* node, std::string_view kind, const Scope& scope);

  const YamlNode& root_;
  const NetworkParams& given_;  ///< instead of the file's params
  GraphBuilder builder_{""};
  YamlNode no_params_;
  Scope top_;
  Variables constants_;
  std::map<std::string, Block, std::less<>> blocks_;
  std::vector<std::pair<TensorId, SourcePos>> declared_;  // inputs and weights
  /// Concats of `cache` entries, and their capacities.
  struct Cache {
    TensorId present;
    std::int64_t capacity;
    SourcePos pos;
  };
  std::vector<Cache> caches_;
  std::size_t entries_ = 0;
  std::size_t unnamed_ = 0;
  int nesting_ = 0;
};

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
                       fmt::format("has no param '{}', expected {}", name, key_list(own.fields)));
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

}  // namespace

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
