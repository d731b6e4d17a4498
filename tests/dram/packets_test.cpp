#include "sim/memory/packets.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"

namespace unna {
namespace {

std::vector<Packet> packets(Bytes base, const Strided& copy, Bytes burst, Bytes packet) {
  std::vector<Packet> all;
  for (PacketWalker walker(base, copy, false, burst, packet); !walker.done();)
    all.push_back(walker.take());
  return all;
}

Strided runs(Bytes run, std::int64_t n, Bytes stride) {
  Strided copy;
  copy.run = run;
  copy.n[0] = n;
  copy.source[0] = stride;
  return copy;
}

TEST(Packets, AlignedRunIsCutAtMultiplesOfThePacket) {
  EXPECT_EQ(packets(0, runs(600, 1, 0), 64, 256),
            (std::vector<Packet>{{0, 4, 256}, {256, 4, 256}, {512, 2, 88}}));
}

TEST(Packets, UnalignedRunTakesWholeBursts) {
  EXPECT_EQ(packets(60, runs(8, 1, 0), 64, 256), (std::vector<Packet>{{0, 2, 8}}));
  EXPECT_EQ(packets(250, runs(8, 1, 0), 64, 256), (std::vector<Packet>{{192, 1, 6}, {256, 1, 2}}));
}

TEST(Packets, ShortRunsOfOneBurstAreTakenOnce) {
  EXPECT_EQ(packets(0, runs(4, 16, 8), 64, 256), (std::vector<Packet>{{0, 2, 64}}));
}

TEST(Packets, RunsApartAreBurstsApart) {
  EXPECT_EQ(packets(0, runs(4, 3, 128), 64, 256),
            (std::vector<Packet>{{0, 1, 4}, {128, 1, 4}, {256, 1, 4}}));
}

TEST(Packets, NothingIsNoPacket) {
  EXPECT_TRUE(packets(0, runs(0, 1, 0), 64, 256).empty());
}

/// Byte by byte: bursts in the order in which they are touched, one that follows on itself once.
TEST(Packets, BurstsAreThoseOfTheBytes) {
  Rng rng(7);
  for (int round = 0; round < 3000; ++round) {
    Strided copy;
    copy.run = static_cast<Bytes>(1 + rng.below(90));
    for (std::size_t level = 0; level < 3; ++level) {
      copy.n[level] = static_cast<std::int64_t>(1 + rng.below(4));
      copy.source[level] = static_cast<Bytes>(rng.below(300));
    }
    const auto base = static_cast<Bytes>(rng.below(1000));
    std::vector<Bytes> expected;
    for (std::int64_t k = 0; k < copy.n[2]; ++k)
      for (std::int64_t j = 0; j < copy.n[1]; ++j)
        for (std::int64_t i = 0; i < copy.n[0]; ++i)
          for (Bytes b = 0; b < copy.run; ++b) {
            const Bytes at =
                base + k * copy.source[2] + j * copy.source[1] + i * copy.source[0] + b;
            if (expected.empty() || expected.back() != at / 32) expected.push_back(at / 32);
          }
    std::vector<Bytes> actual;
    Bytes useful = 0;
    for (const Packet& p : packets(base, copy, 32, 128)) {
      EXPECT_EQ(p.address / 128, (p.address + p.bursts * 32 - 1) / 128) << "crosses a block";
      EXPECT_LE(p.bursts, 4);
      useful += p.useful;
      for (std::int64_t b = 0; b < p.bursts; ++b) actual.push_back(p.address / 32 + b);
    }
    EXPECT_EQ(actual, expected) << "round " << round;
    EXPECT_EQ(useful, copy.total());
  }
}

}  // namespace
}  // namespace unna
