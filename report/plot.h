#pragma once

// A figure of a paper: points of several series over two axes, as SVG.

#include <string>
#include <vector>

namespace unna {

struct PlotPoint {
  double x = 0;
  double y = 0;
};
struct PlotSeries {
  std::string name;  ///< in the legend
  std::vector<PlotPoint> points;
};

enum class PlotScale { linear, logarithmic };

struct PlotAxis {
  std::string name;
  std::string
      unit;  ///< empty: none. Marks that would be long are in thousands of it, millionths, ...
  PlotScale scale = PlotScale::linear;
  /// Names instead of numbers: value k of a point is the k-th name.
  std::vector<std::string> names = {};
};

struct Plot {
  PlotAxis x;
  PlotAxis y;
  std::string legend;  ///< what the names of the series are; empty: no legend
  std::vector<PlotSeries> series;
};

/// Points of a series are joined, by ascending x, where no two have the same x. Series differ in
/// colour (Okabe and Ito's, which people with any kind of colour vision tell apart) and in mark.
/// Throws InputError where nothing is to be drawn, a value is not finite, or not above 0 on a
/// logarithmic axis.
std::string plot_svg(const Plot& plot);

/// Where an axis from `low` to `high` has its marks, ascending; the first and the last are its
/// ends. Logarithmic: powers of two where all of `values` are, else of ten (with 2 and 5 times
/// where that gives too few).
std::vector<double> axis_ticks(double low, double high, PlotScale scale,
                               const std::vector<double>& values);

}  // namespace unna
