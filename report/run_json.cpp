#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/json.h"
#include "report/run_report.h"
#include "report/units.h"

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
  json["instructions"] = figure(result.instructions, "instructions");
  json["macs"] = figure(result.macs, "MACs");
  json["dram_read"] = figure(result.dram_read, "bytes");
  json["dram_written"] = figure(result.dram_written, "bytes");
  json["dram_busy"] = figure(result.dram_busy, "cycles");
  json["bandwidth_utilisation"] = figure(bandwidth_utilisation(report), "ratio");
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
    json["sqnr"] = figure(functional.fidelity->sqnr_db, "dB");
    json["top_rows"] = figure(functional.fidelity->rows, "rows");
    json["top_rows_agreeing"] = figure(functional.fidelity->same_top, "rows");
  }
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

}  // namespace

std::string summary_json(const RunReport& report) {
  Json json;
  json["version"] = report.version;
  json["network"] = report.network;
  json["network_file"] = input_json(report.network_file);
  if (report.machine_file) json["machine_file"] = input_json(*report.machine_file);
  json["granularity"] = report.granularity;
  json["partition"] = report.partition;
  json["seed"] = report.seed;
  json["layers"] = figure(static_cast<std::int64_t>(report.layers), "layers");
  json["performance"] = performance_json(report);
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
