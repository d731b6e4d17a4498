#pragma once

// `dram.model: ideal` (docs/model.md): DramSharing of one peak bandwidth behind a fixed latency.

#include <cstddef>
#include <optional>

#include "configs/machine.h"
#include "sim/dram_sharing.h"
#include "sim/memory/memory_model.h"

namespace unna {

class IdealMemory final : public MemoryModel {
 public:
  IdealMemory(const MachineConfig& machine, std::size_t cores);

  Cycle request(const TransferRequest& transfer, Cycle at) override;
  std::optional<Cycle> advance(Cycle now, Cycle horizon, TransferListener& listener) override;
  Bytes bytes_served() const override { return sharing_.bytes_served(); }
  Cycle busy_cycles() const override { return sharing_.busy_cycles(); }
  std::optional<MemoryStats> finish() override { return std::nullopt; }

 private:
  DramSharing sharing_;
  Cycle latency_;
};

}  // namespace unna
