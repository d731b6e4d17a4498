#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <type_traits>

#include "report/json.h"
#include "report/limit.h"
#include "report/run_report.h"
#include "text/units.h"

namespace unna {

namespace {

using Json = nlohmann::ordered_json;

Json input_json(const InputFile& file) {
  return {{"path", file.path}, {"xxh64", file.hash}};
}

Json performance_json(const RunReport& report) {
  const SimResult& result = report.result;
  Json json;
  json["cycles"] = figure(result.cycles, "cycles");
  json["latency"] = figure(seconds(report), "s");
  json["utilisation"] = figure(utilisation(report), "ratio");
  json["gops"] = figure(gops(report), "GOP/s");
  json["peak_gops"] = figure(peak_gops(report), "GOP/s");
  json["instructions"] = figure(result.instructions, "instructions");
  json["macs"] = figure(result.macs, "MACs");
  json["dense_macs"] = figure(result.dense_macs, "MACs");
  json["dram_read"] = figure(result.dram_read, "bytes");
  json["dram_written"] = figure(result.dram_written, "bytes");
  json["dram_busy"] = figure(result.dram_busy, "cycles");
  json["peak_bandwidth"] = figure(peak_bandwidth_gbps(report.machine), "GB/s");
  json["bandwidth_utilisation"] = figure(bandwidth_utilisation(report), "ratio");
  const ComputeShares shares = compute_shares(result);
  json["compute_share"] = figure(shares.busy, "ratio");
  json["waiting_share"] = figure(shares.waiting, "ratio");
  json["awaiting_share"] = figure(shares.awaiting, "ratio");
  json["limit"] = limit_name(report);
  return json;
}

Json cache_json(const CacheStats& cache, const std::vector<BufferInfo>& buffers) {
  Json json;
  json["hit_rate"] = figure(cache_hit_rate(cache), "ratio");
  json["line_reads"] = figure(cache.total.reads, "lines");
  json["line_read_hits"] = figure(cache.total.read_hits, "lines");
  json["line_writes"] = figure(cache.total.writes, "lines");
  json["line_write_hits"] = figure(cache.total.write_hits, "lines");
  json["merged"] = figure(cache.merged, "lines");
  json["fills"] = figure(cache.fills, "lines");
  json["writebacks"] = figure(cache.writebacks, "lines");
  Json& by_buffer = json["by_buffer"] = Json::array();
  for (std::size_t b = 0; b < buffers.size() && b < cache.by_buffer.size(); ++b) {
    const CacheCounts& counts = cache.by_buffer[b];
    if (counts.accesses() == 0) continue;
    by_buffer.push_back({{"buffer", buffers[b].name},
                         {"kind", kBufferKindNames[static_cast<std::size_t>(buffers[b].kind)]},
                         {"accesses", figure(counts.accesses(), "lines")},
                         {"hits", figure(counts.hits(), "lines")}});
  }
  return json;
}

Json ports_json(const MemoryStats& memory) {
  Json json;
  json["fairness"] = figure(memory.fairness(), "ratio");
  Json& cores = json["cores"] = Json::array();
  for (const PortStats& port : memory.ports)
    cores.push_back({{"packets", figure(port.packets, "packets")},
                     {"moved", figure(port.bytes, "bytes")},
                     {"occupied", figure(port.occupied, "cycles")},
                     {"request_wait", figure(port.request_wait, "cycles")},
                     {"response_wait", figure(port.response_wait, "cycles")},
                     {"burst_latency", figure(port.latency, "cycles")}});
  return json;
}

/// Of one run with `dram.model: banked`.
Json bursts_json(const SimResult& result, const std::vector<BufferInfo>& buffers) {
  const MemoryStats& memory = *result.memory;
  const DramStats& d = memory.dram;
  Json json;
  json["cycles"] = figure(result.cycles, "cycles");
  json["burst_bytes"] = figure(memory.burst_bytes, "bytes");
  json["reads"] = figure(d.reads, "bursts");
  json["writes"] = figure(d.writes, "bursts");
  json["forwarded"] = figure(d.forwarded, "bursts");
  json["row_hits"] = figure(d.row_hits, "bursts");
  json["row_misses"] = figure(d.row_misses, "bursts");
  json["row_conflicts"] = figure(d.row_conflicts, "bursts");
  json["row_hit_rate"] = figure(row_hit_rate(d), "ratio");
  json["activates"] = figure(d.activates, "commands");
  json["refreshes"] = figure(d.refreshes, "commands");
  json["interconnect"] = ports_json(memory);
  if (memory.cache.total.accesses() > 0) json["cache"] = cache_json(memory.cache, buffers);
  return json;
}

Json slots_json(const RunReport& report) {
  const SlotFigures figures = slots(report);
  Json json;
  json["total"] = figure(figures.total, "slots");
  json["macs"] = figure(figures.use.macs, "slots");
  for (const auto& [name, count] : losses(figures.use))
    json[fmt::format("loss_{}", name)] = figure(count, "slots");
  json["loss_stalls"] = figure(figures.stalls, "slots");
  return json;
}

Json parts_json(const ByPart& parts, double scale, std::string_view unit) {
  Json json;
  for (std::size_t p = 0; p < kParts; ++p)
    json[std::string(kPartNames[p])] = figure(parts.value[p] * scale, unit);
  return json;
}

Json energy_json(const RunReport& report) {
  constexpr double kNj = 1e-3;
  const ByPart pj = energy(report);
  Json json;
  json["table"] = report.energy_table.name;
  if (report.energy_file) json["energy_file"] = input_json(*report.energy_file);
  json["total"] = figure(pj.total() * kNj, "nJ");
  json["power"] = figure(watts(report), "W");
  json["gops_per_watt"] = figure(gops_per_watt(report), "GOP/s/W");
  json["parts"] = parts_json(pj, kNj, "nJ");
  const ByPart area = core_area(report.machine, report.energy_table);
  json["core_area"] = figure(area.total(), "mm2");
  json["core_area_parts"] = parts_json(area, 1, "mm2");
  return json;
}

Json roofline_json(const RunReport& report) {
  Json json;
  json["bound"] = figure(report.roofline.bound(), "cycles");
  json["share"] = figure(roofline_share(report), "ratio");
  json["compute_cycles"] = figure(report.roofline.compute_cycles, "cycles");
  json["bandwidth_cycles"] = figure(report.roofline.bandwidth_cycles, "cycles");
  json["compulsory_bytes"] = figure(report.roofline.compulsory_bytes, "bytes");
  return json;
}

Json memory_json(const MemoryFigures& memory) {
  Json json;
  json["planner"] = memory.planner;
  json["liveness"] = memory.liveness;
  json["buffers"] = figure(static_cast<std::int64_t>(memory.buffers), "buffers");
  json["without_sharing"] = figure(memory.without_sharing, "bytes");
  json["peak"] = figure(memory.peak, "bytes");
  json["lower_bound"] = figure(memory.lower_bound, "bytes");
  json["fragmentation"] = figure(memory.peak - memory.lower_bound, "bytes");
  json["reduction"] = figure(reduction(memory.without_sharing, memory.peak), "ratio");
  json["proved_optimal"] = memory.proved_optimal;
  json["total"] = figure(memory.total, "bytes");
  json["seed"] = memory.seed;
  json["note"] = memory.note;
  return json;
}

Json core_json(const CoreStats& core) {
  Json engines;
  for (std::size_t e = 0; e < kEngines; ++e) {
    const EngineStats& stats = core.engines[e];
    Json engine;
    engine["instructions"] = figure(stats.instructions, "instructions");
    engine["busy"] = figure(stats.busy, "cycles");
    for (std::size_t s = 0; s < kStalls; ++s)
      engine[fmt::format("stall_{}", kStallNames[s])] = figure(stats.stall[s], "cycles");
    engines[std::string(kEngineNames[e])] = engine;
  }
  return {{"end", figure(core.end, "cycles")},
          {"barriers", figure(core.barriers, "barriers")},
          {"engines", engines}};
}

/// Every field of the machine with its unit, nested as its path says.
Json machine_json(const MachineConfig& machine) {
  Json json;
  const auto put = [&](std::string_view path, Json value) {
    std::string pointer = fmt::format("/{}", path);
    for (char& c : pointer)
      if (c == '.') c = '/';
    json[Json::json_pointer(pointer)] = std::move(value);
  };
  visit_fields(machine, [&](std::string_view path, const auto& member, const auto&... rest) {
    if constexpr (sizeof...(rest) == 4)  // lowest, highest, unit, doc
      put(path, figure(member, std::get<2>(std::tie(rest...))));
    else if constexpr (sizeof...(rest) == 3)  // powers of two, unit, doc
      put(path, figure(member, std::get<1>(std::tie(rest...))));
    else if constexpr (std::is_same_v<std::decay_t<decltype(member)>, DramMapping>)
      put(path, dram_mapping_text(member));
    else if constexpr (sizeof...(rest) == 2)  // names, doc
      put(path, std::string(std::get<0>(std::tie(rest...))[static_cast<std::size_t>(member)]));
    else
      put(path, member);
  });
  return json;
}

Json validation_json(const ValidationFigures& validation) {
  return {{"checker", validation.checker},
          {"shadow_replay", validation.shadow},
          {"perturbed_replays", figure(validation.perturbed, "replays")},
          {"conservation", validation.conservation}};
}

Json functional_json(const FunctionalFigures& functional) {
  Json json;
  json["seed"] = functional.seed;
  json["layout_proof"] = true;
  json["perturbed_replays"] = figure(functional.perturbed, "replays");
  json["tensors_checked"] = figure(static_cast<std::int64_t>(functional.tensors), "tensors");
  json["largest_error"] = figure(functional.largest_error, "ratio");
  json["tolerance"] = figure(functional.tolerance, "ratio");
  if (functional.fidelity) {
    if (functional.fidelity->sqnr_db) json["sqnr"] = figure(*functional.fidelity->sqnr_db, "dB");
    json["top_rows"] = figure(functional.fidelity->rows, "rows");
    json["top_rows_agreeing"] = figure(functional.fidelity->same_top, "rows");
  }
  if (functional.saturated) {
    json["saturated"] = figure(total_saturated(*functional.saturated), "results");
    for (const SaturatedLayer& l : *functional.saturated)
      json["saturated_layers"].push_back(
          {{"layer", l.layer}, {"saturated", figure(l.results, "results")}});
  }
  for (const SaturatedTensor& t : functional.saturated_tensors)
    json["saturated_tensors"].push_back(
        {{"tensor", t.tensor}, {"saturated", figure(t.values, "values")}});
  for (const InputFile& file : functional.inputs) json["inputs"].push_back(input_json(file));
  return json;
}

Json host_json(const HostFigures& host) {
  Json json = {{"compile", figure(host.compile_seconds, "s")},
               {"simulate", figure(host.simulate_seconds, "s")},
               {"plan", figure(host.plan_seconds, "s")},
               {"validate", figure(host.validate_seconds, "s")},
               {"total", figure(host.total_seconds, "s")},
               {"max_rss", figure(host.max_rss_kib, "KiB")}};
  if (host.functional_seconds) json["functional"] = figure(*host.functional_seconds, "s");
  return json;
}

Json whole_json(const RunReport& report) {
  const WholeNetwork& whole = *report.whole;
  Json json;
  json["cycles"] = figure(whole.cycles, "cycles");
  json["latency"] =
      figure(whole.cycles / (static_cast<double>(report.machine.clock_mhz) * 1e6), "s");
  json["dram_read"] = figure(whole.dram_read, "bytes");
  json["dram_written"] = figure(whole.dram_written, "bytes");
  json["macs"] = figure(whole.macs, "MACs");
  json["energy"] = figure(whole.energy_pj * 1e-3, "nJ");
  json["layers"] = figure(whole.layers, "layers");
  json["without_sharing"] = figure(whole.without_sharing, "bytes");
  json["total"] = figure(whole.total, "bytes");
  json["equal_blocks"] = left_out_json(whole.rows);
  return json;
}

}  // namespace

std::string summary_json(const RunReport& report) {
  Json json;
  json["version"] = report.version;
  json["network"] = report.network;
  json["network_file"] = input_json(report.network_file);
  if (report.machine_file) json["machine_file"] = input_json(*report.machine_file);
  json["granularity"] = report.granularity;
  json["bands"] = report.bands;
  json["partition"] = report.partition;
  json["barriers"] = report.barriers;
  json["seed"] = report.seed;
  json["layers"] = figure(static_cast<std::int64_t>(report.layers), "layers");
  if (report.whole) json["whole_network"] = whole_json(report);
  json["performance"] = performance_json(report);
  if (report.result.memory)
    json["bursts"]["without_sharing"] = bursts_json(report.result, report.buffers);
  if (report.shared) json["bursts"]["shared"] = bursts_json(*report.shared, report.buffers);
  json["multiplier_slots"] = slots_json(report);
  json["energy"] = energy_json(report);
  json["roofline"] = roofline_json(report);
  json["memory"] = memory_json(report.memory);
  json["validation"] = validation_json(report.validation);
  if (report.functional) json["functional"] = functional_json(*report.functional);
  for (const CoreStats& core : report.result.cores) json["cores"].push_back(core_json(core));
  json["machine"] = machine_json(report.machine);
  if (report.host) json["host"] = host_json(*report.host);
  return json.dump(2) + "\n";
}

}  // namespace unna
