#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/rng.h"
#include "configs/check_machine.h"
#include "configs/dram_address.h"
#include "configs/machine.h"
#include "tests/support/committed.h"
#include "tests/support/dram_standards.h"

namespace unna {
namespace {

std::int64_t power(Rng& rng, int most) {
  return std::int64_t{1} << rng.below(static_cast<std::uint64_t>(most) + 1);
}

/// A small device: its addresses can all be looked at.
DramDevice small_device(Rng& rng) {
  DramDevice d = dram_standard(kDdr4);
  d.bus_bits = 8 * power(rng, 3);
  d.burst_length = 2 * power(rng, 3);
  d.ranks = power(rng, 1);
  d.groups = power(rng, 2);
  d.banks = power(rng, 2);
  d.rows = power(rng, 4);
  d.columns = d.burst_length * power(rng, 3);
  d.timing.ccd_s = d.timing.ccd_l = d.burst_clocks();
  return d;
}

/// Any order of the fields; the column is cut in every other one.
DramLayout random_layout(Rng& rng, const DramDevice& device) {
  using enum DramField;
  DramLayout layout;
  layout.channels = power(rng, 3);
  layout.hash = static_cast<DramHash>(rng.below(4));
  std::vector<DramField>& order = layout.mapping.order;
  const bool cut = rng.chance(1, 2);
  order = {row, rank, bank, group};
  if (!cut) order.insert(order.end(), {channel, column});
  rng.shuffle(order);
  if (!cut) return layout;
  order.insert(order.begin() + rng.between(0, 4), channel);
  const auto place = std::find(order.begin(), order.end(), channel) - order.begin();
  order.insert(order.begin() + rng.between(place + 1, 5), column_low);
  order.insert(order.begin() + rng.between(0, place), column_high);
  Bytes below = device.burst_bytes();
  for (std::size_t i = order.size(); order[--i] != channel;)
    below <<= dram_field_bits(device, order[i]);
  layout.interleave_bytes = below * std::min(power(rng, 3), device.bursts_per_row());
  return layout;
}

auto key(const DramAddress& a) {
  return std::tuple(a.channel, a.rank, a.group, a.bank, a.row, a.column);
}

TEST(DramAddressMap, IsOneToOneWhateverTheMapping) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const DramDevice device = small_device(rng);
    const DramLayout layout = random_layout(rng, device);
    check_dram(device, layout, {});
    const DramAddressMap map(device, layout);
    ASSERT_EQ(map.capacity(), layout.channels * device.channel_bytes());
    std::set<decltype(key({}))> seen;
    for (Bytes at = 0; at < map.capacity(); at += map.burst_bytes()) {
      const DramAddress where = map.locate(at);
      ASSERT_TRUE(seen.insert(key(where)).second) << "seed " << seed;
      ASSERT_EQ(map.address_of(where), at) << "seed " << seed;
      ASSERT_LT(where.channel, layout.channels);
      ASSERT_LT(where.rank, device.ranks);
      ASSERT_LT(where.group, device.groups);
      ASSERT_LT(where.bank, device.banks);
      ASSERT_LT(where.row, device.rows);
      ASSERT_LT(where.column, device.bursts_per_row());
    }
  }
}

TEST(DramAddressMap, BytesOfABurstStayTogetherAndAddressesWrap) {
  const DramDevice& device = dram_standard(kHbm2);
  const DramAddressMap map(device, {});
  EXPECT_EQ(map.burst_bytes(), 32);
  EXPECT_EQ(map.locate(64), map.locate(95));
  EXPECT_NE(map.locate(95), map.locate(96));
  EXPECT_EQ(map.locate(64), map.locate(64 + map.capacity()));
}

TEST(DramAddressMap, ConsecutiveBurstsSpreadOverChannelsAndGroups) {
  const DramDevice& device = dram_standard(kDdr4);
  DramLayout layout;
  layout.channels = 4;
  const DramAddressMap map(device, layout);
  // 256 bytes lie in one bank; the next ones in all channels, then in all groups.
  std::set<std::pair<std::uint32_t, std::uint32_t>> places;
  for (Bytes granule = 0; granule < 16; ++granule) {
    const DramAddress first = map.locate(granule * 256), last = map.locate(granule * 256 + 255);
    EXPECT_EQ(std::tuple(first.channel, first.group, first.bank, first.row),
              std::tuple(last.channel, last.group, last.bank, last.row));
    EXPECT_EQ(last.column, first.column + 3);
    EXPECT_EQ(first.channel, granule % 4);
    places.insert({first.channel, first.group});
  }
  EXPECT_EQ(places.size(), 16U);
}

TEST(DramAddressMap, HashSpreadsStridesOfARow) {
  const DramDevice& device = dram_standard(kDdr4);
  DramLayout layout;
  const auto places = [&](DramHash hash) {
    layout.hash = hash;
    const DramAddressMap map(device, layout);
    const Bytes row = map.capacity() / device.rows;
    std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> seen;
    for (Bytes i = 0; i < 64; ++i) {
      const DramAddress where = map.locate(i * row);
      seen.insert({where.channel, where.group, where.bank});
    }
    return seen.size();
  };
  EXPECT_EQ(places(DramHash::none), 1U);
  EXPECT_EQ(places(DramHash::banks), 16U);
  EXPECT_EQ(places(DramHash::all), 32U);
}

TEST(DramAddressMap, FoldingSpreadsStridesBelowARow) {
  const DramDevice& device = dram_standard(kHbm2);
  DramLayout layout;
  layout.channels = 16;
  const auto channels = [&](DramHash hash, Bytes stride) {
    layout.hash = hash;
    const DramAddressMap map(device, layout);
    std::set<std::uint32_t> seen;
    for (Bytes i = 0; i < 16; ++i) seen.insert(map.locate(i * stride).channel);
    return seen.size();
  };
  for (const Bytes stride : {1024, 4096, 16384}) {
    EXPECT_LE(channels(DramHash::all, stride), 4U) << stride;
    EXPECT_EQ(channels(DramHash::fold, stride), 16U) << stride;
  }
}

struct BadMapping {
  std::string_view text;
  std::string_view problem;
};
class DramMappingText : public testing::TestWithParam<BadMapping> {};

TEST_P(DramMappingText, IsRefusedWithOneLine) {
  EXPECT_EQ(input_error([] {
              parse_dram_mapping(GetParam().text, {"m", 1, 2}, "mapping");
            }),
            "m:1:2: mapping '" + std::string(GetParam().text) + "' " +
                std::string(GetParam().problem) +
                ", expected 'row rank bank column_high group channel column_low' or another order "
                "of these");
}
INSTANTIATE_TEST_SUITE_P(
    Kinds, DramMappingText,
    testing::Values(BadMapping{"", "has ''"}, BadMapping{"row  rank", "has ''"},
                    BadMapping{"row line", "has 'line'"},
                    BadMapping{"row rank bank group channel",
                               "has a column neither whole nor cut in column_high and column_low"},
                    BadMapping{"row rank bank group channel column column_low",
                               "has a column neither whole nor cut in column_high and column_low"},
                    BadMapping{"row row rank bank group channel column", "has 'row' twice"},
                    BadMapping{"row rank bank group column", "has no 'channel'"},
                    BadMapping{"row rank bank group column_high column_low channel",
                               "has column_high below channel or column_low above it"}));

struct BadDram {
  std::string_view set;
  std::string_view error;
};
class DramRules : public testing::TestWithParam<BadDram> {};

TEST_P(DramRules, AreChecked) {
  MachineConfig machine;
  set_field(machine, GetParam().set);
  EXPECT_EQ(input_error([&] {
              check_dram(machine.dram.device, machine.dram.layout, machine.dram.controller);
            }),
            std::string(GetParam().error));
}
INSTANTIATE_TEST_SUITE_P(
    Kinds, DramRules,
    testing::Values(
        BadDram{"dram.banks=32",
                "dram.ranks x dram.groups x dram.banks is 128, expected at most 64"},
        BadDram{"dram.columns=4", "dram.columns is 4, expected at least dram.burst_length (8)"},
        BadDram{"dram.interleave_bytes=32",
                "dram.interleave_bytes is 32, expected 64 to 8192 with this mapping"},
        BadDram{"dram.timing.ccd_s=3",
                "dram.timing.ccd_s is 3, expected at least 4 (a burst takes as long)"},
        BadDram{"dram.timing.refi=700",
                "dram.timing.refi is 700, expected at least 766 (or there is little time between "
                "refreshes)"},
        BadDram{"dram.controller.write_high=8",
                "dram.controller.write_low, write_high and write_queue are 8, 8 and 32, expected "
                "low < high <= queue"}));

}  // namespace
}  // namespace unna
