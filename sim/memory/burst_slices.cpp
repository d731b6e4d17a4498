// The slices: arbitration of their inputs, the cache, the DRAM channel, the way back.

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "sim/memory/burst_memory.h"

namespace unna {
namespace {

/// A burst's tag in the channel: an MSHR, or a stream and the low bits of a transfer's serial
/// number (a DMA has fewer transfers under way than these can tell apart).
constexpr std::uint32_t kFillTag = 1U << 31U;
constexpr std::uint32_t kSerialBits = 16;
constexpr std::uint32_t kSerialMask = (1U << kSerialBits) - 1;

}  // namespace

/// Takes one packet, or as much of it as there is room for.
void BurstMemory::accept(std::size_t slice, Time now) {
  Slice& s = slices_[slice];
  Time next = MinTree::kNever;
  const auto core = choose(s, now, next);
  if (core) {
    Waiting& w = s.input[*core].front();
    s.held.reset();
    if (take(s, w, now)) {
      taken(s, *core, now);
      if (s.waiting != 0) next = s.in_free;
    } else {
      if (w.taken > 0) s.held = core;
      s.blocked = true;
      next = MinTree::kNever;
    }
  }
  sources_.set(input_source(slice), next);
}

/// A packet has been accepted whole.
void BurstMemory::taken(Slice& s, std::size_t core, Time now) {
  const Waiting& w = s.input[core].front();
  cores_[core].request_wait += now - w.arrived;
  s.in_free = now + (w.write ? w.packet.bursts * burst_time_ : cycle_);
  if (w.write) {
    release(w.owner, now);
    answered(w.owner, s.in_free + hop_);
  }
  s.turn = (core + 1) % cores_.size();
  s.input[core].pop();
  if (s.input[core].empty()) s.waiting &= ~(std::uint64_t{1} << core);
}

void BurstMemory::schedule_channel(std::size_t slice) {
  const Tick next =
      std::visit([](auto& channel) { return channel.next_event(); }, slices_[slice].channel);
  sources_.set(channel_source(slice), next == kNeverTick ? MinTree::kNever : next * tick_);
}

/// The core whose packet is next; where all that wait are still on their way, lowers `next` to the
/// first arrival.
std::optional<std::size_t> BurstMemory::choose(const Slice& s, Time now, Time& next) const {
  if (s.held) return s.held;
  std::optional<std::size_t> chosen;
  const std::uint64_t turned = std::rotr(s.waiting, static_cast<int>(s.turn));
  for (std::uint64_t left = turned; left != 0; left &= left - 1) {
    const std::size_t core = (s.turn + static_cast<std::size_t>(std::countr_zero(left))) % 64;
    const Time arrived = s.input[core].front().arrived;
    if (arrived > now) {
      next = std::min(next, arrived);
    } else if (!chosen || (oldest_first_ && arrived < s.input[*chosen].front().arrived)) {
      chosen = core;
      if (!oldest_first_) break;
    }
  }
  return chosen;
}

bool BurstMemory::take(Slice& s, Waiting& w, Time now) {
  const std::uint32_t tag = w.owner.stream << kSerialBits | (w.owner.serial & kSerialMask);
  const Tick tick = tick_of(now);
  if (auto* const server = std::get_if<PacketChannel>(&s.channel)) {
    if (server->full(w.write)) return false;
    server->push({map_.within_channel(w.packet.address), w.packet.bursts, w.write, tag}, tick);
    return true;
  }
  while (w.taken < w.packet.bursts) {
    const Bytes address = w.packet.address + w.taken * burst_;
    std::int64_t bursts = 1;
    if (s.cache) {
      // The part of a line that the packet has.
      const Bytes end =
          std::min((address & -line_) + line_, w.packet.address + w.packet.bursts * burst_);
      bursts = (end - address) / burst_;
      const bool whole = bursts * burst_ == line_ && w.packet.useful == w.packet.bursts * burst_;
      if (!take_line(s, w, address / line_, bursts, whole, now)) return false;
    } else {
      auto& channel = std::get<DramChannel>(s.channel);
      if (channel.full(w.write)) return false;
      channel.push({map_.within_channel(address), w.write, tag}, tick);
    }
    w.taken += bursts;
  }
  return true;
}

bool BurstMemory::take_line(Slice& s, const Waiting& w, Bytes line, std::int64_t bursts, bool whole,
                            Time now) {
  using Outcome = CacheSlice::Outcome;
  const std::int64_t set = set_of(line);
  const CacheSlice::Answer foreseen = s.cache->probe(line, set, w.write, whole);
  const std::int64_t per_line = line_ / burst_;
  if (foreseen.outcome == Outcome::blocked) return false;
  if (foreseen.outcome == Outcome::fill && !has_room(s, false, per_line)) return false;
  if (foreseen.writeback && !has_room(s, true, per_line)) return false;

  const CacheSlice::Answer answer = s.cache->access(line, set, w.write, whole);
  const bool hit = answer.outcome == Outcome::hit;
  for (CacheCounts* counts : {&cache_.total, &cache_.by_buffer[w.buffer.index()]}) {
    ++(w.write ? counts->writes : counts->reads);
    if (hit) ++(w.write ? counts->write_hits : counts->read_hits);
  }
  if (answer.outcome == Outcome::merged) ++cache_.merged;
  if (answer.writeback) {
    ++cache_.writebacks;
    push_line(s, *answer.writeback, true, 0, now);
  }
  if (answer.outcome == Outcome::fill) {
    ++cache_.fills;
    s.fills[answer.mshr].missing = per_line;
    push_line(s, line, false, kFillTag | answer.mshr, now);
  }
  if (w.write) return true;
  const Owner reader{w.owner.stream, w.owner.serial, bursts};
  if (!hit) {
    s.fills[answer.mshr].readers.push_back(reader);
    return true;
  }
  s.hits.push({now + hit_, reader});
  const std::size_t slice = static_cast<std::size_t>(&s - slices_.data());
  if (now + hit_ < sources_.time(output_source(slice)))
    sources_.set(output_source(slice), now + hit_);
  return true;
}

bool BurstMemory::has_room(const Slice& s, bool write, std::int64_t bursts) const {
  return static_cast<std::int64_t>(std::get<DramChannel>(s.channel).queued(write)) + bursts <=
         queue_[write ? 1 : 0];
}

void BurstMemory::push_line(Slice& s, Bytes line, bool write, std::uint32_t tag, Time now) {
  for (Bytes at = line * line_; at < (line + 1) * line_; at += burst_)
    std::get<DramChannel>(s.channel).push({map_.within_channel(at), write, tag}, tick_of(now));
}

/// Lines of one channel are numbered without holes, so that a slice uses all of its sets.
std::int64_t BurstMemory::set_of(Bytes line) const {
  const Bytes block = granule_ / line_;
  const auto channels = static_cast<Bytes>(slices_.size());
  return (line / block / channels * block + line % block) % sets_;
}

void BurstMemory::step_channel(std::size_t slice, Time now) {
  Slice& s = slices_[slice];
  if (auto* const channel = std::get_if<DramChannel>(&s.channel)) {
    channel->step(channel->next_event(), [&](std::uint32_t tag, Tick data_end) {
      read_done(slice, tag, 1, data_end * tick_, data_end * tick_);
    });
  } else {
    auto& server = std::get<PacketChannel>(s.channel);
    if (const auto served = server.step(server.next_event()); served && !served->packet.write)
      read_done(slice, served->packet.tag, served->packet.bursts, served->first_data * tick_,
                served->last_data * tick_);
  }
  unblock(slice, now);
  schedule_channel(slice);
}

/// Data of the first and the last of these bursts have gone over the DRAM's bus at these times.
void BurstMemory::read_done(std::size_t slice, std::uint32_t tag, std::int64_t bursts, Time first,
                            Time last) {
  Slice& s = slices_[slice];
  if (!s.cache) return respond(s, reader_of(tag, bursts), first + controller_, last + controller_);
  s.last_data = std::max(s.last_data, last + controller_);
  s.data.push({s.last_data, tag});
  if (s.last_data < sources_.time(output_source(slice)))
    sources_.set(output_source(slice), s.last_data);
}

/// There may be room again for what waits.
void BurstMemory::unblock(std::size_t slice, Time now) {
  Slice& s = slices_[slice];
  if (!s.blocked) return;
  s.blocked = false;
  if (s.in_free > now)
    sources_.set(input_source(slice), s.in_free);
  else
    accept(slice, now);
}

/// Of bursts that the DRAM has read.
BurstMemory::Owner BurstMemory::reader_of(std::uint32_t tag, std::int64_t bursts) const {
  const std::uint32_t stream = tag >> kSerialBits;
  const std::uint32_t first = streams_[stream].first;
  return {stream, first + ((tag - first) & kSerialMask), bursts};
}

/// What the DRAM or the cache has ready at `now`.
void BurstMemory::answer(std::size_t slice, Time now) {
  Slice& s = slices_[slice];
  while (!s.data.empty() && s.data.front().at <= now) {
    const std::uint32_t tag = s.data.front().tag;
    s.data.pop();
    const std::uint32_t mshr = tag & ~kFillTag;
    Fill& fill = s.fills[mshr];
    if (--fill.missing > 0) continue;
    s.cache->filled(mshr);
    for (const Owner& reader : fill.readers) respond(s, reader, now, now);
    fill.readers.clear();
    unblock(slice, now);
    schedule_channel(slice);
  }
  while (!s.hits.empty() && s.hits.front().at <= now) {
    const Owner reader = s.hits.front().owner;
    s.hits.pop();
    respond(s, reader, now, now);
  }
  Time next = MinTree::kNever;
  if (!s.data.empty()) next = s.data.front().at;
  if (!s.hits.empty()) next = std::min(next, s.hits.front().at);
  sources_.set(output_source(slice), next);
}

/// Data are ready from `first` on, the last at `last`: through the slice's output and the core's
/// input, each for as long as the bursts take.
void BurstMemory::respond(Slice& s, const Owner& owner, Time first, Time last) {
  const std::size_t core = owner.stream / kDmasPerCore;
  Core& c = cores_[core];
  const Time length = owner.bursts * burst_time_;
  const Time leaves = std::max(first, s.out_free);
  s.out_free = leaves + length;
  const Time enters = std::max(leaves + hop_, c.in_free);
  c.in_free = enters + length;
  c.response_wait += enters - first - hop_;
  // One by one: with each the engine may send another packet.
  const std::int64_t gaps = std::max<std::int64_t>(1, owner.bursts - 1);
  for (std::int64_t b = 0; b < owner.bursts; ++b)
    release({owner.stream, owner.serial, 1}, first + (last - first) * b / gaps);
  answered(owner, std::max(c.in_free, last + burst_time_ + hop_));
}

}  // namespace unna
