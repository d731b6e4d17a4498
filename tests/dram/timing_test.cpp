// Every command is legal, and none is later than the rules ask for.

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "sim/memory/dram_traffic.h"
#include "tests/dram/command_checker.h"
#include "tests/support/dram_standards.h"

namespace unna {
namespace {

std::vector<DramCommand> commands_of(const DramConfig& dram, const DramTraffic& traffic) {
  CommandLog log;
  DramChannel channel(dram.device, dram.controller);
  channel.observe(&log);
  run_arrivals(channel, dram_arrivals(dram, traffic).front());
  return log.commands;
}

DramConfig one_channel(DramStandard standard) {
  DramConfig dram;
  dram.device = dram_standard(standard);
  dram.layout.channels = 1;
  return dram;
}

/// How often each rule alone kept a command from coming one clock earlier. Fails on broken rules.
std::map<std::string, int> binding_rules(const DramDevice& device,
                                         const std::vector<DramCommand>& commands) {
  std::map<std::string, int> binding;
  CommandChecker checker(device);
  for (DramCommand command : commands) {
    for (const std::string& rule : checker.broken(command)) {
      ADD_FAILURE() << "at " << command.at << ": " << rule;
      return binding;
    }
    DramCommand early = command;
    --early.at;
    const std::vector<std::string> broken = checker.broken(early);
    if (broken.size() == 1) ++binding[broken.front()];
    checker.add(command);
  }
  return binding;
}

struct Legal {
  DramStandard standard;
  DramPattern pattern;
  std::int64_t ranks;
};
class DramCommands : public testing::TestWithParam<Legal> {};

TEST_P(DramCommands, AreLegal) {
  DramConfig dram = one_channel(GetParam().standard);
  dram.device.ranks = GetParam().ranks;
  for (const DramPage page : {DramPage::open, DramPage::closed})
    for (const double load : {0.2, 1.0}) {
      dram.controller.page = page;
      DramTraffic traffic{
          .pattern = GetParam().pattern, .bursts = 1500, .reads = 0.67, .load = load};
      EXPECT_FALSE(binding_rules(dram.device, commands_of(dram, traffic)).empty());
    }
}

std::vector<Legal> all_runs() {
  std::vector<Legal> runs;
  for (std::size_t s = 0; s < dram_standard_names().size(); ++s)
    for (std::size_t p = 0; p < std::size(kDramPatternNames); ++p)
      for (const std::int64_t ranks : {1, 2})
        runs.push_back({static_cast<DramStandard>(s), static_cast<DramPattern>(p), ranks});
  return runs;
}
INSTANTIATE_TEST_SUITE_P(Runs, DramCommands, testing::ValuesIn(all_runs()));

/// A device on which the rule is what holds a command back, in a run under that pattern.
struct Tight {
  std::string rule;
  DramPattern pattern;
  std::function<void(DramDevice&)> change;
};
const Tight kTight[] = {
    {"command bus", DramPattern::random, [](DramDevice& d) { d.timing.rrd_s = 1; }},
    {"faw", DramPattern::random, [](DramDevice&) {}},
    {"rcd_rd", DramPattern::row_conflict, [](DramDevice&) {}},
    {"rcd_wr", DramPattern::row_conflict, [](DramDevice&) {}},
    {"ras", DramPattern::row_conflict, [](DramDevice&) {}},
    {"rc", DramPattern::row_conflict, [](DramDevice& d) { d.timing.rc = 90; }},
    {"rp", DramPattern::row_conflict, [](DramDevice&) {}},
    {"rp before refresh", DramPattern::sequential, [](DramDevice&) {}},
    {"rfc", DramPattern::sequential, [](DramDevice&) {}},
    {"rrd_l", DramPattern::random, [](DramDevice& d) { d.groups = 1, d.banks = 16; }},
    {"rrd_s", DramPattern::random, [](DramDevice&) {}},
    {"rtp", DramPattern::row_conflict, [](DramDevice& d) { d.timing.rtp = 40; }},
    {"wr", DramPattern::row_conflict, [](DramDevice&) {}},
    {"ccd_l of reads", DramPattern::bank_group, [](DramDevice&) {}},
    {"ccd_s of reads", DramPattern::sequential, [](DramDevice&) {}},
    {"ccd_l of writes", DramPattern::bank_group, [](DramDevice&) {}},
    {"ccd_s of writes", DramPattern::sequential, [](DramDevice&) {}},
    {"rtw", DramPattern::sequential, [](DramDevice&) {}},
    {"wtr_l", DramPattern::bank_group, [](DramDevice&) {}},
    {"wtr_s", DramPattern::sequential, [](DramDevice&) {}},
    {"reads of two ranks", DramPattern::random, [](DramDevice& d) { d.ranks = 2; }},
    {"writes of two ranks", DramPattern::random, [](DramDevice& d) { d.ranks = 2; }},
    {"write, read of two ranks", DramPattern::random,
     [](DramDevice& d) { d.ranks = 2, d.timing.wtr_s = 1, d.timing.wtr_l = 1, d.timing.cwl = 24; }},
    {"read, write of two ranks", DramPattern::random,
     [](DramDevice& d) { d.ranks = 2, d.timing.rank_gap = 9; }},
};

TEST(DramTiming, EveryRuleIsKeptToTheClock) {
  std::vector<std::string> tested;
  for (const Tight& tight : kTight) {
    DramConfig dram = one_channel(kDdr4);
    dram.device.timing.refi = 2000;
    tight.change(dram.device);
    const DramTraffic traffic{.pattern = tight.pattern, .bursts = 3000, .reads = 0.6};
    const auto binding = binding_rules(dram.device, commands_of(dram, traffic));
    EXPECT_TRUE(binding.contains(tight.rule)) << tight.rule;
    tested.push_back(tight.rule);
  }
  EXPECT_EQ(tested, CommandChecker(dram_standard(kDdr4)).rules());
}

/// Commands that go at a slower clock than data hold their bus longer.
TEST(DramTiming, CommandsTakeTheirClocksOnTheBus) {
  const DramConfig dram = one_channel(kLpddr5);
  const auto commands =
      commands_of(dram, {.pattern = DramPattern::sequential, .bursts = 3000, .reads = 1});
  Tick closest = kNeverTick;
  for (std::size_t i = 1; i < commands.size(); ++i)
    closest = std::min(closest, commands[i].at - commands[i - 1].at);
  EXPECT_EQ(closest, dram.device.command_clocks);
}

struct Unloaded {
  DramStandard standard;
  Tick hit, closed, conflict;
};
class DramLatency : public testing::TestWithParam<Unloaded> {};

/// From the push of a read to its last data, on an idle channel.
Tick read_latency(DramChannel& channel, const DramAddress& where, Tick at) {
  Tick end = 0;
  channel.push({where, false, 7}, at);
  while (channel.next_event() != kNeverTick)
    channel.step(channel.next_event(), [&](std::uint32_t, Tick e) { end = e; });
  return end - at;
}

TEST_P(DramLatency, UnloadedIsTheSumOfItsParts) {
  const DramDevice& device = dram_standard(GetParam().standard);
  DramChannel channel(device, {});
  DramAddress where;
  where.row = 5;
  EXPECT_EQ(read_latency(channel, where, 100), GetParam().closed);
  EXPECT_EQ(read_latency(channel, where, 500), GetParam().hit);
  where.row = 6;
  EXPECT_EQ(read_latency(channel, where, 900), GetParam().conflict);
  EXPECT_EQ(channel.stats().hits, 1);
  EXPECT_EQ(channel.stats().misses, 1);
  EXPECT_EQ(channel.stats().conflicts, 1);
}
INSTANTIATE_TEST_SUITE_P(Standards, DramLatency,
                         testing::Values(Unloaded{kDdr4, 20, 36, 52}, Unloaded{kLpddr4, 36, 65, 94},
                                         Unloaded{kHbm2, 19, 31, 45}, Unloaded{kDdr5, 42, 76, 110},
                                         Unloaded{kLpddr5, 76, 136, 196},
                                         Unloaded{kHbm3, 56, 108, 160}));

class DramStreams : public testing::TestWithParam<DramStandard> {};

double peak_share(DramStandard standard, DramPattern pattern, double reads) {
  return measure_dram(one_channel(standard),
                      {.pattern = pattern, .bursts = 50'000, .reads = reads, .load = 1})
      .peak_share;
}

TEST_P(DramStreams, ReachThePeakBesideRefreshes) {
  const DramTiming& t = dram_standard(GetParam()).timing;
  const double without_refresh = 1 - static_cast<double>(t.rfc) / static_cast<double>(t.refi);
  for (const double reads : {1.0, 0.0}) {
    const double share = peak_share(GetParam(), DramPattern::sequential, reads);
    EXPECT_GE(share, 0.95 * without_refresh);
    EXPECT_LE(share, without_refresh);
  }
}

TEST_P(DramStreams, WithinABankGroupTakeTheLongerTime) {
  const DramTiming& t = dram_standard(GetParam()).timing;
  const double of_group = static_cast<double>(t.ccd_s) / static_cast<double>(t.ccd_l) *
                          (1 - static_cast<double>(t.rfc) / static_cast<double>(t.refi));
  const double share = peak_share(GetParam(), DramPattern::bank_group, 1);
  EXPECT_GE(share, 0.95 * of_group);
  EXPECT_LE(share, of_group);
}

TEST_P(DramStreams, OfConflictsTakeARowCycleEach) {
  const DramDevice& device = dram_standard(GetParam());
  const double of_bank =
      static_cast<double>(device.burst_clocks()) / static_cast<double>(device.timing.rc);
  const double share = peak_share(GetParam(), DramPattern::row_conflict, 1);
  const DramTiming& t = device.timing;
  EXPECT_GE(share, 0.93 * of_bank * (1 - static_cast<double>(t.rfc) / static_cast<double>(t.refi)));
  EXPECT_LE(share, of_bank);
}
INSTANTIATE_TEST_SUITE_P(Standards, DramStreams,
                         testing::Values(kDdr4, kLpddr4, kHbm2, kDdr5, kLpddr5, kHbm3));

}  // namespace
}  // namespace unna
