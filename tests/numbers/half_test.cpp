#include "numbers/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace unna {
namespace {

TEST(Half, every_number_survives_the_way_to_single_precision_and_back) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value)))) << bits;
      continue;
    }
    EXPECT_EQ(float_to_half(value), half) << bits;
  }
}

TEST(Half, has_the_values_of_ieee_754) {
  EXPECT_EQ(half_to_float(0x3c00), 1.0F);
  EXPECT_EQ(half_to_float(0xc000), -2.0F);
  EXPECT_EQ(half_to_float(0x7bff), 65504.0F);
  EXPECT_EQ(half_to_float(0x0001), 0x1p-24F);
  EXPECT_EQ(half_to_float(0x0400), 0x1p-14F);
  EXPECT_EQ(half_to_float(0xfc00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(half_to_float(0x7e00)));
}

TEST(Half, rounds_to_nearest_halves_to_even) {
  EXPECT_EQ(float_to_half(1.0F + 0x1p-11F), 0x3c00);  // between two: to the even one
  EXPECT_EQ(float_to_half(1.0F + 3 * 0x1p-11F), 0x3c02);
  EXPECT_EQ(float_to_half(1.0F + 0x1p-11F + 0x1p-20F), 0x3c01);  // above the middle
  EXPECT_EQ(float_to_half(0x1p-25F), 0x0000);
  EXPECT_EQ(float_to_half(3 * 0x1p-25F), 0x0002);
}

TEST(Half, becomes_infinite_from_the_middle_above_the_largest_on) {
  EXPECT_EQ(float_to_half(65519.0F), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0F), 0x7c00);
  EXPECT_EQ(float_to_half(-1e30F), 0xfc00);
}

}  // namespace
}  // namespace unna
