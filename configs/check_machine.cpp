#include "configs/check_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "text/yaml.h"

namespace unna {
namespace {

void collect(const YamlNode& node, const std::string& path, FieldPlaces& places) {
  if (node.kind != YamlNode::Kind::map) {
    places.by_path.insert_or_assign(path, node.pos);
    return;
  }
  for (const auto& [key, value] : node.fields)
    collect(value, path.empty() ? key : fmt::format("{}.{}", path, key), places);
}

void check_accumulators(const MachineConfig& machine) {
  const Bytes element = element_bytes(machine.data_type);
  if (machine.core.accumulator_bytes < element)
    throw InputError(fmt::format(
        "core.accumulator_bytes: {} bytes, expected at least the {} of an element of {}",
        machine.core.accumulator_bytes, element,
        kDataTypeNames[static_cast<std::size_t>(machine.data_type)]));
}

/// Lines of the cache are made of bursts and filled by packets.
void check_cache(const MachineConfig& machine) {
  const Bytes line = machine.cache.line_bytes;
  const Bytes burst = machine.dram.device.burst_bytes();
  const Bytes packet = packet_bytes(machine);
  const DramController& queues = machine.dram.controller;
  if (line < burst || line > packet)
    throw InputError(
        fmt::format("cache.line_bytes: a line of {} bytes, expected {} (a burst) to {} (what a "
                    "packet may carry)",
                    line, burst, packet));
  if (line / burst > std::min(queues.read_queue, queues.write_queue))
    throw InputError(fmt::format(
        "cache.line_bytes: a line of {} bursts, expected at most what a channel's queues hold, {} "
        "reads and {} writes",
        line / burst, queues.read_queue, queues.write_queue));
  const std::int64_t channels = machine.dram.layout.channels;
  const Bytes set = line * machine.cache.ways * channels;
  if (machine.cache.size_bytes < set || machine.cache.size_bytes % set != 0)
    throw InputError(
        fmt::format("cache.size_bytes: {} bytes, expected a multiple of {} channels x {} ways x {} "
                    "bytes a line",
                    machine.cache.size_bytes, channels, machine.cache.ways, line));
}

void check_memory(const MachineConfig& machine) {
  const bool banked = machine.dram.model == DramModel::banked;
  if (!banked && machine.cache.size_bytes > 0)
    throw InputError(
        fmt::format("cache.size_bytes: a cache of {} bytes before a DRAM of model bandwidth, which "
                    "moves transfers and not lines; expected dram.model banked",
                    machine.cache.size_bytes));
  // The bandwidth model takes the sizes of bursts and packets from there where it has a path.
  if (banked || machine.dram.path != DramPath::none)
    check_dram(machine.dram.device, machine.dram.layout, machine.dram.controller, machine.name);
  if (machine.cache.size_bytes > 0) check_cache(machine);
}

/// The place of the first field in the message that was given somewhere.
const SourcePos* place_in(std::string_view message, const FieldPlaces& places) {
  const SourcePos* place = nullptr;
  std::size_t first = std::string_view::npos;
  for (const auto& [path, pos] : places.by_path) {
    const std::size_t at =
        path.find('.') == std::string::npos ? std::string_view::npos : message.find(path);
    if (at >= first) continue;
    first = at;
    place = &pos;
  }
  return place;
}

}  // namespace

FieldPlaces FieldPlaces::of_file(const std::string& yaml, const std::string& file) {
  FieldPlaces places;
  collect(parse_yaml(yaml, file), "", places);
  return places;
}

void FieldPlaces::set(std::span<const std::string> assignments) {
  for (const std::string& assignment : assignments)
    by_path.insert_or_assign(assignment.substr(0, assignment.find('=')),
                             SourcePos{fmt::format("--set {}", assignment)});
}

void check_machine(const MachineConfig& machine, const FieldPlaces& places) {
  try {
    check_accumulators(machine);
    check_memory(machine);
  } catch (const InputError& error) {
    const SourcePos* const place = place_in(error.what(), places);
    if (place == nullptr) throw;
    std::string_view message = error.what();
    const std::string name = fmt::format("{}: ", machine.name);  // of check_dram()
    if (message.starts_with(name)) message.remove_prefix(name.size());
    throw InputError(*place, message);
  }
}

Bytes packet_bytes(const MachineConfig& machine) {
  const DramConfig& dram = machine.dram;
  const Bytes burst = dram.device.burst_bytes();
  return std::clamp(machine.interconnect.packet_bytes, burst,
                    burst << dram_column_low_bits(dram.device, dram.layout));
}

}  // namespace unna
