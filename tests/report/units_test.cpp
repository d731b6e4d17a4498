#include "text/units.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

TEST(Units, digits_are_grouped_by_three) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
}

TEST(Units, bytes_change_unit_at_powers_of_1024) {
  EXPECT_EQ(readable_bytes(1023), "1023 B");
  EXPECT_EQ(readable_bytes(1024), "1.00 KiB");
  EXPECT_EQ(readable_bytes(1048576 + 524288), "1.50 MiB");
}

TEST(Units, reduction_is_relative_to_what_was_before) {
  EXPECT_DOUBLE_EQ(reduction(100, 25), 0.75);
  EXPECT_DOUBLE_EQ(reduction(0, 0), 0);
  EXPECT_EQ(percent(0.9187), "91.9 %");
}

}  // namespace
}  // namespace unna
