#include "memmgr/placement/scan_placement.h"

#include <gtest/gtest.h>

#include <vector>

#include "memmgr/complete_problem.h"
#include "memmgr/placement/placement.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

/// With alignments, fixed offsets and a reserved range.
PlanProblem completed(PlanProblem p, Rng& rng) {
  for (PlanBuffer& b : p.buffers) {
    if (rng.chance(1, 2)) b.alignment = rng.between(1, 40);
    if (rng.chance(1, 20)) b.fixed = b.alignment * rng.between(0, 40);
  }
  if (rng.chance(1, 2)) {
    const Bytes begin = rng.between(0, 500);
    p.reserved = {{begin, begin + rng.between(1, 300)}};
  }
  complete_problem(p);
  return p;
}

PlanProblem intervals(Rng& rng, std::size_t n) {
  return completed(random_intervals(rng, n, 10 + rng.between(0, 200), 1 + rng.between(1, 300)),
                   rng);
}

/// Some of its buffers are never used.
PlanProblem partial_order(Rng& rng, std::size_t n) {
  const Trace trace = random_trace(rng, 1 + rng.below(6), n, 4 * n);
  return completed(make_problem(instruction_liveness(trace), 1), rng);
}

std::vector<Bytes> placed_one_by_one(const PlanProblem& p, std::span<const std::uint32_t> order,
                                     Fit fit) {
  const std::unique_ptr<Placer> placer = scan_placer(p);
  std::vector<Bytes> offsets(p.size());
  const auto put = [&](std::uint32_t i, Bytes at) {
    placer->put(i, at);
    offsets[i] = at;
  };
  for (std::uint32_t i = 0; i < p.size(); ++i)
    if (p.buffers[i].fixed) put(i, *p.buffers[i].fixed);
  for (const std::uint32_t i : order)
    if (!p.buffers[i].fixed) put(i, placer->find(i, fit));
  return offsets;
}

void expect_scan_gives_what_neighbours_give(const PlanProblem& p, Rng& rng, int round) {
  ASSERT_TRUE(placed_by_scan(p));
  std::vector<std::uint32_t> order = by_size(p);
  if (round % 3 != 0) rng.shuffle(order);
  for (const Fit fit : {Fit::lowest, Fit::best})
    ASSERT_EQ(placed_one_by_one(p, order, fit), place_in_order(p, order, fit)) << "round " << round;
}

TEST(ScanPlacement, GivesWhatNeighboursGiveOnIntervals) {
  Rng rng(43);
  for (int round = 0; round < 400; ++round)
    expect_scan_gives_what_neighbours_give(
        intervals(rng, 1 + rng.below(round % 20 == 0 ? 700 : 60)), rng, round);
}

TEST(ScanPlacement, GivesWhatNeighboursGiveOnPartialOrders) {
  Rng rng(44);
  for (int round = 0; round < 400; ++round)
    expect_scan_gives_what_neighbours_give(
        partial_order(rng, 1 + rng.below(round % 20 == 0 ? 700 : 60)), rng, round);
}

/// Lives so short beside all time that what is placed is kept by stretches of it.
PlanProblem short_intervals(Rng& rng, std::size_t n) {
  std::vector<Life> lives;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t first = rng.between(0, 3 * static_cast<std::int64_t>(n));
    lives.push_back({first, first + rng.between(0, rng.chance(1, 30) ? 2000 : 40),
                     rng.chance(1, 20) ? 0 : rng.between(1, 300)});
  }
  return completed(interval_problem(lives), rng);
}

/// The same on one core, which gives an order.
PlanProblem short_order(Rng& rng, std::size_t n) {
  TraceBuilder trace(1);
  std::vector<BufferId> buffers;
  for (std::size_t i = 0; i < n; ++i) {
    buffers.push_back(trace.buffer("b" + std::to_string(i), rng.between(1, 300)));
    trace.write(0, buffers[i]);
    trace.read(0, buffers[i - rng.below(1 + std::min<std::size_t>(i, 20))]);
  }
  return completed(make_problem(instruction_liveness(trace.finish()), 1), rng);
}

TEST(ScanPlacement, GivesWhatNeighboursGiveBySeveralWidthsOfStretches) {
  Rng rng(45);
  for (int round = 0; round < 6; ++round) {
    expect_scan_gives_what_neighbours_give(short_intervals(rng, 2900), rng, round);
    expect_scan_gives_what_neighbours_give(short_order(rng, 2900), rng, round);
  }
}

TEST(OrderIndex, MarksOverlapsAndLeavesTheRest) {
  Rng rng(46);
  constexpr std::uint8_t kUntouched = 7;
  for (int round = 0; round < 100; ++round) {
    const PlanProblem p = partial_order(rng, 1 + rng.below(80));
    for (std::uint32_t i = 0; i < p.size(); ++i) {
      if (p.index.unused(i)) continue;
      const std::uint32_t first = p.index.first_overlap(i);
      const std::uint32_t last = p.index.last_overlap(i);
      std::vector<std::uint8_t> marks(p.size(), kUntouched);
      p.index.mark_overlaps(i, marks);
      for (std::uint32_t j = 0; j < p.size(); ++j) {
        const std::uint32_t at = p.index.position(j);
        const bool overlaps = j != i && p.index.overlap(i, j);
        if (at >= first && at <= last)
          EXPECT_EQ(marks[at], overlaps || (j == i && marks[at] == 1) ? 1 : 0);
        else
          EXPECT_TRUE(!overlaps && marks[at] == kUntouched);
      }
    }
  }
}

}  // namespace
}  // namespace unna::test
