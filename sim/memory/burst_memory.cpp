// Time, streams and the cores' ports. What happens in the slices: burst_slices.cpp.

#include "sim/memory/burst_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "configs/check_machine.h"

namespace unna {
namespace {

constexpr std::int64_t kForever = MinTree::kNever;

const MachineConfig& checked(const MachineConfig& machine) {
  check_machine(machine);
  return machine;
}

std::variant<DramChannel, PacketChannel> channel_of(const DramConfig& dram) {
  if (dram.model == DramModel::banked) return DramChannel(dram.device, dram.controller);
  return PacketChannel(dram.device, dram.controller);
}

const DramChannelStats& stats_of(const std::variant<DramChannel, PacketChannel>& channel) {
  return std::visit([](const auto& c) -> const DramChannelStats& { return c.stats(); }, channel);
}

}  // namespace

BurstMemory::Slice::Slice(const MachineConfig& machine, std::size_t cores)
    : channel(channel_of(machine.dram)), input(cores) {}

BurstMemory::BurstMemory(const MachineConfig& machine, std::size_t cores, std::size_t buffers)
    : map_(checked(machine).dram.device, machine.dram.layout),
      cycle_(std::lcm(machine.clock_mhz, machine.dram.device.clock_mhz) / machine.clock_mhz),
      tick_(std::lcm(machine.clock_mhz, machine.dram.device.clock_mhz) /
            machine.dram.device.clock_mhz),
      burst_(map_.burst_bytes()),
      granule_(map_.channel_bytes()),
      line_(machine.cache.line_bytes),
      window_(machine.interconnect.window),
      queue_{machine.dram.controller.read_queue, machine.dram.controller.write_queue},
      oldest_first_(machine.interconnect.arbitration == Arbitration::oldest),
      hop_(machine.interconnect.latency_cycles * cycle_),
      controller_(machine.dram.controller_cycles * cycle_),
      hit_(machine.cache.hit_cycles * cycle_),
      burst_time_(ceil_div(burst_ * cycle_, machine.interconnect.width_bytes)),
      streams_(cores * kDmasPerCore),
      cores_(cores),
      sources_(3 * static_cast<std::size_t>(machine.dram.layout.channels) + cores) {
  packet_ = packet_bytes(machine);
  const auto channels = static_cast<std::size_t>(machine.dram.layout.channels);
  for (std::size_t s = 0; s < channels; ++s) slices_.emplace_back(machine, cores);
  if (machine.cache.size_bytes == 0) return;

  const Bytes set = line_ * machine.cache.ways * machine.dram.layout.channels;
  sets_ = machine.cache.size_bytes / set;
  cache_.by_buffer.resize(buffers);
  for (Slice& s : slices_) {
    s.cache.emplace(sets_, machine.cache.ways, machine.cache.mshrs);
    s.fills.resize(static_cast<std::size_t>(machine.cache.mshrs));
  }
}

Cycle BurstMemory::request(const TransferRequest& t, Cycle at) {
  Stream& stream = streams_[t.stream];
  Transfer transfer;
  transfer.buffer = t.buffer;
  transfer.walker = PacketWalker(t.base, t.copy, t.write, burst_, packet_);
  transfer.write = t.write;
  transfer.bytes = t.copy.total();
  transfer.ready = transfer.last = at * cycle_;
  const Time ready = transfer.ready;
  stream.transfers.push(std::move(transfer));
  ++transfers_open_;
  wake_core(t.stream / kDmasPerCore, ready);
  return at;
}

std::optional<Cycle> BurstMemory::advance(Cycle now, Cycle horizon, TransferListener& listener) {
  bool told = false;
  for (; !ends_.empty() && ends_.top().at <= now; ends_.pop()) {
    listener.data_ended(ends_.top().stream, ends_.top().at);
    told = true;
  }
  if (told) horizon = now;  // the cores have yet to react
  const Time until = horizon > kForever / cycle_ ? kForever : horizon * cycle_;
  // An end is an answer that the cores may react to: nothing is done ahead of it.
  while (transfers_open_ > 0 && sources_.next_time() < until &&
         (ends_.empty() || sources_.next_time() < ends_.top().at * cycle_))
    process(sources_.next_time(), listener);
  std::optional<Cycle> next;
  if (!ends_.empty()) next = ends_.top().at;
  if (transfers_open_ > 0) {
    // Transfers that nothing will move: the kernel finds no more events, and says who hangs.
    if (sources_.next_time() == kForever) return next;
    next = std::min(next.value_or(kForever), sources_.next_time() / cycle_);
  }
  return next ? std::optional(std::max(now, *next)) : next;
}

void BurstMemory::process(Time now, TransferListener& listener) {
  const std::size_t source = sources_.next();
  const std::size_t n = slices_.size();
  if (source < n) {
    step_channel(source, now);
  } else if (source < 2 * n) {
    answer(source - n, now);
  } else if (source < 3 * n) {
    accept(source - 2 * n, now);
    schedule_channel(source - 2 * n);
  } else {
    send(source - 3 * n, now, listener);
  }
}

void BurstMemory::wake_core(std::size_t core, Time at) {
  at = std::max(at, cores_[core].out_free);
  if (at < sources_.time(core_source(core))) sources_.set(core_source(core), at);
}

/// One packet of the engine whose turn it is.
void BurstMemory::send(std::size_t core, Time now, TransferListener& listener) {
  Core& c = cores_[core];
  Time next = MinTree::kNever;
  for (std::size_t k = 0; k < kDmasPerCore; ++k) {
    const std::size_t engine = (c.turn + k) % kDmasPerCore;
    const auto stream = static_cast<std::uint32_t>(core * kDmasPerCore + engine);
    if (!can_send(streams_[stream], now, next)) continue;
    c.turn = (engine + 1) % kDmasPerCore;
    send_packet(core, stream, now, listener);
    next = c.out_free;
    break;
  }
  sources_.set(core_source(core), std::max(next, c.out_free));
}

/// Where it can't yet but it is known when it can, lowers `next` to that.
bool BurstMemory::can_send(Stream& s, Time now, Time& next) const {
  s.starved = false;
  if (s.sender == s.transfers.size()) return false;
  const Time from = std::max(s.transfers[s.sender].ready, room_in_window(s, now));
  if (from <= now) return true;
  next = std::min(next, from);
  return false;
}

/// From when on the window has room; never where the answers that make it are not known yet: then
/// release() will wake the core.
BurstMemory::Time BurstMemory::room_in_window(Stream& s, Time now) const {
  for (; !s.releases.empty() && s.releases.front().at <= now; s.releases.pop()) {
    s.open -= s.releases.front().bursts;
    s.released -= s.releases.front().bursts;
  }
  if (s.open < window_) return now;
  if (s.open - s.released >= window_) {
    s.starved = true;
    return MinTree::kNever;
  }
  std::size_t last = 0;
  for (std::int64_t open = s.open - s.releases[0].bursts; open >= window_;)
    open -= s.releases[++last].bursts;
  return s.releases[last].at;
}

void BurstMemory::send_packet(std::size_t core, std::uint32_t stream, Time now,
                              TransferListener& listener) {
  Core& c = cores_[core];
  Stream& s = streams_[stream];
  Transfer& t = s.transfers[s.sender];
  const auto serial = static_cast<std::uint32_t>(s.first + s.sender);
  if (!t.sending) listener.data_started(stream);
  t.sending = true;
  if (t.walker.done()) {  // a transfer of nothing
    ++s.sender;
    end_transfers(stream);
    return;
  }

  const Packet packet = t.walker.take();
  if (t.walker.done()) ++s.sender;
  t.open += packet.bursts;
  s.open += packet.bursts;
  if (c.open == 0) c.open_since = std::max(now, c.last_answer);
  c.open += packet.bursts;
  c.latency -= now * packet.bursts;
  ++c.packets;
  c.bursts += packet.bursts;
  c.out_free = now + (t.write ? packet.bursts * burst_time_ : cycle_);

  const std::size_t slice = map_.channel_of(packet.address);
  Waiting w{packet, {stream, serial, packet.bursts}, t.buffer, t.write, 0, now, c.out_free + hop_};
  Slice& to = slices_[slice];
  to.waiting |= std::uint64_t{1} << core;
  to.input[core].push(w);
  if (to.blocked) return;
  const Time at = std::max(w.arrived, to.in_free);
  if (at < sources_.time(input_source(slice))) sources_.set(input_source(slice), at);
}

/// Bursts leave the window at `at`.
void BurstMemory::release(const Owner& owner, Time at) {
  Stream& s = streams_[owner.stream];
  s.releases.push({at, owner.bursts});
  s.released += owner.bursts;
  std::size_t i = s.releases.size() - 1;
  for (; i > 0 && s.releases[i - 1].at > at; --i) std::swap(s.releases[i - 1], s.releases[i]);
  // What the engine waits for may come earlier now.
  const bool sooner = i + 1 < s.releases.size();
  if (!sooner && (!s.starved || s.open - s.released >= window_)) return;
  s.starved = false;
  wake_core(owner.stream / kDmasPerCore, at);
}

/// Bursts of a transfer are answered: the data are with the core, or taken by memory, at `at`, now
/// or later.
void BurstMemory::answered(const Owner& owner, Time at) {
  Stream& s = streams_[owner.stream];
  Transfer& t = s.transfers[owner.serial - s.first];
  Core& c = cores_[owner.stream / kDmasPerCore];
  t.open -= owner.bursts;
  t.last = std::max(t.last, at);
  c.open -= owner.bursts;
  c.latency += at * owner.bursts;
  c.last_answer = std::max(c.last_answer, at);
  if (c.open == 0) c.occupied += c.last_answer - c.open_since;
  if (t.open == 0) end_transfers(owner.stream);
}

/// In the order of their requests.
void BurstMemory::end_transfers(std::uint32_t stream) {
  Stream& s = streams_[stream];
  while (s.sender > 0 && s.transfers.front().open == 0) {
    const Transfer& t = s.transfers.front();
    s.last_end = std::max(s.last_end, cycle_of(t.last));
    ends_.push({s.last_end, stream});
    bytes_served_ += t.bytes;
    s.transfers.pop();
    ++s.first;
    --s.sender;
    --transfers_open_;
  }
}

Cycle BurstMemory::busy_cycles() const {
  std::int64_t ticks = 0;
  for (const Slice& s : slices_) ticks += stats_of(s.channel).data_clocks;
  return cycle_of(ticks * tick_ / static_cast<std::int64_t>(slices_.size()));
}

std::optional<MemoryStats> BurstMemory::finish() {
  if (std::holds_alternative<PacketChannel>(slices_.front().channel)) return std::nullopt;
  MemoryStats stats;
  stats.burst_bytes = burst_;
  stats.cache = cache_;
  for (Slice& s : slices_) {
    auto& channel = std::get<DramChannel>(s.channel);
    for (Tick at = channel.next_event(); at != kNeverTick; at = channel.next_event())
      channel.step(at, [](std::uint32_t, Tick) {});
    const DramChannelStats& c = channel.stats();
    stats.dram.reads += c.reads;
    stats.dram.writes += c.writes;
    stats.dram.row_hits += c.hits;
    stats.dram.row_misses += c.misses;
    stats.dram.row_conflicts += c.conflicts;
    stats.dram.activates += c.activates;
    stats.dram.refreshes += c.refreshes;
    stats.dram.forwarded += c.forwarded;
  }
  for (const Core& c : cores_)
    stats.ports.push_back({c.packets, c.bursts * burst_, c.request_wait / cycle_,
                           c.response_wait / cycle_, c.latency / cycle_, c.occupied / cycle_});
  return stats;
}

}  // namespace unna
