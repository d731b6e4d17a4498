#pragma once

// Traffic against the banked DRAM alone, open loop: bursts arrive at a rate that does not ask how
// the DRAM gets on, and wait outside while a queue is full. What a bandwidth-latency curve is made
// of, and what tests and benchmarks drive channels with.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"
#include "sim/memory/dram_channel.h"

namespace unna {

enum class DramPattern : std::uint8_t {
  sequential,
  strided,
  random,
  bank_group,
  row_conflict,
  mix
};
inline constexpr std::string_view kDramPatternNames[] = {"sequential", "strided",      "random",
                                                         "bank-group", "row-conflict", "mix"};

struct DramTraffic {
  DramPattern pattern = DramPattern::sequential;
  std::int64_t bursts = 200'000;  ///< of all channels
  double reads = 1;               ///< share; the others are writes
  double load = 1;                ///< share of the peak bandwidth that is offered
  Bytes stride = 4096;            ///< of `strided`
  std::uint64_t seed = 1;
};

/// A burst on its way to a channel.
struct DramArrival {
  Tick at = 0;
  DramBurst burst;
};
/// By channel, in the order of arrival; the tag is the index in the channel's list. Times between
/// arrivals are uniform from 0 to twice their mean, on integers.
///
/// sequential: burst after burst. strided: a burst every `stride` bytes, then the bursts beside
/// those. random: uniform over the capacity. bank_group: row after row of the banks of one bank
/// group of each channel. row_conflict: another row of one bank of each channel with every burst.
/// mix: sixteen sequential streams in random turns, and every fourth burst random.
std::vector<std::vector<DramArrival>> dram_arrivals(const DramConfig& dram,
                                                    const DramTraffic& traffic);

/// Runs one channel until all arrivals are done. Returns, by tag, the tick of a read's last data;
/// of writes the tick at which they were accepted.
std::vector<Tick> run_arrivals(DramChannel& channel, std::span<const DramArrival> arrivals);

/// A point of the curve.
struct DramPoint {
  double offered_gbps = 0;
  double achieved_gbps = 0;  ///< until the last data of all channels
  double peak_share = 0;
  double mean_latency_ns = 0;  ///< of reads, from arrival to last data; 0 where there are none
  double p99_latency_ns = 0;
  double hit_rate = 0;     ///< of the bursts that the device served
  DramChannelStats stats;  ///< of all channels
};
DramPoint measure_dram(const DramConfig& dram, const DramTraffic& traffic);

}  // namespace unna
