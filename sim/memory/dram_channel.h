#pragma once

// One channel of the `banked` DRAM model: the controller's queues, FR-FCFS scheduling (Rixner et
// al., "Memory access scheduling", ISCA 2000) and the banks behind them. Every command is issued at
// the first DRAM clock at which all JEDEC constraints let it; time goes from command to command,
// never clock by clock. Plain C++: who drives it brings the simulated time.

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "configs/dram_address.h"
#include "configs/dram_device.h"
#include "sim/ring.h"

namespace unna {

using Tick = std::int64_t;  ///< DRAM clocks
inline constexpr Tick kNeverTick = std::numeric_limits<Tick>::max();

struct DramBurst {
  DramAddress where;  ///< its channel is the caller's business
  bool write = false;
  std::uint32_t tag = 0;  ///< handed back when a read is done
};

enum class DramOp : std::uint8_t { activate, precharge, precharge_all, read, write, refresh };

/// A command on the channel's command bus.
struct DramCommand {
  Tick at = 0;
  DramOp op = DramOp::activate;
  DramAddress where;  ///< precharge_all and refresh: the rank only
};

/// Sees all commands in the order of their ticks.
class DramCommandObserver {
 public:
  virtual void issued(const DramCommand& command) = 0;

 protected:
  ~DramCommandObserver() = default;
};

struct DramChannelStats {
  std::int64_t reads = 0;      ///< bursts read from the device
  std::int64_t writes = 0;     ///< bursts written to it
  std::int64_t forwarded = 0;  ///< reads answered by a queued write
  std::int64_t merged = 0;     ///< writes that replaced a queued one
  std::int64_t hits = 0;       ///< bursts whose row was open,
  std::int64_t misses = 0;     ///< whose bank was closed,
  std::int64_t conflicts = 0;  ///< whose bank had another row open
  std::int64_t activates = 0;  ///< ACTs
  std::int64_t refreshes = 0;  ///< REFs, of all ranks
  std::int64_t drains = 0;     ///< turns of the bus from reads to writes
  Tick data_clocks = 0;        ///< in which the data bus moved data
};

class DramChannel {
 public:
  /// Of the controller's and device's fields, check_dram() holds.
  DramChannel(const DramDevice& device, const DramController& controller);

  /// Whether the queue of that direction has no room.
  bool full(bool write) const { return queues_[write].size == queues_[write].capacity; }

  /// Takes a burst that can be scheduled from `at` on: not before the last push or step, and not
  /// after next_event(). The queue has room. A write is done herewith.
  void push(const DramBurst& burst, Tick at);

  /// The tick at which step() has something to do; kNeverTick where all pushed bursts are done.
  /// Refreshes of an idle channel wait for the next push, which sees them done in time.
  Tick next_event() {
    if (!planned_) plan();
    return forwarded_.empty() ? plan_.at : now_;
  }

  /// Issues the command that is due at `now` == next_event(), and calls done(tag, data_end) for
  /// reads: the tick at which the last data has arrived, later than `now`. Queues may have room
  /// then.
  template <class Done>
  void step(Tick now, Done&& done) {
    while (!forwarded_.empty()) {
      done(forwarded_.front(), now + 1);
      forwarded_.pop();
    }
    if (next_event() > now) return;
    if (const std::optional<ReadDone> read = issue()) done(read->tag, read->data_end);
  }

  /// Bursts that wait.
  std::size_t queued(bool write) const { return queues_[write].size; }
  const DramChannelStats& stats() const { return stats_; }
  /// Of the last push or command.
  Tick now() const { return now_; }
  /// End of the last data on the bus so far, of reads and writes.
  Tick last_data() const { return last_data_; }
  /// nullptr: none. It lives as long as the channel is used.
  void observe(DramCommandObserver* observer) { observer_ = observer; }

 private:
  static constexpr std::size_t kMaxBanks = 64;  ///< bits of a mask
  using BankMask = std::uint64_t;
  using SlotIndex = std::int16_t;
  static constexpr SlotIndex kNone = -1;  ///< end of a list

  enum class Outcome : std::uint8_t { hit, miss, conflict };
  /// A queued burst. Lists by age: of its bank and of its queue.
  struct Slot {
    std::uint32_t row = 0;
    std::uint32_t column = 0;
    std::uint32_t tag = 0;
    std::uint8_t bank = 0;
    Outcome outcome = Outcome::hit;
    SlotIndex bank_older = kNone, bank_younger = kNone;
    SlotIndex older = kNone, younger = kNone;
    std::uint64_t order = 0;  ///< of arrival
    /// What Queue::served is when all older bursts have been served, and none of the younger.
    std::uint64_t fair_served = 0;
  };
  struct BankQueue {
    SlotIndex oldest = kNone, youngest = kNone;
    SlotIndex hit = kNone;           ///< oldest burst of the row that is open
    std::uint64_t oldest_order = 0;  ///< the orders of `oldest` and `hit`: the scheduler's loop
    std::uint64_t hit_order = 0;     ///< sees nothing else of a burst
  };
  /// Of one direction.
  struct Queue {
    std::array<BankQueue, kMaxBanks> banks;
    BankMask waiting = 0;  ///< banks with bursts
    BankMask hits = 0;     ///< banks with bursts of their open row
    SlotIndex oldest = kNone, youngest = kNone;
    std::size_t size = 0;
    std::size_t capacity = 0;
    std::uint64_t served = 0;
  };

  // Earliest ticks of commands: the latest of its bank's, group's and rank's counts.
  struct Bank {
    Tick act = 0, pre = 0;
    std::array<Tick, 2> column{};  ///< read, write
  };
  struct Group {
    Tick act = 0;
    std::array<Tick, 2> column{};
  };
  struct Rank {
    Tick act = 0;
    std::array<Tick, 2> column{};
    std::array<Tick, 4> last_acts{};
    std::uint8_t oldest_act = 0;
    BankMask banks = 0;
    Tick refresh_due = 0;
  };
  /// Least ticks from a column command to the next, by [write][write].
  struct Turns {
    explicit Turns(const DramDevice& device);
    std::array<std::array<Tick, 2>, 2> same_group, same_rank, other_rank;
  };

  struct Plan {
    Tick at = kNeverTick;
    DramOp op = DramOp::refresh;
    std::uint8_t target = 0;  ///< bank; rank for precharge_all and refresh
  };
  /// Banks by the command that their oldest bursts need.
  struct Candidates {
    BankMask columns = 0, activates = 0, precharges = 0;
    BankMask idle = 0;           ///< open rows that nobody wants
    std::uint64_t age_base = 0;  ///< order of the oldest burst
  };
  struct Key;
  struct ReadDone {
    std::uint32_t tag;
    Tick data_end;
  };

  static BankMask bit(std::uint8_t bank) { return BankMask{1} << bank; }
  /// Lowest bank of a mask that is not empty.
  static std::uint8_t first(BankMask mask) {
    return static_cast<std::uint8_t>(std::countr_zero(mask));
  }
  std::uint8_t group_of(std::uint8_t bank) const {
    return static_cast<std::uint8_t>(bank >> bank_bits_);
  }
  std::uint8_t rank_of(std::uint8_t bank) const {
    return static_cast<std::uint8_t>(bank >> (bank_bits_ + group_bits_));
  }
  bool idle() const { return queues_[0].size + queues_[1].size == 0; }
  Slot& slot(SlotIndex s) { return slots_[static_cast<std::size_t>(s)]; }
  const Slot& slot(SlotIndex s) const { return slots_[static_cast<std::size_t>(s)]; }
  std::uint8_t bank_of(const DramAddress& where) const;
  SlotIndex find(const Queue& queue, std::uint8_t bank, const DramAddress& where) const;
  void enqueue(Queue& queue, const DramBurst& burst, std::uint8_t bank);
  void dequeue(Queue& queue, SlotIndex s);
  void find_hit(Queue& queue, std::uint8_t bank, SlotIndex from);

  void plan();
  void plan_idle();
  void turn_bus();
  Candidates find_candidates(const Queue& queue) const;
  std::uint64_t best_of_rank(const Rank& rank, const Queue& queue, const Candidates& candidates,
                             Tick from) const;
  Plan unpack(std::uint64_t key, Tick from) const;
  Plan refresh_plan(std::uint8_t r, Tick from) const;

  void catch_up(Tick at);
  std::optional<ReadDone> issue();
  std::optional<ReadDone> issue_column();
  void count(Outcome outcome);
  void issue_activate();
  void issue_precharge();
  void issue_precharge_all();
  void issue_refresh();
  void close(std::uint8_t b);
  void report(std::uint8_t b, std::uint32_t column) const;

  DramTiming timing_;
  Tick burst_clocks_, command_clocks_;
  DramController controller_;
  std::uint8_t bank_bits_, group_bits_;
  Turns turns_;

  std::vector<Slot> slots_;
  std::vector<SlotIndex> free_slots_;
  std::array<Queue, 2> queues_;  ///< reads, writes
  // By rank, group and bank. In place, as nearly every step reads them.
  std::array<Bank, kMaxBanks> banks_;
  std::array<std::uint32_t, kMaxBanks> open_rows_{};
  std::array<Group, kMaxBanks> groups_;
  std::array<Rank, kMaxBanks> ranks_;
  std::size_t rank_count_;
  BankMask open_ = 0;
  Ring<std::uint32_t> forwarded_;  ///< tags
  Tick now_ = 0;                   ///< of the last push or command
  Tick bus_free_ = 0;              ///< command bus
  std::uint64_t arrivals_ = 0;
  bool writing_ = false;          ///< which queue is served
  std::int64_t turn_served_ = 0;  ///< since the bus turned
  bool planned_ = false;
  Plan plan_;
  Tick last_data_ = 0;
  DramChannelStats stats_;
  DramCommandObserver* observer_ = nullptr;
};

}  // namespace unna
