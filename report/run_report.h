#pragma once

// What `unnasim simulate` found out, and its four forms: summary.json, layers.csv, plan.csv and the
// text on the terminal. docs/metrics.md defines each key and column.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"
#include "energy/model.h"
#include "energy/work.h"
#include "isa/object.h"
#include "memmgr/problem.h"
#include "report/columns.h"
#include "report/conservation.h"
#include "report/layer_times.h"
#include "report/whole_network.h"
#include "sim/simulate.h"

namespace unna {

/// A file that went in, with the XXH64 of its bytes.
struct InputFile {
  std::string path;
  std::string hash;
};

/// What the intermediates need, under one kind of liveness and one planner.
struct MemoryFigures {
  std::string planner;
  std::string liveness;
  std::size_t buffers = 0;    ///< planned
  Bytes without_sharing = 0;  ///< every intermediate to itself, aligned
  Bytes peak = 0;
  Bytes lower_bound = 0;
  bool proved_optimal = false;
  Bytes total = 0;  ///< with inputs, outputs and weights
  std::uint64_t seed = 0;
  std::string note;
  /// Why the plan would corrupt data in the program as it synchronises (topology liveness takes
  /// layers to be executed one after the other, observed liveness this run for every run); none:
  /// validated.
  std::optional<std::string> unsafe;
};

/// What was checked; a breach ends the run with an error instead of a report.
struct ValidationFigures {
  bool checker = false;        ///< the plan, and the layout against the trace
  bool shadow = false;         ///< the shared image replayed with owners of all bytes
  std::int64_t perturbed = 0;  ///< the same, under that many seeded delay patterns
  bool conservation = false;
};

/// How near a quantised network's outputs are to those in double precision.
struct Fidelity {
  /// Signal to quantisation noise of all their elements: ten times the decimal logarithm of the sum
  /// of squares over that of squared errors; none where either is zero.
  std::optional<double> sqnr_db = std::nullopt;
  /// Of their rows (last axis, two columns or more), and of those whose largest element is at the
  /// same place.
  std::int64_t rows = 0, same_top = 0;
};

/// Results of a layer that were more than the number type holds: saturated in int8 and int16,
/// infinite in fp16.
struct SaturatedLayer {
  std::string layer;
  std::int64_t results = 0;

  friend bool operator==(const SaturatedLayer&, const SaturatedLayer&) = default;
};

/// Finite values of an input or a weight that were more than the number type holds as they were
/// given.
struct SaturatedTensor {
  std::string tensor;
  std::int64_t values = 0;
};

/// Of a run with values; a difference ends the run with an error instead of a report.
struct FunctionalFigures {
  std::size_t tensors = 0;  ///< compared with the reference; 0: --check was not asked for
  /// Of all their elements, relative to the tensor's largest magnitude (or 1/8, where larger).
  double largest_error = 0;
  double tolerance = 0;        ///< that was granted; 0: bit by bit
  std::int64_t perturbed = 0;  ///< delay patterns under which the shared layout gave the same bits
  std::uint64_t seed = 0;      ///< of the random values
  std::vector<InputFile> inputs;     ///< files that values came from
  std::optional<Fidelity> fidelity;  ///< int8
  /// Layers with any, in the program's order; none: fp32.
  std::optional<std::vector<SaturatedLayer>> saturated;
  std::vector<SaturatedTensor> saturated_tensors;
};

/// Of the host, and so different in every run.
struct HostFigures {
  double compile_seconds = 0;
  double simulate_seconds = 0;
  double plan_seconds = 0;
  double validate_seconds = 0;
  std::optional<double> functional_seconds;  ///< runs with values, and the reference
  double total_seconds = 0;
  std::int64_t max_rss_kib = 0;
};

struct RunReport {
  std::string version;
  std::string network;
  InputFile network_file;
  std::optional<InputFile> machine_file;  ///< none: a preset
  MachineConfig machine;                  ///< resolved
  std::string granularity;
  std::int64_t bands = 0;  ///< with granularity band and auto
  std::string partition;
  std::string barriers;
  std::uint64_t seed = 0;
  std::size_t instructions = 0;
  std::size_t layers = 0;
  std::vector<BufferInfo> buffers;     ///< of the object
  SimResult result;                    ///< of the image without sharing
  std::vector<LayerTime> layer_times;  ///< of that run, by layer of the object
  /// Of the image with the plan's layout, where the memory model looks at addresses (banked).
  std::optional<SimResult> shared;
  Work work;  ///< of the program
  EnergyTable energy_table;
  std::optional<InputFile> energy_file;  ///< none: the shipped table
  Roofline roofline;
  MemoryFigures memory;
  ValidationFigures validation;
  std::optional<FunctionalFigures> functional;  ///< only with --functional
  std::optional<WholeNetwork> whole;  ///< where equal blocks were left out; else the run is whole
  std::optional<HostFigures> host;    ///< left out with --no-timing
};

// Derived figures, each in one place.
double seconds(const RunReport& report);         ///< of one inference at the clock
double utilisation(const RunReport& report);     ///< MACs of all multiplier cycles
double roofline_share(const RunReport& report);  ///< bound / cycles
double peak_bandwidth_gbps(const MachineConfig& machine);
double bandwidth_utilisation(const RunReport& report);  ///< bytes moved of what the peak could

/// Share of the time in which the memory works: the more of `bandwidth_utilisation` and of
/// `dram_busy` per cycle, which may count what gaps between short accesses cost.
double memory_busy(const RunReport& report);
/// Likewise in the time of a layer, for its own bytes; more than 1 where they came ahead of it.
double memory_busy(const RunReport& report, std::size_t layer);
std::string_view limit_name(const RunReport& report);  ///< what limits it (report/limit.h)
std::string_view limit_name(const RunReport& report, std::size_t layer);

double row_hit_rate(const DramStats& dram);      ///< bursts that found their row open, of all
double cache_hit_rate(const CacheStats& cache);  ///< lines found, of those accessed
double peak_gops(const RunReport& report);       ///< of all cores, as published
double gops(const RunReport& report);            ///< a MAC as two operations
ByPart energy(const RunReport& report);          ///< pJ of one inference
/// pJ of a part of its activity, without what every cycle costs.
ByPart energy(const RunReport& report, const Activity& activity);
double watts(const RunReport& report);  ///< over that inference
double gops_per_watt(const RunReport& report);

/// Where the multipliers' cycles of the run went: `use` and `stalls` add up to `total` = cycles x
/// cores x PEs x multipliers.
struct SlotFigures {
  SlotUse use;
  std::int64_t stalls = 0;  ///< compute engine idle, other cores awaited at the end included
  std::int64_t total = 0;
};
SlotFigures slots(const RunReport& report);

/// Names and counts of what is not useful, in the order of SlotUse.
std::vector<std::pair<std::string_view, std::int64_t>> losses(const SlotUse& use);

/// What a granularity's bounds are of: "whole tensors", "slices", "bands",
/// "lifetime classes".
std::string_view stored_text(std::string_view granularity);

std::string summary_json(const RunReport& report);
std::string summary_text(const RunReport& report);
std::string validation_text(const ValidationFigures& validation);

std::string losses_text(const RunReport& report);  ///< what multipliers lost, largest first
std::string energy_text(const RunReport& report);  ///< energy, power, efficiency, breakdown
std::int64_t total_saturated(std::span<const SaturatedLayer> layers);

/// A core at its peak beside the published figures, and its area.
std::string core_energy_text(const MachineConfig& machine, const EnergyTable& table);

/// A layer on a core that executed instructions of it.
struct LayerRow {
  const LayerInfo& layer;
  std::size_t core;
  const LayerStats& stats;
  double run_cycles;       ///< the run's, that are its own
  std::string_view limit;  ///< of the layer on all cores
  const LayerWork& work;
  ByPart energy_pj;
  std::int64_t multipliers;  ///< of one core
};
Columns<LayerRow> layer_columns();
std::string layers_csv(const Object& object, const RunReport& report);

/// A buffer and where a plan puts it.
struct PlacedBufferRow {
  std::size_t id;
  const BufferInfo& buffer;
  Bytes offset;
};
Columns<PlacedBufferRow> plan_columns();
std::string layout_csv(const Object& object, const Layout& layout);

/// A buffer and what the shared cache saw of it, without sharing and with the plan's layout.
struct CachedBufferRow {
  std::size_t id;
  const BufferInfo& buffer;
  const CacheCounts* apart;
  const CacheCounts* shared;  ///< none: the plan is marked as unsafe, and was not run
};
Columns<CachedBufferRow> cache_columns();
/// Only on a machine with a shared cache.
std::string buffers_csv(const Object& object, const RunReport& report);

}  // namespace unna
