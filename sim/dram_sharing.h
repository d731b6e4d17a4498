#pragma once

// The `ideal` model of the DRAM: fair sharing of one peak bandwidth (egalitarian processor
// sharing; Kleinrock, "Time-shared systems: a theoretical treatment", JACM 1967), with the virtual
// time of fair queueing (Demers, Keshav, Shenker, SIGCOMM 1989): every transfer in its data phase
// is served at rate / n, so that all of them advance by the same number of bytes, and the one with
// the smallest finish in virtual time is the next to end. O(log n) a transfer.
//
// All arithmetic is exact on integers. Work is counted in 2^-16 byte. Where n does not divide the
// work that is due, less than one unit a transfer is served later, never lost and never early: over
// any busy period the bytes served are those of the rate, however long it is.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "sim/memory/memory_model.h"
#include "sim/ring.h"

namespace unna {

/// A stream is one DMA engine: its transfers are served one after the other, in the order of their
/// requests; the data phase of one starts at the exact (fractional) end of the one before.
class DramSharing {
 public:
  DramSharing(std::int64_t bytes_per_cycle_q16, std::size_t streams);

  /// A transfer whose data can flow from cycle `ready` on, which is not before the cycle of the
  /// last advance().
  void request(std::uint32_t stream, Bytes bytes, Cycle ready);

  /// The next cycle at which a data phase starts or is known to have ended; nothing if none will.
  std::optional<Cycle> next_event() const;

  /// Serves up to the beginning of cycle `now`.
  void advance(Cycle now, TransferListener& listener);

  /// Cycles in which at least one transfer moved data, as far as advanced.
  Cycle busy_cycles() const;
  Bytes bytes_served() const { return bytes_served_; }
  std::size_t active() const { return active_.size(); }

 private:
  using Work = std::int64_t;  ///< 2^-16 byte

  struct Transfer {
    Bytes bytes = 0;
    Cycle ready = 0;
  };
  /// Heap entries: smallest key first, then smallest stream.
  struct Entry {
    std::int64_t key = 0;  ///< virtual finish (Work) or ready (Cycle)
    std::uint32_t stream = 0;
  };
  class Heap {
   public:
    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    const Entry& top() const { return entries_.front(); }
    void push(Entry entry);
    Entry pop();

   private:
    std::vector<Entry> entries_;
  };

  void serve_until(Cycle target, TransferListener& listener);
  void end_front_runners(TransferListener& listener);
  void start_head(std::uint32_t stream, TransferListener& listener);
  Cycle whole_cycles_served() const { return epoch_ + served_ / rate_; }
  Cycle end_cycle() const { return epoch_ + (served_ + rate_ - 1) / rate_; }

  std::int64_t rate_;                    ///< Work a cycle
  std::vector<Ring<Transfer>> streams_;  ///< by stream, the head is active or waiting
  Heap active_;                          ///< in the data phase, by virtual finish
  Heap waiting_;                         ///< heads that are not ready, by ready cycle
  std::vector<std::uint32_t> ended_;     ///< of one instant; kept for its memory
  Work virtual_ = 0;                     ///< work done for each active transfer, in this period
  Cycle epoch_ = 0;                      ///< the exact time is epoch_ + served_ / rate_
  Work served_ = 0;
  Cycle now_ = 0;
  Cycle busy_ = 0;       ///< of ended busy periods
  Cycle busy_from_ = 0;  ///< begin of the busy period under way
  Bytes bytes_served_ = 0;
};

}  // namespace unna
