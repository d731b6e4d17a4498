#include "sim/memory/packets.h"

#include "sim/memory/dram_address.h"

namespace unna {

Bytes packet_bytes(const MachineConfig& machine) {
  const DramConfig& dram = machine.dram;
  check_dram(dram.device, dram.layout, dram.controller, "the machine");
  const DramAddressMap map(dram.device, dram.layout);
  return std::clamp(machine.interconnect.packet_bytes, map.burst_bytes(), map.channel_bytes());
}

}  // namespace unna
