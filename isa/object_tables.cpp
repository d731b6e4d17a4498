#include "isa/object_tables.h"

#include <fmt/format.h>

#include <limits>
#include <set>

namespace unna::object_tables {
namespace {

using wire::put_string;
using wire::put_varint;
using wire::Reader;

constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMaxId = std::numeric_limits<std::uint32_t>::max();

void put_number(std::string& out, std::int64_t value) {
  invariant(value >= 0, "{} in an object's table, expected 0 or more", value);
  put_varint(out, static_cast<std::uint64_t>(value));
}

std::int64_t get_number(Reader& in, std::string_view what) {
  return static_cast<std::int64_t>(in.varint(what, kMaxNumber));
}

void put_ids(std::string& out, const std::vector<OpId>& ids) {
  put_varint(out, ids.size());
  for (const OpId id : ids) put_varint(out, id.value);
}

std::vector<OpId> get_ids(Reader& in, std::string_view what) {
  std::vector<OpId> ids(in.length(what));
  for (OpId& id : ids) id = OpId(static_cast<std::uint32_t>(in.varint(what, kMaxId)));
  return ids;
}

bool is_core_path(std::string_view path) {
  return path.starts_with("core.");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> core_fields(const CoreConfig& core) {
  MachineConfig machine;
  machine.core = core;
  std::vector<std::pair<std::string, std::string>> out;
  for (auto& field : field_values(machine))
    if (is_core_path(field.first)) out.push_back(std::move(field));
  return out;
}

CoreConfig core_from_fields(const std::vector<std::pair<std::string, std::string>>& fields,
                            const SourcePos& pos) {
  std::set<std::string> missing;
  for (const std::string& path : field_paths())
    if (is_core_path(path)) missing.insert(path);
  MachineConfig machine;
  for (const auto& [path, value] : fields) {
    if (missing.erase(path) == 0)
      throw InputError(pos, fmt::format("field '{}' is unknown or there twice, expected each field "
                                        "of the core once",
                                        path));
    assign_field(machine, path, value, pos);
  }
  if (!missing.empty())
    throw InputError(
        pos, fmt::format("no field '{}', expected every field of the core", *missing.begin()));
  return machine.core;
}

std::string put_meta(const Object& object) {
  std::string out;
  put_string(out, object.network);
  put_varint(out, static_cast<std::uint64_t>(object.data_type));
  put_varint(out, object.parallel_layers ? 1 : 0);
  const auto fields = core_fields(object.core);
  put_varint(out, fields.size());
  for (const auto& [path, value] : fields) {
    put_string(out, path);
    put_string(out, value);
  }
  return out;
}

void get_meta(Reader& in, Object& object) {
  object.network = in.string("the network's name");
  object.data_type = static_cast<DataType>(in.varint("data type", std::size(kDataTypeNames) - 1));
  object.parallel_layers = in.varint("parallel_layers", 1) != 0;
  std::vector<std::pair<std::string, std::string>> fields(in.length("number of core fields", 2));
  for (auto& [path, value] : fields) {
    path = in.string("a field's name");
    value = in.string("a field's value");
  }
  try {
    object.core = core_from_fields(fields, SourcePos{"core"});
  } catch (const InputError& e) {
    in.fail(e.what());
  }
}

std::string put_buffers(const Object& object) {
  std::string out;
  put_varint(out, object.buffers.size());
  for (const BufferInfo& buffer : object.buffers) {
    put_string(out, buffer.name);
    put_varint(out, static_cast<std::uint64_t>(buffer.kind));
    put_number(out, buffer.size);
    put_string(out, buffer.tensor);
  }
  return out;
}

void get_buffers(Reader& in, Object& object) {
  object.buffers.resize(in.length("number of buffers", 4));
  for (BufferInfo& buffer : object.buffers) {
    buffer.name = in.string("a buffer's name");
    buffer.kind =
        static_cast<BufferKind>(in.varint("a buffer's kind", kBufferKindNames.size() - 1));
    buffer.size = get_number(in, "a buffer's size");
    buffer.tensor = in.string("a buffer's tensor");
  }
}

std::string put_layers(const Object& object) {
  invariant(object.layer_inputs.empty() || object.layer_inputs.size() == object.layers.size(),
            "inputs of {} layers for {} layers", object.layer_inputs.size(), object.layers.size());
  std::string out;
  put_varint(out, object.layers.size());
  for (const LayerInfo& layer : object.layers) {
    put_string(out, layer.name);
    put_string(out, layer.kind);
    put_number(out, layer.macs);
    put_number(out, layer.compulsory_bytes);
    put_number(out, layer.pruned_macs);
  }
  put_varint(out, object.layer_inputs.size());
  for (const std::vector<OpId>& inputs : object.layer_inputs) put_ids(out, inputs);
  return out;
}

void get_layers(Reader& in, Object& object) {
  object.layers.resize(in.length("number of layers", 4));
  for (LayerInfo& layer : object.layers) {
    layer.name = in.string("a layer's name");
    layer.kind = in.string("a layer's kind");
    layer.macs = get_number(in, "a layer's MACs");
    layer.compulsory_bytes = get_number(in, "a layer's compulsory bytes");
    layer.pruned_macs = get_number(in, "a layer's pruned MACs");
    if (layer.pruned_macs > layer.macs)
      in.fail(fmt::format("{} pruned MACs, expected at most {}", layer.pruned_macs, layer.macs));
  }
  const std::size_t with_inputs = in.length("number of layers with inputs");
  if (with_inputs != 0 && with_inputs != object.layers.size())
    in.fail(
        fmt::format("inputs of {} layers, expected none or {}", with_inputs, object.layers.size()));
  object.layer_inputs.resize(with_inputs);
  for (std::vector<OpId>& inputs : object.layer_inputs) inputs = get_ids(in, "a layer's inputs");
}

std::string put_topology(const Object& object) {
  std::string out;
  put_varint(out, object.topology.size());
  for (const TopologyUse& use : object.topology) {
    put_varint(out, use.buffer.value);
    put_ids(out, use.writers);
    put_ids(out, use.readers);
  }
  return out;
}

void get_topology(Reader& in, Object& object) {
  object.topology.resize(in.length("number of topology rows", 3));
  for (TopologyUse& use : object.topology) {
    use.buffer = BufferId(static_cast<std::uint32_t>(in.varint("a row's buffer", kMaxId)));
    use.writers = get_ids(in, "a row's writers");
    use.readers = get_ids(in, "a row's readers");
  }
}

}  // namespace unna::object_tables
