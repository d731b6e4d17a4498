#include "sim/shadow_map.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"

namespace unna {
namespace {

const BufferId kA(0);
const BufferId kB(1);

TEST(ShadowMap, BytesNeverWrittenBelongToNobody) {
  const ShadowMap map;
  const auto range = map.first_foreign(3, 9, kA);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->begin, 3);
  EXPECT_EQ(range->end, 9);
  EXPECT_FALSE(range->owner);
}

TEST(ShadowMap, LastByteBelongsOneOverDoesNot) {
  ShadowMap map;
  map.assign(10, 20, kA);
  EXPECT_FALSE(map.first_foreign(10, 20, kA));
  EXPECT_FALSE(map.first_foreign(19, 20, kA));
  EXPECT_EQ(map.first_foreign(19, 21, kA)->begin, 20);
  EXPECT_EQ(map.first_foreign(9, 20, kA)->begin, 9);
  EXPECT_EQ(map.first_foreign(9, 20, kA)->end, 10);
}

TEST(ShadowMap, OverwritingTheMiddleLeavesBothSides) {
  ShadowMap map;
  map.assign(0, 30, kA);
  map.assign(10, 20, kB);
  EXPECT_FALSE(map.first_foreign(0, 10, kA));
  EXPECT_FALSE(map.first_foreign(20, 30, kA));
  EXPECT_EQ(map.first_foreign(0, 30, kA)->begin, 10);
  EXPECT_EQ(map.first_foreign(0, 30, kA)->end, 20);
  EXPECT_EQ(map.first_foreign(0, 30, kA)->owner, kB);
}

TEST(ShadowMap, NeighboursOfOneOwnerBecomeOneSegment) {
  ShadowMap map;
  map.assign(0, 10, kA);
  map.assign(20, 30, kA);
  EXPECT_EQ(map.segments(), 2U);
  map.assign(10, 20, kA);
  EXPECT_EQ(map.segments(), 1U);
  map.assign(10, 20, kB);
  EXPECT_EQ(map.segments(), 3U);
  map.assign(5, 25, kA);
  EXPECT_EQ(map.segments(), 1U);
}

TEST(ShadowMap, RangesGoOnOverPages) {
  ShadowMap map;
  map.assign(100, 20'000, kA);
  EXPECT_FALSE(map.first_foreign(100, 20'000, kA));
  EXPECT_EQ(map.first_foreign(100, 20'001, kA)->begin, 20'000);
  const auto range = map.first_foreign(200, 19'000, kB);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->begin, 200);
  EXPECT_EQ(range->end, 19'000);
  EXPECT_EQ(range->owner, kA);
  EXPECT_EQ(map.first_foreign(19'999, 1'000'000, kA)->end, 1'000'000);
}

TEST(ShadowMap, AgreesWithOneOwnerAByte) {
  constexpr Bytes kBase = 4096 - 30;  // over the end of a page
  Rng rng(3);
  ShadowMap map;
  std::vector<int> bytes(64, -1);
  for (int step = 0; step < 20'000; ++step) {
    const Bytes begin = rng.between(0, 63);
    const Bytes end = rng.between(begin, 64);
    const auto owner = static_cast<int>(rng.below(4));
    if (rng.chance(1, 2)) {
      map.assign(kBase + begin, kBase + end, BufferId(owner));
      for (Bytes b = begin; b < end; ++b) bytes[static_cast<std::size_t>(b)] = owner;
      continue;
    }
    Bytes first = begin;
    while (first < end && bytes[static_cast<std::size_t>(first)] == owner) ++first;
    const auto range = map.first_foreign(kBase + begin, kBase + end, BufferId(owner));
    ASSERT_EQ(range.has_value(), first < end) << "step " << step;
    if (!range) continue;
    Bytes last = first;
    const int other = bytes[static_cast<std::size_t>(first)];
    while (last < end && bytes[static_cast<std::size_t>(last)] == other) ++last;
    ASSERT_EQ(range->begin, kBase + first);
    ASSERT_EQ(range->end, kBase + last);
    ASSERT_EQ(range->owner, other < 0 ? std::nullopt : std::optional(BufferId(other)));
  }
}

}  // namespace
}  // namespace unna
