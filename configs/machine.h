#pragma once

// The machine: a uniform-memory multicore NPU. Cores in the style of Cambricon-X (Zhang et al.,
// MICRO 2016) with DianNao's three DMAs (Chen et al., ASPLOS 2014) share one DRAM.
//
// Every number of the model is a field here, and every field is one row of visit_fields(): the
// loader, the dumper, `--set` and docs/machine.md come from it.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "configs/dram_device.h"

namespace unna {

enum class DataType : std::uint8_t { int8, int16, fp16, fp32 };
inline constexpr std::string_view kDataTypeNames[] = {"int8", "int16", "fp16", "fp32"};
constexpr Bytes element_bytes(DataType type) {
  return type == DataType::int8 ? 1 : type == DataType::fp32 ? 4 : 2;
}

enum class DramModel : std::uint8_t { ideal, bandwidth, banked };
inline constexpr std::string_view kDramModelNames[] = {"ideal", "bandwidth", "banked"};

/// How synapses that pruning left are found: `none` takes zeros like others (DianNao).
enum class Indexing : std::uint8_t { none, step };
inline constexpr std::string_view kIndexingNames[] = {"none", "step"};

/// Where synapses that a network has in groups (numbers/synapse_groups.h) are expanded: before the
/// program, or by the PEs, so that DRAM and SB hold their codes.
enum class Expansion : std::uint8_t { none, groups };
inline constexpr std::string_view kExpansionNames[] = {"none", "groups"};

/// Sets of cores are 64-bit masks (barriers).
inline constexpr std::int64_t kMaxCores = 64;

struct CoreConfig {
  std::int64_t pes = 16;
  std::int64_t multipliers = 16;
  Indexing indexing = Indexing::step;
  std::int64_t index_bits = 4;
  std::int64_t index_window = 256;
  Expansion expansion = Expansion::none;
  std::int64_t elementwise_lanes = 16;
  std::int64_t elementwise_stages = 2;
  std::int64_t special_lanes = 16;
  Cycle startup_cycles = 4;
  Cycle drain_cycles = 4;
  Bytes nbin_bytes = 8 * kKiB;
  Bytes nbout_bytes = 8 * kKiB;
  Bytes sb_bytes = 32 * kKiB;
  std::int64_t nbin_read_elements = 256;
  std::int64_t sb_read_elements = 16;
  std::int64_t nbout_port_elements = 16;
  Bytes dma_port_bytes = 512;
  std::int64_t nbin_banks = 16;
  std::int64_t nbout_banks = 4;
  std::int64_t sb_banks = 16;
  Bytes accumulator_bytes = 4;
  std::int64_t fraction_bits = 8;
  std::int64_t table_bits = 4;
  std::int64_t dispatch_per_cycle = 1;
  std::int64_t queue_depth = 16;
  std::int64_t dma_outstanding = 4;

  friend bool operator==(const CoreConfig&, const CoreConfig&) = default;
};

struct SyncConfig {
  Cycle barrier_cycles = 20;
  Cycle signal_cycles = 10;

  friend bool operator==(const SyncConfig&, const SyncConfig&) = default;
};

struct DramConfig {
  DramModel model = DramModel::ideal;
  // Of the ideal model:
  double bandwidth_gbps = 38.4;
  Cycle latency_cycles = 60;
  // Of all:
  Bytes capacity_bytes = 4096 * kMiB;
  Bytes alignment_bytes = 64;
  // The one description of the memory, of the bandwidth and of the banked model:
  DramStandard standard{};
  DramDevice device = dram_standard(DramStandard{});
  DramLayout layout;
  DramController controller;
  Cycle controller_cycles = 30;

  friend bool operator==(const DramConfig&, const DramConfig&) = default;
};

enum class Arbitration : std::uint8_t { round_robin, oldest };
inline constexpr std::string_view kArbitrationNames[] = {"round-robin", "oldest"};

struct InterconnectConfig {
  Bytes width_bytes = 32;
  Cycle latency_cycles = 5;
  Bytes packet_bytes = 256;
  std::int64_t window = 64;
  Arbitration arbitration = Arbitration::round_robin;

  friend bool operator==(const InterconnectConfig&, const InterconnectConfig&) = default;
};

struct CacheConfig {
  Bytes size_bytes = 0;
  std::int64_t ways = 16;
  Bytes line_bytes = 64;
  Cycle hit_cycles = 20;
  std::int64_t mshrs = 32;

  friend bool operator==(const CacheConfig&, const CacheConfig&) = default;
};

struct MachineConfig {
  std::string name = "cambricon-x";
  std::int64_t cores = 1;
  std::int64_t clock_mhz = 1000;
  DataType data_type = DataType::int16;
  CoreConfig core;
  SyncConfig sync;
  DramConfig dram;
  InterconnectConfig interconnect;
  CacheConfig cache;

  friend bool operator==(const MachineConfig&, const MachineConfig&) = default;
};

/// One row a field. `v` is called as v(path, member, lo, hi, unit, doc) for integers and doubles,
/// v(path, member, powers, unit, doc) for integers that are powers of two, v(path, member, names,
/// doc) for enums and v(path, member, doc) for text and the DRAM's mapping. Machine is
/// MachineConfig or const MachineConfig.
template <class Machine, class Visitor>
void visit_fields(Machine& m, Visitor&& v) {
  constexpr std::int64_t kMega = 1 << 20;
  constexpr std::int64_t kGiga = 1 << 30;
  v("name", m.name, "shown in reports");
  v("cores", m.cores, 1, kMaxCores, "cores", "cores that share the DRAM");
  v("clock_mhz", m.clock_mhz, 1, 100'000, "MHz",
    "the one clock; turns bytes per second into bytes per cycle and cycles into seconds");
  v("data_type", m.data_type, std::span(kDataTypeNames), "type of neurons and synapses in memory");
  v("core.pes", m.core.pes, 1, 1024, "PEs",
    "processing elements; each computes one output channel at a time");
  v("core.multipliers", m.core.multipliers, 1, 1024, "multipliers",
    "multipliers a PE, with their adder tree; inputs of one output consumed a cycle");
  v("core.indexing", m.core.indexing, std::span(kIndexingNames),
    "step: an indexing module selects neurons, pruned synapses take neither memory nor time "
    "(Cambricon-X); none: zeros are synapses like others, neighbouring input channels feed the "
    "multipliers (DianNao)");
  v("core.index_bits", m.core.index_bits, 1, 16, "bits",
    "step indexing: a synapse's step, the positions skipped since the one before it");
  v("core.index_window", m.core.index_window, 1, kMega, "neurons",
    "step indexing: neurons that a PE's indexing module looks at a cycle (16 x 16)");
  v("core.expansion", m.core.expansion, std::span(kExpansionNames),
    "groups: synapses that a network has as codes of 4 or 8 bits with a scale a group stay so in "
    "DRAM and SB, and PEs expand them; none: they are stored expanded");
  v("core.elementwise_lanes", m.core.elementwise_lanes, 1, 4096, "lanes",
    "elements a cycle of an element-wise stage (add, multiply, compare, ReLU)");
  v("core.elementwise_stages", m.core.elementwise_stages, 1, 2, "stages",
    "element-wise stages in a row; with one, `ewise` takes turns for its two functions");
  v("core.special_lanes", m.core.special_lanes, 1, 4096, "lanes",
    "elements a cycle of the interpolated non-linear functions (sigmoid, exp, division, ...)");
  v("core.startup_cycles", m.core.startup_cycles, 0, 100'000, "cycles",
    "from the start of a compute instruction to its first operands: decode, address generators");
  v("core.drain_cycles", m.core.drain_cycles, 0, 100'000, "cycles",
    "from the last operands of a compute instruction to its last result in NBout: adder tree");
  v("core.nbin_bytes", m.core.nbin_bytes, 64, kGiga, "bytes", "input neuron buffer");
  v("core.nbout_bytes", m.core.nbout_bytes, 64, kGiga, "bytes",
    "output neuron buffer; also holds partial sums");
  v("core.sb_bytes", m.core.sb_bytes, 64, kGiga, "bytes",
    "synapse buffer of all PEs together (16 x 2 KB)");
  v("core.nbin_read_elements", m.core.nbin_read_elements, 1, kMega, "elements/cycle",
    "neurons that NBin hands to the PEs; a window of 16 for each PE");
  v("core.sb_read_elements", m.core.sb_read_elements, 1, kMega, "elements/cycle",
    "synapses that a PE's part of SB hands to it; as many as it has multipliers");
  v("core.nbout_port_elements", m.core.nbout_port_elements, 1, kMega, "elements/cycle",
    "results or partial sums, as many read as written");
  v("core.dma_port_bytes", m.core.dma_port_bytes, 1, kMega, "bytes/cycle",
    "port of each buffer towards its DMA");
  v("core.nbin_banks", m.core.nbin_banks, 1, 1024, "banks",
    "SRAM macros of NBin; the energy of an access is that of one");
  v("core.nbout_banks", m.core.nbout_banks, 1, 1024, "banks", "SRAM macros of NBout");
  v("core.sb_banks", m.core.sb_banks, 1, 1024, "banks", "SRAM macros of SB; one a PE");
  v("core.accumulator_bytes", m.core.accumulator_bytes, 2, 8, "bytes",
    "one partial sum in NBout between instructions");
  v("core.fraction_bits", m.core.fraction_bits, 0, 15, "bits",
    "fixed point: bits behind the point (int16 with 8: Q7.8); functional simulation only");
  v("core.table_bits", m.core.table_bits, 0, 10, "bits",
    "fixed point: interpolated functions have 2^this segments an octave; functional simulation "
    "only");
  v("core.dispatch_per_cycle", m.core.dispatch_per_cycle, 1, 64, "instructions/cycle",
    "instructions the control processor hands to the engines' queues a cycle");
  v("core.queue_depth", m.core.queue_depth, 1, kMega, "instructions",
    "entries of each engine's instruction queue; dispatch stalls while the queue is full");
  v("core.dma_outstanding", m.core.dma_outstanding, 1, 1024, "requests",
    "requests a DMA engine may have under way; hides the DRAM latency, data stays in order");
  v("sync.barrier_cycles", m.sync.barrier_cycles, 0, kMega, "cycles",
    "from the last core's arrival to the release of all");
  v("sync.signal_cycles", m.sync.signal_cycles, 0, kMega, "cycles",
    "from a signal to the earliest end of the wait it satisfies");
  v("dram.model", m.dram.model, std::span(kDramModelNames),
    "ideal: transfers share a bandwidth fairly, after a fixed latency; bandwidth and banked: "
    "channels and banks of the memory that the fields from dram.standard on describe, by packets "
    "or by every command under JEDEC timing");
  v("dram.bandwidth_gbps", m.dram.bandwidth_gbps, 0.001, 1e6, "GB/s (1e9)",
    "ideal: peak of the whole DRAM; of the other models it is that of the channels");
  v("dram.latency_cycles", m.dram.latency_cycles, 0, kMega, "cycles",
    "ideal: from a request to its first byte when the DRAM is idle");
  v("dram.capacity_bytes", m.dram.capacity_bytes, 1, std::numeric_limits<std::int64_t>::max() / 2,
    "bytes", "size of the DRAM; a program that needs more does not fit (exit 3)");
  v("dram.alignment_bytes", m.dram.alignment_bytes, 1, kMega, "bytes",
    "alignment of every buffer (one burst)");
  v("dram.controller_cycles", m.dram.controller_cycles, 0, kMega, "cycles",
    "through a channel's controller and PHY, there and back");
  visit_dram_fields(m.dram, v);
  v("interconnect.width_bytes", m.interconnect.width_bytes, 1, 4096, "bytes/cycle",
    "of each port of the crossbar, each way; a core has one, and so has a channel");
  v("interconnect.latency_cycles", m.interconnect.latency_cycles, 0, kMega, "cycles",
    "through the crossbar, one way");
  v("interconnect.packet_bytes", m.interconnect.packet_bytes, PowersOfTwo{16, 4096}, "bytes",
    "the most that is arbitrated for at once; a burst at least, and never across "
    "channels");
  v("interconnect.window", m.interconnect.window, 1, 4096, "bursts",
    "that a DMA engine may have sent for and memory has not answered");
  v("interconnect.arbitration", m.interconnect.arbitration, std::span(kArbitrationNames),
    "which core's packet a channel takes next");
  v("cache.size_bytes", m.cache.size_bytes, 0, kGiga, "bytes",
    "shared last-level cache, all channels together; 0: none. Needs dram.model banked");
  v("cache.ways", m.cache.ways, 1, 64, "ways", "lines of a set");
  v("cache.line_bytes", m.cache.line_bytes, PowersOfTwo{16, 4096}, "bytes",
    "a line; at least a burst, at most a packet");
  v("cache.hit_cycles", m.cache.hit_cycles, 0, kMega, "cycles",
    "from a packet's acceptance to the data of a hit");
  v("cache.mshrs", m.cache.mshrs, 1, 4096, "misses",
    "lines that a channel's part of the cache may be waiting for");
}

/// Operations a cycle of one core at its peak, as Cambricon-X counts them: each PE's multiplies,
/// the additions of its tree and one accumulation, and the element-wise stages.
std::int64_t peak_operations(const CoreConfig& core);

/// Elements of a sum that a PE takes a cycle where all PEs get the same neurons: its multipliers,
/// as far as the ports of SB and NBin feed them.
std::int64_t products_per_cycle(const CoreConfig& core);

/// Peak DRAM bytes a clock cycle in units of 2^-16 byte, rounded, at least 1: dram.bandwidth_gbps
/// of the ideal model, of the others what the channels' buses move.
std::int64_t dram_bytes_per_cycle_q16(const MachineConfig& machine);

/// Strict: unknown and duplicate keys, wrong types and values out of range throw InputError with
/// file:line:column. Missing fields keep their defaults.
MachineConfig parse_machine(const std::string& yaml, const std::string& file);
MachineConfig load_machine(const std::filesystem::path& path);

/// All fields, documented by comments; parse_machine(dump_machine(m)) == m.
std::string dump_machine(const MachineConfig& machine);

/// What plans have to fit: dram.capacity_bytes; but of the ideal model at most what its channels
/// hold.
Bytes dram_capacity(const MachineConfig& machine);

/// Applies one `--set path=value`; throws InputError for an unknown path or a bad value.
void set_field(MachineConfig& machine, std::string_view assignment);

/// Applies several: `dram.standard` first and `dram.clock_mhz` next, as they set other fields, the
/// others in their order.
void set_fields(MachineConfig& machine, std::span<const std::string> assignments);

/// The same for a path and value that were found elsewhere; errors stand at `pos`.
void assign_field(MachineConfig& machine, std::string_view path, std::string_view value,
                  const SourcePos& pos);

/// Path and value (as assign_field takes it) of all fields in order.
std::vector<std::pair<std::string, std::string>> field_values(const MachineConfig& machine);

/// Paths of all fields in order (for messages and the sweep's axes).
std::vector<std::string> field_paths();

/// docs/machine.md: one table row a field with default, range, unit and meaning.
std::string machine_markdown();

/// The shipped preset for a number of cores: the smallest of 1, 4 and 16 cores' memory systems that
/// is not below `cores` (the largest where none is), with `cores` set. Throws InputError where the
/// machine can't have so many.
MachineConfig preset_machine(std::int64_t cores);

}  // namespace unna
