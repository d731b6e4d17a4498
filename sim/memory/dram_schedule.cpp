// The half of DramChannel that chooses: which command is next, and when.

#include <algorithm>

#include "sim/memory/dram_channel.h"

namespace unna {

/// A candidate as one number, so that the least one is the next command: its tick, then the kind of
/// command, then the age of the burst for which it is issued.
struct DramChannel::Key {
  static constexpr unsigned kBankBits = 6, kAgeBits = 32, kKindBits = 2;
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  enum Kind : std::uint64_t { column, activate, precharge, idle };

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

Tick DramChannel::next_event() {
  if (!forwarded_.empty()) return now_;
  if (queues_[0].size + queues_[1].size == 0) return kNeverTick;
  if (!planned_) plan();
  return plan_.at;
}

void DramChannel::plan() {
  turn_bus();
  const Queue& queue = queues_[writing_];
  const Candidates candidates = find_candidates(queue);
  const Tick from = std::max(now_, bus_free_);
  plan_ = {};
  std::uint64_t best = Key::kNone;
  for (std::uint8_t r = 0; r < ranks_.size(); ++r) {
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
  planned_ = true;
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
    best =
        std::min(best, Key::pack(std::max(at, from) - from, kind, order - candidates.age_base, b));
  };
  for (BankMask m = candidates.columns & rank.banks; m != 0; m &= m - 1) {
    const std::uint8_t b = first(m);
    const Bank& bank = banks_[b];
    const Tick at = std::max(
        {bank.column[writing_], groups_[bank.group].column[writing_], rank.column[writing_]});
    consider(b, at, Key::column, slot(queue.banks[b].hit).order);
  }
  for (BankMask m = candidates.activates & rank.banks; m != 0; m &= m - 1) {
    const std::uint8_t b = first(m);
    const Bank& bank = banks_[b];
    consider(b, std::max({bank.act, groups_[bank.group].act, rank.act}), Key::activate,
             slot(queue.banks[b].oldest).order);
  }
  for (BankMask m = candidates.precharges & rank.banks; m != 0; m &= m - 1) {
    const std::uint8_t b = first(m);
    consider(b, banks_[b].pre, Key::precharge, slot(queue.banks[b].oldest).order);
  }
  for (BankMask m = candidates.idle & rank.banks; m != 0; m &= m - 1)
    consider(first(m), banks_[first(m)].pre, Key::idle, candidates.age_base);
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
