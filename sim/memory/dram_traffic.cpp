#include "sim/memory/dram_traffic.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace unna {
namespace {

constexpr std::size_t kStreams = 16;  // of `mix`

/// Where the bursts of a pattern go, one after the other.
class Pattern {
 public:
  Pattern(const DramConfig& dram, const DramTraffic& traffic, Rng rng)
      : map_(dram.device, dram.layout),
        device_(dram.device),
        channels_(dram.layout.channels),
        pattern_(traffic.pattern),
        stride_(round_up(traffic.stride, map_.burst_bytes())),
        rng_(rng),
        streams_(kStreams) {
    for (Bytes& stream : streams_) stream = random_burst();
  }

  DramAddress next() {
    const std::int64_t i = count_++;
    switch (pattern_) {
      case DramPattern::sequential:
        return map_.locate(i * map_.burst_bytes());
      case DramPattern::strided:
        return map_.locate(strided(i));
      case DramPattern::random:
        return map_.locate(random_burst());
      case DramPattern::bank_group:
        return in_group(i);
      case DramPattern::row_conflict:
        return conflict(i);
      case DramPattern::mix:
        break;
    }
    if (i % 4 == 3) return map_.locate(random_burst());
    Bytes& stream = streams_[rng_.below(streams_.size())];
    stream += map_.burst_bytes();
    return map_.locate(stream);
  }

 private:
  Bytes random_burst() {
    return rng_.between(0, map_.capacity() / map_.burst_bytes() - 1) * map_.burst_bytes();
  }
  Bytes strided(std::int64_t i) const {
    const std::int64_t a_round = std::max<std::int64_t>(1, map_.capacity() / stride_);
    return i % a_round * stride_ + i / a_round * map_.burst_bytes();
  }
  DramAddress in_group(std::int64_t i) const {
    DramAddress at;
    at.channel = take(i, channels_);
    at.column = take(i, device_.bursts_per_row());
    at.bank = take(i, device_.banks);
    at.row = take(i, device_.rows);
    return at;
  }
  DramAddress conflict(std::int64_t i) const {
    DramAddress at;
    at.channel = take(i, channels_);
    at.row = take(i, device_.rows);
    at.column = take(i, device_.bursts_per_row());
    return at;
  }
  static std::uint32_t take(std::int64_t& number, std::int64_t base) {
    const auto digit = static_cast<std::uint32_t>(number % base);
    number /= base;
    return digit;
  }

  DramAddressMap map_;
  const DramDevice& device_;
  std::int64_t channels_;
  DramPattern pattern_;
  Bytes stride_;
  Rng rng_;
  std::vector<Bytes> streams_;
  std::int64_t count_ = 0;
};

double nanoseconds(double ticks, const DramDevice& device) {
  return ticks * 1000.0 / static_cast<double>(device.clock_mhz);
}

void add(DramChannelStats& sum, const DramChannelStats& s) {
  sum.reads += s.reads;
  sum.writes += s.writes;
  sum.forwarded += s.forwarded;
  sum.merged += s.merged;
  sum.hits += s.hits;
  sum.misses += s.misses;
  sum.conflicts += s.conflicts;
  sum.activates += s.activates;
  sum.refreshes += s.refreshes;
  sum.drains += s.drains;
  sum.data_clocks += s.data_clocks;
}

/// Mean and 99th percentile.
void set_latencies(std::vector<Tick>& latencies, const DramDevice& device, DramPoint& point) {
  if (latencies.empty()) return;
  Tick sum = 0;
  for (const Tick latency : latencies) sum += latency;
  const auto p99 =
      latencies.begin() + static_cast<std::ptrdiff_t>((latencies.size() - 1) * 99 / 100);
  std::nth_element(latencies.begin(), p99, latencies.end());
  point.mean_latency_ns =
      nanoseconds(static_cast<double>(sum) / static_cast<double>(latencies.size()), device);
  point.p99_latency_ns = nanoseconds(static_cast<double>(*p99), device);
}

}  // namespace

std::vector<std::vector<DramArrival>> dram_arrivals(const DramConfig& dram,
                                                    const DramTraffic& traffic) {
  constexpr double kOne = 65536;  // times are in 2^-16 clocks until they are rounded
  const double mean = static_cast<double>(dram.device.burst_clocks()) /
                      (traffic.load * static_cast<double>(dram.layout.channels));
  const std::int64_t longest = std::max<std::int64_t>(0, std::llround(2 * mean * kOne));
  const auto reads = static_cast<std::uint64_t>(std::llround(traffic.reads * kOne));
  const Rng rng(traffic.seed);
  Rng times = rng.fork(0), directions = rng.fork(1);
  Pattern pattern(dram, traffic, rng.fork(2));
  std::vector<std::vector<DramArrival>> arrivals(static_cast<std::size_t>(dram.layout.channels));
  std::int64_t now = 0;
  for (std::int64_t i = 0; i < traffic.bursts; ++i) {
    const DramAddress where = pattern.next();
    auto& channel = arrivals[where.channel];
    const bool write = directions.below(static_cast<std::uint64_t>(kOne)) >= reads;
    channel.push_back({now >> 16U, {where, write, static_cast<std::uint32_t>(channel.size())}});
    now += times.between(0, longest);
  }
  return arrivals;
}

std::vector<Tick> run_arrivals(DramChannel& channel, std::span<const DramArrival> arrivals) {
  std::vector<Tick> done(arrivals.size());
  std::array<std::size_t, 2> next{};  // by direction: each waits for its own queue
  const auto skip = [&](bool write) {
    while (next[write] < arrivals.size() && arrivals[next[write]].burst.write != write)
      ++next[write];
  };
  Tick now = 0;
  while (true) {
    Tick arrival = kNeverTick;
    for (const bool write : {false, true}) {
      for (skip(write); next[write] < arrivals.size() && !channel.full(write); skip(write)) {
        const DramArrival& a = arrivals[next[write]];
        if (a.at > now) {
          arrival = std::min(arrival, a.at);
          break;
        }
        channel.push(a.burst, now);
        done[a.burst.tag] = now;
        ++next[write];
      }
    }
    const Tick event = channel.next_event();
    if (arrival == kNeverTick && event == kNeverTick) return done;
    now = std::min(arrival, event);
    if (event == now && event < arrival)
      channel.step(now, [&](std::uint32_t tag, Tick end) { done[tag] = end; });
  }
}

DramPoint measure_dram(const DramConfig& dram, const DramTraffic& traffic) {
  const DramDevice& device = dram.device;
  DramPoint point;
  std::vector<Tick> latencies;
  Tick end = 1;
  for (const std::vector<DramArrival>& arrivals : dram_arrivals(dram, traffic)) {
    DramChannel channel(device, dram.controller);
    const std::vector<Tick> done = run_arrivals(channel, arrivals);
    for (const DramArrival& a : arrivals)
      if (!a.burst.write) latencies.push_back(done[a.burst.tag] - a.at);
    end = std::max(end, channel.last_data());
    add(point.stats, channel.stats());
  }
  const double peak = static_cast<double>(dram.layout.channels) *
                      static_cast<double>(device.channel_bandwidth()) / 1e9;
  const std::int64_t served = point.stats.reads + point.stats.writes;
  const double seconds = nanoseconds(static_cast<double>(end), device) / 1e9;
  point.offered_gbps = traffic.load * peak;
  point.achieved_gbps = static_cast<double>(served * device.burst_bytes()) / 1e9 / seconds;
  point.peak_share = point.achieved_gbps / peak;
  if (served > 0)
    point.hit_rate = static_cast<double>(point.stats.hits) / static_cast<double>(served);
  set_latencies(latencies, device, point);
  return point;
}

}  // namespace unna
