#include "cli/peak.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

TEST(Peak, lifetimes_are_half_open) {
  const std::vector<Interval> intervals = {{0, 3}, {3, 9}, {0, 9}, {9, 21}, {0, 21}};
  const std::vector<Bytes> sizes = {4, 4, 4, 4, 4};
  const Peak peak = observed_peak(intervals, sizes);
  EXPECT_EQ(peak.load, 12);
  EXPECT_EQ(peak.time, 0);
  EXPECT_EQ(peak.alive, (std::vector<std::size_t>{0, 2, 4}));
}

TEST(Peak, largest_buffers_are_named_first) {
  const std::vector<Interval> intervals = {{0, 1}, {0, 1}, {0, 1}};
  const std::vector<Bytes> sizes = {1, 300, 20};
  const std::vector<LiveBuffer> buffers = {{"a", 1, {}}, {"b", 300, {}}, {"c", 20, {}}};
  EXPECT_EQ(alive_text(observed_peak(intervals, sizes), buffers, 2),
            "b (300 B), c (20 B) and 1 more");
}

}  // namespace
}  // namespace unna
