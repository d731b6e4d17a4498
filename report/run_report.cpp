#include "report/run_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/limit.h"
#include "text/csv.h"
#include "text/table.h"
#include "text/units.h"

namespace unna {

namespace {

constexpr std::string_view kLayerColumnNames[] = {"layer",
                                                  "kind",
                                                  "core",
                                                  "instructions",
                                                  "start_cycle",
                                                  "end_cycle",
                                                  "cycles",
                                                  "compute_busy",
                                                  "utilisation",
                                                  "stall_dispatch",
                                                  "stall_token_ln",
                                                  "stall_token_ls",
                                                  "stall_token_cp",
                                                  "stall_token_st",
                                                  "stall_sync",
                                                  "stall_done",
                                                  "macs",
                                                  "dense_macs",
                                                  "density",
                                                  "dram_read",
                                                  "dram_written",
                                                  "loss_channels",
                                                  "loss_inputs",
                                                  "loss_imbalance",
                                                  "loss_output_stage",
                                                  "loss_ports",
                                                  "loss_startup",
                                                  "loss_other_ops",
                                                  "energy_nj",
                                                  "energy_pes_nj",
                                                  "energy_indexing_nj",
                                                  "energy_nbin_nj",
                                                  "energy_sb_nj",
                                                  "energy_nbout_nj",
                                                  "energy_control_nj",
                                                  "energy_dram_nj",
                                                  "energy_interconnect_nj",
                                                  "energy_cache_nj"};

constexpr std::string_view kPlanColumnNames[] = {"id",   "buffer", "tensor", "kind",
                                                 "size", "offset", "end"};

constexpr std::string_view kBufferColumnNames[] = {
    "id",       "buffer",          "kind",        "size",           "accesses", "hits",
    "hit_rate", "shared_accesses", "shared_hits", "shared_hit_rate"};

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double as_double(std::int64_t value) {
  return static_cast<double>(value);
}

/// `multipliers` of one core at work for `cycles`, all cores.
double peak_macs(const MachineConfig& machine, std::int64_t cores, Cycle cycles) {
  return as_double(cores * machine.core.pes * machine.core.multipliers) * as_double(cycles);
}

std::vector<std::string> layer_cells(const LayerInfo& layer, std::size_t index, std::size_t core,
                                     const RunReport& report) {
  const LayerStats& stats = report.result.cores[core].layers[index];
  const LayerWork& work = report.work.cores[core][index];
  const MachineConfig& machine = report.machine;
  const Cycle cycles = stats.end - stats.start;
  std::vector<std::string> cells = {
      layer.name,
      layer.kind,
      fmt::format("{}", core),
      fmt::format("{}", stats.instructions),
      fmt::format("{}", stats.start),
      fmt::format("{}", stats.end),
      fmt::format("{}", cycles),
      fmt::format("{}", stats.compute_busy),
      plain_number(ratio(as_double(stats.macs), peak_macs(machine, 1, cycles)))};
  for (const Cycle stall : stats.compute_stall) cells.push_back(fmt::format("{}", stall));
  for (const std::int64_t value : {stats.macs, stats.dense_macs})
    cells.push_back(fmt::format("{}", value));
  cells.push_back(stats.dense_macs == 0
                      ? ""
                      : plain_number(ratio(as_double(stats.macs), as_double(stats.dense_macs))));
  for (const std::int64_t value : {stats.dram_read, stats.dram_written})
    cells.push_back(fmt::format("{}", value));
  for (const auto& [name, count] : losses(work.slots)) cells.push_back(fmt::format("{}", count));
  const ByPart pj = energy(report, work.activity);
  constexpr double kNj = 1e-3;
  cells.push_back(plain_number(pj.total() * kNj));
  for (std::size_t p = 0; p < static_cast<std::size_t>(Part::idle); ++p)
    cells.push_back(plain_number(pj.value[p] * kNj));
  return cells;
}

std::string footprint_text(const MemoryFigures& memory) {
  const std::string optimal = memory.proved_optimal
                                  ? "equal to the lower bound"
                                  : fmt::format("{} above the lower bound of {}",
                                                readable_bytes(memory.peak - memory.lower_bound),
                                                readable_bytes(memory.lower_bound));
  return fmt::format("{} instead of {} without sharing ({} less), {}", readable_bytes(memory.peak),
                     readable_bytes(memory.without_sharing),
                     percent(reduction(memory.without_sharing, memory.peak)), optimal);
}

}  // namespace

const std::span<const std::string_view> kLayerColumns = kLayerColumnNames;
const std::span<const std::string_view> kPlanColumns = kPlanColumnNames;
const std::span<const std::string_view> kBufferColumns = kBufferColumnNames;

double seconds(const RunReport& report) {
  return as_double(report.result.cycles) / (as_double(report.machine.clock_mhz) * 1e6);
}

double utilisation(const RunReport& report) {
  return ratio(as_double(report.result.macs),
               peak_macs(report.machine, report.machine.cores, report.result.cycles));
}

double roofline_share(const RunReport& report) {
  return ratio(as_double(report.roofline.bound()), as_double(report.result.cycles));
}

double bandwidth_utilisation(const RunReport& report) {
  const double peak = as_double(report.result.cycles) *
                      as_double(dram_bytes_per_cycle_q16(report.machine)) / 65536.0;
  const Bytes moved = report.result.memory ? report.result.memory->dram_bytes()
                                           : report.result.dram_read + report.result.dram_written;
  return ratio(as_double(moved), peak);
}

std::string_view limit_name(const RunReport& report) {
  const Limit what = limit(compute_shares(report.result), bandwidth_utilisation(report));
  return kLimitNames[static_cast<std::size_t>(what)];
}

double row_hit_rate(const DramStats& dram) {
  return ratio(as_double(dram.row_hits),
               as_double(dram.row_hits + dram.row_misses + dram.row_conflicts));
}

double cache_hit_rate(const CacheStats& cache) {
  return ratio(as_double(cache.total.hits()), as_double(cache.total.accesses()));
}

std::string layers_csv(const Object& object, const RunReport& report) {
  CsvWriter csv(kLayerColumns);
  for (std::size_t layer = 0; layer < object.layers.size(); ++layer)
    for (std::size_t core = 0; core < report.result.cores.size(); ++core)
      if (report.result.cores[core].layers[layer].instructions > 0)
        csv.row(layer_cells(object.layers[layer], layer, core, report));
  return csv.text();
}

namespace {

/// Three cells; empty where the run was not made.
void add_cache_cells(std::vector<std::string>& cells, const SimResult* run, std::size_t buffer) {
  if (run == nullptr) {
    cells.resize(cells.size() + 3);
    return;
  }
  const CacheCounts& counts = run->memory->cache.by_buffer[buffer];
  cells.push_back(fmt::format("{}", counts.accesses()));
  cells.push_back(fmt::format("{}", counts.hits()));
  cells.push_back(counts.accesses() == 0 ? ""
                                         : plain_number(ratio(as_double(counts.hits()),
                                                              as_double(counts.accesses()))));
}

}  // namespace

std::string buffers_csv(const Object& object, const RunReport& report) {
  CsvWriter csv(kBufferColumns);
  for (std::size_t b = 0; b < object.buffers.size(); ++b) {
    const BufferInfo& buffer = object.buffers[b];
    std::vector<std::string> cells = {
        fmt::format("{}", b), buffer.name,
        std::string(kBufferKindNames[static_cast<std::size_t>(buffer.kind)]),
        fmt::format("{}", buffer.size)};
    add_cache_cells(cells, &report.result, b);
    add_cache_cells(cells, report.shared ? &*report.shared : nullptr, b);
    csv.row(cells);
  }
  return csv.text();
}

std::string plan_csv(const Object& object, const Layout& layout) {
  CsvWriter csv(kPlanColumns);
  for (std::size_t i = 0; i < object.buffers.size(); ++i) {
    const BufferInfo& buffer = object.buffers[i];
    csv.row({fmt::format("{}", i), buffer.name, buffer.tensor,
             std::string(kBufferKindNames[static_cast<std::size_t>(buffer.kind)]),
             fmt::format("{}", buffer.size), fmt::format("{}", layout.base[i]),
             fmt::format("{}", layout.base[i] + buffer.size)});
  }
  return csv.text();
}

std::string validation_text(const ValidationFigures& validation) {
  std::vector<std::string> done;
  if (validation.checker) done.emplace_back("independent checker");
  if (validation.shadow) done.emplace_back("replay with owners of all bytes");
  if (validation.perturbed > 0)
    done.push_back(fmt::format("{} under random delays",
                               validation.perturbed == 1
                                   ? "once more"
                                   : fmt::format("{} times more", validation.perturbed)));
  if (validation.conservation) done.emplace_back("conservation of MACs, bytes and cycles");
  return done.empty() ? "NOT VALIDATED" : fmt::format("{}", fmt::join(done, ", "));
}

namespace {

std::string bursts_text(const MemoryStats& memory) {
  std::string text = fmt::format(
      "{} reads and {} writes of {} B, {} in open rows; cores served with fairness {:.3f}",
      grouped(memory.dram.reads), grouped(memory.dram.writes), memory.burst_bytes,
      percent(row_hit_rate(memory.dram)), memory.fairness());
  if (memory.cache.total.accesses() > 0)
    text += fmt::format("; {} of {} lines hit the cache", percent(cache_hit_rate(memory.cache)),
                        grouped(memory.cache.total.accesses()));
  return text;
}

std::string shared_text(const SimResult& shared, const SimResult& apart) {
  return fmt::format("{} cycles ({:+.2f} %), {}", grouped(shared.cycles),
                     100 * (as_double(shared.cycles) / as_double(apart.cycles) - 1),
                     bursts_text(*shared.memory));
}

std::string functional_text(const FunctionalFigures& f) {
  std::string text = "outputs with shared memory are those without, bit by bit";
  if (f.perturbed > 0)
    text += f.perturbed == 1 ? ", once more under random delays"
                             : fmt::format(", {} times more under random delays", f.perturbed);
  if (f.tensors > 0)
    text += fmt::format("; {} tensors are the reference's, ", f.tensors) +
            (f.tolerance == 0 ? "bit by bit"
                              : fmt::format("within {:.2g} of {:.2g} of their largest value",
                                            f.largest_error, f.tolerance));
  if (f.fidelity) {
    text += f.fidelity->sqnr_db
                ? fmt::format("; {:.1f} dB above quantisation noise", *f.fidelity->sqnr_db)
                : "; no quantisation noise to measure";
    text += fmt::format(", {} of {} rows have the same largest", f.fidelity->same_top,
                        f.fidelity->rows);
  }
  return text;
}

}  // namespace

std::string summary_text(const RunReport& report) {
  const SimResult& result = report.result;
  std::string text = fmt::format("{} on {} core{} of {} at {} MHz\n", report.network,
                                 report.machine.cores, report.machine.cores == 1 ? "" : "s",
                                 report.machine.name, report.machine.clock_mhz);
  const auto line = [&](std::string_view name, const std::string& value) {
    text += fmt::format("  {:<13} {}\n", name, value);
  };
  line("cycles", fmt::format("{} ({})", grouped(result.cycles), readable_seconds(seconds(report))));
  line("utilisation", fmt::format("{} of {} multipliers", percent(utilisation(report)),
                                  grouped(report.machine.cores * report.machine.core.pes *
                                          report.machine.core.multipliers)));
  line("lost", losses_text(report));
  line("rate", fmt::format("{:.4g} of {:.4g} GOP/s", gops(report), peak_gops(report)));
  if (result.macs != result.dense_macs)
    line("sparsity",
         fmt::format("{} MACs, {} of what they would be with no synapse pruned",
                     grouped(result.macs),
                     percent(ratio(as_double(result.macs), as_double(result.dense_macs)))));
  line("roofline", fmt::format("{} of the {} bound of {} cycles", percent(roofline_share(report)),
                               report.roofline.compute_bound() ? "compute" : "bandwidth",
                               grouped(report.roofline.bound())));
  line("DRAM", fmt::format("{} read, {} written ({} compulsory); {} of the peak bandwidth",
                           readable_bytes(result.dram_read), readable_bytes(result.dram_written),
                           readable_bytes(report.roofline.compulsory_bytes),
                           percent(bandwidth_utilisation(report))));
  if (result.memory) line("bursts", bursts_text(*result.memory));
  if (report.shared) line("shared memory", shared_text(*report.shared, result));
  line("energy", energy_text(report));
  line("footprint", footprint_text(report.memory));
  line("planned", fmt::format("{} buffers by {} from {} liveness, seed {}", report.memory.buffers,
                              report.memory.planner, report.memory.liveness, report.memory.seed));
  line("program",
       fmt::format("{} instructions, {} layers",
                   grouped(static_cast<std::int64_t>(report.instructions)), report.layers));
  line("validated", validation_text(report.validation));
  if (report.functional) line("functional", functional_text(*report.functional));
  if (report.host)
    line("host", fmt::format("{} ({} compile, {} simulate, {} plan, {} validate{}), {}",
                             readable_seconds(report.host->total_seconds),
                             readable_seconds(report.host->compile_seconds),
                             readable_seconds(report.host->simulate_seconds),
                             readable_seconds(report.host->plan_seconds),
                             readable_seconds(report.host->validate_seconds),
                             report.host->functional_seconds
                                 ? fmt::format(", {} functional",
                                               readable_seconds(*report.host->functional_seconds))
                                 : "",
                             readable_bytes(report.host->max_rss_kib * kKiB)));
  return text;
}

}  // namespace unna
