#pragma once

// `dram.model: bandwidth` (docs/model.md): DramSharing behind a latency, and, with `dram.path:
// crossbar`, behind the core's port and the engine's window.

#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "configs/machine.h"
#include "sim/dram_sharing.h"
#include "sim/memory/memory_model.h"
#include "sim/ring.h"

namespace unna {

/// A server of `rate` units of work a cycle that takes jobs in the order in which they are given to
/// it, and begins none before its arrival. Exact: times are counted in 1 / rate cycles.
class Server {
 public:
  explicit Server(std::int64_t rate) : rate_(rate) {}

  /// The first cycle that begins with the job done.
  Cycle done(Cycle arrival, std::int64_t work) {
    free_ = std::max(free_, arrival * rate_) + work;
    return ceil_div<Cycle>(free_, rate_);
  }

 private:
  std::int64_t rate_;
  std::int64_t free_ = 0;
};

class BandwidthMemory final : public MemoryModel, private TransferListener {
 public:
  BandwidthMemory(const MachineConfig& machine, std::size_t cores);

  Cycle request(const TransferRequest& transfer, Cycle at) override;
  std::optional<Cycle> advance(Cycle now, Cycle horizon, TransferListener& listener) override;
  Bytes bytes_served() const override {
    return crossbar_ ? bytes_served_ : sharing_.bytes_served();
  }
  Cycle busy_cycles() const override { return sharing_.busy_cycles(); }
  std::optional<MemoryStats> finish() override { return std::nullopt; }

 private:
  struct Transfer {
    Bytes bytes = 0;   ///< asked for
    Bytes bursts = 0;  ///< bytes of the bursts that they lie in
    Cycle ready = 0;
    bool write = false;
  };
  struct Stream {
    Ring<Transfer> transfers;
    Cycle last_moved = 0;  ///< when the DRAM had moved the data of the transfer before
    Server window;
  };
  /// Each way.
  struct Port {
    Server in, out;
  };
  struct End {
    Cycle at = 0;
    std::uint32_t stream = 0;

    friend auto operator<=>(const End&, const End&) = default;
  };

  // From the DRAM, with a crossbar.
  void data_started(std::uint32_t stream) override { listener_->data_started(stream); }
  void data_ended(std::uint32_t stream, Cycle at) override;
  void deliver(Cycle now);

  DramSharing sharing_;
  Cycle latency_, posted_;
  bool crossbar_;
  Bytes burst_, packet_, gap_;
  std::vector<Stream> streams_;
  std::vector<Port> ports_;  ///< by core
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  TransferListener* listener_ = nullptr;  ///< of the advance() under way
  Bytes bytes_served_ = 0;
};

}  // namespace unna
