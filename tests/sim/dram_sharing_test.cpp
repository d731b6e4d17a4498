#include "sim/dram_sharing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/rng.h"

namespace unna {
namespace {

constexpr std::int64_t kTen = 10 << 16;  // bytes a cycle

class Log final : public TransferListener {
 public:
  void data_started(std::uint32_t stream) override { text += fmt::format("+{} ", stream); }
  void data_ended(std::uint32_t stream, Cycle at) override {
    ends.emplace_back(stream, at);
    text += fmt::format("-{} ", stream);
  }

  std::vector<std::pair<std::uint32_t, Cycle>> ends;
  std::string text;
};

using Ends = std::vector<std::pair<std::uint32_t, Cycle>>;

/// Event by event, as the simulator does.
void run(DramSharing& dram, Log& log) {
  while (const auto next = dram.next_event()) dram.advance(*next, log);
}

TEST(DramSharing, AloneATransferHasTheWholeRate) {
  DramSharing dram(kTen, 1);
  Log log;
  dram.request(0, 101, 7);
  run(dram, log);
  EXPECT_EQ(log.ends, (Ends{{0, 18}}));  // 7 + ceil(10.1)
  EXPECT_EQ(dram.busy_cycles(), 11);
}

TEST(DramSharing, ExactMultipleOfTheRateTakesNoCycleMore) {
  DramSharing dram(kTen, 1);
  Log log;
  dram.request(0, 100, 7);
  run(dram, log);
  EXPECT_EQ(log.ends, (Ends{{0, 17}}));
}

TEST(DramSharing, TwoShareFairlyAndTheLastGetsTheRest) {
  DramSharing dram(kTen, 2);
  Log log;
  dram.request(0, 100, 0);
  dram.request(1, 50, 0);
  run(dram, log);
  EXPECT_EQ(log.ends, (Ends{{1, 10}, {0, 15}}));
}

TEST(DramSharing, NewcomerSlowsDownTheOthersFromThenOn) {
  DramSharing dram(kTen, 2);
  Log log;
  dram.request(0, 100, 0);
  dram.request(1, 100, 5);
  run(dram, log);
  EXPECT_EQ(log.ends, (Ends{{0, 15}, {1, 20}}));
}

TEST(DramSharing, ShareThatIsNoWholeNumberOfUnitsIsNotLost) {
  DramSharing dram(kTen, 3);
  Log log;
  for (std::uint32_t s = 0; s < 3; ++s) dram.request(s, 100, 0);
  run(dram, log);
  EXPECT_EQ(log.ends, (Ends{{0, 30}, {1, 30}, {2, 30}}));
}

TEST(DramSharing, TransfersOfOneStreamFollowEachOtherWithoutLosingFractions) {
  DramSharing dram(kTen, 1);
  Log log;
  for (int i = 0; i < 1000; ++i) dram.request(0, 7, 0);
  run(dram, log);
  ASSERT_EQ(log.ends.size(), 1000U);
  for (Cycle i = 0; i < 1000; ++i)
    EXPECT_EQ(log.ends[static_cast<std::size_t>(i)].second, ceil_div<Cycle>(7 * (i + 1), 10));
  EXPECT_EQ(dram.busy_cycles(), 700);
}

TEST(DramSharing, HeadThatIsNotReadyKeepsThoseBehindWaiting) {
  DramSharing dram(kTen, 1);
  Log log;
  dram.request(0, 10, 20);
  dram.request(0, 10, 5);
  run(dram, log);
  EXPECT_EQ(log.ends, (Ends{{0, 21}, {0, 22}}));
}

TEST(DramSharing, GapsAreNotBusy) {
  DramSharing dram(kTen, 1);
  Log log;
  dram.request(0, 15, 0);
  dram.request(0, 10, 100);
  run(dram, log);
  EXPECT_EQ(log.ends, (Ends{{0, 2}, {0, 101}}));
  EXPECT_EQ(dram.busy_cycles(), 3);
}

TEST(DramSharing, PartOfACycleCountsAsBusyOnce) {
  DramSharing dram(kTen, 2);
  Log log;
  dram.request(0, 15, 0);  // ends within cycle 1
  run(dram, log);
  dram.request(1, 10, 2);
  run(dram, log);
  EXPECT_EQ(dram.busy_cycles(), 3);
}

TEST(DramSharing, EmptyTransferEndsWhenItIsReady) {
  DramSharing dram(kTen, 2);
  Log log;
  dram.request(0, 100, 0);
  dram.request(1, 0, 4);
  run(dram, log);
  EXPECT_EQ(log.ends, (Ends{{1, 4}, {0, 10}}));
}

TEST(DramSharing, AtOneInstantEndsComeBeforeStartsAndBothByStream) {
  DramSharing dram(kTen, 4);
  Log log;
  dram.request(3, 10, 0);
  dram.request(1, 10, 0);
  dram.request(1, 10, 0);
  dram.request(2, 10, 2);
  dram.request(0, 10, 2);
  run(dram, log);
  EXPECT_EQ(log.text, "+1 +3 -1 -3 +1 +0 +2 -0 -1 -2 ");
}

TEST(DramSharing, ResultDoesNotDependOnHowOftenItIsAdvanced) {
  Log events;
  Log cycles;
  for (Log* log : {&events, &cycles}) {
    Rng rng(5);
    DramSharing dram(2516582, 7);  // 38.4 bytes a cycle
    for (int i = 0; i < 300; ++i)
      dram.request(static_cast<std::uint32_t>(rng.below(7)), rng.between(0, 400),
                   rng.between(0, 2000));
    if (log == &events) {
      run(dram, *log);
    } else {
      for (Cycle t = 0; dram.next_event(); ++t) {
        dram.advance(t, *log);
        dram.advance(t, *log);
      }
    }
  }
  EXPECT_EQ(events.text, cycles.text);
  EXPECT_EQ(events.ends, cycles.ends);
}

/// Fluid sharing in floating point, step by step: slow, and exact to far below a cycle.
std::vector<double> reference_ends(const std::vector<std::pair<Bytes, Cycle>>& transfers,
                                   double rate) {
  std::vector<double> left;
  for (const auto& [bytes, ready] : transfers) left.push_back(static_cast<double>(bytes));
  std::vector<double> ends(transfers.size(), -1);
  double now = 0;
  for (;;) {
    double n = 0;
    double next = 1e18;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (ends[i] >= 0) continue;
      const auto ready = static_cast<double>(transfers[i].second);
      if (ready <= now + 1e-9)
        n += 1;
      else
        next = std::min(next, ready);
    }
    if (n == 0 && next == 1e18) return ends;
    for (std::size_t i = 0; i < left.size() && n > 0; ++i)
      if (ends[i] < 0 && static_cast<double>(transfers[i].second) <= now + 1e-9)
        next = std::min(next, now + left[i] * n / rate);
    const double served = n > 0 ? (next - now) * rate / n : 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (ends[i] >= 0 || static_cast<double>(transfers[i].second) > now + 1e-9) continue;
      left[i] -= served;
      if (left[i] < 1e-6) ends[i] = next;
    }
    now = next;
  }
}

TEST(DramSharing, AgreesWithTheFluidModelToTheCycle) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    const std::size_t n = 1 + rng.below(40);
    DramSharing dram(2516582, n);
    std::vector<std::pair<Bytes, Cycle>> transfers;
    for (std::uint32_t s = 0; s < n; ++s) {
      transfers.emplace_back(rng.between(1, 3000), rng.between(0, 500));
      dram.request(s, transfers.back().first, transfers.back().second);
    }
    Log log;
    run(dram, log);
    const std::vector<double> expected = reference_ends(transfers, 2516582.0 / 65536);
    ASSERT_EQ(log.ends.size(), n);
    for (const auto& [stream, at] : log.ends) {
      EXPECT_GE(static_cast<double>(at), expected[stream] - 1e-3) << "seed " << seed;
      EXPECT_LE(static_cast<double>(at), expected[stream] + 1.01) << "seed " << seed;
    }
  }
}

TEST(DramSharing, LongRunsNeitherDriftNorExceedTheRate) {
  constexpr std::int64_t kRate = 2516583;
  constexpr std::uint32_t kStreams = 48;
  DramSharing dram(kRate, kStreams);
  Log log;
  Rng rng(1);
  Bytes total = 0;
  for (std::uint32_t s = 0; s < kStreams; ++s)
    for (int i = 0; i < 2000; ++i) {
      const Bytes bytes = rng.between(1, 2048);
      total += bytes;
      dram.request(s, bytes, 0);
    }
  while (const auto next = dram.next_event()) {
    dram.advance(*next, log);
    // Never more than the rate gives.
    ASSERT_LE(static_cast<double>(dram.bytes_served()) * 65536,
              static_cast<double>(kRate) * static_cast<double>(*next));
  }
  EXPECT_EQ(dram.bytes_served(), total);
  EXPECT_EQ(log.ends.back().second, ceil_div<std::int64_t>(total * 65536, kRate));
  EXPECT_EQ(dram.busy_cycles(), log.ends.back().second);
}

TEST(DramSharing, TakesTheSlowestAndTheFastestRate) {
  for (const std::int64_t rate : {std::int64_t{1}, std::int64_t{1} << 46U}) {
    DramSharing dram(rate, 2);
    Log log;
    dram.request(0, 1 << 20, 3);
    dram.request(1, 1 << 20, 3);
    run(dram, log);
    EXPECT_EQ(log.ends.back().second, 3 + ceil_div<std::int64_t>(std::int64_t{2} << 36U, rate));
  }
}

TEST(DramSharing, RefusesTheImpossible) {
  DramSharing dram(kTen, 1);
  Log log;
  dram.advance(10, log);
  EXPECT_THROW(dram.request(0, 1, 9), InternalError);
  EXPECT_THROW(dram.request(0, -1, 10), InternalError);
  EXPECT_THROW(dram.advance(9, log), InternalError);
}

}  // namespace
}  // namespace unna
