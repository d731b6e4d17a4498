#include "sim/memory/bandwidth_memory.h"

#include <algorithm>

#include "configs/check_machine.h"
#include "sim/memory/packets.h"

namespace unna {

BandwidthMemory::BandwidthMemory(const MachineConfig& machine, std::size_t cores)
    : sharing_(dram_shared_rate_q16(machine), cores * kDmasPerCore),
      latency_(machine.dram.latency_cycles),
      posted_(std::max<Cycle>(0, latency_ - machine.dram.posted_cycles)),
      crossbar_(machine.dram.path == DramPath::crossbar),
      burst_(machine.dram.device.burst_bytes()),
      packet_(crossbar_ ? packet_bytes(machine) : burst_),
      gap_(machine.dram.gap_bytes) {
  const Bytes window = machine.interconnect.window * burst_;
  const Server engine(window), port(machine.interconnect.width_bytes);
  streams_.assign(cores * kDmasPerCore, Stream{{}, 0, engine});
  ports_.assign(cores, Port{port, port});
}

Cycle BandwidthMemory::request(const TransferRequest& t, Cycle at) {
  const Cycle ready = at + (t.write ? posted_ : latency_);
  if (!crossbar_) {
    sharing_.request(t.stream, t.copy.total(), ready);
    return ready;
  }
  const Packets packets = packets_of(t.base, t.copy, t.write, burst_, packet_);
  streams_[t.stream].transfers.push({t.copy.total(), packets.bytes, ready, t.write});
  sharing_.request(t.stream, packets.bytes + packets.count * gap_, ready);
  return ready;
}

std::optional<Cycle> BandwidthMemory::advance(Cycle now, Cycle, TransferListener& listener) {
  if (!crossbar_) {
    sharing_.advance(now, listener);
    return sharing_.next_event();
  }
  listener_ = &listener;
  deliver(now);
  sharing_.advance(now, *this);
  std::optional<Cycle> next = sharing_.next_event();
  if (!ends_.empty()) next = std::min(next.value_or(ends_.top().at), ends_.top().at);
  return next;
}

/// The DRAM has moved a transfer's data. They have also to pass the core's port, with those of its
/// other engines, and the engine's window, which a latency empties once.
void BandwidthMemory::data_ended(std::uint32_t stream, Cycle at) {
  Stream& s = streams_[stream];
  const Transfer t = s.transfers.front();
  s.transfers.pop();
  bytes_served_ += t.bytes;
  const Cycle start = std::max(t.ready, s.last_moved);
  s.last_moved = at;
  Port& port = ports_[stream / kDmasPerCore];
  const Cycle through_port = (t.write ? port.out : port.in).done(start, t.bursts);
  const Cycle through_window = s.window.done(start, t.bursts * (t.write ? posted_ : latency_));
  const Cycle end = std::max({at, through_port, through_window});
  if (end == at)
    listener_->data_ended(stream, at);
  else
    ends_.push({end, stream});
}

void BandwidthMemory::deliver(Cycle now) {
  for (; !ends_.empty() && ends_.top().at <= now; ends_.pop())
    listener_->data_ended(ends_.top().stream, ends_.top().at);
}

}  // namespace unna
