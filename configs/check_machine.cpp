#include "configs/check_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "configs/dram_address.h"
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

std::string_view name_of(DataType type) {
  return kDataTypeNames[static_cast<std::size_t>(type)];
}

void check_accumulators(const MachineConfig& machine) {
  const Bytes element = element_bytes(machine.data_type);
  if (machine.core.accumulator_bytes < element)
    throw Contradiction(
        {"core.accumulator_bytes", "data_type"},
        fmt::format(
            "core.accumulator_bytes: {} bytes, expected at least the {} of an element of {}",
            machine.core.accumulator_bytes, element, name_of(machine.data_type)));
}

void check_device(const DramDevice& device, const DramLayout& layout) {
  if (device.banks_per_channel() > 64)
    throw Contradiction(
        {"dram.ranks", "dram.groups", "dram.banks"},
        fmt::format("dram.ranks x dram.groups x dram.banks is {}, expected at most 64",
                    device.banks_per_channel()));
  if (device.columns < device.burst_length)
    throw Contradiction({"dram.columns", "dram.burst_length"},
                        fmt::format("dram.columns is {}, expected at least dram.burst_length ({})",
                                    device.columns, device.burst_length));
  const auto& order = layout.mapping.order;
  if (std::find(order.begin(), order.end(), DramField::column_low) == order.end()) return;
  const Bytes others = device.burst_bytes() << dram_bits_below_channel(device, layout.mapping);
  const Bytes most = others * device.bursts_per_row();
  if (layout.interleave_bytes < others || layout.interleave_bytes > most)
    throw Contradiction(
        {"dram.interleave_bytes", "dram.mapping", "dram.bus_bits", "dram.burst_length",
         "dram.ranks", "dram.groups", "dram.banks", "dram.columns", "dram.rows"},
        fmt::format("dram.interleave_bytes is {}, expected {} to {} with this mapping",
                    layout.interleave_bytes, others, most));
}

void check_timing(const DramDevice& device) {
  const DramTiming& t = device.timing;
  const auto at_least = [](const std::string& name, std::int64_t value, std::int64_t least,
                           std::string_view why, std::vector<std::string> others) {
    if (value >= least) return;
    others.insert(others.begin(), name);
    throw Contradiction(std::move(others), fmt::format("{} is {}, expected at least {} ({})", name,
                                                       value, least, why));
  };
  at_least("dram.timing.ccd_s", t.ccd_s, device.burst_clocks(), "a burst takes as long",
           {"dram.burst_length"});
  at_least("dram.timing.ccd_l", t.ccd_l, t.ccd_s, "ccd_s", {"dram.timing.ccd_s"});
  at_least("dram.timing.rrd_l", t.rrd_l, t.rrd_s, "rrd_s", {"dram.timing.rrd_s"});
  at_least("dram.timing.wtr_l", t.wtr_l, t.wtr_s, "wtr_s", {"dram.timing.wtr_s"});
  at_least("dram.timing.refi", t.refi, 2 * (t.rfc + t.rp + t.rc),
           "or there is little time between refreshes",
           {"dram.timing.rfc", "dram.timing.rp", "dram.timing.rc"});
  // Each may have been rounded up to whole clocks.
  at_least("dram.timing.rc", t.rc, t.ras + t.rp - 1, "ras and rp",
           {"dram.timing.ras", "dram.timing.rp"});
}

/// Lines of the cache are made of bursts and filled by packets.
void check_cache(const MachineConfig& machine) {
  const Bytes line = machine.cache.line_bytes;
  const Bytes burst = machine.dram.device.burst_bytes();
  const Bytes packet = packet_bytes(machine);
  const DramController& queues = machine.dram.controller;
  if (line < burst || line > packet)
    throw Contradiction(
        {"cache.line_bytes", "interconnect.packet_bytes", "dram.interleave_bytes", "dram.bus_bits",
         "dram.burst_length", "dram.standard", "cache.size_bytes"},
        fmt::format("cache.line_bytes: a line of {} bytes, expected {} (a burst) to {} (what a "
                    "packet may carry)",
                    line, burst, packet));
  if (line / burst > std::min(queues.read_queue, queues.write_queue))
    throw Contradiction(
        {"cache.line_bytes", "dram.controller.read_queue", "dram.controller.write_queue",
         "dram.standard", "cache.size_bytes"},
        fmt::format("cache.line_bytes: a line of {} bursts, expected at most what a channel's "
                    "queues hold, {} reads and {} writes",
                    line / burst, queues.read_queue, queues.write_queue));
  const std::int64_t channels = machine.dram.layout.channels;
  const Bytes set = line * machine.cache.ways * channels;
  if (machine.cache.size_bytes < set || machine.cache.size_bytes % set != 0)
    throw Contradiction(
        {"cache.size_bytes", "dram.channels", "cache.ways", "cache.line_bytes"},
        fmt::format("cache.size_bytes: {} bytes, expected a multiple of {} channels x {} ways x {} "
                    "bytes a line",
                    machine.cache.size_bytes, channels, machine.cache.ways, line));
}

/// A field that says something else than its default where nothing reads it, because of `other`.
void refuse_without_effect(std::string_view field, bool says_something, std::string_view other,
                           std::string_view why) {
  if (!says_something) return;
  throw Contradiction({std::string(field), std::string(other)},
                      fmt::format("{} has no effect: {}", field, why));
}

/// Fields that begin so, other than `decides`, where that one says that nothing reads them: those
/// that were given, unless `decides` was changed on the command line after they stood in a file.
void refuse_all_of(const MachineConfig& machine, const FieldPlaces& places, std::string_view begin,
                   std::string_view decides, std::string_view why) {
  static const auto values = field_values(MachineConfig{});
  const auto decided = places.by_path.find(std::string(decides));
  const bool switched = decided != places.by_path.end() && decided->second.line == 0;
  const auto given = field_values(machine);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto place = places.by_path.find(given[i].first);
    if (place == places.by_path.end() || !given[i].first.starts_with(begin)) continue;
    if (given[i].first == decides || (switched && place->second.line != 0)) continue;
    refuse_without_effect(given[i].first, given[i].second != values[i].second, decides, why);
  }
}

/// Fields of the cores and the cache that nothing reads.
void check_core_effects(const MachineConfig& machine, const FieldPlaces& places) {
  if (machine.cache.size_bytes == 0)
    refuse_all_of(machine, places, "cache.", "cache.size_bytes",
                  "there is no cache, expected cache.size_bytes");
  if (machine.core.indexing == Indexing::none)
    refuse_all_of(machine, places, "core.index_", "core.indexing",
                  "core.indexing is none, expected step");
  if (machine.data_type != DataType::int16)
    refuse_all_of(machine, places, "core.fraction_bits", "data_type",
                  fmt::format("data_type is {}, expected int16", name_of(machine.data_type)));
}

/// Where a field of this section belongs to the description that the ideal model does not have.
bool is_of_channels(std::string_view path) {
  constexpr std::string_view kOfAll[] = {"dram.model", "dram.bandwidth_gbps", "dram.latency_cycles",
                                         "dram.capacity_bytes", "dram.alignment_bytes"};
  return path.starts_with("interconnect.") ||
         (path.starts_with("dram.") &&
          std::find(std::begin(kOfAll), std::end(kOfAll), path) == std::end(kOfAll));
}

/// Fields of the memory that its model does not read.
void check_effects(const MachineConfig& machine) {
  static const MachineConfig defaults;
  const DramConfig& dram = machine.dram;
  if (dram.model == DramModel::ideal) {
    static const auto values = field_values(defaults);
    const auto given = field_values(machine);
    for (std::size_t i = 0; i < given.size(); ++i)
      refuse_without_effect(
          given[i].first, is_of_channels(given[i].first) && given[i].second != values[i].second,
          "dram.model",
          "dram.model ideal has dram.bandwidth_gbps and dram.latency_cycles, expected dram.model "
          "bandwidth or banked");
    return;
  }
  constexpr std::string_view kOfChannels =
      "bandwidth and latency follow from dram.standard and dram.channels, expected dram.model "
      "ideal";
  refuse_without_effect("dram.bandwidth_gbps", dram.bandwidth_gbps != defaults.dram.bandwidth_gbps,
                        "dram.model", kOfChannels);
  refuse_without_effect("dram.latency_cycles", dram.latency_cycles != defaults.dram.latency_cycles,
                        "dram.model", kOfChannels);
}

void check_memory(const MachineConfig& machine) {
  check_effects(machine);
  const DramModel model = machine.dram.model;
  if (model != DramModel::banked && machine.cache.size_bytes > 0)
    throw Contradiction(
        {"cache.size_bytes", "dram.model"},
        fmt::format("cache.size_bytes: a cache of {} bytes before a DRAM of model {}, which has no "
                    "lines; expected dram.model banked",
                    machine.cache.size_bytes, kDramModelNames[static_cast<std::size_t>(model)]));
  if (model != DramModel::ideal)
    check_dram(machine.dram.device, machine.dram.layout, machine.dram.controller);
  if (machine.cache.size_bytes > 0) check_cache(machine);
}

/// The place of the first of the fields that has one; the command line comes before a file.
const SourcePos* place_of(const std::vector<std::string>& fields, const FieldPlaces& places) {
  const SourcePos* in_file = nullptr;
  for (const std::string& field : fields) {
    const auto found = places.by_path.find(field);
    if (found == places.by_path.end()) continue;
    if (found->second.line == 0) return &found->second;
    if (in_file == nullptr) in_file = &found->second;
  }
  return in_file;
}

template <class Check>
void at_places(const FieldPlaces& places, Check&& check) {
  try {
    check();
  } catch (const Contradiction& error) {
    if (const SourcePos* const place = place_of(error.fields(), places))
      throw InputError(*place, error.what());
    throw;
  }
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

void check_dram(const DramDevice& device, const DramLayout& layout,
                const DramController& controller) {
  check_device(device, layout);
  check_timing(device);
  if (controller.write_low >= controller.write_high ||
      controller.write_high > controller.write_queue)
    throw Contradiction(
        {"dram.controller.write_low", "dram.controller.write_high", "dram.controller.write_queue"},
        fmt::format("dram.controller.write_low, write_high and write_queue are {}, {} and {}, "
                    "expected low < high <= queue",
                    controller.write_low, controller.write_high, controller.write_queue));
}

void check_machine(const MachineConfig& machine, const FieldPlaces& places) {
  at_places(places, [&] {
    check_accumulators(machine);
    check_core_effects(machine, places);
    check_memory(machine);
  });
}

void check_computable(const MachineConfig& machine, const FieldPlaces& places) {
  const Bytes bytes = machine.core.accumulator_bytes;
  const bool whole = machine.data_type == DataType::int8 || machine.data_type == DataType::int16;
  if (bytes == 4 || (whole && bytes == 8)) return;
  at_places(places, [&] {
    throw Contradiction(
        {"core.accumulator_bytes", "data_type"},
        fmt::format("core.accumulator_bytes: {} bytes, expected 4{} to compute with {}", bytes,
                    whole ? " or 8" : "", name_of(machine.data_type)));
  });
}

Bytes packet_bytes(const MachineConfig& machine) {
  const DramAddressMap map(machine.dram.device, machine.dram.layout);
  return std::clamp(machine.interconnect.packet_bytes, map.burst_bytes(), map.channel_bytes());
}

}  // namespace unna
