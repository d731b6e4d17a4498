#pragma once

// Runs an Image on a machine. SystemC stays inside sim's sources.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"
#include "isa/object.h"
#include "isa/trace.h"
#include "sim/memory_stats.h"
#include "sim/value_model.h"

namespace unna {

/// Why an engine is not executing, each cycle of its life exactly one (docs/metrics.md).
enum class Stall : std::uint8_t {
  dispatch,  ///< no instruction: the control processor has not handed the next one on
  token_ln,  ///< next instruction waits for a token of the load-neuron engine
  token_ls,  ///< ... of the load-synapse engine; the first of the missing ones counts
  token_cp,  ///< ... of the compute engine
  token_st,  ///< ... of the store engine
  drain,     ///< no instruction because the next one is a barrier or halt, which other engines of
             ///< the core keep it from reaching
  sync,      ///< no instruction because the core has arrived at a barrier; or the engine is in a
             ///< `wait`
  done,      ///< no instruction is left: the core has halted
};
inline constexpr std::size_t kStalls = 8;
inline constexpr std::array<std::string_view, kStalls> kStallNames = {
    "dispatch", "token_ln", "token_ls", "token_cp", "token_st", "drain", "sync", "done"};

struct EngineStats {
  std::int64_t instructions = 0;
  Cycle busy = 0;                      ///< executing; for a DMA engine: at least one request open
  std::array<Cycle, kStalls> stall{};  ///< busy + sum of stalls = total cycles
};

/// What one core did for one layer.
struct LayerStats {
  std::int64_t instructions = 0;  ///< of engines; barriers and halts belong to no layer
  Cycle start = 0;                ///< first start of an instruction of the layer
  Cycle end = 0;                  ///< last end
  Cycle compute_busy = 0;
  std::array<Cycle, kStalls> compute_stall{};  ///< of the compute engine, before instructions of
                                               ///< this layer; cycles after its last instruction
                                               ///< are in no layer
  Macs macs = 0;        ///< executed: those of pruned synapses that were skipped left out
  Macs dense_macs = 0;  ///< with those
  Bytes dram_read = 0;
  Bytes dram_written = 0;
};

struct CoreStats {
  std::array<EngineStats, kEngines> engines{};
  Cycle end = 0;  ///< when it halted
  std::int64_t barriers = 0;
  std::vector<LayerStats> layers;  ///< by layer of the object
};

/// A read of bytes last written for another buffer, or never written.
struct ShadowViolation {
  std::string message;  ///< core, pc, disassembly, buffer, byte, owner
};

struct SimResult {
  Cycle cycles = 0;
  std::vector<CoreStats> cores;
  Macs macs = 0;
  Macs dense_macs = 0;
  Bytes dram_read = 0;
  Bytes dram_written = 0;
  Cycle dram_busy = 0;                ///< cycles in which data moved (docs/metrics.md)
  std::optional<MemoryStats> memory;  ///< only with dram.model banked
  std::int64_t instructions = 0;
  std::vector<ShadowViolation> violations;  ///< only with SimOptions::shadow; the first 100
};

struct SimOptions {
  /// Called for every completed instruction, in an order in which each core's pcs need not ascend.
  /// What it throws comes out of simulate(); it must not call simulate().
  std::function<void(const TraceEvent&)> trace;
  bool shadow = false;                   ///< keep the owner of every byte and check every read
  std::optional<std::uint64_t> perturb;  ///< seed: adds random delays to every instruction
  Cycle perturb_cycles = 2000;           ///< delays are uniform in [0, this]
  std::optional<CoreId> perturb_core;    ///< the only core that is delayed; none: all are
  ValueModel* values = nullptr;          ///< told of instructions; cycles do not depend on it
};

/// docs/model.md says what is modelled. Throws DeadlockError where not every core halts, InputError
/// for a program that the machine has no cores or no tables for (verify() rejects more). Can be
/// called any number of times in a process, also from several threads, which then take turns: the
/// SystemC kernel is one a process.
///
/// Programs define an ordinary main(). libsystemc has one too, which calls sc_main: a static
/// library with a main() of its own (gtest_main) must not be linked behind it; unna_sim's sc_main
/// fails, so that this is noticed.
SimResult simulate(const Image& image, const MachineConfig& machine, const SimOptions& options);

/// simulate() with all events collected and sorted by (core, pc).
Trace trace_of(const Image& image, const MachineConfig& machine, SimOptions options,
               SimResult* result = nullptr);

}  // namespace unna
