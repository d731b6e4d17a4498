// The half of DramChannel that chooses: which command is next, and when.

#include <algorithm>

#include "sim/memory/dram_channel.h"

namespace unna {

/// A candidate as one number, so that the least one is the next command: its tick, then the kind of
/// command, then the age of the burst for which it is issued.
struct DramChannel::Key {
  static constexpr unsigned kBankBits = 6, kAgeBits = 32, kKindBits = 2;
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  enum Kind : std::uint64_t { column, activate, precharge, close_idle };

  static std::uint64_t pack(Tick wait, Kind kind, std::uint64_t age, std::uint8_t bank) {
    return ((((static_cast<std::uint64_t>(wait) << kKindBits) | kind) << kAgeBits) | age)
               << kBankBits |
           bank;
  }
  static std::uint8_t bank(std::uint64_t key) {
    return static_cast<std::uint8_t>(key & ((1U << kBankBits) - 1));
  }
  static Kind kind(std::uint64_t key) {
    return static_cast<Kind>((key >> (kBankBits + kAgeBits)) & ((1U << kKindBits) - 1));
  }
  static Tick wait(std::uint64_t key) {
    return static_cast<Tick>(key >> (kBankBits + kAgeBits + kKindBits));
  }
};

void DramChannel::plan() {
  planned_ = true;
  plan_ = {};
  if (idle()) return;
  turn_bus();
  const Queue& queue = queues_[writing_];
  const Candidates candidates = find_candidates(queue);
  const Tick from = std::max(now_, bus_free_);
  std::uint64_t best = Key::kNone;
  for (std::uint8_t r = 0; r < rank_count_; ++r) {
    const std::uint64_t key = best_of_rank(ranks_[r], queue, candidates, from);
    // From the time on at which its refresh is due, a rank does nothing else.
    if (key == Key::kNone || from + Key::wait(key) >= ranks_[r].refresh_due) {
      const Plan refresh = refresh_plan(r, from);
      if (refresh.at < plan_.at) plan_ = refresh;
    } else {
      best = std::min(best, key);
    }
  }
  if (best != Key::kNone && from + Key::wait(best) < plan_.at) plan_ = unpack(best, from);
}

/// The next command of a channel without bursts: on the way to a refresh, or closing a row.
void DramChannel::plan_idle() {
  const Tick from = std::max(now_, bus_free_);
  plan_ = {};
  for (std::uint8_t r = 0; r < rank_count_; ++r) {
    Plan next = refresh_plan(r, from);
    if (controller_.page == DramPage::closed)
      for (BankMask m = open_ & ranks_[r].banks; m != 0; m &= m - 1) {
        const Tick at = std::max(from, banks_[first(m)].pre);
        if (at < std::min(next.at, ranks_[r].refresh_due)) next = {at, DramOp::precharge, first(m)};
      }
    if (next.at < plan_.at) plan_ = next;
  }
}

/// Chooses the queue that is served.
void DramChannel::turn_bus() {
  const auto reads = static_cast<std::int64_t>(queues_[0].size);
  const auto writes = static_cast<std::int64_t>(queues_[1].size);
  const bool had_turn = turn_served_ >= controller_.turn;
  const bool turn =
      writing_ ? writes == 0 || (reads > 0 && (writes <= controller_.write_low || had_turn))
               : writes > 0 && (reads == 0 || (writes >= controller_.write_high && had_turn));
  if (!turn || reads + writes == 0) return;
  writing_ = !writing_;
  turn_served_ = 0;
  stats_.drains += writing_ ? 1 : 0;
}

DramChannel::Candidates DramChannel::find_candidates(const Queue& queue) const {
  Candidates c;
  c.columns = queue.hits;
  c.activates = queue.waiting & ~open_;
  c.precharges = queue.waiting & open_ & ~queue.hits;
  if (controller_.page == DramPage::closed)
    c.idle = open_ & ~queues_[0].hits & ~queues_[1].hits & ~queue.waiting;
  if (queue.oldest == kNone) return c;
  c.age_base = slot(queue.oldest).order;
  const Slot& oldest = slot(queue.oldest);
  if (queue.served - oldest.fair_served < static_cast<std::uint64_t>(controller_.max_passed))
    return c;
  // Nobody may pass the oldest burst any more.
  const bool is_hit = queue.banks[oldest.bank].hit == queue.oldest;
  c.columns = is_hit ? bit(oldest.bank) : 0;
  if (!is_hit) c.precharges |= open_ & bit(oldest.bank);
  return c;
}

std::uint64_t DramChannel::best_of_rank(const Rank& rank, const Queue& queue,
                                        const Candidates& candidates, Tick from) const {
  std::uint64_t best = Key::kNone;
  const auto consider = [&](std::uint8_t b, Tick at, Key::Kind kind, std::uint64_t order) {
    const Tick wait = std::max(at, from) - from;
    best = std::min(best, Key::pack(wait, kind, order - candidates.age_base, b));
  };
  const Tick column_from = rank.column[writing_];
  for (BankMask m = candidates.columns & rank.banks; m != 0; m &= m - 1) {
    const std::uint8_t b = first(m);
    const Tick at = std::max(banks_[b].column[writing_], groups_[group_of(b)].column[writing_]);
    consider(b, std::max(at, column_from), Key::column, queue.banks[b].hit_order);
  }
  // A kind that can't be earlier than what is found loses the tie, too: it need not be looked at.
  const auto may_be_earlier = [&](Tick at) {
    return best == Key::kNone || at < from + Key::wait(best);
  };
  if (may_be_earlier(std::max(from, rank.act)))
    for (BankMask m = candidates.activates & rank.banks; m != 0; m &= m - 1) {
      const std::uint8_t b = first(m);
      const Tick at = std::max(banks_[b].act, groups_[group_of(b)].act);
      consider(b, std::max(at, rank.act), Key::activate, queue.banks[b].oldest_order);
    }
  if (may_be_earlier(from))
    for (BankMask m = candidates.precharges & rank.banks; m != 0; m &= m - 1)
      consider(first(m), banks_[first(m)].pre, Key::precharge, queue.banks[first(m)].oldest_order);
  for (BankMask m = candidates.idle & rank.banks; m != 0; m &= m - 1)
    consider(first(m), banks_[first(m)].pre, Key::close_idle, candidates.age_base);
  return best;
}

DramChannel::Plan DramChannel::unpack(std::uint64_t key, Tick from) const {
  constexpr DramOp kRowOps[] = {DramOp::activate, DramOp::precharge, DramOp::precharge};
  const Key::Kind kind = Key::kind(key);
  const DramOp column = writing_ ? DramOp::write : DramOp::read;
  return {from + Key::wait(key), kind == Key::column ? column : kRowOps[kind - 1], Key::bank(key)};
}

/// The next command on the way to the rank's refresh.
DramChannel::Plan DramChannel::refresh_plan(std::uint8_t r, Tick from) const {
  const Rank& rank = ranks_[r];
  const BankMask open = open_ & rank.banks;
  Tick at = std::max(from, rank.refresh_due);
  for (BankMask m = open != 0 ? open : rank.banks; m != 0; m &= m - 1)
    at = std::max(at, open != 0 ? banks_[first(m)].pre : banks_[first(m)].act);
  return {at, open != 0 ? DramOp::precharge_all : DramOp::refresh, r};
}

}  // namespace unna
