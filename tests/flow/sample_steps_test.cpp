// Which steps are simulated, and how far off the others may be.

#include "flow/sample_steps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace unna {
namespace {

struct Curve {
  std::function<double(std::int64_t)> cycles;
  std::set<std::int64_t> asked;
  std::function<std::uint64_t(std::int64_t)> kind = [](std::int64_t) { return 0; };

  SampledSteps sample(std::int64_t first, std::int64_t count, double tolerance) {
    asked.clear();
    std::vector<StepLength> lengths;
    for (const std::int64_t past : consecutive(first, count)) lengths.push_back({past, kind(past)});
    return sample_steps(lengths, tolerance, [&](std::int64_t past) {
      EXPECT_TRUE(asked.insert(past).second) << past << " is simulated twice";
      StepFigures s;
      s.past = past;
      s.cycles = cycles(past);
      s.energy_pj = 2 * s.cycles;
      return s;
    });
  }
};

TEST(SampleSteps, ALineNeedsItsEndsItsMiddleAndItsQuarters) {
  Curve line{[](std::int64_t p) { return 1000.0 + 3 * static_cast<double>(p); }, {}};
  const SampledSteps s = line.sample(128, 65, 0.005);
  EXPECT_EQ(line.asked, (std::set<std::int64_t>{128, 144, 160, 176, 192}));
  EXPECT_EQ(s.simulated, 5U);
  EXPECT_EQ(s.deviation, 0);
  ASSERT_EQ(s.steps.size(), 65U);
  for (std::size_t i = 0; i < s.steps.size(); ++i) {
    const auto past = 128 + static_cast<std::int64_t>(i);
    EXPECT_EQ(s.steps[i].past, past);
    EXPECT_EQ(s.steps[i].simulated, line.asked.contains(past));
    EXPECT_NEAR(s.steps[i].cycles, line.cycles(past), 1e-9);
    EXPECT_NEAR(s.steps[i].energy_pj, 2 * line.cycles(past), 1e-9);
  }
}

TEST(SampleSteps, AStepOfTheCurveIsClosedInOn) {
  Curve jump{[](std::int64_t p) { return p < 50 ? 1000.0 : 1500.0; }, {}};
  const SampledSteps s = jump.sample(0, 129, 0.005);
  EXPECT_TRUE(jump.asked.contains(49));
  EXPECT_TRUE(jump.asked.contains(50));
  EXPECT_LT(s.simulated, 20U);
  for (const StepFigures& step : s.steps) EXPECT_EQ(step.cycles, jump.cycles(step.past));
}

TEST(SampleSteps, ACurveIsWithinOneAndAHalfTolerancesBetweenItsSamples) {
  Curve parabola{[](std::int64_t p) { return 1000 + 0.1 * static_cast<double>(p * p); }, {}};
  const SampledSteps s = parabola.sample(1, 400, 0.01);
  EXPECT_LE(s.deviation, 0.015);
  EXPECT_GT(s.deviation, 0);
  for (const StepFigures& step : s.steps)
    EXPECT_NEAR(step.cycles, parabola.cycles(step.past), 0.015 * parabola.cycles(step.past));
}

/// As where the division over the cores is now this and now that.
TEST(SampleSteps, KindsThatTakeTurnsHaveLinesOfTheirOwn) {
  const auto kind = [](std::int64_t p) { return static_cast<std::uint64_t>(p / 7 % 3); };
  Curve jumps{[&](std::int64_t p) {
                return 1000.0 * static_cast<double>(1 + kind(p)) + 2 * static_cast<double>(p);
              },
              {},
              kind};
  const SampledSteps s = jumps.sample(40, 200, 0.005);
  EXPECT_EQ(s.kinds, 3U);
  EXPECT_LT(s.simulated, 20U);
  for (const StepFigures& step : s.steps)
    EXPECT_NEAR(step.cycles, jumps.cycles(step.past), 1e-9) << step.past;
}

TEST(SampleSteps, AKindThatNoSampleShowsIsLookedAt) {
  const auto is_odd_one = [](std::int64_t p) { return p == 21 || p == 22; };
  Curve hidden{[&](std::int64_t p) { return is_odd_one(p) ? 1100.0 : 1000.0; }, {}, is_odd_one};
  const SampledSteps s = hidden.sample(0, 101, 0.005);
  EXPECT_LT(s.simulated, 15U);
  for (const StepFigures& step : s.steps)
    EXPECT_EQ(step.cycles, hidden.cycles(step.past)) << step.past;
}

TEST(SampleSteps, KindsThatMakeNoDifferenceShareTheLine) {
  Curve line{[](std::int64_t p) { return 1000.0 + static_cast<double>(p); },
             {},
             [](std::int64_t p) { return static_cast<std::uint64_t>(p / 10); }};
  const SampledSteps s = line.sample(0, 101, 0.005);
  EXPECT_EQ(s.kinds, 11U);
  EXPECT_EQ(s.simulated, 11U);  // 5 of the line, and 6 of kinds that are not among these
}

TEST(SampleSteps, WhatGoesUpAndDownWithinAFewLengthsIsRough) {
  Curve zigzag{[](std::int64_t p) { return p % 3 == 0 ? 1030.0 : 1000.0; }, {}};
  EXPECT_TRUE(zigzag.sample(0, 100, 0.005).rough);
  Curve slope{
      [](std::int64_t p) { return p < 40 ? 1000.0 : 1000.0 + 5 * static_cast<double>(p - 40); },
      {}};
  EXPECT_FALSE(slope.sample(0, 100, 0.005).rough);
}

TEST(SampleSteps, WithoutToleranceAllAreSimulated) {
  Curve line{[](std::int64_t p) { return static_cast<double>(p); }, {}};
  EXPECT_EQ(line.sample(7, 30, 0).simulated, 30U);
}

TEST(SampleSteps, LengthsMayLieApart) {
  Curve line{[](std::int64_t p) { return 10 * static_cast<double>(p); }, {}};
  const std::vector<std::int64_t> lengths = {3, 4, 10, 100, 101, 180, 200, 300, 310, 500};
  const auto simulate = [&](std::int64_t past) {
    StepFigures s;
    s.past = past;
    s.cycles = line.cycles(past);
    return s;
  };
  const SampledSteps s = sample_steps(of_one_kind(lengths), 0.005, simulate);
  EXPECT_LT(s.simulated, lengths.size());
  ASSERT_EQ(s.steps.size(), lengths.size());
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    EXPECT_EQ(s.steps[i].past, lengths[i]);
    EXPECT_NEAR(s.steps[i].cycles, line.cycles(lengths[i]), 1e-9);
  }
}

TEST(SampleSteps, FewStepsAreAllSimulated) {
  Curve line{[](std::int64_t p) { return static_cast<double>(p); }, {}};
  for (std::int64_t count = 0; count <= 5; ++count) {
    const SampledSteps s = line.sample(10, count, 0.005);
    EXPECT_EQ(s.steps.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(s.simulated, static_cast<std::size_t>(count)) << count;
  }
}

}  // namespace
}  // namespace unna
