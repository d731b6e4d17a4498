#include <fmt/format.h>

#include <iterator>

#include "isa/assembly.h"
#include "isa/object.h"
#include "isa/object_tables.h"

namespace unna {
namespace {

using Out = std::back_insert_iterator<std::string>;

std::string id_list(const std::vector<OpId>& ids) {
  if (ids.empty()) return "none";
  std::string out;
  for (const OpId id : ids) fmt::format_to(Out(out), "{}{}", out.empty() ? "" : ",", id.value);
  return out;
}

void append_header(std::string& out, const Object& object) {
  fmt::format_to(Out(out), ".unnasim 1\n.network {}\n.data_type {}\n.core",
                 assembly::quoted(object.network),
                 kDataTypeNames[static_cast<std::size_t>(object.data_type)]);
  for (const auto& [path, value] : object_tables::core_fields(object.core))
    fmt::format_to(Out(out), " {}={}", path.substr(path.find('.') + 1), value);
  out += '\n';
  if (object.parallel_layers) out += ".parallel_layers\n";
}

void append_tables(std::string& out, const Object& object) {
  for (std::size_t b = 0; b < object.buffers.size(); ++b) {
    const BufferInfo& buffer = object.buffers[b];
    fmt::format_to(Out(out), ".buffer b{} name={} kind={} bytes={} tensor={}\n", b,
                   assembly::quoted(buffer.name),
                   kBufferKindNames[static_cast<std::size_t>(buffer.kind)], buffer.size,
                   assembly::quoted(buffer.tensor));
  }
  invariant(object.layer_inputs.empty() || object.layer_inputs.size() == object.layers.size(),
            "inputs of {} layers for {} layers", object.layer_inputs.size(), object.layers.size());
  for (std::size_t l = 0; l < object.layers.size(); ++l) {
    const LayerInfo& layer = object.layers[l];
    fmt::format_to(Out(out), ".layer {} name={} kind={} macs={} compulsory_bytes={}", l,
                   assembly::quoted(layer.name), assembly::quoted(layer.kind), layer.macs,
                   layer.compulsory_bytes);
    if (layer.pruned_macs != 0) fmt::format_to(Out(out), " pruned_macs={}", layer.pruned_macs);
    if (!object.layer_inputs.empty())
      fmt::format_to(Out(out), " inputs={}", id_list(object.layer_inputs[l]));
    out += '\n';
  }
  for (const TopologyUse& use : object.topology)
    fmt::format_to(Out(out), ".topology b{} writers={} readers={}\n", use.buffer.value,
                   id_list(use.writers), id_list(use.readers));
}

}  // namespace

std::string disassemble(const Object& object) {
  std::string out;
  append_header(out, object);
  append_tables(out, object);
  for (std::size_t core = 0; core < object.streams.size(); ++core) {
    fmt::format_to(Out(out), ".stream c{}\n", core);
    for (const Instruction& instruction : object.streams[core]) {
      out += "  ";
      assembly::append_instruction(out, instruction);
      out += '\n';
    }
  }
  return out;
}

}  // namespace unna
