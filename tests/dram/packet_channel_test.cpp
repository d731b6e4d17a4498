// The channel of the `bandwidth` model: exact where nothing is in the way, and beside DramChannel
// where much is.

#include "sim/memory/packet_channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "base/rng.h"
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

/// What is served when nothing more is pushed.
std::vector<PacketChannel::Served> all_served(PacketChannel& channel) {
  std::vector<PacketChannel::Served> all;
  for (Tick at = channel.next_event(); at != kNeverTick; at = channel.next_event())
    if (const auto served = channel.step(at)) all.push_back(*served);
  return all;
}

TEST_P(PacketChannels, ARefreshCutsAPacket) {
  const DramDevice device = dram_standard(GetParam());
  const DramTiming& t = device.timing;
  PacketChannel channel(device, {});
  const std::int64_t bursts = 2 * t.refi / t.ccd_l;  // two refreshes long
  channel.push({{}, bursts, false, 7}, 0);
  const auto parts = all_served(channel);
  ASSERT_EQ(parts.size(), 3U);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].packet.tag, 7U);
    sum += parts[i].packet.bursts;
    if (i == 0) continue;
    const Tick due = t.refi * static_cast<Tick>(i);
    EXPECT_LT(parts[i - 1].last_data - t.cl - device.burst_clocks(), due);
    EXPECT_GE(parts[i].first_data - t.cl - device.burst_clocks(), due + t.rfc);
  }
  EXPECT_EQ(sum, bursts);
}

INSTANTIATE_TEST_SUITE_P(Standards, PacketChannels, testing::ValuesIn(kStandards),
                         [](const auto& param) {
                           std::string name(dram_standard_name(param.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST(PacketChannel, ATurnOfTheBusCutsAPacket) {
  DramController controller;
  controller.write_high = 1;
  controller.write_low = 0;
  controller.turn = 3;
  PacketChannel channel(dram_standard(kDdr4), controller);
  channel.push({{}, 5, false, 1}, 0);
  channel.push({{}, 1, true, 2}, 0);
  const auto parts = all_served(channel);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].packet.bursts, 3);
  EXPECT_TRUE(parts[1].packet.write);
  EXPECT_EQ(parts[2].packet.bursts, 2);
  EXPECT_EQ(parts[2].packet.tag, 1U);
}

/// While the bursts of the last read are on their way, the bus has not turned: a read that comes
/// meanwhile goes before a write that came earlier.
TEST(PacketChannel, ABusTurnsBehindTheLastBurst) {
  DramController controller;
  controller.write_low = 0;
  PacketChannel channel(dram_standard(kDdr4), controller);
  channel.push({{}, 8, false, 1}, 0);
  Tick now = 0;
  while (channel.queued(false) > 0) {
    now = channel.next_event();
    channel.step(now);
  }
  channel.push({{}, 1, true, 2}, now + 1);
  ASSERT_GT(channel.next_event(), now + 2);
  channel.push({{}, 1, false, 3}, now + 2);
  const auto rest = all_served(channel);
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[0].packet.tag, 3U);
  EXPECT_EQ(rest[1].packet.tag, 2U);
}

/// A number for what is served when in random traffic: reads and writes of few rows and banks, in
/// bursts of pushes and with pauses, so that queues fill, turn, and run empty.
std::uint64_t served_in_random_traffic(const DramDevice& device, const DramController& controller,
                                       std::uint64_t seed) {
  PacketChannel channel(device, controller);
  Rng rng(seed);
  std::uint64_t sum = 0xcbf29ce484222325ULL;
  const auto note = [&](Tick value) {
    sum = (sum ^ static_cast<std::uint64_t>(value)) * 0x100000001b3ULL;
  };
  const auto step = [&] {
    const auto served = channel.step(channel.next_event());
    if (!served) return;
    note(static_cast<Tick>(served->packet.tag));
    note(served->first_data);
    note(served->last_data);
  };
  Tick now = 0;
  for (std::uint32_t tag = 0; tag < 4000; ++tag) {
    if (rng.below(8) == 0) now += static_cast<Tick>(rng.below(rng.below(20) == 0 ? 20000 : 200));
    ChannelPacket p;
    p.where.row = static_cast<std::uint32_t>(rng.below(3));
    p.where.bank = static_cast<std::uint32_t>(rng.below(static_cast<std::uint64_t>(device.banks)));
    p.where.group =
        static_cast<std::uint32_t>(rng.below(static_cast<std::uint64_t>(device.groups)));
    p.where.rank = static_cast<std::uint32_t>(rng.below(static_cast<std::uint64_t>(device.ranks)));
    p.bursts = 1 + static_cast<std::int64_t>(rng.below(8));
    p.write = rng.below(3) == 0;
    p.tag = tag;
    while (channel.next_event() <= now || channel.full(p.write)) {
      now = std::max(now, channel.next_event());
      step();
    }
    channel.push(p, now);
  }
  while (channel.next_event() != kNeverTick) step();
  return sum;
}

/// Of a channel that plans anew with every packet that is pushed: 20 seeds
/// with open rows, with closed ones, and with two ranks and packets that may hardly be passed.
struct Planned {
  DramStandard standard;
  std::uint64_t open, closed, ranks;
};
const Planned kPlanned[] = {
    {kDdr4, 0xbad647c3c952a3acULL, 0xc442f9777d05d5baULL, 0x5ce9925f714ff646ULL},
    {kLpddr4, 0x8e44048a395ae64cULL, 0x29849538a13df5ebULL, 0x8f3a5eb3ff6a71c3ULL},
    {kHbm2, 0x2ed760f874ba990fULL, 0xe37a5736bbb5bb80ULL, 0xfd1a205cef702bc8ULL},
    {kDdr5, 0xb353ce7ce58d689fULL, 0xac02f4ee4d5c4dcfULL, 0x4963d80601db3547ULL},
    {kLpddr5, 0xf61b9e501e07bb8eULL, 0xadf62acd3558a333ULL, 0x5f4be49aacf3d773ULL},
    {kHbm3, 0x5e84c92c8961a7a7ULL, 0x6ba4147e5dc3a685ULL, 0xe96c89d7e4f635a8ULL},
};

TEST(PacketChannel, KeepsAPlanOnlyWhereANewOneWouldBeTheSame) {
  for (const Planned& planned : kPlanned) {
    SCOPED_TRACE(dram_standard_name(planned.standard));
    DramDevice device = dram_standard(planned.standard);
    DramController controller;
    const auto all = [&] {
      std::uint64_t sum = 0;
      for (std::uint64_t seed = 1; seed <= 20; ++seed)
        sum = sum * 31 + served_in_random_traffic(device, controller, seed);
      return sum;
    };
    EXPECT_EQ(all(), planned.open);
    controller.page = DramPage::closed;
    EXPECT_EQ(all(), planned.closed);
    controller.page = DramPage::open;
    controller.max_passed = 2;
    device.ranks = 2;
    EXPECT_EQ(all(), planned.ranks);
  }
}

}  // namespace
}  // namespace unna
