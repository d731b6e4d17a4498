#include "sim/strided_runs.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"

namespace unna {
namespace {

std::vector<std::pair<Bytes, Bytes>> runs_of(const StridedRuns& runs) {
  std::vector<std::pair<Bytes, Bytes>> list;
  runs.for_each([&](Bytes begin, Bytes end) {
    list.emplace_back(begin, end);
    return true;
  });
  return list;
}

TEST(StridedRuns, EnumeratesRunsFromInnerToOuter) {
  Strided copy;
  copy.run = 4;
  copy.n = {2, 2, 1};
  copy.source = {10, 100, 0};
  EXPECT_EQ(runs_of(StridedRuns(1000, copy, false)),
            (std::vector<std::pair<Bytes, Bytes>>{
                {1000, 1004}, {1010, 1014}, {1100, 1104}, {1110, 1114}}));
}

TEST(StridedRuns, SeamlessLevelsAreOneRun) {
  Strided copy;
  copy.run = 4;
  copy.n = {3, 5, 1};
  copy.destination = {4, 12, 0};
  const StridedRuns runs(8, copy, true);
  EXPECT_EQ(runs_of(runs), (std::vector<std::pair<Bytes, Bytes>>{{8, 68}}));
  EXPECT_EQ(runs.end(), 68);
}

TEST(StridedRuns, EmptyCopyTouchesNothing) {
  Strided copy;
  copy.run = 4;
  copy.n = {0, 1, 1};
  const StridedRuns runs(0, copy, false);
  EXPECT_TRUE(runs_of(runs).empty());
  EXPECT_FALSE(runs.touches(0, 100));
}

TEST(StridedRuns, TouchesRunsButNotTheGapsBetween) {
  Strided copy;
  copy.run = 4;
  copy.n = {3, 1, 1};
  copy.source = {10, 0, 0};
  const StridedRuns runs(0, copy, false);
  EXPECT_TRUE(runs.touches(3, 4));
  EXPECT_FALSE(runs.touches(4, 10));
  EXPECT_TRUE(runs.touches(4, 11));
  EXPECT_TRUE(runs.touches(23, 30));
  EXPECT_FALSE(runs.touches(24, 30));
}

TEST(StridedRuns, InterleavedPatternsDoNotMeet) {
  Strided copy;
  copy.run = 8;
  copy.n = {4, 4, 1};
  copy.source = {32, 1000, 0};
  EXPECT_FALSE(StridedRuns(0, copy, false).touches(StridedRuns(8, copy, false)));
  EXPECT_TRUE(StridedRuns(0, copy, false).touches(StridedRuns(7, copy, false)));
}

StridedRuns random_runs(Rng& rng) {
  Strided copy;
  copy.run = rng.between(1, 6);
  for (std::size_t l = 0; l < 3; ++l) {
    copy.n[l] = rng.between(1, 4);
    copy.source[l] = rng.between(0, 25);
  }
  return {rng.between(0, 60), copy, false};
}

std::vector<bool> bytes_of(const StridedRuns& runs) {
  std::vector<bool> bytes(400);
  runs.for_each([&](Bytes begin, Bytes end) {
    for (Bytes b = begin; b < end; ++b) bytes[static_cast<std::size_t>(b)] = true;
    return true;
  });
  return bytes;
}

TEST(StridedRuns, AgreesWithASetOfBytes) {
  Rng rng(11);
  int met = 0;
  for (int step = 0; step < 3000; ++step) {
    const StridedRuns a = random_runs(rng);
    const StridedRuns b = random_runs(rng);
    const std::vector<bool> in_a = bytes_of(a);
    const std::vector<bool> in_b = bytes_of(b);
    bool meet = false;
    for (std::size_t i = 0; i < in_a.size(); ++i) meet |= in_a[i] && in_b[i];
    ASSERT_EQ(a.touches(b), meet) << "step " << step;
    ASSERT_EQ(b.touches(a), meet) << "step " << step;
    met += meet ? 1 : 0;
  }
  EXPECT_GT(met, 300);
  EXPECT_LT(met, 2700);
}

}  // namespace
}  // namespace unna
