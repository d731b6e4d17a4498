#pragma once

// DMA transfers as packets of bursts through a crossbar to slices, each a DRAM channel with, where
// the machine has one, its part of the shared cache. The channel is the only part in which the two
// models differ: DramChannel for `dram.model: banked`, PacketChannel for `bandwidth`.
// docs/model.md, "Memory by packets", is the contract; docs/adr/0013 says why it runs ahead of the
// kernel.
//
// Event-driven: every core's port, every slice's input and output and every channel is a source of
// events, which are processed in the order of (time, kind of source, number of source).

#include <array>
#include <cstdint>
#include <optional>
#include <queue>
#include <variant>
#include <vector>

#include "configs/dram_address.h"
#include "configs/machine.h"
#include "sim/memory/cache_slice.h"
#include "sim/memory/dram_channel.h"
#include "sim/memory/memory_model.h"
#include "sim/memory/min_tree.h"
#include "sim/memory/packet_channel.h"
#include "sim/memory/packets.h"
#include "sim/ring.h"

namespace unna {

class BurstMemory final : public MemoryModel {
 public:
  /// `buffers`: of the program, for the cache's hits by buffer. Throws InputError for a machine
  /// whose memory fields do not fit together.
  BurstMemory(const MachineConfig& machine, std::size_t cores, std::size_t buffers);

  Cycle request(const TransferRequest& transfer, Cycle at) override;
  std::optional<Cycle> advance(Cycle now, Cycle horizon, TransferListener& listener) override;
  Bytes bytes_served() const override { return bytes_served_; }
  Cycle busy_cycles() const override;
  std::optional<MemoryStats> finish() override;

 private:
  /// 1 / lcm(core clock, DRAM clock): cycles and DRAM clocks are whole numbers of it.
  using Time = std::int64_t;

  struct Transfer {
    BufferId buffer;
    PacketWalker walker;
    bool write = false;
    bool sending = false;  ///< its first packet has gone
    Bytes bytes = 0;
    Time ready = 0;
    Time last = 0;          ///< latest answer
    std::int64_t open = 0;  ///< bursts sent and not answered
  };
  /// Bursts are answered at a time that may be yet to come: they leave the window then.
  struct Release {
    Time at = 0;
    std::int64_t bursts = 0;
  };
  struct Stream {
    Ring<Transfer> transfers;
    std::uint32_t first = 0;    ///< serial number of transfers.front()
    std::size_t sender = 0;     ///< index of the transfer that sends
    std::int64_t open = 0;      ///< bursts in the window
    Ring<Release> releases;     ///< in the order of `at`
    std::int64_t released = 0;  ///< bursts in `releases`
    bool starved = false;       ///< it waits for a release that is not known yet
    Cycle last_end = 0;
  };
  /// Who waits for bursts.
  struct Owner {
    std::uint32_t stream = 0;
    std::uint32_t serial = 0;
    std::int64_t bursts = 0;
  };
  struct Waiting {
    Packet packet;
    Owner owner;
    BufferId buffer;
    bool write = false;
    std::int64_t taken = 0;  ///< bursts accepted
    Time sent = 0;
    Time arrived = 0;
  };
  struct Core {
    std::size_t turn = 0;  ///< the engine that sends next, if it can
    Time out_free = 0;
    Time in_free = 0;
    std::int64_t open = 0;
    Time open_since = 0;
    Time last_answer = 0;
    Time request_wait = 0, response_wait = 0, latency = 0, occupied = 0;
    std::int64_t packets = 0, bursts = 0;
  };
  struct Data {
    Time at = 0;
    std::uint32_t tag = 0;
  };
  struct Hit {
    Time at = 0;
    Owner owner;
  };
  struct Fill {
    std::int64_t missing = 0;  ///< bursts
    std::vector<Owner> readers;
  };
  struct Slice {
    explicit Slice(const MachineConfig& machine, std::size_t cores);

    std::variant<DramChannel, PacketChannel> channel;
    std::optional<CacheSlice> cache;
    std::vector<Fill> fills;           ///< by MSHR
    std::vector<Ring<Waiting>> input;  ///< by core
    std::uint64_t waiting = 0;         ///< cores with packets in `input`
    std::size_t turn = 0;              ///< round robin: the core to be asked first
    std::optional<std::size_t> held;   ///< core whose packet is partly accepted
    Time in_free = 0;
    Time out_free = 0;
    bool blocked = false;  ///< the channel or the cache has no room for what waits
    Time last_data = 0;    ///< of what the DRAM has read so far
    Ring<Data> data;       ///< with a cache: from the DRAM, in the order of `at`
    Ring<Hit> hits;        ///< from the cache, likewise
  };
  struct End {
    Cycle at = 0;
    std::uint32_t stream = 0;

    friend auto operator<=>(const End&, const End&) = default;
  };

  // burst_memory.cpp: time, streams and cores
  void process(Time until, TransferListener& listener);
  void send(std::size_t core, Time now, TransferListener& listener);
  bool can_send(Stream& stream, Time now, Time& next) const;
  Time room_in_window(Stream& stream, Time now) const;
  void send_packet(std::size_t core, std::uint32_t stream, Time now, TransferListener& listener);
  void release(const Owner& owner, Time at);
  void answered(const Owner& owner, Time at);
  void end_transfers(std::uint32_t stream);
  void wake_core(std::size_t core, Time at);

  // burst_slices.cpp: slices
  void accept(std::size_t slice, Time now);
  std::optional<std::size_t> choose(const Slice& s, Time now, Time& next) const;
  void taken(Slice& s, std::size_t core, Time now);
  bool take(Slice& s, Waiting& w, Time now);
  bool take_line(Slice& s, const Waiting& w, Bytes line, std::int64_t bursts, bool whole, Time now);
  void push_line(Slice& s, Bytes line, bool write, std::uint32_t tag, Time now);
  void schedule_channel(std::size_t slice);
  bool has_room(const Slice& s, bool write, std::int64_t bursts) const;
  void answer(std::size_t slice, Time now);
  void read_done(std::size_t slice, std::uint32_t tag, std::int64_t bursts, Time first, Time last);
  Owner reader_of(std::uint32_t tag, std::int64_t bursts) const;
  void respond(Slice& s, const Owner& owner, Time first, Time last);
  void step_channel(std::size_t slice, Time now);
  void unblock(std::size_t slice, Time now);
  std::int64_t set_of(Bytes line) const;

  std::int64_t tick_of(Time t) const { return ceil_div(t, tick_); }
  Cycle cycle_of(Time t) const { return ceil_div(t, cycle_); }

  std::size_t channel_source(std::size_t slice) const { return slice; }
  std::size_t output_source(std::size_t slice) const { return slices_.size() + slice; }
  std::size_t input_source(std::size_t slice) const { return 2 * slices_.size() + slice; }
  std::size_t core_source(std::size_t core) const { return 3 * slices_.size() + core; }

  DramAddressMap map_;
  Time cycle_;  ///< one cycle of the machine
  Time tick_;   ///< one clock of the DRAM
  Bytes burst_;
  Bytes packet_;
  Bytes granule_;  ///< consecutive bytes of a channel
  Bytes line_;
  std::int64_t sets_ = 0;
  std::int64_t window_;
  std::array<std::int64_t, 2> queue_;  ///< of a channel: reads, writes
  bool oldest_first_;
  Time hop_;         ///< crossbar, one way
  Time controller_;  ///< from the DRAM's data to the slice's output
  Time hit_;
  Time burst_time_;  ///< of one burst at a port of the crossbar
  std::vector<Slice> slices_;
  std::vector<Stream> streams_;
  std::vector<Core> cores_;
  MinTree sources_;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  std::int64_t transfers_open_ = 0;
  Bytes bytes_served_ = 0;
  CacheStats cache_;
};

}  // namespace unna
