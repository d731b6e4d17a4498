#pragma once

// One channel of the `bandwidth` DRAM model: a server of packets. What a packet takes follows from
// the times of the standard alone: its data on the bus, the row that it may have to open while
// others are served, the turn of the bus where its direction is another one, and the refresh that
// it may fall into. What DramChannel does and this does not: every command of a packet on the
// command bus, bursts of several packets interleaved, a write that answers or replaces another
// burst.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "configs/dram_address.h"
#include "configs/dram_device.h"
#include "sim/memory/dram_channel.h"

namespace unna {

/// Bursts of one row.
struct ChannelPacket {
  DramAddress where;  ///< of the first one; its channel and column do not matter
  std::int64_t bursts = 1;
  bool write = false;
  std::uint32_t tag = 0;
};

class PacketChannel {
 public:
  /// A packet that is served, or those of its bursts that were before a refresh or turn of the bus.
  struct Served {
    ChannelPacket packet;
    Tick first_data = 0;  ///< when the data of its first burst has gone over the bus,
    Tick last_data = 0;   ///< and that of its last one
  };

  /// Of the controller's and device's fields, check_dram() holds.
  PacketChannel(const DramDevice& device, const DramController& controller);

  /// Whether the queue of that direction has no room; a packet may go beyond the queue's size by
  /// all bursts but one.
  bool full(bool write) const { return queues_[write].bursts >= queues_[write].capacity; }
  std::int64_t queued(bool write) const { return queues_[write].bursts; }

  /// Takes a packet that can be served from `at` on: not before the last push or step, and not
  /// after next_event(). The queue is not full.
  void push(const ChannelPacket& packet, Tick at);

  /// The tick at which step() has something to do; kNeverTick where all that was pushed is served.
  Tick next_event();
  /// It is `now` == next_event(). Nothing is served where only a refresh or a row was due, or the
  /// bus turns.
  std::optional<Served> step(Tick now);

  const DramChannelStats& stats() const { return stats_; }

 private:
  static constexpr std::size_t kMaxBanks = 64;
  static constexpr std::uint32_t kNoRow = ~std::uint32_t{0};

  struct Waiting {
    ChannelPacket packet;
    std::uint8_t bank = 0;  ///< with its rank and group
    bool opened = false;    ///< or closed: a row for it
    std::int64_t served_before = 0;
  };
  struct Queue {
    std::vector<Waiting> packets;  ///< oldest first
    std::int64_t bursts = 0;
    std::int64_t capacity = 0;
    std::int64_t served = 0;  ///< bursts
  };
  // Earliest ticks.
  struct Bank {
    std::uint32_t row = kNoRow;
    Tick activate = 0, precharge = 0;
    std::array<Tick, 2> column{};  ///< read, write
  };
  struct Group {
    Tick activate = 0;
    std::array<Tick, 2> column{};
  };
  struct Rank {
    Tick activate = 0;
    std::array<Tick, 4> last_activates{};
    std::size_t oldest = 0;
    Tick refresh_due = 0;
  };
  enum class Action : std::uint8_t {
    serve,
    row,
    refresh,
    wait,  ///< for the last burst that is served, before the bus turns
  };
  struct Choice {
    Tick at = kNeverTick;
    Action action = Action::serve;
    std::size_t index = 0;  ///< of the packet; of the rank that is refreshed
  };

  std::size_t group_of(std::size_t bank) const { return bank >> bank_bits_; }
  std::size_t rank_of(std::size_t bank) const { return bank >> (bank_bits_ + group_bits_); }
  void plan();
  void choose_packet(const Queue& queue);
  bool planned_with_last(std::size_t direction);
  bool bus_turns() const;
  void turn_bus();
  void consider(Action action, std::size_t index, Tick at);
  Tick row_from(const Waiting& waiting) const;
  void change_row(Waiting& waiting);
  Tick column_from(const Waiting& waiting) const;
  void refresh(std::size_t rank, Tick at);
  Tick pass_bus(std::int64_t bursts);
  std::int64_t bursts_before_refresh(const Waiting& waiting) const;
  std::int64_t bursts_before_turn() const;
  Served serve(std::size_t index);

  DramTiming timing_;
  Tick burst_clocks_, command_clocks_;
  DramController controller_;
  int bank_bits_, group_bits_;
  std::array<Queue, 2> queues_;
  std::array<Bank, kMaxBanks> banks_;
  std::array<Group, kMaxBanks> groups_;
  std::vector<Rank> ranks_;
  Tick bus_work_ = 0;             ///< no column command before it, were they CCD_S apart
  std::array<Tick, 2> column_{};  ///< of the bus
  std::vector<Tick> under_way_;   ///< packets at a time: when another one can follow each
  Tick last_column_ = 0;          ///< of what is served so far
  std::size_t last_rank_ = 0;
  bool writing_ = false;
  std::int64_t turn_served_ = 0;
  bool planned_ = false;
  Choice choice_;
  std::uint64_t wanted_ = 0;  ///< banks for whose open row, or next one, the plan has a packet
  Tick now_ = 0;
  Tick bus_free_ = 0;  ///< of commands; of a packet's only the first one counts
  DramChannelStats stats_;
};

}  // namespace unna
