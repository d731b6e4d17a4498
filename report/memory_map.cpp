// A memory map: time to the right, addresses upwards, a rectangle for what each buffer needs when.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "base/file.h"
#include "report/plan_report.h"
#include "text/units.h"
#include "text/xml.h"

namespace unna {
namespace {

constexpr double kWidth = 1200;
constexpr double kPanel = 620;  ///< height of a memory's part
constexpr double kLeft = 90;
constexpr double kRight = 20;
constexpr double kTop = 56;
constexpr double kBottom = 44;
/// Beyond so many rectangles only the largest are drawn: more can't be told apart, and viewers
/// choke.
constexpr std::size_t kMostRectangles = 20'000;

struct Box {
  std::uint32_t buffer = 0;
  Interval time;
  Bytes begin = 0;
  Bytes end = 0;

  double area() const {
    return static_cast<double>(time.upper - time.lower) * static_cast<double>(end - begin);
  }
};

std::vector<Box> boxes_of(const MemoryView& m) {
  std::vector<Box> boxes;
  for (std::uint32_t i = 0; i < m.problem.size(); ++i) {
    const Bytes at = m.plan.offsets[i];
    const Bytes size = m.problem.buffers[i].size;
    if (m.problem.lifetimes.intervals) {
      for (const LivePiece& piece : live_pieces(m.problem.lifetimes, i, size))
        boxes.push_back({i, piece.time, at + piece.begin, at + piece.end});
    } else if (size > 0) {
      const Interval time{m.problem.index.position(i), m.problem.index.last_overlap(i) + 1};
      boxes.push_back({i, time, at, at + size});
    }
  }
  return boxes;
}

/// The largest, in their old order; how many were left out.
std::size_t keep_largest(std::vector<Box>& boxes) {
  if (boxes.size() <= kMostRectangles) return 0;
  const std::size_t dropped = boxes.size() - kMostRectangles;
  std::ranges::stable_sort(boxes, std::ranges::greater{}, &Box::area);
  boxes.resize(kMostRectangles);
  std::ranges::stable_sort(boxes, {}, &Box::buffer);
  return dropped;
}

/// 1, 2 or 5 times a power of ten (addresses: of two), so that there are some six steps.
std::int64_t tick_step(std::int64_t span, bool binary) {
  const std::int64_t wanted = std::max<std::int64_t>(span / 6, 1);
  std::int64_t step = 1;
  while (binary && step < wanted) step *= 2;
  for (std::int64_t power = 1; !binary && step < wanted; power *= 10)
    for (const std::int64_t factor : {1, 2, 5})
      if (step < wanted) step = factor * power;
  return step;
}

class Panel {
 public:
  Panel(const MemoryView& memory, std::string title, double y)
      : m_(memory), title_(std::move(title)), boxes_(boxes_of(memory)), y_(y) {
    if (!boxes_.empty())
      from_ = std::ranges::min(boxes_, {}, [](const Box& b) { return b.time.lower; }).time.lower;
    until_ = from_ + 1;
    for (const Box& b : boxes_) until_ = std::max(until_, b.time.upper);
    top_ = std::max<Bytes>({m_.plan.peak, m_.plan.lower_bound, 1});
    if (m_.problem.capacity && *m_.problem.capacity <= top_ + top_ / 2)
      top_ = std::max(top_, *m_.problem.capacity);
  }

  std::string draw() {
    const std::size_t dropped = keep_largest(boxes_);
    text(kLeft, y_ + 20, "title", title_);
    text(kLeft, y_ + 38, "note", summary(dropped));
    axes();
    reserved();
    for (const Box& b : boxes_) box(b);
    for (const BufferPair pair : m_.problem.in_place) in_place(pair);
    line(m_.plan.lower_bound, "bound", "lower bound", false);
    line(m_.plan.peak, "peak", "peak", true);
    if (m_.problem.capacity && *m_.problem.capacity <= top_)
      line(*m_.problem.capacity, "capacity", "capacity", true);
    return std::move(out_);
  }

 private:
  double x(std::int64_t time) const {
    return kLeft + (kWidth - kLeft - kRight) * static_cast<double>(time - from_) /
                       static_cast<double>(until_ - from_);
  }
  double y(Bytes address) const {
    const double height = kPanel - kTop - kBottom;
    return y_ + kTop + height * (1 - static_cast<double>(address) / static_cast<double>(top_));
  }
  void text(double at_x, double at_y, std::string_view style, std::string_view content) {
    out_ += fmt::format("<text class=\"{}\" x=\"{:.2f}\" y=\"{:.2f}\">{}</text>\n", style, at_x,
                        at_y, xml_escaped(content));
  }

  std::string summary(std::size_t dropped) const {
    std::string note =
        fmt::format("{} buffers, {} B without sharing, peak {} B, lower bound {} B{}",
                    m_.problem.size(), grouped(without_sharing(m_.problem)), grouped(m_.plan.peak),
                    grouped(m_.plan.lower_bound), m_.plan.proved_optimal ? ": optimal" : "");
    if (!m_.problem.lifetimes.intervals)
      note += "; places in the sequence, conflicts of a partial order are not all to be seen";
    if (dropped > 0)
      note +=
          fmt::format("; the {} smallest not drawn", grouped(static_cast<std::int64_t>(dropped)));
    return note;
  }

  void axes() {
    out_ += fmt::format(
        "<rect class=\"plot\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"/>\n",
        kLeft, y(top_), kWidth - kLeft - kRight, y(0) - y(top_));
    const std::int64_t step = tick_step(top_, true);
    for (Bytes at = 0; at <= top_; at += step) {
      out_ += fmt::format("<path class=\"grid\" d=\"M{:.2f} {:.2f}H{:.2f}\"/>\n", kLeft, y(at),
                          kWidth - kRight);
      text(kLeft - 6, y(at) + 4, "address", readable_bytes(at));
    }
    const std::int64_t pace = tick_step(until_ - from_, false);
    std::int64_t time = from_ / pace * pace;
    if (time < from_) time += pace;
    for (; time <= until_; time += pace) text(x(time), y(0) + 16, "time", fmt::format("{}", time));
    text((kLeft + kWidth - kRight) / 2, y(0) + 34, "time",
         m_.problem.lifetimes.intervals ? "time" : "place in the sequence");
  }

  void reserved() {
    for (const ByteRange& r : m_.problem.reserved) {
      if (r.begin >= top_) continue;
      const Bytes end = std::min(r.end, top_);
      out_ += fmt::format(
          "<rect class=\"reserved\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\">"
          "<title>reserved [{}, {})</title></rect>\n",
          kLeft, y(end), kWidth - kLeft - kRight, y(r.begin) - y(end), r.begin, r.end);
    }
  }

  std::string style_of(std::uint32_t i) const {
    std::string style = m_.problem.buffers[i].fixed ? "f" : "b";
    if (std::ranges::binary_search(m_.problem.antichain, i)) style += " k";
    return style;
  }

  static std::string colour_of(const PlanBuffer& buffer) {
    const auto hue = hash_bytes(buffer.name) % 360;
    return fmt::format("hsl({},55%,{}%)", hue, 68 + hue % 3 * 6);
  }

  void box(const Box& b) {
    const PlanBuffer& buffer = m_.problem.buffers[b.buffer];
    const double width = std::max(x(b.time.upper) - x(b.time.lower), 0.3);
    const double height = std::max(y(b.begin) - y(b.end), 0.3);
    out_ += fmt::format(
        "<rect class=\"{}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
        "fill=\"{}\"><title>{}: {} B at {}{}, [{}, {})</title></rect>\n",
        style_of(b.buffer), x(b.time.lower), y(b.end), width, height, colour_of(buffer),
        xml_escaped(buffer.name), grouped(buffer.size), grouped(m_.plan.offsets[b.buffer]),
        buffer.fixed ? " (fixed)" : "", b.time.lower, b.time.upper);
    label(b, buffer.name, width, height);
  }

  std::span<const Box> boxes_of_buffer(std::uint32_t buffer) const {
    const auto first = std::ranges::lower_bound(boxes_, buffer, {}, &Box::buffer);
    return {first, std::ranges::upper_bound(boxes_, buffer, {}, &Box::buffer)};
  }

  /// What two buffers have in common, one in place of the other, in stripes of both colours: the
  /// one drawn first would not be seen there.
  void in_place(BufferPair pair) {
    const PlanBuffer& from = m_.problem.buffers[pair.first];
    const PlanBuffer& into = m_.problem.buffers[pair.second];
    if (m_.plan.offsets[pair.first] != m_.plan.offsets[pair.second]) return;
    for (const Box& a : boxes_of_buffer(pair.first))
      for (const Box& b : boxes_of_buffer(pair.second)) {
        const Box both{a.buffer,
                       {std::max(a.time.lower, b.time.lower), std::min(a.time.upper, b.time.upper)},
                       std::max(a.begin, b.begin),
                       std::min(a.end, b.end)};
        if (both.time.lower < both.time.upper && both.begin < both.end) stripes(both, from, into);
      }
  }

  void stripes(const Box& both, const PlanBuffer& from, const PlanBuffer& into) {
    const std::string id = fmt::format("both{}-{}", static_cast<int>(y_), stripes_++);
    out_ += fmt::format(
        "<linearGradient id=\"{}\" gradientUnits=\"userSpaceOnUse\" x1=\"0\" "
        "y1=\"0\" x2=\"10\" y2=\"10\" spreadMethod=\"repeat\">",
        id);
    for (const auto& [at, colour] : {std::pair{"0", colour_of(from)},
                                     {".5", colour_of(from)},
                                     {".5", colour_of(into)},
                                     {"1", colour_of(into)}})
      out_ += fmt::format("<stop offset=\"{}\" stop-color=\"{}\"/>", at, colour);
    const double width = std::max(x(both.time.upper) - x(both.time.lower), 0.3);
    const double height = std::max(y(both.begin) - y(both.end), 0.3);
    out_ += fmt::format(
        "</linearGradient>\n<rect class=\"shared\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" "
        "height=\"{:.2f}\" fill=\"url(#{})\"><title>{} in place of {}, [{}, {})</title></rect>\n",
        x(both.time.lower), y(both.end), width, height, id, xml_escaped(into.name),
        xml_escaped(from.name), both.time.lower, both.time.upper);
    label(both, fmt::format("{} + {}", from.name, into.name), width, height);
  }

  /// A name is written where it fits; a letter is some six units wide.
  void label(const Box& b, std::string_view name, double width, double height) {
    if (height < 11 || width < 6.2 * static_cast<double>(name.size()) + 4) return;
    text((x(b.time.lower) + x(b.time.upper)) / 2, (y(b.begin) + y(b.end)) / 2 + 3.5, "name", name);
  }

  void line(Bytes at, std::string_view style, std::string_view what, bool left) {
    out_ += fmt::format(
        "<path class=\"{}\" d=\"M{:.2f} {:.2f}H{:.2f}\"><title>{} {} B</title></path>\n", style,
        kLeft, y(at), kWidth - kRight, what, grouped(at));
    text(left ? kLeft + 4 : kWidth - kRight - 4, y(at) - 4,
         fmt::format("{} {}", left ? "start" : "end", style),
         fmt::format("{} {}", what, readable_bytes(at)));
  }

  const MemoryView& m_;
  std::string title_;
  std::vector<Box> boxes_;
  double y_;
  std::int64_t from_ = 0;
  std::int64_t until_ = 0;
  Bytes top_ = 1;
  int stripes_ = 0;  ///< drawn so far
  std::string out_;
};

constexpr std::string_view kStyle = R"(<style>
text{font-family:sans-serif;font-size:11px;fill:#222}
.title{font-size:15px;font-weight:bold}.note{fill:#555}
.address{text-anchor:end}.time,.name{text-anchor:middle}.name{font-size:10px;pointer-events:none}
.plot{fill:#fafafa;stroke:#999}.grid{stroke:#e4e4e4}
.b,.f{stroke:#fff;stroke-width:.4}.f{stroke:#333;stroke-dasharray:3 2;stroke-width:1}
.k{stroke:#222;stroke-width:.9}.shared{stroke:#222;stroke-width:.4}
.reserved{fill:#999;fill-opacity:.5}
path.bound{stroke:#187a2f;stroke-dasharray:7 4;stroke-width:1.6}text.bound{fill:#187a2f}
path.peak{stroke:#b3261e;stroke-width:1.6}text.peak{fill:#b3261e}
path.capacity{stroke:#444;stroke-dasharray:2 3;stroke-width:1.6}
.end{text-anchor:end}.start,.end{font-weight:bold;paint-order:stroke;stroke:#fff;stroke-width:3px}
path.start,path.end{stroke-width:1.6}
</style>
)";

}  // namespace

std::string memory_map(const PlanRun& run) {
  const auto views = memories(run);
  const double height = kPanel * static_cast<double>(views.size());
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\">\n{2}<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
      kWidth, height, kStyle);
  double y = 0;
  for (const MemoryView& memory : views) {
    std::string title = fmt::format("{} by {}", run.file, run.planner);
    if (!memory.pool.empty()) title += fmt::format(", pool {}", memory.pool);
    svg += Panel(memory, std::move(title), y).draw();
    y += kPanel;
  }
  return svg + "</svg>\n";
}

}  // namespace unna
