#pragma once

// A transfer's bytes as the memory system takes them: whole bursts, in packets.

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/units.h"
#include "configs/machine.h"
#include "isa/instruction.h"

namespace unna {

/// Consecutive bursts.
struct Packet {
  Bytes address = 0;  ///< of the first burst
  std::int64_t bursts = 0;
  Bytes useful = 0;  ///< bytes that the transfer moves; at most bursts * burst size

  friend bool operator==(const Packet&, const Packet&) = default;
};

/// Walks a strided descriptor in its order. A burst that follows on itself (the next run begins in
/// the burst in which the last one ended) is taken once, as a DMA's line buffer does; packets do
/// not cross multiples of `packet` bytes. Both sizes are powers of two, burst <= packet.
class PacketWalker {
 public:
  PacketWalker() = default;
  PacketWalker(Bytes base, const Strided& copy, bool destination, Bytes burst, Bytes packet)
      : burst_(burst),
        packet_(packet),
        at_(base),
        runs_(copy.side(destination)),
        left_(runs_.run > 0) {}

  bool done() const { return !left_; }

  Packet take() {
    Packet p;
    p.address = at_ & -burst_;
    const Bytes limit = (p.address & -packet_) + packet_;
    Bytes end = p.address;  // past the last burst taken
    do {
      const Bytes until = std::min(at_ + runs_.run - done_in_run_, limit);
      p.useful += until - at_;
      end = std::max(end, round_up(until, burst_));
      advance(until);
    } while (left_ && at_ < limit && at_ >= end - burst_ && at_ <= end);
    p.bursts = (end - p.address) / burst_;
    return p;
  }

 private:
  /// To byte `until` of the run under way, or, where that is its end, to the next run.
  void advance(Bytes until) {
    done_in_run_ += until - at_;
    at_ = until;
    if (done_in_run_ < runs_.run) return;
    at_ -= runs_.run;
    done_in_run_ = 0;
    for (std::size_t l = 0; l < runs_.levels; ++l) {
      at_ += runs_.stride[l];
      if (++index_[l] < runs_.n[l]) return;
      at_ -= runs_.n[l] * runs_.stride[l];
      index_[l] = 0;
    }
    left_ = false;
  }

  Bytes burst_ = 1, packet_ = 1;
  Bytes at_ = 0;  ///< next byte
  StridedSide runs_;
  Bytes done_in_run_ = 0;
  bool left_ = false;
  std::array<std::int64_t, 3> index_{};
};

/// All packets of a transfer, as PacketWalker takes them.
struct Packets {
  std::int64_t count = 0;
  Bytes bytes = 0;  ///< of their bursts
};
inline Packets packets_of(Bytes base, const Strided& copy, bool destination, Bytes burst,
                          Bytes packet) {
  Packets packets;
  for (PacketWalker walker(base, copy, destination, burst, packet); !walker.done();) {
    packets.bytes += walker.take().bursts * burst;
    ++packets.count;
  }
  return packets;
}

}  // namespace unna
