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

namespace unna {

/// Why an engine is not executing, each cycle of its life exactly one (docs/metrics.md).
enum class Stall : std::uint8_t {
  dispatch,  ///< queue empty: the control processor has not got there
  token_ln,  ///< next instruction waits for a token of the load-neuron engine
  token_ls,
  token_cp,
  token_st,
  sync,  ///< core is held by a barrier or the engine by a `wait`
  done,  ///< the core has halted
};
inline constexpr std::size_t kStalls = 7;
inline constexpr std::array<std::string_view, kStalls> kStallNames = {
    "dispatch", "token_ln", "token_ls", "token_cp", "token_st", "sync", "done"};

struct EngineStats {
  std::int64_t instructions = 0;
  Cycle busy = 0;                      ///< executing; for a DMA engine: at least one request open
  std::array<Cycle, kStalls> stall{};  ///< busy + sum of stalls = total cycles
};

/// What one core did for one layer.
struct LayerStats {
  std::int64_t instructions = 0;
  Cycle start = 0;  ///< first start of an instruction of the layer
  Cycle end = 0;    ///< last end
  Cycle compute_busy = 0;
  std::array<Cycle, kStalls> compute_stall{};  ///< before instructions of this layer
  Macs macs = 0;
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
  Bytes dram_read = 0;
  Bytes dram_written = 0;
  Cycle dram_busy = 0;  ///< cycles with at least one transfer moving data
  std::int64_t instructions = 0;
  std::vector<ShadowViolation> violations;  ///< only with SimOptions::shadow
};

struct SimOptions {
  /// Called for every completed instruction, in an order in which each core's pcs need not ascend.
  std::function<void(const TraceEvent&)> trace;
  bool shadow = false;                   ///< keep the owner of every byte and check every read
  std::optional<std::uint64_t> perturb;  ///< seed: adds random delays to every instruction
  Cycle perturb_cycles = 2000;           ///< delays are uniform in [0, this]
};

/// Throws DeadlockError where not every core halts. Can be called any number of times in a process,
/// from one thread at a time.
SimResult simulate(const Image& image, const MachineConfig& machine, const SimOptions& options);

/// simulate() with all events collected and sorted by (core, pc).
Trace trace_of(const Image& image, const MachineConfig& machine, SimOptions options,
               SimResult* result = nullptr);

}  // namespace unna
