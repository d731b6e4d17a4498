#include "sim/memory/dram_channel.h"

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace unna {

DramChannel::DramChannel(const DramDevice& device, const DramController& controller)
    : timing_(device.timing),
      burst_clocks_(device.burst_clocks()),
      command_clocks_(device.command_clocks),
      controller_(controller),
      bank_bits_(static_cast<std::uint8_t>(bits_of(device.banks))),
      group_bits_(static_cast<std::uint8_t>(bits_of(device.groups))),
      turns_(device),
      slots_(static_cast<std::size_t>(controller.read_queue + controller.write_queue)),
      rank_count_(static_cast<std::size_t>(device.ranks)) {
  const auto banks = static_cast<std::size_t>(device.banks_per_channel());
  invariant(banks <= kMaxBanks, "{} banks a channel", banks);
  queues_[0].capacity = static_cast<std::size_t>(controller.read_queue);
  queues_[1].capacity = static_cast<std::size_t>(controller.write_queue);
  for (std::size_t i = slots_.size(); i-- > 0;) free_slots_.push_back(static_cast<SlotIndex>(i));
  for (std::uint8_t b = 0; b < banks; ++b) ranks_[rank_of(b)].banks |= bit(b);
  for (std::size_t r = 0; r < rank_count_; ++r) {
    ranks_[r].last_acts.fill(-timing_.faw);
    // Staggered: the ranks' refreshes do not fall together.
    ranks_[r].refresh_due = timing_.refi * static_cast<Tick>(r + 1) / device.ranks;
  }
}

DramChannel::Turns::Turns(const DramDevice& device) {
  const DramTiming& t = device.timing;
  const Tick data = device.burst_clocks();
  const Tick read_to_write = t.cl + data - t.cwl;
  const Tick write_to_read = t.cwl + data;
  same_group[0] = {t.ccd_l, read_to_write + t.rtw_gap};
  same_group[1] = {write_to_read + t.wtr_l, t.ccd_l};
  same_rank[0] = {t.ccd_s, read_to_write + t.rtw_gap};
  same_rank[1] = {write_to_read + t.wtr_s, t.ccd_s};
  other_rank[0] = {data + t.rank_gap, read_to_write + std::max(t.rtw_gap, t.rank_gap)};
  other_rank[1] = {write_to_read + t.rank_gap - t.cl, data + t.rank_gap};
}

// Queues

std::uint8_t DramChannel::bank_of(const DramAddress& where) const {
  return static_cast<std::uint8_t>((((where.rank << group_bits_) | where.group) << bank_bits_) |
                                   where.bank);
}

void DramChannel::push(const DramBurst& burst, Tick at) {
  catch_up(at);
  now_ = at;
  const std::uint8_t bank = bank_of(burst.where);
  if (find(queues_[1], bank, burst.where) != kNone) {
    ++(burst.write ? stats_.merged : stats_.forwarded);
    if (!burst.write) forwarded_.push(burst.tag);
    return;
  }
  enqueue(queues_[burst.write], burst, bank);
  planned_ = false;
}

DramChannel::SlotIndex DramChannel::find(const Queue& queue, std::uint8_t bank,
                                         const DramAddress& where) const {
  for (SlotIndex s = queue.banks[bank].oldest; s != kNone; s = slot(s).bank_younger)
    if (slot(s).row == where.row && slot(s).column == where.column) return s;
  return kNone;
}

void DramChannel::enqueue(Queue& queue, const DramBurst& burst, std::uint8_t bank) {
  invariant(queue.size < queue.capacity, "a burst for a full queue");
  const SlotIndex s = free_slots_.back();
  free_slots_.pop_back();
  BankQueue& in_bank = queue.banks[bank];
  slot(s) = {burst.where.row,
             burst.where.column,
             burst.tag,
             bank,
             Outcome::hit,
             in_bank.youngest,
             kNone,
             queue.youngest,
             kNone,
             arrivals_++,
             queue.served + queue.size};
  if (in_bank.youngest == kNone) {
    in_bank.oldest = s;
    in_bank.oldest_order = slot(s).order;
    queue.waiting |= bit(bank);
  } else {
    slot(in_bank.youngest).bank_younger = s;
  }
  in_bank.youngest = s;
  (queue.youngest == kNone ? queue.oldest : slot(queue.youngest).younger) = s;
  queue.youngest = s;
  ++queue.size;
  if ((open_ & bit(bank)) != 0 && in_bank.hit == kNone) find_hit(queue, bank, s);
}

void DramChannel::dequeue(Queue& queue, SlotIndex s) {
  const Slot& gone = slot(s);
  BankQueue& in_bank = queue.banks[gone.bank];
  if (gone.bank_older != kNone)
    slot(gone.bank_older).bank_younger = gone.bank_younger;
  else if (gone.bank_younger != kNone)
    in_bank.oldest_order = slot(gone.bank_younger).order;
  else
    queue.waiting &= ~bit(gone.bank);
  if (gone.bank_older == kNone) in_bank.oldest = gone.bank_younger;
  (gone.bank_younger == kNone ? in_bank.youngest : slot(gone.bank_younger).bank_older) =
      gone.bank_older;
  (gone.older == kNone ? queue.oldest : slot(gone.older).younger) = gone.younger;
  (gone.younger == kNone ? queue.youngest : slot(gone.younger).older) = gone.older;
  --queue.size;
  find_hit(queue, gone.bank, gone.bank_younger);
  free_slots_.push_back(s);
}

/// The oldest burst of the open row from `from` on.
void DramChannel::find_hit(Queue& queue, std::uint8_t bank, SlotIndex from) {
  const std::uint32_t row = open_rows_[bank];
  while (from != kNone && slot(from).row != row) from = slot(from).bank_younger;
  queue.banks[bank].hit = from;
  if (from == kNone) {
    queue.hits &= ~bit(bank);
    return;
  }
  queue.banks[bank].hit_order = slot(from).order;
  queue.hits |= bit(bank);
}

// Commands

/// What an idle channel does by itself before `at`.
void DramChannel::catch_up(Tick at) {
  if (!idle()) return;
  for (plan_idle(); plan_.at < at; plan_idle()) issue();
  planned_ = false;
}

std::optional<DramChannel::ReadDone> DramChannel::issue() {
  invariant(plan_.at != kNeverTick, "a step of a channel that has nothing to do");
  now_ = plan_.at;
  bus_free_ = now_ + command_clocks_;
  planned_ = false;
  switch (plan_.op) {
    case DramOp::read:
    case DramOp::write:
      return issue_column();
    case DramOp::activate:
      issue_activate();
      break;
    case DramOp::precharge:
      issue_precharge();
      break;
    case DramOp::precharge_all:
      issue_precharge_all();
      break;
    case DramOp::refresh:
      issue_refresh();
      break;
  }
  return std::nullopt;
}

std::optional<DramChannel::ReadDone> DramChannel::issue_column() {
  const std::uint8_t b = plan_.target;
  Queue& queue = queues_[writing_];
  const SlotIndex s = queue.banks[b].hit;
  Bank& bank = banks_[b];
  const Slot served = slot(s);
  report(b, served.column);
  for (const std::size_t to : {0U, 1U}) {
    for (std::size_t r = 0; r < rank_count_; ++r) {
      const auto& turn = r == rank_of(b) ? turns_.same_rank : turns_.other_rank;
      ranks_[r].column[to] = std::max(ranks_[r].column[to], now_ + turn[writing_][to]);
    }
    Tick& in_group = groups_[group_of(b)].column[to];
    in_group = std::max(in_group, now_ + turns_.same_group[writing_][to]);
  }
  const Tick data_end = now_ + (writing_ ? timing_.cwl : timing_.cl) + burst_clocks_;
  bank.pre = std::max(bank.pre, writing_ ? data_end + timing_.wr : now_ + timing_.rtp);
  last_data_ = data_end;
  dequeue(queue, s);
  ++queue.served;
  ++turn_served_;
  count(served.outcome);
  if (writing_) return std::nullopt;
  return ReadDone{served.tag, data_end};
}

void DramChannel::count(Outcome outcome) {
  ++(writing_ ? stats_.writes : stats_.reads);
  stats_.data_clocks += burst_clocks_;
  ++(outcome == Outcome::hit    ? stats_.hits
     : outcome == Outcome::miss ? stats_.misses
                                : stats_.conflicts);
}

void DramChannel::issue_activate() {
  const std::uint8_t b = plan_.target;
  Bank& bank = banks_[b];
  Rank& rank = ranks_[rank_of(b)];
  Slot& cause = slot(queues_[writing_].banks[b].oldest);
  if (cause.outcome == Outcome::hit) cause.outcome = Outcome::miss;
  open_rows_[b] = cause.row;
  report(b, 0);
  open_ |= bit(b);
  bank.act = now_ + timing_.rc;
  bank.pre = now_ + timing_.ras;
  bank.column = {now_ + timing_.rcd_rd, now_ + timing_.rcd_wr};
  groups_[group_of(b)].act = now_ + timing_.rrd_l;
  rank.last_acts[rank.oldest_act] = now_;
  rank.oldest_act = static_cast<std::uint8_t>((rank.oldest_act + 1U) % 4U);
  rank.act = std::max(now_ + timing_.rrd_s, rank.last_acts[rank.oldest_act] + timing_.faw);
  for (Queue& queue : queues_) find_hit(queue, b, queue.banks[b].oldest);
  ++stats_.activates;
}

void DramChannel::issue_precharge() {
  const std::uint8_t b = plan_.target;
  report(b, 0);
  const SlotIndex cause = queues_[writing_].banks[b].oldest;
  if (cause != kNone) slot(cause).outcome = Outcome::conflict;
  close(b);
}

void DramChannel::issue_precharge_all() {
  const Rank& rank = ranks_[plan_.target];
  report(first(rank.banks), 0);
  for (BankMask m = open_ & rank.banks; m != 0; m &= m - 1) close(first(m));
}

void DramChannel::issue_refresh() {
  Rank& rank = ranks_[plan_.target];
  report(first(rank.banks), 0);
  for (BankMask m = rank.banks; m != 0; m &= m - 1) banks_[first(m)].act = now_ + timing_.rfc;
  rank.refresh_due += timing_.refi;
  ++stats_.refreshes;
}

void DramChannel::close(std::uint8_t b) {
  open_ &= ~bit(b);
  banks_[b].act = std::max(banks_[b].act, now_ + timing_.rp);
  for (Queue& queue : queues_) {
    queue.banks[b].hit = kNone;
    queue.hits &= ~bit(b);
  }
}

/// Tells the observer of the planned command; of one to a whole rank, only that counts of the bank.
void DramChannel::report(std::uint8_t b, std::uint32_t column) const {
  if (observer_ == nullptr) return;
  DramAddress where;
  where.rank = rank_of(b);
  if (plan_.op != DramOp::precharge_all && plan_.op != DramOp::refresh) {
    where.group = group_of(b) & ((1U << group_bits_) - 1U);
    where.bank = b & ((1U << bank_bits_) - 1U);
    where.row = open_rows_[b];
    where.column = column;
  }
  observer_->issued({now_, plan_.op, where});
}

}  // namespace unna
