#include "report/conservation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <compare>
#include <string_view>
#include <unordered_map>
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

/// The first operator of each name.
using OpsByName = std::unordered_map<std::string_view, const GraphOp*>;

/// A layer skips all the products of its operator's pruned synapses, or none. Layers that are named
/// after no operator (parts of one) are not looked up.
void check_pruned(const Graph& graph, const OpsByName& ops, const LayerInfo& layer,
                  std::vector<std::string>& breaches) {
  if (layer.pruned_macs == 0) return;
  const auto found = ops.find(layer.name);
  if (found == ops.end()) return;
  const GraphOp* op = found->second;
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
  OpsByName ops;
  for (const GraphOp& op : graph.ops) ops.emplace(op.name, &op);
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
    check_pruned(graph, ops, layer, breaches);
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

/// What one transfer touches of a buffer: runs of bytes in up to three levels.
struct TouchedRuns {
  Bytes begin = 0;
  Bytes run = 0;
  std::array<std::int64_t, 3> n{1, 1, 1};  ///< inner to outer
  std::array<Bytes, 3> stride{};

  friend auto operator<=>(const TouchedRuns&, const TouchedRuns&) = default;
};

/// Levels whose runs touch one another are one run: most transfers are one piece.
TouchedRuns touched_runs(const DramAccess& access, const Strided& copy) {
  TouchedRuns runs{access.begin, copy.run, {1, 1, 1}, {}};
  const auto& stride = access.write ? copy.destination : copy.source;
  std::size_t levels = 0;
  for (std::size_t l = 0; l < 3; ++l) {
    if (copy.n[l] == 1) continue;
    if (levels == 0 && stride[l] == runs.run) {
      runs.run *= copy.n[l];
      continue;
    }
    runs.n[levels] = copy.n[l];
    runs.stride[levels++] = stride[l];
  }
  return runs;
}

/// Cores load the same bytes again and again: each transfer counts once before it is taken apart.
Bytes distinct_bytes(std::vector<TouchedRuns> transfers) {
  std::ranges::sort(transfers);
  transfers.erase(std::unique(transfers.begin(), transfers.end()), transfers.end());
  std::vector<std::pair<Bytes, Bytes>> ranges;
  for (const TouchedRuns& t : transfers)
    for (std::int64_t c = 0; c < t.n[2]; ++c)
      for (std::int64_t b = 0; b < t.n[1]; ++b)
        for (std::int64_t a = 0; a < t.n[0]; ++a) {
          const Bytes at = t.begin + a * t.stride[0] + b * t.stride[1] + c * t.stride[2];
          ranges.emplace_back(at, at + t.run);
        }
  std::ranges::sort(ranges);
  Bytes sum = 0;
  Bytes covered = 0;
  for (const auto& [begin, end] : ranges) {
    sum += std::max<Bytes>(end - std::max(begin, covered), 0);
    covered = std::max(covered, end);
  }
  return sum;
}

/// Bytes of each buffer but intermediates that the program touches, each once: slices and
/// strided windows leave some of a buffer alone. Zero for intermediates.
std::vector<Bytes> distinct_outside_bytes(const Object& object) {
  std::vector<std::vector<TouchedRuns>> transfers(object.buffers.size());
  for (const auto& stream : object.streams)
    for (const Instruction& i : stream) {
      const auto access = dram_access(i);
      if (access && object.buffers[access->buffer.index()].kind != BufferKind::intermediate)
        transfers[access->buffer.index()].push_back(touched_runs(*access, Strided::of(i)));
    }
  std::vector<Bytes> touched;
  for (auto& buffer : transfers) touched.push_back(distinct_bytes(std::move(buffer)));
  return touched;
}

/// An output byte that nobody stores would pass every other check.
void check_outputs(const Object& object, const std::vector<Bytes>& touched,
                   std::vector<std::string>& breaches) {
  for (std::size_t i = 0; i < object.buffers.size(); ++i) {
    const BufferInfo& buffer = object.buffers[i];
    if (buffer.kind == BufferKind::output && touched[i] != buffer.size)
      breaches.push_back(fmt::format("{} of the {} bytes of output {} are stored", touched[i],
                                     buffer.size, buffer.name));
  }
}

/// A state gets its new rows, and nothing else of it changes.
void check_states(const Graph& graph, const Object& object, std::vector<std::string>& breaches) {
  for (const GraphState& state : graph.states) {
    const GraphTensor& present = graph.tensor(state.present);
    std::vector<TouchedRuns> stores;
    for (const auto& stream : object.streams)
      for (const Instruction& i : stream) {
        const auto access = dram_access(i);
        if (!access || !access->write) continue;
        const BufferInfo& buffer = object.buffers[access->buffer.index()];
        if (buffer.kind == BufferKind::state && buffer.tensor == present.name)
          stores.push_back(touched_runs(*access, Strided::of(i)));
      }
    const std::int64_t past = state.past ? graph.tensor(*state.past).elements() : 0;
    const Bytes added = (present.elements() - past) * element_bytes(object.data_type);
    const Bytes stored = distinct_bytes(std::move(stores));
    if (stored != added)
      breaches.push_back(fmt::format("{} bytes of state {} are stored, its new rows have {}",
                                     stored, present.name, added));
  }
}

Roofline roofline_of(const Graph& graph, const Object& object, const MachineConfig& machine,
                     const std::vector<Bytes>& outside) {
  Roofline r;
  r.macs = total_macs(graph);
  for (const LayerInfo& layer : object.layers) r.macs -= layer.pruned_macs;
  Bytes outputs = 0;
  for (std::size_t b = 0; b < outside.size(); ++b) {
    r.compulsory_bytes += outside[b];
    const BufferKind kind = object.buffers[b].kind;
    if (kind == BufferKind::output || kind == BufferKind::state) outputs += outside[b];
  }
  // At the end, a shared cache may still have outputs that the DRAM has not.
  const Bytes moved = r.compulsory_bytes - std::min(outputs, machine.cache.size_bytes);
  r.compute_cycles = ceil_div(r.macs, machine.cores * machine.core.pes * machine.core.multipliers);
  r.bandwidth_cycles = cycles_at_rate(moved, dram_bytes_per_cycle_q16(machine));
  return r;
}

}  // namespace

Roofline roofline(const Graph& graph, const Object& object, const MachineConfig& machine) {
  return roofline_of(graph, object, machine, distinct_outside_bytes(object));
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
  const std::vector<Bytes> touched = distinct_outside_bytes(object);
  check_states(graph, object, breaches);
  check_outputs(object, touched, breaches);
  check_slots(object, machine, result, breaches);
  const Traffic traffic = instruction_traffic(object);
  if (result.dram_read != traffic.read || result.dram_written != traffic.written)
    breaches.push_back(
        fmt::format("the DRAM moved {} bytes out and {} in, the instructions ask for {} and {}",
                    result.dram_read, result.dram_written, traffic.read, traffic.written));
  const Roofline bound = roofline_of(graph, object, machine, touched);
  if (result.dram_read + result.dram_written < bound.compulsory_bytes)
    breaches.push_back(fmt::format("the DRAM moved {} bytes, {} are compulsory",
                                   result.dram_read + result.dram_written, bound.compulsory_bytes));
  if (result.cycles < bound.bound())
    breaches.push_back(fmt::format("{} cycles are fewer than the roofline bound of {}",
                                   result.cycles, bound.bound()));
  return breaches;
}

}  // namespace unna
