#pragma once

// What the cores' DMA engines see of memory: transfers go in, ends come out. Behind it
// stand `ideal` (sim/memory/ideal_memory.h), `bandwidth` and `banked` (sim/memory/burst_memory.h).

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/id.h"
#include "base/units.h"
#include "isa/instruction.h"
#include "sim/memory_stats.h"

namespace unna {

/// Neurons, synapses, results.
inline constexpr std::size_t kDmasPerCore = 3;

/// A DMA engine's transfer. Stream core * kDmasPerCore + k is engine k of a core; its transfers end
/// in the order of their requests.
struct TransferRequest {
  std::uint32_t stream = 0;
  BufferId buffer;  ///< that it moves a part of
  Bytes base = 0;   ///< address at which the descriptor begins
  Strided copy;     ///< of which memory is the source or, for a write, the destination
  bool write = false;
};

/// Told of data phases in the order in which they happen; at one instant ends come before starts.
class TransferListener {
 public:
  virtual void data_started(std::uint32_t stream) = 0;
  /// `at`: the first cycle that begins with all data moved.
  virtual void data_ended(std::uint32_t stream, Cycle at) = 0;

 protected:
  ~TransferListener() = default;
};

class MemoryModel {
 public:
  virtual ~MemoryModel() = default;

  /// A request that is sent in cycle `at`, which is not before that of the last advance(). Returns
  /// the cycle for which advance() is wanted.
  virtual Cycle request(const TransferRequest& transfer, Cycle at) = 0;

  /// It is cycle `now`, and no request will be sent before cycle `horizon`, unless as the answer to
  /// an end that the listener is told of. Moves on, and tells of what has happened up to `now`.
  /// Returns the cycle for which the next call is wanted; nothing where there is nothing to do.
  virtual std::optional<Cycle> advance(Cycle now, Cycle horizon, TransferListener& listener) = 0;

  /// Bytes of all transfers that have ended.
  virtual Bytes bytes_served() const = 0;
  /// Cycles in which data moved: docs/metrics.md says how it is counted.
  virtual Cycle busy_cycles() const = 0;
  /// After the run: sends out what is still queued for the DRAM, and says what was counted; nothing
  /// for models that do not count bursts.
  virtual std::optional<MemoryStats> finish() = 0;
};

}  // namespace unna
