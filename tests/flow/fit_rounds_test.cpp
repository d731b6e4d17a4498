#include "flow/fit_rounds.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

using Plans = std::vector<std::size_t>;

/// Halves, from 1024 to 1.
const std::vector<Bytes> kHalves = {1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1};

TEST(FitRounds, TheFirstIsEvenInRatio) {
  EXPECT_EQ(evenly(kHalves, 3), (Plans{0, 5, 10}));
  EXPECT_EQ(evenly(kHalves, 11).size(), 11U);
  EXPECT_EQ(evenly(kHalves, 100).size(), 11U);
  EXPECT_TRUE(evenly({}, 3).empty());
}

TEST(FitRounds, LaterOnesHalveTheLargestGaps) {
  // The cost doubles between 5 and 10 only.
  EXPECT_EQ(in_gaps(kHalves, {{0, 100}, {5, 100}, {10, 200}}, 1000, 1), (Plans{8}));
  // Then half of it is there, twice.
  EXPECT_EQ(in_gaps(kHalves, {{0, 100}, {5, 100}, {10, 200}}, 1000, 2), (Plans{7, 8}));
  // Not where both are dear: only the cheap half is left.
  EXPECT_EQ(in_gaps(kHalves, {{0, 100}, {5, 150}, {10, 200}}, 120, 1), (Plans{3}));
  // Neighbours have nothing between them.
  EXPECT_TRUE(in_gaps(kHalves, {{0, 100}, {1, 500}}, 1000, 3).empty());
}

}  // namespace
}  // namespace unna
