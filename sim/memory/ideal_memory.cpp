#include "sim/memory/ideal_memory.h"

namespace unna {

IdealMemory::IdealMemory(const MachineConfig& machine, std::size_t cores)
    : sharing_(dram_bytes_per_cycle_q16(machine), cores * kDmasPerCore),
      latency_(machine.dram.latency_cycles) {}

Cycle IdealMemory::request(const TransferRequest& t, Cycle at) {
  const Cycle ready = at + latency_;
  sharing_.request(t.stream, t.copy.total(), ready);
  return ready;
}

std::optional<Cycle> IdealMemory::advance(Cycle now, Cycle, TransferListener& listener) {
  sharing_.advance(now, listener);
  return sharing_.next_event();
}

}  // namespace unna
