#include "sim/memory/packet_channel.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace unna {

PacketChannel::PacketChannel(const DramDevice& device, const DramController& controller)
    : timing_(device.timing),
      burst_clocks_(device.burst_clocks()),
      command_clocks_(device.command_clocks),
      controller_(controller),
      bank_bits_(bits_of(device.banks)),
      group_bits_(bits_of(device.groups)),
      ranks_(static_cast<std::size_t>(device.ranks)),
      under_way_(static_cast<std::size_t>(ceil_div(timing_.ccd_l, timing_.ccd_s))) {
  invariant(device.banks_per_channel() <= static_cast<std::int64_t>(kMaxBanks),
            "{} banks a channel", device.banks_per_channel());
  queues_[0].capacity = controller.read_queue;
  queues_[1].capacity = controller.write_queue;
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    ranks_[r].last_activates.fill(-timing_.faw);
    ranks_[r].refresh_due = timing_.refi * static_cast<Tick>(r + 1) / device.ranks;
  }
}

void PacketChannel::push(const ChannelPacket& packet, Tick at) {
  const bool idle = queues_[0].packets.empty() && queues_[1].packets.empty();
  invariant(!planned_ || at <= choice_.at, "a packet is pushed after the channel's next event");
  now_ = at;
  bus_free_ = std::max(bus_free_, at);
  if (idle)
    for (std::size_t r = 0; r < ranks_.size(); ++r)
      while (ranks_[r].refresh_due < at) refresh(r, ranks_[r].refresh_due);
  const DramAddress& where = packet.where;
  const std::uint32_t in_groups = (where.rank << group_bits_) | where.group;
  Queue& queue = queues_[packet.write];
  queue.packets.push_back({packet,
                           static_cast<std::uint8_t>((in_groups << bank_bits_) | where.bank), false,
                           queue.served + queue.bursts});
  queue.bursts += packet.bursts;
  planned_ = planned_ && planned_with_last(packet.write);
}

/// Whether the plan is made that plan() would make now that a packet of this direction was pushed:
/// the one that there is, or that packet's.
bool PacketChannel::planned_with_last(std::size_t direction) {
  if (choice_.at == kNeverTick || choice_.action == Action::refresh ||
      choice_.action == Action::wait || bus_turns())
    return false;
  if (direction != static_cast<std::size_t>(writing_)) return true;
  const Queue& queue = queues_[direction];
  if (queue.packets.size() == 1) return false;
  const std::size_t last = queue.packets.size() - 1;
  const Waiting& w = queue.packets[last];
  const std::uint64_t bank = std::uint64_t{1} << w.bank;
  if (banks_[w.bank].row == w.packet.where.row) {
    // The row must stay open for it.
    if (choice_.action == Action::row && queue.packets[choice_.index].bank == w.bank) return false;
    wanted_ |= bank;
    const bool only_oldest =
        queue.served - queue.packets.front().served_before >= controller_.max_passed;
    const Tick at = column_from(w);
    // At the same time a packet is served before a row is changed.
    if (!only_oldest && (at < choice_.at || (at == choice_.at && choice_.action == Action::row)))
      choice_ = {at, Action::serve, last};
  } else if ((wanted_ & bank) == 0) {
    wanted_ |= bank;
    consider(Action::row, last, row_from(w));
  }
  return true;  // before all refreshes, as the plan was
}

Tick PacketChannel::next_event() {
  if (!planned_) plan();
  return choice_.at;
}

std::optional<PacketChannel::Served> PacketChannel::step(Tick now) {
  invariant(next_event() == now && now != kNeverTick, "a step of a channel at another time");
  now_ = now;
  bus_free_ = now + command_clocks_;
  planned_ = false;
  switch (choice_.action) {
    case Action::row:
      change_row(queues_[writing_].packets[choice_.index]);
      return std::nullopt;
    case Action::refresh:
      refresh(choice_.index, now);
      return std::nullopt;
    case Action::wait:
      return std::nullopt;
    case Action::serve:
      break;
  }
  return serve(choice_.index);
}

void PacketChannel::plan() {
  planned_ = true;
  choice_ = {};
  if (queues_[0].packets.empty() && queues_[1].packets.empty()) return;
  turn_bus();
  const Queue& queue = queues_[writing_];
  wanted_ = 0;
  if (queue.packets.empty())
    choice_ = {last_column_, Action::wait, 0};
  else
    choose_packet(queue);
  // From the time on at which its refresh is due, a rank does nothing else.
  for (std::size_t r = 0; r < ranks_.size(); ++r)
    if (choice_.at >= ranks_[r].refresh_due)
      choice_ = {std::max(now_, ranks_[r].refresh_due), Action::refresh, r};
}

/// The packet that is served next, or for which a row is closed or opened.
void PacketChannel::choose_packet(const Queue& queue) {
  const Waiting& oldest = queue.packets.front();
  const bool only_oldest = queue.served - oldest.served_before >= controller_.max_passed;
  for (std::size_t i = 0; i < queue.packets.size(); ++i) {
    const Waiting& w = queue.packets[i];
    if (banks_[w.bank].row != w.packet.where.row) continue;
    wanted_ |= std::uint64_t{1} << w.bank;
    if (!only_oldest || i == 0) consider(Action::serve, i, column_from(w));
  }
  for (std::size_t i = 0; i < queue.packets.size(); ++i) {
    const Waiting& w = queue.packets[i];
    if ((wanted_ >> w.bank & 1U) != 0 && (!only_oldest || i > 0)) continue;
    if (banks_[w.bank].row == w.packet.where.row) continue;
    wanted_ |= std::uint64_t{1} << w.bank;
    consider(Action::row, i, row_from(w));
  }
}

void PacketChannel::consider(Action action, std::size_t index, Tick at) {
  if (at < choice_.at) choice_ = {at, action, index};
}

/// As DramChannel does.
bool PacketChannel::bus_turns() const {
  const std::int64_t reads = queues_[0].bursts, writes = queues_[1].bursts;
  const bool had_turn = turn_served_ >= controller_.turn;
  const bool none_left = queues_[writing_].bursts == 0 && now_ >= last_column_;
  return writing_ ? none_left || (reads > 0 && (writes <= controller_.write_low || had_turn))
                  : writes > 0 && (none_left || (writes >= controller_.write_high && had_turn));
}

void PacketChannel::turn_bus() {
  if (!bus_turns()) return;
  writing_ = !writing_;
  turn_served_ = 0;
  stats_.drains += writing_ ? 1 : 0;
}

/// When the bank can close the row that is in the way or, where none is, open the packet's.
Tick PacketChannel::row_from(const Waiting& w) const {
  const Bank& bank = banks_[w.bank];
  if (bank.row != kNoRow) return std::max(bus_free_, bank.precharge);
  return std::max({bus_free_, bank.activate, groups_[group_of(w.bank)].activate,
                   ranks_[rank_of(w.bank)].activate});
}

void PacketChannel::change_row(Waiting& w) {
  Bank& bank = banks_[w.bank];
  if (bank.row != kNoRow) {
    bank.row = kNoRow;
    bank.activate = std::max(bank.activate, now_ + timing_.rp);
    ++stats_.conflicts;
    w.opened = true;
    return;
  }
  Rank& rank = ranks_[rank_of(w.bank)];
  bank.row = w.packet.where.row;
  bank.activate = now_ + timing_.rc;
  bank.precharge = now_ + timing_.ras;
  bank.column = {now_ + timing_.rcd_rd, now_ + timing_.rcd_wr};
  groups_[group_of(w.bank)].activate = now_ + timing_.rrd_l;
  rank.last_activates[rank.oldest] = now_;
  rank.oldest = (rank.oldest + 1) % rank.last_activates.size();
  rank.activate = std::max(now_ + timing_.rrd_s, rank.last_activates[rank.oldest] + timing_.faw);
  if (!w.opened) ++stats_.misses;
  w.opened = true;
  ++stats_.activates;
}

/// When its first column command can go, its row being open.
Tick PacketChannel::column_from(const Waiting& w) const {
  const Bank& bank = banks_[w.bank];
  const Tick gap = rank_of(w.bank) == last_rank_ ? 0 : timing_.rank_gap;
  return std::max({bus_free_, bank.column[writing_], groups_[group_of(w.bank)].column[writing_],
                   column_[writing_] + gap});
}

void PacketChannel::refresh(std::size_t r, Tick at) {
  Rank& rank = ranks_[r];
  Tick closed = at;
  bool open = false;
  const std::size_t banks = std::size_t{1} << (bank_bits_ + group_bits_);
  for (std::size_t b = r * banks; b < (r + 1) * banks; ++b) {
    if (banks_[b].row == kNoRow) continue;
    open = true;
    closed = std::max(closed, banks_[b].precharge);
  }
  if (open) closed += timing_.rp;
  for (std::size_t b = r * banks; b < (r + 1) * banks; ++b) {
    banks_[b].row = kNoRow;
    banks_[b].activate = std::max(banks_[b].activate, closed + timing_.rfc);
  }
  rank.refresh_due += timing_.refi;
  ++stats_.refreshes;
}

/// The column commands of n bursts of one bank group, from now on; returns the last one's time.
/// They are CCD_L apart, and no closer to those of other packets than the bus has room for. In the
/// gaps of one bank group go the commands of others: of as many packets at once as CCD_L has CCD_S.
Tick PacketChannel::pass_bus(std::int64_t n) {
  bus_work_ = std::max(bus_work_, now_) + n * timing_.ccd_s;
  const Tick last = std::max(now_ + (n - 1) * timing_.ccd_l, bus_work_ - timing_.ccd_s);
  *std::ranges::min_element(under_way_) = last + timing_.ccd_s;
  column_[writing_] = std::max(now_ + timing_.ccd_s, std::ranges::min(under_way_));
  return last;
}

/// Of a packet that is served now: its column commands that go before its rank's refresh is due.
std::int64_t PacketChannel::bursts_before_refresh(const Waiting& w) const {
  return 1 + std::max<Tick>(0, ranks_[rank_of(w.bank)].refresh_due - 1 - now_) / timing_.ccd_l;
}

/// The same for the turn of the bus, were nothing pushed until then.
std::int64_t PacketChannel::bursts_before_turn() const {
  const std::int64_t reads = queues_[0].bursts, writes = queues_[1].bursts;
  const bool turns = writing_ ? reads > 0 : writes >= controller_.write_high;
  if (!turns) return std::numeric_limits<std::int64_t>::max();
  const std::int64_t left = controller_.turn - turn_served_;
  return std::max<std::int64_t>(1,
                                writing_ ? std::min(left, writes - controller_.write_low) : left);
}

PacketChannel::Served PacketChannel::serve(std::size_t index) {
  Queue& queue = queues_[writing_];
  Waiting w = queue.packets[index];
  const std::int64_t n =
      std::min({w.packet.bursts, bursts_before_refresh(w), bursts_before_turn()});
  if (n == w.packet.bursts) {
    queue.packets.erase(queue.packets.begin() + static_cast<std::ptrdiff_t>(index));
  } else {  // the rest waits
    Waiting& rest = queue.packets[index];
    rest.packet.bursts -= n;
    rest.opened = false;
    rest.served_before += n;
    w.packet.bursts = n;
  }
  queue.bursts -= n;
  queue.served += n;
  turn_served_ += n;
  Bank& bank = banks_[w.bank];
  Group& group = groups_[group_of(w.bank)];
  const Tick last = pass_bus(n);
  const Tick latency = (writing_ ? timing_.cwl : timing_.cl) + burst_clocks_;
  last_column_ = std::max(last_column_, last);
  group.column[writing_] = last + timing_.ccd_l;
  if (writing_) {
    column_[0] = std::max(column_[0], last + latency + timing_.wtr_s);
    group.column[0] = std::max(group.column[0], last + latency + timing_.wtr_l);
    bank.precharge = std::max(bank.precharge, last + latency + timing_.wr);
  } else {
    column_[1] = std::max(column_[1], last + latency + timing_.rtw_gap - timing_.cwl);
    bank.precharge = std::max(bank.precharge, last + timing_.rtp);
  }
  last_rank_ = rank_of(w.bank);
  (writing_ ? stats_.writes : stats_.reads) += n;
  stats_.hits += n - (w.opened ? 1 : 0);
  stats_.data_clocks += n * burst_clocks_;
  if (controller_.page == DramPage::closed &&
      std::none_of(queue.packets.begin(), queue.packets.end(), [&](const Waiting& other) {
        return other.bank == w.bank && other.packet.where.row == bank.row;
      })) {
    bank.row = kNoRow;
    bank.activate = std::max(bank.activate, bank.precharge + timing_.rp);
  }
  return {w.packet, now_ + latency, last + latency};
}

}  // namespace unna
