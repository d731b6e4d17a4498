#include "report/conservation.h"

#include <fmt/format.h>

#include "isa/timing.h"

namespace unna {

namespace {

/// `rate_q16` is in 2^-16 bytes a cycle; no overflow below 2^47 bytes.
Cycle cycles_at_rate(Bytes bytes, std::int64_t rate_q16) {
  return ceil_div(bytes * 65536, rate_q16);
}

Macs executed_macs(const SimResult& result, std::size_t layer) {
  Macs sum = 0;
  for (const CoreStats& core : result.cores)
    if (layer < core.layers.size()) sum += core.layers[layer].macs;
  return sum;
}

void check_macs(const Graph& graph, const Object& object, const SimResult& result,
                std::vector<std::string>& breaches) {
  if (result.macs != total_macs(graph))
    breaches.push_back(
        fmt::format("{} MACs were executed, the graph has {}", result.macs, total_macs(graph)));
  for (std::size_t i = 0; i < object.layers.size(); ++i) {
    const Macs executed = executed_macs(result, i);
    if (executed != object.layers[i].macs)
      breaches.push_back(fmt::format("{} MACs were executed for layer {}, it has {}", executed,
                                     object.layers[i].name, object.layers[i].macs));
  }
}

}  // namespace

Roofline roofline(const Graph& graph, const Object& object, const MachineConfig& machine) {
  Roofline r;
  r.macs = total_macs(graph);
  for (const BufferInfo& buffer : object.buffers)
    if (buffer.kind != BufferKind::intermediate) r.compulsory_bytes += buffer.size;
  r.compute_cycles = ceil_div(r.macs, machine.cores * machine.core.pes * machine.core.multipliers);
  r.bandwidth_cycles = cycles_at_rate(r.compulsory_bytes, dram_bytes_per_cycle_q16(machine));
  return r;
}

Traffic instruction_traffic(const Object& object) {
  Traffic traffic;
  for (const auto& stream : object.streams)
    for (const Instruction& instruction : stream)
      if (const auto access = dram_access(instruction))
        (access->write ? traffic.written : traffic.read) += access->bytes;
  return traffic;
}

std::vector<std::string> conservation_breaches(const Graph& graph, const Object& object,
                                               const MachineConfig& machine,
                                               const SimResult& result) {
  std::vector<std::string> breaches;
  check_macs(graph, object, result, breaches);
  const Traffic traffic = instruction_traffic(object);
  if (result.dram_read != traffic.read || result.dram_written != traffic.written)
    breaches.push_back(
        fmt::format("the DRAM moved {} bytes out and {} in, the instructions ask for {} and {}",
                    result.dram_read, result.dram_written, traffic.read, traffic.written));
  const Roofline bound = roofline(graph, object, machine);
  if (result.dram_read + result.dram_written < bound.compulsory_bytes)
    breaches.push_back(fmt::format("the DRAM moved {} bytes, {} are compulsory",
                                   result.dram_read + result.dram_written, bound.compulsory_bytes));
  if (result.cycles < bound.bound())
    breaches.push_back(fmt::format("{} cycles are fewer than the roofline bound of {}",
                                   result.cycles, bound.bound()));
  return breaches;
}

}  // namespace unna
