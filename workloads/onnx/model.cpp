// Reads protobuf messages into plain values. Whatever the file says is checked before memory is
// taken for it.

#include "workloads/onnx/model.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <span>

#include "base/error.h"

namespace unna::onnx_import {
namespace {

namespace fs = std::filesystem;
using Proto = ::onnx::TensorProto;

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

float from_half(std::uint16_t bits) {
  const bool negative = (bits & 0x8000U) != 0;
  const int exponent = (bits >> 10) & 0x1f;
  const auto fraction = static_cast<float>(bits & 0x3ffU);
  float value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 1024, exponent - 25);
  }
  return negative ? -value : value;
}

float from_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

class Reader {
 public:
  Reader(const fs::path& file, Model& model) : file_(file), model_(model) {}

  void read(::onnx::ModelProto& proto);
  Constant tensor(const Proto& proto, const std::string& name);

 private:
  [[noreturn]] void fail(std::string_view message) const {
    throw InputError(SourcePos{file_.string()}, message);
  }
  ElementKind kind_of(std::int32_t type, const std::string& what) const;
  template <class T>
  std::vector<T> values(const Proto& proto, std::string_view raw, std::int64_t count) const;
  template <class To, class From, class Convert>
  static std::vector<To> converted(std::string_view raw, Convert convert);
  std::optional<std::string> external(const Proto& proto, std::int64_t bytes);
  ValueInfo value_info(const ::onnx::ValueInfoProto& proto) const;
  Attribute attribute(const ::onnx::AttributeProto& proto, const std::string& node);
  Node node(const ::onnx::NodeProto& proto);
  void read_opset(const ::onnx::ModelProto& proto);
  void read_graph(const ::onnx::GraphProto& graph);
  void note_missing();

  const fs::path& file_;
  Model& model_;
  std::size_t missing_ = 0;
  std::set<std::string> missing_files_;
};

ElementKind Reader::kind_of(std::int32_t type, const std::string& what) const {
  switch (type) {
    case Proto::FLOAT:
    case Proto::DOUBLE:
    case Proto::FLOAT16:
    case Proto::BFLOAT16:
      return ElementKind::real;
    case Proto::INT8:
    case Proto::INT16:
    case Proto::INT32:
    case Proto::INT64:
    case Proto::UINT8:
    case Proto::UINT16:
    case Proto::UINT32:
    case Proto::UINT64:
      return ElementKind::integer;
    case Proto::BOOL:
      return ElementKind::boolean;
    default:
      fail(fmt::format("{} has element type {}, expected real, integer or boolean", what, type));
  }
}

Bytes size_of(std::int32_t type) {
  switch (type) {
    case Proto::DOUBLE:
    case Proto::INT64:
    case Proto::UINT64:
      return 8;
    case Proto::FLOAT:
    case Proto::INT32:
    case Proto::UINT32:
      return 4;
    case Proto::FLOAT16:
    case Proto::BFLOAT16:
    case Proto::INT16:
    case Proto::UINT16:
      return 2;
    default:
      return 1;
  }
}

template <class To, class From, class Convert>
std::vector<To> Reader::converted(std::string_view raw, Convert convert) {
  std::vector<To> out(raw.size() / sizeof(From));
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, raw.data() + i * sizeof(From), sizeof(From));
    out[i] = convert(value);
  }
  return out;
}

/// Of raw bytes, or of the typed field where there are none.
template <class T>
std::vector<T> Reader::values(const Proto& proto, std::string_view raw, std::int64_t count) const {
  const auto cast = [](auto value) { return static_cast<T>(value); };
  const auto half = [](auto bits) { return static_cast<T>(from_half(std::uint16_t(bits))); };
  const auto bfloat = [](auto bits) { return static_cast<T>(from_bfloat(std::uint16_t(bits))); };
  const auto typed = [&](const auto& field, auto convert) {
    std::vector<T> out;
    if (field.size() != count) return out;
    out.reserve(static_cast<std::size_t>(count));
    for (const auto value : field) out.push_back(convert(value));
    return out;
  };
  const bool has_raw = !raw.empty();
  switch (proto.data_type()) {
    case Proto::FLOAT:
      return has_raw ? converted<T, float>(raw, cast) : typed(proto.float_data(), cast);
    case Proto::DOUBLE:
      return has_raw ? converted<T, double>(raw, cast) : typed(proto.double_data(), cast);
    case Proto::FLOAT16:
      return has_raw ? converted<T, std::uint16_t>(raw, half) : typed(proto.int32_data(), half);
    case Proto::BFLOAT16:
      return has_raw ? converted<T, std::uint16_t>(raw, bfloat) : typed(proto.int32_data(), bfloat);
    case Proto::INT64:
      return has_raw ? converted<T, std::int64_t>(raw, cast) : typed(proto.int64_data(), cast);
    case Proto::UINT64:
      return has_raw ? converted<T, std::uint64_t>(raw, cast) : typed(proto.uint64_data(), cast);
    case Proto::UINT32:
      return has_raw ? converted<T, std::uint32_t>(raw, cast) : typed(proto.uint64_data(), cast);
    case Proto::INT32:
      return has_raw ? converted<T, std::int32_t>(raw, cast) : typed(proto.int32_data(), cast);
    case Proto::INT16:
      return has_raw ? converted<T, std::int16_t>(raw, cast) : typed(proto.int32_data(), cast);
    case Proto::UINT16:
      return has_raw ? converted<T, std::uint16_t>(raw, cast) : typed(proto.int32_data(), cast);
    case Proto::INT8:
      return has_raw ? converted<T, std::int8_t>(raw, cast) : typed(proto.int32_data(), cast);
    default:
      return has_raw ? converted<T, std::uint8_t>(raw, cast) : typed(proto.int32_data(), cast);
  }
}

/// The bytes of a tensor that stands in a file of its own; none where that is absent.
std::optional<std::string> Reader::external(const Proto& proto, std::int64_t bytes) {
  std::string location;
  std::int64_t offset = 0;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = std::atoll(entry.value().c_str());
  }
  const fs::path relative = fs::path(location).lexically_normal();
  if (location.empty() || relative.is_absolute() || *relative.begin() == "..")
    fail(fmt::format("tensor '{}' is in '{}', expected a file beside the model", proto.name(),
                     location));
  std::ifstream in(file_.parent_path() / relative, std::ios::binary);
  if (!in) {
    missing_files_.insert(location);
    return std::nullopt;
  }
  in.seekg(0, std::ios::end);
  const std::int64_t end = in.tellg();
  if (offset < 0 || offset > end || bytes > end - offset)
    fail(fmt::format("tensor '{}' has {} bytes at {} of '{}', expected them within its {}",
                     proto.name(), bytes, offset, location, end));
  std::string out(static_cast<std::size_t>(bytes), '\0');
  in.seekg(offset);
  in.read(out.data(), bytes);
  return out;
}

Constant Reader::tensor(const Proto& proto, const std::string& name) {
  const std::string what = fmt::format("tensor '{}'", name);
  Constant out;
  out.stored = true;
  out.name = name;
  out.kind = kind_of(proto.data_type(), what);
  for (const std::int64_t dim : proto.dims()) {
    if (dim < 0 || dim > kMaxDimension)
      fail(fmt::format("{} has a dimension of {}, expected 0 to {}", what, dim, kMaxDimension));
    out.dims.push_back(dim);
  }
  const std::int64_t count = out.count();
  if (count > kMaxElements)
    fail(fmt::format("{} is {}, expected at most {} elements", what, to_string(out.dims),
                     kMaxElements));
  const std::int64_t bytes = count * size_of(proto.data_type());
  std::optional<std::string> outside;
  if (proto.data_location() == Proto::EXTERNAL) outside = external(proto, bytes);
  const std::string_view raw = outside ? *outside : proto.raw_data();
  if (!raw.empty() && static_cast<std::int64_t>(raw.size()) != bytes)
    fail(fmt::format("{} has {} bytes of data, expected {} for {}", what, raw.size(), bytes,
                     to_string(out.dims)));
  if (out.kind == ElementKind::real) {
    Reals reals = values<float>(proto, raw, count);
    if (static_cast<std::int64_t>(reals.size()) == count) {
      out.reals = std::make_shared<const Reals>(std::move(reals));
    } else {
      ++missing_;
    }
    return out;
  }
  Integers integers = values<std::int64_t>(proto, raw, count);
  if (static_cast<std::int64_t>(integers.size()) != count)
    fail(fmt::format("{} has no values, expected {} integers", what, count));
  out.integers = std::make_shared<const Integers>(std::move(integers));
  return out;
}

ValueInfo Reader::value_info(const ::onnx::ValueInfoProto& proto) const {
  ValueInfo info;
  info.name = proto.name();
  if (!proto.type().has_tensor_type())
    fail(fmt::format("input '{}' is no tensor, expected one", proto.name()));
  const auto& type = proto.type().tensor_type();
  info.kind = kind_of(type.elem_type(), fmt::format("input '{}'", proto.name()));
  if (!type.has_shape()) return info;
  info.dims.emplace();
  for (const auto& dim : type.shape().dim())
    info.dims->push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value() : -1);
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
      a.tensor = tensor(proto.t(), node + "." + proto.name());
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
  std::string label = out.name;
  if (label.empty() && !out.outputs.empty()) label = out.outputs[0];
  for (const auto& a : proto.attribute())
    if (!out.attributes.emplace(a.name(), attribute(a, label)).second)
      fail(fmt::format("{} '{}' has attribute '{}' twice, expected it once", out.op, label,
                       a.name()));
  return out;
}

void Reader::read_opset(const ::onnx::ModelProto& proto) {
  constexpr std::int64_t kFirst = 6;
  constexpr std::int64_t kLast = 17;
  model_.ir_version = proto.ir_version();
  if (model_.ir_version < 3)
    fail(fmt::format("IR version {}, expected 3 or later", model_.ir_version));
  for (const auto& set : proto.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx") model_.opset = set.version();
  if (model_.opset < kFirst || model_.opset > kLast)
    fail(fmt::format("opset {}, expected {} to {}", model_.opset, kFirst, kLast));
}

void Reader::read_graph(const ::onnx::GraphProto& graph) {
  std::set<std::string> given;
  for (const Proto& proto : graph.initializer()) {
    model_.initializers.push_back(tensor(proto, proto.name()));
    given.insert(proto.name());
  }
  if (graph.sparse_initializer_size() > 0) fail("has sparse initializers, expected dense ones");
  // IR 3 lists initializers among the inputs.
  for (const auto& input : graph.input())
    if (!given.contains(input.name())) model_.inputs.push_back(value_info(input));
  for (const auto& output : graph.output()) model_.outputs.push_back(output.name());
  for (const auto& n : graph.node()) model_.nodes.push_back(node(n));
}

void Reader::note_missing() {
  if (missing_ == 0) return;
  std::string where;
  for (const std::string& file : missing_files_)
    where += fmt::format("{}{}", where.empty() ? ": no file " : ", ", file);
  model_.notes.push_back(fmt::format("{} weights have no values{}", missing_, where));
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

void Reader::read(::onnx::ModelProto& proto) {
  if (!proto.has_graph()) fail("is no ONNX model, expected one with a graph");
  read_opset(proto);
  read_graph(proto.graph());
  note_missing();
  model_.skeleton = skeleton_of(proto);
}

}  // namespace

namespace {

template <class Message>
void parse(Message& message, std::string_view bytes, const fs::path& file, const char* expected) {
  // Protobuf writes to stderr otherwise; what it says is no more than that parsing failed.
  google::protobuf::SetLogHandler(nullptr);
  const bool small = bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (!small || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw InputError(SourcePos{file.string()}, expected);
}

}  // namespace

Model read_model(std::string_view bytes, const fs::path& file) {
  ::onnx::ModelProto proto;
  parse(proto, bytes, file, "is no ONNX model, expected a serialised ModelProto of at most 2 GiB");
  Model model;
  Reader(file, model).read(proto);
  return model;
}

Constant read_tensor(std::string_view bytes, const fs::path& file) {
  const SourcePos pos{file.string()};
  constexpr const char* kExpected =
      "is no ONNX tensor, expected a serialised TensorProto of at most 2 GiB";
  Proto proto;
  parse(proto, bytes, file, kExpected);
  if (!proto.has_data_type()) throw InputError(pos, kExpected);
  Model unused;
  Constant tensor = Reader(file, unused).tensor(proto, proto.name());
  if (!tensor.known())
    throw InputError(pos, fmt::format("has no values, expected {}", to_string(tensor.dims)));
  return tensor;
}

}  // namespace unna::onnx_import
