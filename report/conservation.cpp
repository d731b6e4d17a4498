#include "report/conservation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cost/dimensions.h"
#include "cost/timing.h"
#include "energy/work.h"
#include "isa/accesses.h"
#include "workloads/sparsity.h"

namespace unna {

namespace {

/// `rate_q16` is in 2^-16 bytes a cycle; no overflow below 2^47 bytes.
Cycle cycles_at_rate(Bytes bytes, std::int64_t rate_q16) {
  return ceil_div(bytes * 65536, rate_q16);
}

Macs sum_over_cores(const SimResult& result, std::size_t layer, Macs LayerStats::*counter) {
  Macs sum = 0;
  for (const CoreStats& core : result.cores)
    if (layer < core.layers.size()) sum += core.layers[layer].*counter;
  return sum;
}

/// A layer skips all the products of its operator's pruned synapses, or none. Layers that are named
/// after no operator (parts of one) are not looked up.
void check_pruned(const Graph& graph, const LayerInfo& layer, std::vector<std::string>& breaches) {
  if (layer.pruned_macs == 0) return;
  const auto op = std::find_if(graph.ops.begin(), graph.ops.end(),
                               [&](const GraphOp& o) { return o.name == layer.name; });
  if (op == graph.ops.end()) return;
  const GraphTensor& weight = graph.tensor(op->inputs.at(1));
  const Macs pruned = macs(graph, *op) / weight.elements() * (weight.elements() - nonzeros(weight));
  if (layer.pruned_macs != pruned)
    breaches.push_back(fmt::format("layer {} skips {} MACs, its pruned synapses have {}",
                                   layer.name, layer.pruned_macs, pruned));
}

void check_macs(const Graph& graph, const Object& object, const SimResult& result,
                std::vector<std::string>& breaches) {
  if (result.dense_macs != total_macs(graph))
    breaches.push_back(fmt::format("{} MACs were executed or skipped, the graph has {}",
                                   result.dense_macs, total_macs(graph)));
  for (std::size_t i = 0; i < object.layers.size(); ++i) {
    const LayerInfo& layer = object.layers[i];
    const Macs dense = sum_over_cores(result, i, &LayerStats::dense_macs);
    if (dense != layer.macs)
      breaches.push_back(fmt::format("{} MACs were executed or skipped for layer {}, it has {}",
                                     dense, layer.name, layer.macs));
    const Macs executed = sum_over_cores(result, i, &LayerStats::macs);
    if (executed != layer.executed_macs())
      breaches.push_back(fmt::format("{} MACs were executed for layer {}, it has {}", executed,
                                     layer.name, layer.executed_macs()));
    check_pruned(graph, layer, breaches);
  }
}

/// Each multiplier cycle of the compute engine is useful or lost for one reason.
void check_slots(const Object& object, const MachineConfig& machine, const SimResult& result,
                 std::vector<std::string>& breaches) {
  const Work work = work_of(object, machine.core);
  for (std::size_t core = 0; core < result.cores.size(); ++core)
    for (std::size_t layer = 0; layer < result.cores[core].layers.size(); ++layer) {
      const std::int64_t busy = result.cores[core].layers[layer].compute_busy * machine.core.pes *
                                machine.core.multipliers;
      const std::int64_t told = work.cores[core][layer].slots.total();
      if (told != busy)
        breaches.push_back(fmt::format(
            "layer {} on core {} kept multipliers busy for {} slots, {} are accounted for",
            object.layers[layer].name, core, busy, told));
    }
}

/// Bytes of each input, weight and output buffer that the program touches, each once: slices and
/// strided windows leave some of a buffer alone. Zero for intermediates.
std::vector<Bytes> distinct_outside_bytes(const Object& object) {
  std::vector<std::vector<std::pair<Bytes, Bytes>>> runs(object.buffers.size());
  for (const auto& stream : object.streams)
    for (const Instruction& i : stream) {
      const auto access = dram_access(i);
      if (!access || object.buffers[access->buffer.index()].kind == BufferKind::intermediate)
        continue;
      const Strided s = Strided::of(i);
      const auto& stride = access->write ? s.destination : s.source;
      for (std::int64_t c = 0; c < s.n[2]; ++c)
        for (std::int64_t b = 0; b < s.n[1]; ++b)
          for (std::int64_t a = 0; a < s.n[0]; ++a) {
            const Bytes at = access->begin + a * stride[0] + b * stride[1] + c * stride[2];
            runs[access->buffer.index()].emplace_back(at, at + s.run);
          }
    }
  std::vector<Bytes> touched;
  for (auto& buffer : runs) {
    Bytes sum = 0;
    std::sort(buffer.begin(), buffer.end());
    Bytes covered = 0;
    for (const auto& [begin, end] : buffer) {
      sum += std::max<Bytes>(end - std::max(begin, covered), 0);
      covered = std::max(covered, end);
    }
    touched.push_back(sum);
  }
  return touched;
}

/// An output byte that nobody stores would pass every other check.
void check_outputs(const Object& object, std::vector<std::string>& breaches) {
  const std::vector<Bytes> touched = distinct_outside_bytes(object);
  for (std::size_t i = 0; i < object.buffers.size(); ++i) {
    const BufferInfo& buffer = object.buffers[i];
    if (buffer.kind == BufferKind::output && touched[i] != buffer.size)
      breaches.push_back(fmt::format("{} of the {} bytes of output {} are stored", touched[i],
                                     buffer.size, buffer.name));
  }
}

}  // namespace

Roofline roofline(const Graph& graph, const Object& object, const MachineConfig& machine) {
  Roofline r;
  r.macs = total_macs(graph);
  for (const LayerInfo& layer : object.layers) r.macs -= layer.pruned_macs;
  const std::vector<Bytes> outside = distinct_outside_bytes(object);
  Bytes outputs = 0;
  for (std::size_t b = 0; b < outside.size(); ++b) {
    r.compulsory_bytes += outside[b];
    if (object.buffers[b].kind == BufferKind::output) outputs += outside[b];
  }
  // At the end, a shared cache may still have outputs that the DRAM has not.
  const Bytes moved = r.compulsory_bytes - std::min(outputs, machine.cache.size_bytes);
  r.compute_cycles = ceil_div(r.macs, machine.cores * machine.core.pes * machine.core.multipliers);
  r.bandwidth_cycles = cycles_at_rate(moved, dram_bytes_per_cycle_q16(machine));
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
  check_outputs(object, breaches);
  check_slots(object, machine, result, breaches);
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
