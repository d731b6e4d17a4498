// What the controller chooses: order, drains, forwarding, refresh.

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/rng.h"
#include "sim/memory/dram_traffic.h"
#include "tests/dram/command_checker.h"
#include "tests/support/dram_standards.h"

namespace unna {
namespace {

const DramDevice& device() {
  return dram_standard(kDdr4);
}

DramAddress at_row(std::uint32_t row, std::uint32_t column = 0) {
  DramAddress where;
  where.row = row;
  where.column = column;
  return where;
}

/// Tags of reads in the order in which their data ends.
std::vector<std::uint32_t> run_to_the_end(DramChannel& channel) {
  std::vector<std::uint32_t> tags;
  while (channel.next_event() != kNeverTick)
    channel.step(channel.next_event(), [&](std::uint32_t tag, Tick) { tags.push_back(tag); });
  return tags;
}

TEST(DramSchedule, HitsGoBeforeAnOlderConflict) {
  DramChannel channel(device(), {});
  channel.push({at_row(1), false, 0}, 0);
  run_to_the_end(channel);
  channel.push({at_row(2), false, 1}, 100);
  channel.push({at_row(1, 1), false, 2}, 100);
  channel.push({at_row(1, 2), false, 3}, 100);
  EXPECT_EQ(run_to_the_end(channel), (std::vector<std::uint32_t>{2, 3, 1}));
}

TEST(DramSchedule, WithoutPassingReadsAreServedInOrder) {
  DramController controller;
  controller.max_passed = 0;
  DramChannel channel(device(), controller);
  const DramTraffic traffic{.pattern = DramPattern::random, .bursts = 500};
  DramConfig dram;
  dram.layout.channels = 1;
  const std::vector<Tick> ends = run_arrivals(channel, dram_arrivals(dram, traffic).front());
  EXPECT_TRUE(std::is_sorted(ends.begin(), ends.end()));
}

/// Hits that a conflict sees pass, where hits never end.
std::int64_t hits_before_conflict(std::int64_t max_passed) {
  DramController controller;
  controller.max_passed = max_passed;
  DramChannel channel(device(), controller);
  channel.push({at_row(1), false, 0}, 0);
  run_to_the_end(channel);
  channel.push({at_row(2), false, 1}, 100);
  std::int64_t passed = 0;
  for (std::uint32_t column = 0; !channel.full(false); ++column)
    channel.push({at_row(1, column), false, 2}, 100);
  for (bool served = false; !served && passed < 1000;) {
    channel.step(channel.next_event(), [&](std::uint32_t tag, Tick) {
      served = tag == 1;
      passed += served ? 0 : 1;
    });
    // The bus may have gone on: the command's tick is what next_event() said before.
    while (!channel.full(false) && !served) channel.push({at_row(1), false, 2}, channel.now());
  }
  return passed;
}

TEST(DramSchedule, StarvationIsBounded) {
  for (const std::int64_t bound : {1, 5, 32, 100}) EXPECT_EQ(hits_before_conflict(bound), bound);
}

/// For each read, how many younger ones were served before it.
std::int64_t most_passed(std::int64_t max_passed, DramPattern pattern, std::int64_t ranks) {
  DramConfig dram;
  dram.layout.channels = 1;
  dram.device.ranks = ranks;
  dram.controller.max_passed = max_passed;
  DramChannel channel(dram.device, dram.controller);
  const auto arrivals =
      dram_arrivals(dram, {.pattern = pattern, .bursts = 2000, .load = 1}).front();
  const std::vector<Tick> ends = run_arrivals(channel, arrivals);
  std::int64_t most = 0;
  for (std::size_t i = 0; i < ends.size(); ++i)
    most = std::max<std::int64_t>(
        most, std::count_if(ends.begin() + static_cast<std::ptrdiff_t>(i) + 1, ends.end(),
                            [&](Tick end) { return end < ends[i]; }));
  return most;
}

TEST(DramSchedule, NoReadIsPassedMoreOftenThanItMayBe) {
  for (const DramPattern pattern : {DramPattern::random, DramPattern::mix, DramPattern::strided})
    for (const std::int64_t ranks : {1, 2}) {
      EXPECT_LE(most_passed(4, pattern, ranks), 4);
      EXPECT_LE(most_passed(32, pattern, ranks), 32);
    }
  EXPECT_GT(most_passed(1 << 20, DramPattern::mix, 1), 32) << "the bound above would hold anyway";
}

/// A controller with a queue of reads that is never empty, and so many writes at once.
DramChannelStats with_writes(std::int64_t writes, std::int64_t turn, std::size_t& left) {
  DramController controller;
  controller.turn = turn;
  DramChannel channel(device(), controller);
  const auto fill_reads = [&](Tick now) {
    while (!channel.full(false)) channel.push({at_row(1), false, 0}, now);
  };
  fill_reads(0);
  for (int i = 0; i < 20; ++i) channel.step(channel.next_event(), [](std::uint32_t, Tick) {});
  for (std::int64_t i = 0; i < writes; ++i)
    channel.push({at_row(3, static_cast<std::uint32_t>(i)), true, 0}, channel.now());
  fill_reads(channel.now());
  for (int i = 0; i < 400; ++i) {
    channel.step(channel.next_event(), [](std::uint32_t, Tick) {});
    fill_reads(channel.now());
  }
  left = channel.queued(true);
  return channel.stats();
}

TEST(DramSchedule, WritesWaitForTheHighWatermarkAndDrainToTheLowOne) {
  const DramController controller;
  std::size_t left = 0;
  EXPECT_EQ(with_writes(controller.write_high - 1, 100, left).drains, 0);
  EXPECT_EQ(left, 23U);
  EXPECT_EQ(with_writes(controller.write_high, 100, left).drains, 1);
  EXPECT_EQ(left, 8U);
  // Reads have their turn after five writes.
  EXPECT_EQ(with_writes(controller.write_high, 5, left).drains, 1);
  EXPECT_EQ(left, 19U);
}

TEST(DramSchedule, ReadsOfAQueuedWriteAreForwarded) {
  DramChannel channel(device(), {});
  channel.push({at_row(1, 3), true, 0}, 50);
  channel.push({at_row(1, 3), false, 9}, 50);
  channel.push({at_row(1, 4), false, 8}, 50);
  Tick forwarded = 0;
  channel.step(channel.next_event(), [&](std::uint32_t tag, Tick end) {
    EXPECT_EQ(tag, 9U);
    forwarded = end;
  });
  EXPECT_EQ(forwarded, 51);
  EXPECT_EQ(run_to_the_end(channel), std::vector<std::uint32_t>{8});
  EXPECT_EQ(channel.stats().forwarded, 1);
  EXPECT_EQ(channel.stats().reads, 1);
  EXPECT_EQ(channel.stats().writes, 1);
}

TEST(DramSchedule, AWriteReplacesAQueuedOneOfTheSameBurst) {
  DramChannel channel(device(), {});
  for (int i = 0; i < 3; ++i) channel.push({at_row(1, 3), true, 0}, 50);
  EXPECT_EQ(channel.queued(true), 1U);
  run_to_the_end(channel);
  EXPECT_EQ(channel.stats().merged, 2);
  EXPECT_EQ(channel.stats().writes, 1);
}

class RefreshLog final : public DramCommandObserver {
 public:
  void issued(const DramCommand& command) override {
    if (command.op == DramOp::refresh) refreshes.push_back(command.at);
  }
  std::vector<Tick> refreshes;  ///< of ranks in turn
};

TEST(DramSchedule, EveryRankIsRefreshedEveryInterval) {
  for (const std::int64_t ranks : {1, 2}) {
    DramDevice d = device();
    d.ranks = ranks;
    for (const bool busy : {false, true}) {
      DramChannel channel(d, {});
      RefreshLog log;
      channel.observe(&log);
      const Tick end = 100 * d.timing.refi;
      const Tick step = busy ? 40 : end;
      for (Tick now = 0; now <= end; now += step) {
        channel.push({at_row(static_cast<std::uint32_t>(now % 7)), false, 0}, now);
        while (channel.next_event() <= now + step && channel.next_event() != kNeverTick)
          channel.step(channel.next_event(), [](std::uint32_t, Tick) {});
      }
      EXPECT_NEAR(static_cast<double>(channel.stats().refreshes), static_cast<double>(100 * ranks),
                  1)
          << ranks << " ranks, busy " << busy;
      if (!busy) continue;
      // None is put off for long: precharges and a burst under way come before it.
      ASSERT_GT(log.refreshes.size(), 90U * static_cast<std::size_t>(ranks));
      for (std::size_t i = static_cast<std::size_t>(ranks); i < log.refreshes.size(); ++i)
        EXPECT_LE(log.refreshes[i] - log.refreshes[i - static_cast<std::size_t>(ranks)],
                  d.timing.refi + 2 * d.timing.rc);
    }
  }
}

TEST(DramSchedule, ClosedPagesAreMissesInsteadOfConflicts) {
  DramConfig dram;
  dram.layout.channels = 1;
  const DramTraffic traffic{.pattern = DramPattern::random, .bursts = 5000, .load = 0.05};
  const DramPoint open = measure_dram(dram, traffic);
  dram.controller.page = DramPage::closed;
  const DramPoint closed = measure_dram(dram, traffic);
  EXPECT_GT(open.stats.conflicts, 4000);
  EXPECT_LT(closed.stats.conflicts, 200);
  EXPECT_LT(closed.mean_latency_ns, open.mean_latency_ns);
}

DramController random_controller(Rng& rng) {
  DramController c;
  c.read_queue = rng.between(1, 40);
  c.write_queue = rng.between(2, 40);
  c.write_high = rng.between(1, c.write_queue);
  c.write_low = rng.between(0, c.write_high - 1);
  c.turn = rng.between(1, 20);
  c.max_passed = rng.between(0, 40);
  c.page = rng.chance(1, 2) ? DramPage::open : DramPage::closed;
  return c;
}

TEST(DramSchedule, EveryBurstIsServedOnceWhateverTheController) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed);
    DramConfig dram;
    dram.device = dram_standard(static_cast<DramStandard>(rng.below(3)));
    dram.device.ranks = rng.chance(1, 2) ? 1 : 2;
    dram.layout.channels = 1;
    dram.controller = random_controller(rng);
    const auto arrivals = dram_arrivals(
        dram, {.pattern = DramPattern::mix, .bursts = 800, .reads = 0.5, .load = 1, .seed = seed});
    DramChannel channel(dram.device, dram.controller);
    std::vector<int> done(arrivals[0].size());
    std::int64_t reads = 0;
    for (const DramArrival& a : arrivals[0]) {
      while (channel.full(a.burst.write))
        channel.step(channel.next_event(), [&](std::uint32_t tag, Tick) { ++done[tag]; });
      channel.push(a.burst, channel.now());
      reads += a.burst.write ? 0 : 1;
    }
    for (const std::uint32_t tag : run_to_the_end(channel)) ++done[tag];
    for (const DramArrival& a : arrivals[0])
      ASSERT_EQ(done[a.burst.tag], a.burst.write ? 0 : 1) << "seed " << seed;
    const DramChannelStats& s = channel.stats();
    EXPECT_EQ(s.reads + s.forwarded, reads);
    EXPECT_EQ(s.writes + s.merged, static_cast<std::int64_t>(arrivals[0].size()) - reads);
    EXPECT_EQ(s.hits + s.misses + s.conflicts, s.reads + s.writes);
    EXPECT_EQ(s.data_clocks, (s.reads + s.writes) * dram.device.burst_clocks());
  }
}

TEST(DramSchedule, SameTrafficSameCommands) {
  DramConfig dram;
  dram.layout.channels = 1;
  const auto commands = [&](std::uint64_t seed) {
    CommandLog log;
    DramChannel channel(dram.device, dram.controller);
    channel.observe(&log);
    run_arrivals(
        channel,
        dram_arrivals(dram,
                      {.pattern = DramPattern::mix, .bursts = 2000, .reads = 0.6, .seed = seed})
            .front());
    std::vector<Tick> ticks;
    for (const DramCommand& c : log.commands) ticks.push_back(c.at);
    return ticks;
  };
  EXPECT_EQ(commands(1), commands(1));
  EXPECT_NE(commands(1), commands(2));
}

}  // namespace
}  // namespace unna
