#include "numbers/quantised.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace unna {
namespace {

TEST(Int8, the_largest_magnitude_becomes_127) {
  const float scale = int8_scale(3);
  EXPECT_EQ(int8_quantise(3, static_cast<double>(scale)), 127);
  EXPECT_EQ(int8_quantise(-3, static_cast<double>(scale)), -127);
  EXPECT_EQ(int8_quantise(0, static_cast<double>(scale)), 0);
}

TEST(Int8, rounds_halves_up_and_saturates) {
  EXPECT_EQ(int8_quantise(0.5, 1), 1);
  EXPECT_EQ(int8_quantise(-0.5, 1), 0);
  EXPECT_EQ(int8_quantise(127.6, 1), 127);
  EXPECT_EQ(int8_quantise(-128.6, 1), -128);
}

TEST(Int8, what_is_zero_everywhere_has_scale_1) {
  EXPECT_EQ(int8_scale(0), 1.0F);
  EXPECT_EQ(int8_scale(HUGE_VAL), 1.0F);
}

TEST(Int8, channels_have_scales_of_their_own) {
  const double weights[] = {1, -2, 0, 0, 127, 5};
  EXPECT_EQ(int8_channel_scales(weights, 3), (std::vector<float>{2.0F / 127, 1, 1}));
}

TEST(Requantiser, rounds_once_halves_up) {
  const Requantiser half = Requantiser::of(0.5);
  EXPECT_EQ(half.multiplier, 1 << 30);
  EXPECT_EQ(half.apply(3), 2);
  EXPECT_EQ(half.apply(1), 1);
  EXPECT_EQ(half.apply(-1), 0);
  EXPECT_EQ(half.apply(-3), -1);
}

TEST(Requantiser, has_31_bits) {
  const double factor = 0.0123456789;
  const Requantiser r = Requantiser::of(factor);
  EXPECT_GE(r.multiplier, 1 << 30);
  EXPECT_NEAR(std::ldexp(r.multiplier, -r.shift), factor, factor * 0x1p-31);
  // Just below a power of two it would be rounded to 2^31.
  EXPECT_EQ(Requantiser::of(1 - 0x1p-50).apply(1000), 1000);
}

TEST(Requantiser, ends_of_its_range) {
  EXPECT_EQ(Requantiser::of(0).apply(1000), 0);
  EXPECT_EQ(Requantiser::of(1e-40).apply(1'000'000), 0);
  EXPECT_EQ(Requantiser::of(1e-20).apply(std::numeric_limits<std::int64_t>::max()), 0);
  EXPECT_EQ(Requantiser::of(1e30).shift, 0);
  EXPECT_EQ(Requantiser::of(1e30).apply(std::numeric_limits<std::int64_t>::max()),
            std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace unna
