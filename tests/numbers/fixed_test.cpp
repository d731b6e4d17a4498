#include "numbers/fixed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "numbers/functions.h"

namespace unna {
namespace {

TEST(RoundShift, goes_to_the_nearest_halves_up) {
  EXPECT_EQ(round_shift(5, 0), 5);
  EXPECT_EQ(round_shift(6, 2), 2);
  EXPECT_EQ(round_shift(5, 2), 1);
  EXPECT_EQ(round_shift(-6, 2), -1);
  EXPECT_EQ(round_shift(-7, 2), -2);
  EXPECT_EQ(round_shift(std::numeric_limits<std::int64_t>::max(), 1), std::int64_t{1} << 62);
}

TEST(RoundDivide, agrees_with_shifts_and_knows_negative_numerators) {
  for (std::int64_t n = -40; n <= 40; ++n) EXPECT_EQ(round_divide(n, 8), round_shift(n, 3)) << n;
  EXPECT_EQ(round_divide(-5, 3), -2);
  EXPECT_EQ(round_divide(-4, 3), -1);
  EXPECT_EQ(round_divide(-3, 2), -1);
}

TEST(FixedFormat, quantises_and_saturates_at_its_ends) {
  const FixedFormat q7_8;
  EXPECT_EQ(q7_8.quantise(1.5), 384);
  EXPECT_EQ(q7_8.quantise(0.5 / 256), 1);
  EXPECT_EQ(q7_8.quantise(-0.5 / 256), 0);
  EXPECT_EQ(q7_8.quantise(127.998), 32767);
  EXPECT_EQ(q7_8.quantise(128), 32767);
  EXPECT_EQ(q7_8.quantise(-128), -32768);
  EXPECT_EQ(q7_8.quantise(-1e300), -32768);
  EXPECT_EQ(q7_8.quantise(std::numeric_limits<double>::quiet_NaN()), 0);
  EXPECT_EQ(q7_8.saturate(32768), 32767);
  EXPECT_EQ(q7_8.saturate(-32769), -32768);
}

TEST(FixedFormat, divides_to_the_nearest_and_saturates_at_zero) {
  const FixedFormat q7_8;
  EXPECT_EQ(q7_8.divide(256, 768), 85);  // 1/3
  EXPECT_EQ(q7_8.divide(-256, 768), -85);
  EXPECT_EQ(q7_8.divide(256, -768), -85);
  EXPECT_EQ(q7_8.divide(1, 0), 32767);
  EXPECT_EQ(q7_8.divide(-1, 0), -32768);
  EXPECT_EQ(q7_8.divide(0, 0), 0);
}

TEST(FixedScale, of_one_changes_nothing_and_others_have_fifteen_bits) {
  for (const std::int64_t x : {0, 1, -1, 12345, -32768}) EXPECT_EQ(FixedScale::of(1).apply(x), x);
  EXPECT_EQ(FixedScale::of(0.5).apply(3), 2);
  EXPECT_EQ(FixedScale::of(-2).apply(3), -6);
  EXPECT_EQ(FixedScale::of(0).apply(3), 0);
  EXPECT_EQ(FixedScale::of(1.0 / 49).apply(49 * 1000), 1000);
  EXPECT_EQ(FixedScale::of(0.25).apply(1 << 10, 4), 16);
  EXPECT_GT(FixedScale::of(1e30).apply(3), std::int64_t{1} << 60);
  EXPECT_EQ(FixedScale::of(1e-30).apply(1 << 30), 0);
}

double worst_error(const InterpolationTable& table, double (*function)(double), double from,
                   double to) {
  double worst = 0;
  for (double x = from; x < to; x += 1.0 / 256)
    worst = std::max(
        worst, std::fabs(static_cast<double>(table(std::llround(x * 256))) / 256 - function(x)));
  return worst;
}

TEST(InterpolationTable, is_within_one_unit_where_functions_bend) {
  const InterpolationTable sigmoids(sigmoid, 16, 8, 8, 4);
  EXPECT_LT(worst_error(sigmoids, sigmoid, -127, 127), 1.0 / 256);
  const InterpolationTable gelus(gelu, 16, 8, 8, 4);
  EXPECT_LT(worst_error(gelus, gelu, -127, 127), 1.5 / 256);
  const InterpolationTable coarse(sigmoid, 16, 8, 8, 0);
  EXPECT_GT(worst_error(coarse, sigmoid, -127, 127), 2.0 / 256);
}

TEST(InterpolationTable, goes_through_its_nodes_and_straight_between_them) {
  const InterpolationTable squares([](double x) { return x * x; }, 16, 0, 0, 1);
  EXPECT_EQ(squares(0), 0);
  EXPECT_EQ(squares(3), 9);
  EXPECT_EQ(squares(4), 16);
  EXPECT_EQ(squares(5), 26);  // halfway from 16 to 36
  EXPECT_EQ(squares(-6), 36);
  EXPECT_EQ(squares(-7), 50);
}

TEST(InterpolationTable, saturates_where_the_function_is_not_finite) {
  const InterpolationTable inverse([](double x) { return 1 / x; }, 16, 8, 8, 4);
  EXPECT_EQ(inverse(0), std::numeric_limits<std::int32_t>::max());
  const InterpolationTable roots([](double x) { return std::sqrt(x); }, 16, 8, 8, 4);
  EXPECT_EQ(roots(-256), 0);
}

TEST(FixedRows, softmax_adds_up_to_one) {
  const FixedFormat q7_8;
  const std::vector<std::int64_t> in = {0, 256, -512, 700, 32767, -32768, 31000};
  std::vector<std::int64_t> out(in.size());
  FixedRows(q7_8).softmax(in, FixedScale::of(1), out);
  EXPECT_NEAR(std::accumulate(out.begin(), out.end(), 0.0), 256, 3);
  EXPECT_NEAR(static_cast<double>(out[4]), 256 / (1 + std::exp(-1767.0 / 256)), 1);
  const std::vector<std::int64_t> one = {-77};
  out.resize(1);
  FixedRows(q7_8).softmax(one, FixedScale::of(1), out);
  EXPECT_EQ(out[0], 256);
}

TEST(FixedRows, layer_norm_is_that_of_the_reals_but_for_rounding) {
  const FixedFormat q7_8;
  const std::vector<std::int64_t> in = {100, 300, -200, 900, 0, 20};
  const std::vector<std::int64_t> gamma(6, 384), beta(6, 1 << 15);  // 1.5 and 0.5
  std::vector<std::int64_t> out(6);
  FixedRows(q7_8).layer_norm(in, gamma, beta, 1e-5, out);
  double mean = 0, variance = 0;
  for (const auto x : in) mean += static_cast<double>(x) / 256 / 6;
  for (const auto x : in) variance += std::pow(static_cast<double>(x) / 256 - mean, 2) / 6;
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_NEAR(static_cast<double>(out[i]) / 256,
                (static_cast<double>(in[i]) / 256 - mean) / std::sqrt(variance) * 1.5 + 0.5,
                1.5 / 256);
}

TEST(FixedLrn, is_that_of_the_reals_but_for_rounding) {
  const FixedLrn lrn({}, 5, 0.5, 0.75, 2);
  const double expected = 3 / std::pow(2 + 0.5 / 5 * 30, 0.75);
  EXPECT_NEAR(static_cast<double>(lrn(3 * 256, 30 << 16)) / 256, expected, 1.5 / 256);
}

}  // namespace
}  // namespace unna
