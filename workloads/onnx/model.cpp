// Reads protobuf messages into plain values.

#include "workloads/onnx/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "text/printable.h"
#include "workloads/onnx/protos.h"

namespace unna::onnx_import {
namespace {

namespace fs = std::filesystem;

/// Its name, or that of its first result.
std::string label_of(const ::onnx::NodeProto& node) {
  return node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
}

class Reader {
 public:
  Reader(const fs::path& file, Model& model) : file_(file), model_(model), tensors_(file) {}

  void read(::onnx::ModelProto& proto);

 private:
  [[noreturn]] void fail(std::string_view message) const {
    throw InputError(SourcePos{file_.string()}, message);
  }
  ValueInfo value_info(const ::onnx::ValueInfoProto& proto) const;
  Attribute attribute(const ::onnx::AttributeProto& proto, const std::string& node);
  Node node(const ::onnx::NodeProto& proto);
  void read_opset(const ::onnx::ModelProto& proto);
  void read_graph(const ::onnx::GraphProto& graph);
  void note_missing();

  const fs::path& file_;
  Model& model_;
  TensorReader tensors_;
};

ValueInfo Reader::value_info(const ::onnx::ValueInfoProto& proto) const {
  ValueInfo info;
  info.name = proto.name();
  if (!proto.type().has_tensor_type())
    fail(fmt::format("input '{}' is no tensor, expected one", proto.name()));
  const auto& type = proto.type().tensor_type();
  info.kind = kind_of(type.elem_type(), fmt::format("input '{}'", proto.name()), file_);
  info.type = type.elem_type();
  if (!type.has_shape()) return info;
  info.dims.emplace();
  for (const auto& dim : type.shape().dim()) {
    info.dims->push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? dim.dim_value() : -1);
    info.dim_names.push_back(dim.has_dim_param() ? dim.dim_param() : "");
  }
  return info;
}

Attribute Reader::attribute(const ::onnx::AttributeProto& proto, const std::string& node) {
  using From = ::onnx::AttributeProto;
  Attribute a;
  switch (proto.type()) {
    case From::INT:
      a.kind = Attribute::Kind::integer;
      a.integer = proto.i();
      break;
    case From::FLOAT:
      a.kind = Attribute::Kind::real;
      a.real = static_cast<double>(proto.f());
      break;
    case From::STRING:
      a.kind = Attribute::Kind::text;
      a.text = proto.s();
      break;
    case From::INTS:
      a.kind = Attribute::Kind::integers;
      a.integers.assign(proto.ints().begin(), proto.ints().end());
      break;
    case From::FLOATS:
      a.kind = Attribute::Kind::reals;
      for (const float value : proto.floats()) a.reals.push_back(static_cast<double>(value));
      break;
    case From::STRINGS:
      a.kind = Attribute::Kind::texts;
      a.texts.assign(proto.strings().begin(), proto.strings().end());
      break;
    case From::TENSOR:
      a.kind = Attribute::Kind::tensor;
      a.tensor = tensors_.read(proto.t(), node + "." + proto.name());
      break;
    default:
      break;
  }
  return a;
}

Node Reader::node(const ::onnx::NodeProto& proto) {
  Node out;
  out.name = proto.name();
  out.op = proto.op_type();
  out.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  out.inputs.assign(proto.input().begin(), proto.input().end());
  out.outputs.assign(proto.output().begin(), proto.output().end());
  const std::string label = label_of(proto);
  for (const auto& a : proto.attribute())
    if (!out.attributes.emplace(a.name(), attribute(a, label)).second)
      fail(fmt::format("{} '{}' has attribute '{}' twice, expected it once", out.op, label,
                       a.name()));
  return out;
}

void Reader::read_opset(const ::onnx::ModelProto& proto) {
  constexpr std::int64_t kFirst = 6;
  constexpr std::int64_t kLast = 23;
  model_.ir_version = proto.ir_version();
  if (model_.ir_version < 3)
    fail(fmt::format("IR version {}, expected 3 or later", model_.ir_version));
  for (const auto& set : proto.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx") model_.opset = set.version();
  // Files with nothing but operators of other domains may leave it out.
  if (model_.opset == 0 && proto.opset_import_size() > 0) model_.opset = 13;
  if (model_.opset < kFirst || model_.opset > kLast)
    fail(fmt::format("opset {}, expected {} to {}", model_.opset, kFirst, kLast));
}

void Reader::read_graph(const ::onnx::GraphProto& graph) {
  std::set<std::string> given;
  for (const Proto& proto : graph.initializer()) {
    model_.initializers.push_back(tensors_.read(proto, proto.name()));
    given.insert(proto.name());
  }
  if (graph.sparse_initializer_size() > 0) fail("has sparse initializers, expected dense ones");
  // IR 3 lists initializers among the inputs.
  for (const auto& input : graph.input())
    if (!given.contains(input.name())) model_.inputs.push_back(value_info(input));
  for (const auto& output : graph.output()) {
    model_.outputs.push_back(output.name());
    const std::int32_t type = output.type().tensor_type().elem_type();
    model_.output_kinds.push_back(
        type == 0 ? ElementKind::real
                  : kind_of(type, fmt::format("output '{}'", output.name()), file_));
  }
  for (const auto& n : graph.node()) model_.nodes.push_back(node(n));
}

void Reader::note_missing() {
  if (tensors_.missing() == 0) return;
  std::string where;
  for (const std::string& file : tensors_.missing_files())
    where += fmt::format("{}{}", where.empty() ? ": no file " : ", ", file);
  model_.notes.push_back(fmt::format("{} weights have no values{}", tensors_.missing(), where));
}

/// The checker needs names and types of the initializers, not their data.
std::string skeleton_of(::onnx::ModelProto& proto) {
  constexpr std::int64_t kLastIr = 8;  // that libonnx 1.12 knows
  if (proto.ir_version() > kLastIr) proto.set_ir_version(kLastIr);
  auto& graph = *proto.mutable_graph();
  std::set<std::string> inputs;
  for (const auto& input : graph.input()) inputs.insert(input.name());
  for (const Proto& initializer : graph.initializer()) {
    if (inputs.contains(initializer.name())) continue;
    auto& input = *graph.add_input();
    input.set_name(initializer.name());
    auto& type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(initializer.data_type());
    auto& shape = *type.mutable_shape();
    for (const std::int64_t dim : initializer.dims()) shape.add_dim()->set_dim_value(dim);
  }
  // It wants dimensions where a shape may do without.
  const auto add_shape = [](::onnx::ValueInfoProto& info) {
    if (info.type().has_tensor_type()) info.mutable_type()->mutable_tensor_type()->mutable_shape();
  };
  for (auto& input : *graph.mutable_input()) add_shape(input);
  for (auto& output : *graph.mutable_output()) add_shape(output);
  graph.clear_initializer();
  return proto.SerializeAsString();
}

/// The nodes along a circle that `from`, which waits for nodes that wait, leads to: names, of a
/// long one the first few.
std::string circle_of(const ::onnx::GraphProto& graph, const std::vector<std::set<int>>& waits,
                      const std::vector<std::size_t>& left, int from) {
  std::vector<int> path;
  std::vector<bool> seen(waits.size());
  while (!seen[static_cast<std::size_t>(from)]) {
    seen[static_cast<std::size_t>(from)] = true;
    path.push_back(from);
    const auto& makers = waits[static_cast<std::size_t>(from)];
    from = *std::ranges::find_if(
        makers, [&](int maker) { return left[static_cast<std::size_t>(maker)] != 0; });
  }
  std::vector<std::string> names;
  for (auto node = std::ranges::find(path, from); node != path.end(); ++node)
    names.push_back(printable(label_of(graph.node(*node))));
  std::ranges::reverse(names);  // from a maker to its reader
  constexpr std::size_t kNamed = 6;
  const std::size_t more = names.size() > kNamed ? names.size() - kNamed : 0;
  if (more > 0)
    names.resize(kNamed);
  else
    names.push_back(names.front());
  return fmt::format("'{}'{}", fmt::join(names, "', '"),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

/// Nodes in the order of the file, as far as each comes after those whose results it reads. Returns
/// names along a circle, where there is one, and leaves the order then.
std::string sort_nodes(::onnx::GraphProto& graph) {
  std::set<std::string> given;  // what else has one of these names is told as defined twice
  for (const auto& input : graph.input()) given.insert(input.name());
  for (const auto& weight : graph.initializer()) given.insert(weight.name());
  std::map<std::string, int> maker;
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string& output : graph.node(i).output())
      if (!output.empty() && !given.contains(output)) maker.emplace(output, i);
  std::vector<std::set<int>> waits(static_cast<std::size_t>(graph.node_size()));
  std::vector<std::vector<int>> readers(waits.size());
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string& input : graph.node(i).input())
      if (const auto made = maker.find(input); made != maker.end())
        if (waits[static_cast<std::size_t>(i)].insert(made->second).second)
          readers[static_cast<std::size_t>(made->second)].push_back(i);
  std::set<int> ready;
  std::vector<int> order;
  std::vector<std::size_t> left;
  left.reserve(waits.size());
  for (const auto& w : waits) left.push_back(w.size());
  for (int i = 0; i < graph.node_size(); ++i)
    if (left[static_cast<std::size_t>(i)] == 0) ready.insert(i);
  while (!ready.empty()) {
    const int next = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(next);
    for (const int reader : readers[static_cast<std::size_t>(next)])
      if (--left[static_cast<std::size_t>(reader)] == 0) ready.insert(reader);
  }
  for (int i = 0; i < graph.node_size(); ++i)
    if (left[static_cast<std::size_t>(i)] != 0) return circle_of(graph, waits, left, i);
  if (std::ranges::is_sorted(order)) return {};
  ::google::protobuf::RepeatedPtrField<::onnx::NodeProto> sorted;
  for (const int i : order) sorted.Add()->Swap(graph.mutable_node(i));
  graph.mutable_node()->Swap(&sorted);
  return {};
}

void Reader::read(::onnx::ModelProto& proto) {
  if (!proto.has_graph()) fail("is no ONNX model, expected one with a graph");
  read_opset(proto);
  if (const auto circle = sort_nodes(*proto.mutable_graph()); !circle.empty())
    fail(
        fmt::format("operators need one another's results in a circle: {}, expected each to need "
                    "only those of earlier ones",
                    circle));
  read_graph(proto.graph());
  note_missing();
  // libonnx 1.12 knows no operators behind opset 17: their shapes and checks are ours.
  constexpr std::int64_t kLastChecked = 17;
  const bool standard =
      std::ranges::all_of(model_.nodes, [](const Node& n) { return n.domain.empty(); });
  if (model_.opset <= kLastChecked && standard) model_.skeleton = skeleton_of(proto);
}

}  // namespace

Model read_model(std::string_view bytes, const fs::path& file) {
  ::onnx::ModelProto proto;
  parse(proto, bytes, file, "is no ONNX model, expected a serialised ModelProto of at most 2 GiB");
  Model model;
  Reader(file, model).read(proto);
  return model;
}

}  // namespace unna::onnx_import
