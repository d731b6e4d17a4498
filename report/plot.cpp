#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/error.h"
#include "text/units.h"
#include "text/xml.h"

namespace unna {
namespace {

// In points of the page (pixels of a screen); a column of a paper is some 250 wide.
constexpr double kWidth = 480, kHeight = 320, kLeftLeast = 72, kRight = 16, kTop = 16, kBottom = 52;
constexpr double kLegendRow = 18, kLetter = 6.6;  // a letter's width, on average
constexpr double kTicksWanted = 6;

/// Okabe and Ito, "Color Universal Design" (jfly.uni-koeln.de/color), without yellow, which is
/// faint on white.
constexpr std::array<std::string_view, 7> kColours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                      "#E69F00", "#56B4E9", "#000000"};
constexpr std::size_t kMarks = 6;

/// A mark's path around 0, 0.
std::string_view mark(std::size_t series) {
  constexpr std::array<std::string_view, kMarks> kPaths = {"M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
                                                           "M-3.5,-3.5H3.5V3.5H-3.5Z",
                                                           "M0,-5L4.5,3.5H-4.5Z",
                                                           "M0,-5L5,0L0,5L-5,0Z",
                                                           "M0,5L4.5,-3.5H-4.5Z",
                                                           "M-5,-1H-1V-5H1V-1H5V1H1V5H-1V1H-5Z"};
  return kPaths[series % kMarks];
}

bool power_of_two(double value) {
  int exponent = 0;
  return value > 0 && std::frexp(value, &exponent) == 0.5;
}

/// 1, 2 or 5 times a power of ten, at least `wanted`.
double round_step(double wanted) {
  const double power = std::pow(10, std::floor(std::log10(wanted)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= wanted * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

std::vector<double> linear_ticks(double low, double high) {
  if (high <= low) high = low + (low == 0 ? 1 : std::abs(low));
  const double step = round_step((high - low) / kTicksWanted);
  std::vector<double> ticks;
  const auto first = static_cast<std::int64_t>(std::floor(low / step + 1e-9));
  for (std::int64_t k = first;; ++k) {
    ticks.push_back(static_cast<double>(k) * step);
    if (ticks.back() >= high * (1 - 1e-12) && ticks.size() > 1) return ticks;
  }
}

std::vector<double> log_ticks(double low, double high, const std::vector<double>& values) {
  std::vector<double> ticks;
  if (std::ranges::all_of(values, power_of_two) && high / low <= 1024) {
    for (double tick = low; tick <= high; tick *= 2) ticks.push_back(tick);
    if (ticks.size() == 1) ticks.push_back(2 * low);
    return ticks;
  }
  const auto from = static_cast<int>(std::floor(std::log10(low) + 1e-12));
  const auto until = static_cast<int>(std::ceil(std::log10(high) - 1e-12));
  const bool few = until - from < 3;
  for (int power = from; power <= std::max(until, from + 1); ++power)
    for (const double factor : {1.0, 2.0, 5.0})
      if (factor == 1 || few) ticks.push_back(factor * std::pow(10, power));
  // From the last one not above `low` to the first one not below `high`.
  const auto above = [](double limit) { return [=](double t) { return t > limit; }; };
  const auto first = std::ranges::find_if(ticks, above(low * (1 + 1e-12)));
  ticks.erase(ticks.begin(), first == ticks.begin() ? first : first - 1);
  const auto last = std::ranges::find_if(ticks, above(high * (1 - 1e-12)));
  if (last != ticks.end()) ticks.erase(last + 1, ticks.end());
  return ticks;
}

/// Of a mark: 12,000, 1.5.
std::string tick_text(double value) {
  const double whole = std::round(value);
  if (std::abs(value - whole) < 1e-9 * std::abs(value) + 1e-12 && std::abs(value) < 1e7)
    return grouped(static_cast<std::int64_t>(whole));
  return fmt::format("{:.4g}", value);
}

/// The power of a thousand in which the marks of an axis are short.
int thousands(const std::vector<double>& ticks) {
  double most = 0, least = 0;
  for (const double tick : ticks) {
    most = std::max(most, std::abs(tick));
    if (tick != 0) least = least == 0 ? std::abs(tick) : std::min(least, std::abs(tick));
  }
  if (most >= 1e-2 && most < 1e6 && least >= 1e-3) return 0;
  return static_cast<int>(std::floor(std::log10(most) / 3));
}

std::string superscript(int number) {
  constexpr std::array<std::string_view, 10> kDigits = {"\u2070", "\u00b9", "\u00b2", "\u00b3",
                                                        "\u2074", "\u2075", "\u2076", "\u2077",
                                                        "\u2078", "\u2079"};
  std::string text = number < 0 ? "\u207b" : "";
  for (const char digit : fmt::format("{}", std::abs(number)))
    text += kDigits[static_cast<std::size_t>(digit - '0')];
  return text;
}

/// From values to places on the page.
class Axis {
 public:
  Axis(const PlotAxis& axis, const std::vector<double>& values, double from, double until)
      : axis_(axis), from_(from), until_(until) {
    if (!axis.names.empty()) {
      for (std::size_t k = 0; k < axis.names.size(); ++k) ticks_.push_back(static_cast<double>(k));
      low_ = -0.5;
      high_ = ticks_.back() + 0.5;
      return;
    }
    const auto [least, most] = std::ranges::minmax(values);
    const bool linear = axis.scale == PlotScale::linear;
    // A linear axis whose values are all on one side begins at 0: lengths are compared by eye.
    ticks_ = axis_ticks(linear ? std::min(least, 0.0) : least, linear ? std::max(most, 0.0) : most,
                        axis.scale, values);
    low_ = ticks_.front();
    high_ = ticks_.back();
    thousands_ = thousands(ticks_);
  }

  double place(double value) const {
    const double share = axis_.scale == PlotScale::logarithmic
                             ? std::log(value / low_) / std::log(high_ / low_)
                             : (value - low_) / (high_ - low_);
    return from_ + share * (until_ - from_);
  }
  const std::vector<double>& ticks() const { return ticks_; }
  std::string text(double tick) const {
    if (!axis_.names.empty()) return axis_.names[static_cast<std::size_t>(tick)];
    return tick_text(tick * std::pow(1000, -thousands_));
  }
  /// Of a point: the number in the axis's unit, not in thousands of it.
  std::string value_text(double value) const {
    return axis_.names.empty() ? plain_number(value) : text(value);
  }
  /// "latency [10^-6 s]", with raised digits.
  std::string label() const {
    std::string unit = axis_.unit;
    if (thousands_ != 0)
      unit = fmt::format("10{}{}{}", superscript(3 * thousands_), unit.empty() ? "" : " ", unit);
    return unit.empty() ? axis_.name : fmt::format("{} [{}]", axis_.name, unit);
  }

 private:
  const PlotAxis& axis_;
  double from_, until_;
  double low_ = 0, high_ = 1;
  int thousands_ = 0;
  std::vector<double> ticks_;
};

void check_values(const PlotAxis& axis, const std::vector<double>& values) {
  for (const double value : values) {
    if (!std::isfinite(value))
      throw InputError(fmt::format("{}: {} can't be drawn, expected a number", axis.name, value));
    if (axis.scale == PlotScale::logarithmic && value <= 0)
      throw InputError(
          fmt::format("{}: {} on a logarithmic axis, expected more than 0", axis.name, value));
  }
}

std::vector<double> values_of(const Plot& plot, double PlotPoint::*member) {
  std::vector<double> values;
  for (const PlotSeries& series : plot.series)
    for (const PlotPoint& point : series.points) values.push_back(point.*member);
  return values;
}

/// Of the widest text of the legend, with its mark.
double legend_width(const Plot& plot) {
  std::size_t letters = plot.legend.size() + 1;
  for (const PlotSeries& series : plot.series) letters = std::max(letters, series.name.size());
  return 28 + kLetter * static_cast<double>(letters);
}

double longest_name(const PlotAxis& axis) {
  std::size_t longest = 0;
  for (const std::string& name : axis.names) longest = std::max(longest, name.size());
  return kLetter * static_cast<double>(longest);
}

/// Where the y axis stands: left of it are its names, and its label upright.
double left_margin(const PlotAxis& y) {
  return std::max(kLeftLeast, 32 + longest_name(y));
}

/// Names that would run into one another stand aslant: the room that they take below the axis.
double slant_room(const PlotAxis& axis) {
  const double place =
      (kWidth - kLeftLeast - kRight) / std::max<double>(1, static_cast<double>(axis.names.size()));
  const double width = longest_name(axis);
  return width < place - 8 ? 0 : 0.5 * width;
}

class Drawing {
 public:
  explicit Drawing(const Plot& plot)
      : plot_(plot),
        left_(left_margin(plot.y)),
        right_(left_ + kWidth - kLeftLeast - kRight),
        width_(right_ + kRight + (plot.legend.empty() ? 0 : legend_width(plot))),
        slant_(slant_room(plot.x)),
        height_(std::max(kHeight + slant_,
                         kTop + kLegendRow * static_cast<double>(plot.series.size() + 2))),
        x_(plot.x, values_of(plot, &PlotPoint::x), left_, right_),
        y_(plot.y, values_of(plot, &PlotPoint::y), kHeight - kBottom, kTop) {}

  std::string draw() {
    svg_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n"
        "<title>{2} over {3}</title>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
        width_, height_, xml_escaped(plot_.y.name), xml_escaped(plot_.x.name));
    draw_axes();
    for (std::size_t s = 0; s < plot_.series.size(); ++s) draw_series(s);
    if (!plot_.legend.empty()) draw_legend();
    return svg_ + "</svg>\n";
  }

 private:
  void line(double x1, double y1, double x2, double y2, std::string_view colour) {
    svg_ += fmt::format("<path d=\"M{:.1f},{:.1f}L{:.1f},{:.1f}\" stroke=\"{}\" fill=\"none\"/>\n",
                        x1, y1, x2, y2, colour);
  }
  void text(double x, double y, std::string_view anchor, std::string_view content,
            std::string_view more = "") {
    svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                        anchor, more, xml_escaped(content));
  }

  void draw_axes() {
    constexpr std::string_view kGrid = "#ddd", kInk = "#000";
    const double bottom = kHeight - kBottom;
    for (const double tick : y_.ticks()) {
      line(left_, y_.place(tick), right_, y_.place(tick), kGrid);
      text(left_ - 8, y_.place(tick) + 4, "end", y_.text(tick));
    }
    for (const double tick : x_.ticks()) {
      line(x_.place(tick), bottom, x_.place(tick), bottom + 5, kInk);
      const double x = x_.place(tick);
      if (slant_ == 0)
        text(x, bottom + 19, "middle", x_.text(tick));
      else
        text(x + 4, bottom + 16, "end", x_.text(tick),
             fmt::format(" transform=\"rotate(-30 {:.1f} {:.1f})\"", x + 4, bottom + 16));
    }
    line(left_, bottom, right_, bottom, kInk);
    line(left_, kTop, left_, bottom, kInk);
    text((left_ + right_) / 2, bottom + 40 + slant_, "middle", x_.label());
    const double middle = (kTop + bottom) / 2;
    text(14, middle, "middle", y_.label(),
         fmt::format(" transform=\"rotate(-90 14 {:.1f})\"", middle));
  }

  void put_mark(std::size_t s, double x, double y, const std::string& title) {
    svg_ += fmt::format(
        "<path class=\"point\" d=\"{}\" transform=\"translate({:.1f},{:.1f})\" fill=\"{}\">{}"
        "</path>\n",
        mark(s), x, y, kColours[s % kColours.size()], title);
  }

  void draw_series(std::size_t s) {
    std::vector<PlotPoint> points = plot_.series[s].points;
    std::ranges::stable_sort(points, {}, &PlotPoint::x);
    const bool curve = std::ranges::adjacent_find(points, {}, &PlotPoint::x) == points.end();
    std::string path;
    for (const PlotPoint& p : points)
      path +=
          fmt::format("{}{:.1f},{:.1f}", path.empty() ? "M" : "L", x_.place(p.x), y_.place(p.y));
    if (curve && points.size() > 1 && plot_.x.names.empty())
      svg_ += fmt::format(
          "<path class=\"curve\" d=\"{}\" stroke=\"{}\" stroke-width=\"1.5\" fill=\"none\"/>\n",
          path, kColours[s % kColours.size()]);
    for (const PlotPoint& p : points)
      put_mark(s, x_.place(p.x), y_.place(p.y),
               fmt::format("<title>{}{}{}, {}</title>", xml_escaped(plot_.series[s].name),
                           plot_.series[s].name.empty() ? "" : ": ",
                           xml_escaped(x_.value_text(p.x)), xml_escaped(y_.value_text(p.y))));
  }

  void draw_legend() {
    const double x = right_ + kRight + 4;
    double y = kTop + 10;
    text(x, y, "start", plot_.legend, " font-weight=\"bold\"");
    for (std::size_t s = 0; s < plot_.series.size(); ++s) {
      y += kLegendRow;
      put_mark(s, x + 5, y - 4, "");
      text(x + 16, y, "start", plot_.series[s].name);
    }
  }

  const Plot& plot_;
  double left_, right_;  ///< ends of the x axis
  double width_;
  double slant_;  ///< room for names that stand aslant; 0: they do not
  double height_;
  Axis x_, y_;
  std::string svg_;
};

}  // namespace

std::vector<double> axis_ticks(double low, double high, PlotScale scale,
                               const std::vector<double>& values) {
  return scale == PlotScale::linear ? linear_ticks(low, high) : log_ticks(low, high, values);
}

std::string plot_svg(const Plot& plot) {
  const auto x = values_of(plot, &PlotPoint::x);
  if (x.empty()) throw InputError("no points, expected some to draw");
  check_values(plot.x, x);
  check_values(plot.y, values_of(plot, &PlotPoint::y));
  return Drawing(plot).draw();
}

}  // namespace unna
