#pragma once

// `dram.model: bandwidth` (docs/model.md): DramSharing behind a fixed latency.

#include "configs/machine.h"
#include "sim/dram_sharing.h"
#include "sim/memory/memory_model.h"

namespace unna {

class BandwidthMemory final : public MemoryModel {
 public:
  BandwidthMemory(const MachineConfig& machine, std::size_t streams)
      : sharing_(dram_bytes_per_cycle_q16(machine), streams),
        latency_(machine.dram.latency_cycles) {}

  Cycle request(const TransferRequest& transfer, Cycle at) override {
    sharing_.request(transfer.stream, transfer.copy.total(), at + latency_);
    return at + latency_;
  }
  std::optional<Cycle> advance(Cycle now, Cycle, TransferListener& listener) override {
    sharing_.advance(now, listener);
    return sharing_.next_event();
  }
  Bytes bytes_served() const override { return sharing_.bytes_served(); }
  Cycle busy_cycles() const override { return sharing_.busy_cycles(); }
  std::optional<MemoryStats> finish() override { return std::nullopt; }

 private:
  DramSharing sharing_;
  Cycle latency_;
};

}  // namespace unna
