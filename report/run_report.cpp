#include "report/run_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/limit.h"
#include "text/printable.h"
#include "text/units.h"

namespace unna {

namespace {

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

std::string footprint_text(const MemoryFigures& memory, std::string_view granularity) {
  const std::string_view of = stored_text(granularity);
  const std::string optimal = memory.proved_optimal
                                  ? fmt::format("equal to the lower bound of {}", of)
                                  : fmt::format("{} above the lower bound of {}, {}",
                                                readable_bytes(memory.peak - memory.lower_bound),
                                                of, readable_bytes(memory.lower_bound));
  return fmt::format("{} instead of {} without sharing ({} less), {}", readable_bytes(memory.peak),
                     readable_bytes(memory.without_sharing),
                     percent(reduction(memory.without_sharing, memory.peak)), optimal);
}

}  // namespace

std::string_view stored_text(std::string_view granularity) {
  if (granularity == "slice") return "slices";
  if (granularity == "band") return "bands";
  if (granularity == "lifetime") return "lifetime classes";
  if (granularity == "auto") return "tensors and bands";
  return "whole tensors";
}

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

namespace {

/// Bytes a cycle.
double peak_bandwidth(const MachineConfig& machine) {
  return as_double(dram_bytes_per_cycle_q16(machine)) / 65536.0;
}

}  // namespace

double peak_bandwidth_gbps(const MachineConfig& machine) {
  return peak_bandwidth(machine) * as_double(machine.clock_mhz) * 1e-3;
}

double bandwidth_utilisation(const RunReport& report) {
  const double peak = as_double(report.result.cycles) * peak_bandwidth(report.machine);
  const Bytes moved = report.result.memory ? report.result.memory->dram_bytes()
                                           : report.result.dram_read + report.result.dram_written;
  return ratio(as_double(moved), peak);
}

double memory_busy(const RunReport& report) {
  return std::max(bandwidth_utilisation(report),
                  ratio(as_double(report.result.dram_busy), as_double(report.result.cycles)));
}

std::string_view limit_name(const RunReport& report) {
  const Limit what = limit(compute_shares(report.result), memory_busy(report));
  return kLimitNames[static_cast<std::size_t>(what)];
}

double memory_busy(const RunReport& report, std::size_t layer) {
  const SimResult& result = report.result;
  Bytes moved = 0;
  for (const CoreStats& core : result.cores)
    moved += core.layers[layer].dram_read + core.layers[layer].dram_written;
  const double of_run = as_double(result.dram_read + result.dram_written);
  // The memory is busy for a byte as long as for any other of the run.
  const double busy =
      memory_busy(report) * as_double(result.cycles) * ratio(as_double(moved), of_run);
  return ratio(busy, report.layer_times[layer].cycles);
}

std::string_view limit_name(const RunReport& report, std::size_t layer) {
  const Limit what = limit(report.layer_times[layer].shares, memory_busy(report, layer));
  return kLimitNames[static_cast<std::size_t>(what)];
}

double row_hit_rate(const DramStats& dram) {
  return ratio(as_double(dram.row_hits),
               as_double(dram.row_hits + dram.row_misses + dram.row_conflicts));
}

std::int64_t total_saturated(std::span<const SaturatedLayer> layers) {
  std::int64_t total = 0;
  for (const SaturatedLayer& l : layers) total += l.results;
  return total;
}

double cache_hit_rate(const CacheStats& cache) {
  return ratio(as_double(cache.total.hits()), as_double(cache.total.accesses()));
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

/// What limits the run (report/limit.h), and the shares from which that follows.
std::string limit_text(const RunReport& report) {
  const ComputeShares shares = compute_shares(report.result);
  return fmt::format("{} (engines compute {} of the time, wait for data {}, for other cores {})",
                     limit_name(report), percent(shares.busy), percent(shares.waiting),
                     percent(shares.awaiting));
}

/// How much was lost at the ends of the number type, and where first and most.
std::string saturated_text(std::span<const SaturatedLayer> layers, DataType type) {
  const std::string_view what = type == DataType::fp16 ? "overflowed" : "saturated";
  if (layers.empty()) return fmt::format("; no result {}", what);
  const auto most = std::ranges::max_element(layers, {}, &SaturatedLayer::results);
  std::string text =
      fmt::format("; {} {}, first in {}", counted(total_saturated(layers), "result", "results"),
                  what, printable(layers.front().layer));
  if (most != layers.begin())
    text += fmt::format(", most ({}) in {}", grouped(most->results), printable(most->layer));
  return text;
}

std::string functional_text(const FunctionalFigures& f, DataType type) {
  std::string text = "outputs with shared memory are those without, bit by bit";
  if (f.perturbed > 0)
    text += f.perturbed == 1 ? ", once more under random delays"
                             : fmt::format(", {} times more under random delays", f.perturbed);
  if (f.tensors > 0)
    text += fmt::format("; {} the reference's, ", counted(f.tensors, "tensor is", "tensors are")) +
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
  if (f.saturated) text += saturated_text(*f.saturated, type);
  for (const SaturatedTensor& t : f.saturated_tensors)
    text += fmt::format("; {} of {} {} as given", counted(t.values, "value", "values"),
                        printable(t.tensor), type == DataType::fp16 ? "overflowed" : "saturated");
  return text;
}

std::string whole_text(const RunReport& report) {
  const WholeNetwork& whole = *report.whole;
  const double seconds = whole.cycles / (as_double(report.machine.clock_mhz) * 1e6);
  const auto bytes = [](double value) { return readable_bytes(static_cast<Bytes>(value)); };
  return fmt::format(
      "  {:<13} {} cycles ({}), {} of the multipliers used; {} read, {} written; {} an inference; "
      "{} in all\n"
      "  {:<13} {}\n",
      "whole network", grouped(static_cast<std::int64_t>(whole.cycles)), readable_seconds(seconds),
      percent(ratio(whole.macs, peak_macs(report.machine, report.machine.cores,
                                          static_cast<Cycle>(whole.cycles)))),
      bytes(whole.dram_read), bytes(whole.dram_written), readable_joules(whole.energy_pj * 1e-12),
      readable_bytes(whole.total), "estimated", left_out_text(whole.rows));
}

}  // namespace

std::string summary_text(const RunReport& report) {
  const SimResult& result = report.result;
  std::string text = fmt::format("{} on {} of {} at {} MHz\n", report.network,
                                 counted(report.machine.cores, "core"), report.machine.name,
                                 report.machine.clock_mhz);
  const auto line = [&](std::string_view name, const std::string& value) {
    text += fmt::format("  {:<13} {}\n", name, value);
  };
  if (report.whole) {
    text += whole_text(report);
    text += fmt::format("  {}\n", "of these blocks alone:");
  }
  line("cycles", fmt::format("{} ({})", grouped(result.cycles), readable_seconds(seconds(report))));
  line("utilisation", fmt::format("{} of {} multipliers", percent(utilisation(report)),
                                  grouped(report.machine.cores * report.machine.core.pes *
                                          report.machine.core.multipliers)));
  line("lost", losses_text(report));
  line("limited by", limit_text(report));
  line("rate", fmt::format("{} of {} GOP/s", significant(gops(report), 4),
                           significant(peak_gops(report), 4)));
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
  line("footprint", footprint_text(report.memory, report.granularity));
  line("planned",
       fmt::format("{} by {} from {} liveness, seed {}", counted(report.memory.buffers, "buffer"),
                   report.memory.planner, report.memory.liveness, report.memory.seed));
  line("program", fmt::format("{}, {}", counted(report.instructions, "instruction"),
                              counted(report.layers, "layer")));
  line("validated", validation_text(report.validation));
  if (report.functional)
    line("functional", functional_text(*report.functional, report.machine.data_type));
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
