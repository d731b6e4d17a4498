#include "workloads/onnx/import.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/file.h"
#include "text/numbers.h"
#include "text/yaml.h"
#include "workloads/onnx/patterns.h"
#include "workloads/onnx/translate.h"

namespace unna {
namespace onnx_import {
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

class Importer {
 public:
  Importer(Model model, const std::filesystem::path& file, const OnnxOptions& options)
      : model_(std::move(model)),
        file_(file.string()),
        options_(options),
        draft_(network_name(file), file_),
        weights_(draft_) {}

  OnnxImport run();

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw InputError(SourcePos{file_}, message);
  }
  void define(const std::string& name, std::optional<Value> value);
  Shape input_shape(const ValueInfo& info) const;
  void read_inputs();
  void expect_inputs() const;
  void read_initializers();
  void visit(const Node& node);
  void visit_known(const Node& node);
  bool fold_constant(const Node& node, const std::vector<const Value*>& inputs);
  void refuse_attributes(const Node& node, const OperatorRow& row);
  void translate(const Node& node, const OperatorRow& row, std::vector<const Value*> inputs);
  void add_unsupported(const Node& node, const std::string& reason);
  void mark_outputs(OnnxImport& result);
  void expect_supported() const;

  Model model_;
  std::string file_;
  const OnnxOptions& options_;
  Draft draft_;
  Weights weights_;
  /// What names stand for; nothing for results of operators that are not supported.
  std::map<std::string, std::optional<Value>, std::less<>> values_;
  std::set<std::string, std::less<>> read_;  ///< names that nodes and outputs read
  std::vector<std::string> unsupported_;
  std::int64_t folded_ = 0;  ///< elements
};

void Importer::define(const std::string& name, std::optional<Value> value) {
  if (name.empty()) return;
  if (!values_.emplace(name, std::move(value)).second)
    fail(fmt::format("'{}' is defined twice, expected each name once", printable(name)));
}

Shape Importer::input_shape(const ValueInfo& info) const {
  const auto given = options_.input_shapes.find(info.name);
  const auto text = [&] {
    if (!info.dims) return std::string("without dimensions");
    std::vector<std::string> parts;
    for (const std::int64_t dim : *info.dims)
      parts.push_back(dim < 0 ? "?" : fmt::format("{}", dim));
    return fmt::format("{}", fmt::join(parts, "x"));
  };
  const std::string name = printable(info.name);
  if (given == options_.input_shapes.end()) {
    if (!info.dims || std::count(info.dims->begin(), info.dims->end(), -1) > 0)
      fail(fmt::format("input '{}' is {}, expected its shape: --input-shape {}=...", name, text(),
                       name));
    return *info.dims;
  }
  const Shape& shape = given->second;
  bool fits = !info.dims || info.dims->size() == shape.size();
  for (std::size_t d = 0; fits && info.dims && d < shape.size(); ++d)
    fits = (*info.dims)[d] < 0 || (*info.dims)[d] == shape[d];
  if (!fits)
    fail(fmt::format("input '{}' is {}, expected a shape that fits, not {}", name, text(),
                     to_string(shape)));
  return shape;
}

/// Options speak of inputs that the model has.
void Importer::expect_inputs() const {
  std::set<std::string> given;
  for (const auto& [name, shape] : options_.input_shapes) given.insert(name);
  for (const auto& [name, constant] : options_.constants) given.insert(name);
  std::vector<std::string> names;
  for (const ValueInfo& info : model_.inputs) {
    names.push_back(printable(info.name));
    given.erase(info.name);
  }
  if (!given.empty())
    fail(fmt::format("has no input '{}', expected one of: {}", *given.begin(),
                     fmt::join(names, ", ")));
}

void Importer::read_inputs() {
  expect_inputs();
  for (const ValueInfo& info : model_.inputs) {
    if (const auto given = options_.constants.find(info.name); given != options_.constants.end()) {
      OnnxTensor constant = given->second;
      constant.name = info.name;
      constant.stored = true;
      define(info.name, Value::of(std::move(constant)));
      continue;
    }
    const Shape shape = input_shape(info);
    for (const std::int64_t dim : shape)
      if (dim < 1 || dim > kMaxDimension)
        fail(fmt::format("input '{}' is {}, expected dimensions from 1 to {}", printable(info.name),
                         to_string(shape), kMaxDimension));
    if (element_count(shape) > kMaxElements)
      fail(fmt::format("input '{}' is {}, expected at most {} elements", printable(info.name),
                       to_string(shape), kMaxElements));
    define(info.name, Value::of(draft_.input(info.name, shape, info.kind)));
  }
}

void Importer::read_initializers() {
  for (Constant& c : model_.initializers) {
    const std::string name = c.name;
    define(name, Value::of(std::move(c)));
  }
}

void Importer::add_unsupported(const Node& node, const std::string& reason) {
  const std::string label = !node.name.empty()     ? node.name
                            : node.outputs.empty() ? "unnamed"
                                                   : node.outputs[0];
  unsupported_.push_back(
      printable(fmt::format("{} '{}' ({})", node.op.empty() ? "node" : node.op, label, reason)));
}

/// Results of a node that can't be imported are nothing, so that the others are still looked at.
void Importer::visit(const Node& node) {
  const std::size_t before = unsupported_.size();
  try {
    visit_known(node);
  } catch (const Unsupported& u) {
    add_unsupported(node, u.reason);
  } catch (const InputError& error) {
    std::string reason = error.what();
    if (reason.starts_with(file_ + ": ")) reason = reason.substr(file_.size() + 2);
    add_unsupported(node, reason);
  }
  if (unsupported_.size() == before) return;
  for (const std::string& output : node.outputs)
    if (!values_.contains(output)) define(output, std::nullopt);
}

void Importer::visit_known(const Node& node) {
  const OperatorRow* row = node.domain.empty() ? find_operator(node.op) : nullptr;
  const auto foldable = foldable_operators();
  const bool folds =
      node.domain.empty() && std::binary_search(foldable.begin(), foldable.end(), node.op);
  if (!folds && row == nullptr)
    refuse("{}", node.domain.empty() ? "unknown" : fmt::format("of domain {}", node.domain));
  std::vector<const Value*> inputs;
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
  if (row != nullptr) refuse_attributes(node, *row);
  if (poisoned) {
    for (const std::string& output : node.outputs) define(output, std::nullopt);
    return;
  }
  if (folds && fold_constant(node, inputs)) return;
  if (row == nullptr) refuse("of computed inputs");
  translate(node, *row, std::move(inputs));
}

void Importer::refuse_attributes(const Node& node, const OperatorRow& row) {
  for (const auto& [name, attribute] : node.attributes) {
    bool known = node.op == "Dropout" || node.op == "Identity";
    for (std::size_t at = 0; at < row.attributes.size() && !known;) {
      const std::size_t end = std::min(row.attributes.find(' ', at), row.attributes.size());
      known = row.attributes.substr(at, end - at) == name;
      at = end + 1;
    }
    if (!known) refuse("attribute {}", name);
  }
}

/// Shape and Size are constant whatever they read.
bool Importer::fold_constant(const Node& node, const std::vector<const Value*>& inputs) {
  const bool of_shape = node.op == "Shape" || node.op == "Size";
  ConstantInputs constants;
  Constant dims_only;
  for (const Value* value : inputs) {
    if (value == nullptr) {
      constants.push_back(nullptr);
    } else if (value->constant) {
      constants.push_back(&*value->constant);
    } else if (of_shape) {
      dims_only.dims = draft_.tensor(value->tensor).shape;
      constants.push_back(&dims_only);
    } else {
      return false;
    }
  }
  if (model_.opset < 7 && has(node, "broadcast")) refuse("attribute broadcast of constants");
  std::optional<std::vector<Constant>> made = fold(node, constants, model_.opset);
  if (!made) return false;
  if (made->size() < node.outputs.size()) refuse("output {} of a constant", made->size());
  constexpr std::int64_t kMaxTotal = std::int64_t{1} << 29;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    Constant& c = (*made)[i];
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
  return true;
}

void Importer::translate(const Node& node, const OperatorRow& row,
                         std::vector<const Value*> inputs) {
  for (const Value* value : inputs)
    if (value != nullptr && value->constant) weights_.count(*value->constant);
  if (std::none_of(inputs.begin(), inputs.end(),
                   [](const Value* v) { return v != nullptr && !v->constant; }))
    refuse("of constants only");
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
}

void Importer::expect_supported() const {
  if (unsupported_.empty()) return;
  fail(fmt::format("{} of {} operators are not supported: {}", unsupported_.size(),
                   model_.nodes.size(), fmt::join(unsupported_, "; ")));
}

void Importer::mark_outputs(OnnxImport& result) {
  if (model_.outputs.empty()) fail("has no outputs, expected at least one");
  for (const std::string& name : model_.outputs) {
    const auto found = values_.find(name);
    if (found == values_.end() || !found->second)
      fail(fmt::format("output '{}' is not computed, expected the result of an operator",
                       printable(name)));
    if (found->second->constant && options_.constant_outputs) {
      result.constants.emplace(name, *found->second->constant);
      continue;
    }
    if (found->second->constant)
      fail(fmt::format("output '{}' is a constant, expected the result of an operator",
                       printable(name)));
    draft_.output(found->second->tensor, name);
  }
}

OnnxImport Importer::run() {
  constexpr std::size_t kMaxNodes = 200'000;
  if (model_.nodes.size() > kMaxNodes)
    fail(fmt::format("has {} nodes, expected at most {}", model_.nodes.size(), kMaxNodes));
  for (const Node& node : model_.nodes) read_.insert(node.inputs.begin(), node.inputs.end());
  read_.insert(model_.outputs.begin(), model_.outputs.end());
  read_inputs();
  read_initializers();
  for (const Node& node : model_.nodes) visit(node);
  expect_supported();
  OnnxImport result;
  mark_outputs(result);
  if (options_.check)
    if (const auto verdict = check_skeleton(model_.skeleton)) fail(printable(*verdict));
  if (options_.fuse) fuse_patterns(draft_);
  result.notes = std::move(model_.notes);
  result.parameters = weights_.counted();
  std::vector<std::string> unread;
  if (result.constants.size() < model_.outputs.size()) result.graph = draft_.finish(unread);
  if (!unread.empty())
    result.notes.push_back(fmt::format("no output depends on input {}", fmt::join(unread, ", ")));
  return result;
}

}  // namespace
}  // namespace onnx_import

OnnxImport parse_onnx(std::string_view bytes, const std::filesystem::path& file,
                      const OnnxOptions& options) {
  try {
    return onnx_import::Importer(onnx_import::read_model(bytes, file), file, options).run();
  } catch (const InputError& error) {
    // Names of the file may have line ends in them.
    throw InputError(onnx_import::printable(error.what()));
  }
}

OnnxImport import_onnx(const std::filesystem::path& file, const OnnxOptions& options) {
  return parse_onnx(read_file(file), file, options);
}

OnnxImport load_network(const std::filesystem::path& file, const OnnxOptions& options) {
  const std::string bytes = read_file(file);
  // A serialised model starts with its IR version, field 1, which no text does.
  const bool onnx = file.extension() == ".onnx" || bytes.starts_with('\x08');
  if (onnx) {
    OnnxImport network = parse_onnx(bytes, file, options);
    network.hash = hash_hex(bytes);
    return network;
  }
  if (!options.input_shapes.empty())
    throw InputError(SourcePos{file.string()}, "has its shapes, expected no --input-shape");
  OnnxImport network{parse_workload(bytes, file.string()), {}, 0, {}, {}};
  network.hash = hash_hex(bytes);
  return network;
}

OnnxSignature onnx_signature(std::string_view bytes, const std::filesystem::path& file) {
  const onnx_import::Model model = onnx_import::read_model(bytes, file);
  OnnxSignature signature;
  for (const onnx_import::ValueInfo& input : model.inputs)
    signature.inputs.push_back({input.name, input.kind});
  signature.outputs = model.outputs;
  for (const onnx_import::Node& node : model.nodes) signature.operators.push_back(node.op);
  return signature;
}

OnnxTensor load_onnx_tensor(const std::filesystem::path& file) {
  return onnx_import::read_tensor(read_file(file), file);
}

Shape parse_shape(std::string_view text) {
  Shape shape;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('x', at), text.size());
    std::int64_t dim = 0;
    if (!parse_integer(text.substr(at, end - at), dim) || dim < 1 || dim > kMaxDimension)
      throw InputError(fmt::format("'{}' is no shape, expected one like 1x3x224x224", text));
    shape.push_back(dim);
    at = end + 1;
  }
  return shape;
}

}  // namespace unna
