// Where the marks of a plot's axes stand, and what can't be drawn.

#include "report/plot.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace unna {
namespace {

using Ticks = std::vector<double>;

Plot plot_of(std::vector<PlotPoint> points, PlotScale scale) {
  return {{"x", "s", scale, {}}, {"y", "", PlotScale::linear, {}}, "", {{"", std::move(points)}}};
}

TEST(Plot, linear_ticks_are_round_and_reach_beyond_both_ends) {
  EXPECT_EQ(axis_ticks(0, 6, PlotScale::linear, {}), (Ticks{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(axis_ticks(0, 6.1, PlotScale::linear, {}), (Ticks{0, 2, 4, 6, 8}));
  EXPECT_EQ(axis_ticks(-3, 4, PlotScale::linear, {}), (Ticks{-4, -2, 0, 2, 4}));
  EXPECT_EQ(axis_ticks(0, 0, PlotScale::linear, {}).front(), 0);
}

TEST(Plot, logarithmic_ticks_are_powers_of_two_where_the_values_are) {
  EXPECT_EQ(axis_ticks(1, 16, PlotScale::logarithmic, {1, 4, 16}), (Ticks{1, 2, 4, 8, 16}));
  EXPECT_EQ(axis_ticks(4, 4, PlotScale::logarithmic, {4}), (Ticks{4, 8}));
  EXPECT_EQ(axis_ticks(1, 1000, PlotScale::logarithmic, {1, 3, 1000}), (Ticks{1, 10, 100, 1000}));
  EXPECT_EQ(axis_ticks(3, 12, PlotScale::logarithmic, {3, 12}), (Ticks{2, 5, 10, 20}));
}

TEST(Plot, refuses_what_has_no_place) {
  EXPECT_THROW(plot_svg(plot_of({}, PlotScale::linear)), InputError);
  EXPECT_THROW(plot_svg(plot_of({{0, 1}}, PlotScale::logarithmic)), InputError);
  EXPECT_NO_THROW(plot_svg(plot_of({{0, 1}}, PlotScale::linear)));
}

TEST(Plot, joins_points_of_different_x_only) {
  EXPECT_NE(plot_svg(plot_of({{1, 1}, {2, 1}}, PlotScale::linear)).find("curve"),
            std::string::npos);
  EXPECT_EQ(plot_svg(plot_of({{1, 1}, {1, 2}}, PlotScale::linear)).find("curve"),
            std::string::npos);
}

TEST(Plot, names_on_either_axis_are_in_the_tooltips_and_in_the_picture) {
  const std::string name = "greedy-by-conflict-and-size";
  Plot plot = plot_of({{0, 0}, {1, 1}}, PlotScale::linear);
  plot.y.names = {name, "naive"};
  const std::string y = plot_svg(plot);
  EXPECT_NE(y.find("<title>0, " + name + "</title>"), std::string::npos);
  EXPECT_NE(y.find("<title>1, naive</title>"), std::string::npos);
  // Names end left of the axis: 27 letters of 6.6 points, and the label.
  EXPECT_NE(y.find("<text x=\"202.2\""), std::string::npos) << y;
  plot.x.names = {"a", "b"};
  EXPECT_NE(plot_svg(plot).find("<title>b, naive</title>"), std::string::npos);
}

}  // namespace
}  // namespace unna
