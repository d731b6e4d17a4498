// Memories as data files: the clocks that come of them, at their own clock and at others.

#include "configs/dram_standard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "configs/check_machine.h"
#include "configs/machine.h"
#include "tests/support/committed.h"
#include "tests/support/dram_standards.h"

namespace unna {
namespace {

/// In the order of kDramTimes.
std::vector<std::int64_t> clocks_of(const DramDevice& device) {
  std::vector<std::int64_t> clocks;
  for (const DramTime& time : kDramTimes) clocks.push_back(device.timing.*time.member);
  return clocks;
}

using Clocks = std::vector<std::int64_t>;

TEST(DramStandard, EmbeddedOnesAreTheFiles) {
  ASSERT_EQ(dram_standard_files().size(), dram_standard_names().size());
  for (std::size_t i = 0; i < dram_standard_files().size(); ++i) {
    const DramStandardFile& file = dram_standard_files()[i];
    EXPECT_EQ(file.file, fmt::format("configs/dram/{}.yaml", dram_standard_names()[i]));
    EXPECT_EQ(read_file(fmt::format("{}/{}", UNNASIM_SOURCE_DIR, file.file)), file.yaml);
  }
}

TEST(DramStandard, ClocksAtTheirOwnClockAreThoseOfTheStandards) {
  EXPECT_EQ(clocks_of(dram_standard(kDdr4)),
            (Clocks{16, 12, 16, 16, 16, 39, 55, 4, 6, 26, 4, 6, 9, 18, 3, 9, 2, 2, 9360, 312}));
  EXPECT_EQ(clocks_of(dram_standard(kLpddr4)), (Clocks{28, 14, 29, 29, 29, 68, 97, 16, 16,   64,
                                                       8,  8,  12, 30, 17, 17, 8,  4,  6246, 448}));
  EXPECT_EQ(clocks_of(dram_standard(kHbm2)),
            (Clocks{17, 7, 12, 6, 14, 28, 42, 4, 6, 16, 2, 3, 5, 14, 4, 9, 1, 2, 3900, 220}));
  EXPECT_EQ(clocks_of(dram_standard(kDdr5)), (Clocks{34, 32, 34, 34, 34, 77, 111, 8, 12,   32,
                                                     8,  12, 18, 72, 6,  24, 4,   2, 9360, 708}));
}

/// Those whose commands go at a slower clock are compared in that one.
TEST(DramStandard, ClocksOfCommandsAreThoseOfTheSources) {
  const auto in_command_clocks = [](const DramDevice& device) {
    Clocks clocks = clocks_of(device);
    for (std::int64_t& c : clocks) {
      EXPECT_EQ(c % device.command_clocks, 0);
      c /= device.command_clocks;
    }
    return clocks;
  };
  EXPECT_EQ(dram_standard(kLpddr5).command_clocks, 4);
  EXPECT_EQ(in_command_clocks(dram_standard(kLpddr5)),
            (Clocks{17, 9, 15, 15, 15, 34, 49, 4, 4, 16, 2, 4, 8, 28, 5, 10, 2, 2, 3124, 168}));
  EXPECT_EQ(dram_standard(kHbm3).command_clocks, 2);
  EXPECT_EQ(in_command_clocks(dram_standard(kHbm3)),
            (Clocks{26, 8, 26, 14, 26, 48, 74, 8, 8, 24, 2, 4, 6, 24, 8, 12, 2, 2, 6240, 720}));
}

TEST(DramStandard, OrganisationsGiveTheCapacitiesAndBandwidthsOfTheirParts) {
  struct Part {
    DramStandard standard;
    Bytes bytes;
    std::int64_t bandwidth;
  };
  for (const Part& part :
       {Part{kDdr4, 4096 * kMiB, 19'200'000'000}, Part{kLpddr4, 1024 * kMiB, 6'400'000'000},
        Part{kHbm2, 256 * kMiB, 16'000'000'000}, Part{kDdr5, 8192 * kMiB, 19'200'000'000},
        Part{kLpddr5, 1024 * kMiB, 12'800'000'000}, Part{kHbm3, 1024 * kMiB, 25'600'000'000}}) {
    const DramDevice& device = dram_standard(part.standard);
    EXPECT_EQ(device.channel_bytes(), part.bytes) << dram_standard_name(part.standard);
    EXPECT_EQ(device.channel_bandwidth(), part.bandwidth) << dram_standard_name(part.standard);
    EXPECT_NO_THROW(check_dram(device, {}, {})) << dram_standard_name(part.standard);
  }
}

TEST(DramStandard, AnotherClockLeavesNanosecondsTrue) {
  const DramDevice fast = dram_standard_at(kDdr4, 1600);
  // JESD79-4B has CL 22 and CWL 16 for 13.32 ns at DDR4-3200, tRFC 416, tREFI 12480.
  EXPECT_EQ(clocks_of(fast),
            (Clocks{22, 16, 22, 22, 22, 52, 73, 6, 8, 34, 4, 8, 12, 24, 4, 12, 2, 2, 12480, 416}));
  DramDevice same = fast;
  same.clock_mhz = 1200;
  same.timing = dram_standard(kDdr4).timing;
  EXPECT_TRUE(same == dram_standard(kDdr4));
  // No time is shorter in nanoseconds than the standard's, none longer by a clock or more but for
  // those that it gives in clocks.
  for (const std::int64_t mhz : {800, 933, 1200, 1333, 1600}) {
    const DramTiming t = dram_standard_at(kDdr4, mhz).timing;
    EXPECT_GE(t.rfc * 1000, 260 * mhz);
    EXPECT_LT((t.rfc - 1) * 1000, 260 * mhz);
    EXPECT_LE(t.refi * 1000, 7800 * mhz);
    EXPECT_GT((t.refi + 1) * 1000, 7800 * mhz);
  }
}

TEST(DramStandard, ClockOfAMachineSetsItsTimesWhereverItStands) {
  const std::vector<std::vector<std::string>> orders = {
      {"dram.timing.cl=99", "dram.clock_mhz=1600", "dram.standard=ddr4-2400"},
      {"dram.standard=ddr4-2400", "dram.clock_mhz=1600", "dram.timing.cl=99"}};
  DramDevice expected = dram_standard_at(kDdr4, 1600);
  expected.timing.cl = 99;
  for (const std::vector<std::string>& assignments : orders) {
    MachineConfig machine = preset_machine(4);
    set_fields(machine, assignments);
    EXPECT_TRUE(machine.dram.device == expected);
  }
  EXPECT_TRUE(parse_machine("dram: {timing: {cl: 99}, clock_mhz: 1600}", "m").dram.device ==
              expected);
}

std::string with_time(const std::string& cl) {
  std::string yaml =
      "source: s\nclock_mhz: 1000\nbus_bits: 64\nburst_length: 8\ngroups: 4\n"
      "banks: 4\nrows: 1024\ncolumns: 1024\ntiming:\n";
  for (const DramTime& time : kDramTimes) {
    const std::string name(time.path.substr(time.path.rfind('.') + 1));
    yaml += fmt::format("  {}: {}\n", name, name == "cl" ? cl : "4 clk");
  }
  return yaml;
}

TEST(DramStandard, TimesAreSumsAndMaxima) {
  struct Case {
    std::string text;
    std::int64_t clocks;
  };
  for (const Case& c :
       {Case{"7 clk", 7}, Case{"7 ns", 7}, Case{"7.001 ns", 8}, Case{"max(4 clk, 7.5 ns)", 8},
        Case{"max( 9 clk ,7.5 ns )", 9}, Case{"1.5 ns + 1.5 ns", 4}, Case{"9 clk - 2 clk", 7},
        Case{"max(1 clk + 2 clk, 2 clk) + 1 clk", 4}})
    EXPECT_EQ(parse_dram_standard(with_time(c.text), "m").timing.cl, c.clocks) << c.text;
}

TEST(DramStandard, WhatIsNoTimeIsRefusedWithItsPlace) {
  for (const std::string text : {"13.32", "8.5 clk", "max(4 clk)", "13.3201 ns", "4 clk 5 clk",
                                 "rp", "x", "+ 1 clk", "12345678 ns", "4 clks"})
    EXPECT_EQ(input_error([&] { parse_dram_standard(with_time(text), "m"); }),
              fmt::format("m:10:7: '{}' is not a time, expected a time such as '13.32 ns', "
                          "'8 clk', 'max(4 clk, 7.5 ns)' or 'ras + rp'",
                          text));
  EXPECT_EQ(input_error([] { parse_dram_standard(with_time("2 clk - 2 clk"), "m"); }),
            "m:10:7: cl is 0 clocks at 1000 MHz, expected 1 to 1048576");
  EXPECT_EQ(input_error([] { parse_dram_standard("clock_mhz: 1", "m").timing; }),
            "m:1:1: the memory has no 'source', expected one");
}

}  // namespace
}  // namespace unna
