#include "report/pareto.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"

namespace unna {
namespace {

/// Small numbers, so that equal figures and equal points are common.
std::vector<Scores> random_points(Rng& rng) {
  std::vector<Scores> points(static_cast<std::size_t>(rng.between(1, 20)));
  const std::int64_t figures = rng.between(1, 4);
  for (Scores& point : points)
    for (std::int64_t f = 0; f < figures; ++f)
      point.push_back(static_cast<double>(rng.between(-3, 3)));
  return points;
}

/// By the definition, figure by figure.
bool is_dominated(const Scores& by, const Scores& point) {
  bool nowhere_worse = true, somewhere_better = false;
  for (std::size_t f = 0; f < point.size(); ++f) {
    nowhere_worse = nowhere_worse && by[f] <= point[f];
    somewhere_better = somewhere_better || by[f] < point[f];
  }
  return nowhere_worse && somewhere_better;
}

TEST(Pareto, TheFrontIsWhatBruteForceLeavesAndEqualPointsOnce) {
  Rng rng(20);
  for (int round = 0; round < 2000; ++round) {
    const std::vector<Scores> points = random_points(rng);
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const bool dominated = std::ranges::any_of(
          points, [&](const Scores& other) { return is_dominated(other, points[i]); });
      const bool repeated =
          std::find(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(i), points[i]) !=
          points.begin() + static_cast<std::ptrdiff_t>(i);
      if (!dominated && !repeated) expected.push_back(i);
    }
    ASSERT_EQ(pareto_front(points), expected) << "round " << round;
  }
}

TEST(Pareto, DominanceIsThatOfItsDefinition) {
  EXPECT_TRUE(dominates({1, 2}, {1, 3}));
  EXPECT_FALSE(dominates({1, 3}, {1, 2}));
  EXPECT_FALSE(dominates({1, 2}, {1, 2}));
  EXPECT_FALSE(dominates({1, 2}, {0, 3}));
  EXPECT_THROW(dominates({1}, {1, 2}), InternalError);
}

TEST(Pareto, AFrontOfNothingIsEmpty) {
  EXPECT_TRUE(pareto_front({}).empty());
}

TEST(Choice, IsOnTheFrontWhateverTheSlack) {
  Rng rng(21);
  for (int round = 0; round < 2000; ++round) {
    const std::vector<Scores> points = random_points(rng);
    const double slack = static_cast<double>(rng.between(0, 8)) / 4;
    const std::size_t choice = lexicographic_choice(points, slack);
    for (const Scores& other : points) ASSERT_FALSE(is_dominated(other, points[choice])) << round;
    // Of equal points the first.
    ASSERT_EQ(std::ranges::find(points, points[choice]) - points.begin(),
              static_cast<std::ptrdiff_t>(choice));
  }
}

TEST(Choice, WithoutSlackIsTheLexicographicMinimum) {
  Rng rng(22);
  for (int round = 0; round < 500; ++round) {
    const std::vector<Scores> points = random_points(rng);
    EXPECT_EQ(points[lexicographic_choice(points, 0)], *std::ranges::min_element(points));
  }
}

TEST(Choice, SlackIsOfTheBestThatIsLeftAndNotOfTheLastFigure) {
  // 105 is within 5 % of 100, 105.1 is not.
  EXPECT_EQ(lexicographic_choice(std::vector<Scores>{{100, 9}, {105, 3}, {105.1, 1}}, 0.05), 1U);
  // Of a figure of which larger is better: 95 is within 5 % of 100, 94.9 is not.
  EXPECT_EQ(lexicographic_choice(std::vector<Scores>{{-100, 9}, {-95, 3}, {-94.9, 1}}, 0.05), 1U);
  // The second figure's best is that of those whom the first has left.
  EXPECT_EQ(lexicographic_choice(std::vector<Scores>{{1, 50, 9}, {1, 52, 3}, {9, 1, 1}}, 0.05), 1U);
  // The last one has no slack.
  EXPECT_EQ(lexicographic_choice(std::vector<Scores>{{1, 50}, {1, 49.9}}, 0.05), 1U);
}

}  // namespace
}  // namespace unna
