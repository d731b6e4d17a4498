// The channel of the `bandwidth` model: exact where nothing is in the way, and beside DramChannel
// where much is.

#include "sim/memory/packet_channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "sim/memory/dram_traffic.h"
#include "tests/support/dram_standards.h"

namespace unna {
namespace {

const DramStandard kStandards[] = {kDdr4, kLpddr4, kHbm2, kDdr5, kLpddr5, kHbm3};

ChannelPacket packet(std::uint32_t row, std::int64_t bursts = 1, bool write = false) {
  ChannelPacket p;
  p.where.row = row;
  p.bursts = bursts;
  p.write = write;
  return p;
}

/// All data of a packet that is alone, after its push.
Tick latency(PacketChannel& channel, const ChannelPacket& p, Tick at) {
  Tick end = 0;
  channel.push(p, at);
  while (channel.next_event() != kNeverTick)
    if (const auto served = channel.step(channel.next_event())) end = served->last_data;
  return end - at;
}

class PacketChannels : public testing::TestWithParam<DramStandard> {};

TEST_P(PacketChannels, AnIdleOneTakesTheStandardsTimes) {
  const DramDevice& device = dram_standard(GetParam());
  const DramTiming& t = device.timing;
  PacketChannel channel(device, {});
  const Tick hit = t.cl + device.burst_clocks();
  EXPECT_EQ(latency(channel, packet(5), 100), t.rcd_rd + hit);
  EXPECT_EQ(latency(channel, packet(5), 1000), hit);
  EXPECT_EQ(latency(channel, packet(6), 1500), t.rp + t.rcd_rd + hit);
  EXPECT_EQ(latency(channel, packet(6, 4), 2000), hit + 3 * t.ccd_l);
  EXPECT_EQ(channel.stats().activates, 2);
  EXPECT_EQ(channel.stats().reads, 7);
}

TEST_P(PacketChannels, ARefreshKeepsItBusy) {
  const DramDevice& device = dram_standard(GetParam());
  const DramTiming& t = device.timing;
  PacketChannel channel(device, {});
  EXPECT_EQ(latency(channel, packet(5), t.refi), t.rfc + t.rcd_rd + t.cl + device.burst_clocks());
}

/// Clocks from the first push to the last data, with as many packets waiting as there is room for,
/// of each direction.
Tick clocks_of(const DramConfig& dram, const std::vector<DramArrival>& arrivals) {
  PacketChannel channel(dram.device, dram.controller);
  std::array<std::deque<DramAddress>, 2> outside;
  for (const DramArrival& a : arrivals) outside[a.burst.write].push_back(a.burst.where);
  Tick now = 0, end = 0;
  while (true) {
    for (const bool write : {false, true})
      for (; !outside[write].empty() && !channel.full(write); outside[write].pop_front())
        channel.push({outside[write].front(), 1, write, 0}, now);
    now = channel.next_event();
    if (now == kNeverTick) return end;
    if (const auto served = channel.step(now)) end = std::max(end, served->last_data);
  }
}

TEST_P(PacketChannels, StreamsTakeTheTimeOfCommands) {
  DramConfig dram;
  dram.device = dram_standard(GetParam());
  dram.layout.channels = 1;
  for (std::size_t p = 0; p < std::size(kDramPatternNames); ++p)
    for (const double reads : {1.0, 0.67}) {
      const DramTraffic traffic{
          .pattern = static_cast<DramPattern>(p), .bursts = 20'000, .reads = reads, .load = 10};
      const std::vector<DramArrival> arrivals = dram_arrivals(dram, traffic).front();
      DramChannel channel(dram.device, dram.controller);
      run_arrivals(channel, arrivals);
      const auto commands = static_cast<double>(channel.last_data());
      EXPECT_NEAR(static_cast<double>(clocks_of(dram, arrivals)) / commands, 1, 0.05)
          << kDramPatternNames[p] << ", reads " << reads;
    }
}

INSTANTIATE_TEST_SUITE_P(Standards, PacketChannels, testing::ValuesIn(kStandards),
                         [](const auto& param) {
                           std::string name(dram_standard_name(param.param));
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace unna
