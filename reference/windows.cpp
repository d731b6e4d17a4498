// Pooling, resampling, padding.

#include <algorithm>
#include <cmath>

#include "reference/machine.h"

namespace unna::reference {
namespace {

/// Calls f(plane, y, x) for each output of a feature map; the plane is (n, c).
template <class F>
void for_each_output(const Tensor& y, F&& f) {
  for_each_index(y.shape, [&](std::int64_t at, const std::vector<std::int64_t>& i) {
    f(at, i[0] * y.shape[1] + i[1], i[2], i[3]);
  });
}

/// Calls f(value) for the elements of a window that lie in the input; returns how many positions
/// lie in the padded input.
template <class F>
std::int64_t window(const Tensor& x, const WindowAttrs& a, std::int64_t plane, std::int64_t oy,
                    std::int64_t ox, F&& f) {
  const std::int64_t h = x.shape[2], w = x.shape[3];
  std::int64_t padded = 0;
  for (std::int64_t ky = 0; ky < a.kernel_h; ++ky)
    for (std::int64_t kx = 0; kx < a.kernel_w; ++kx) {
      const std::int64_t row = oy * a.stride_h - a.pad_top + ky * a.dilation_h;
      const std::int64_t column = ox * a.stride_w - a.pad_left + kx * a.dilation_w;
      if (row < h + a.pad_bottom && column < w + a.pad_right) ++padded;
      if (row >= 0 && row < h && column >= 0 && column < w) f(x.at((plane * h + row) * w + column));
    }
  return padded;
}

bool overhangs(const Tensor& x, const Tensor& y, const WindowAttrs& a) {
  const auto reach = [](std::int64_t outputs, std::int64_t stride, std::int64_t kernel,
                        std::int64_t dilation) {
    return (outputs - 1) * stride + (kernel - 1) * dilation + 1;
  };
  return reach(y.shape[2], a.stride_h, a.kernel_h, a.dilation_h) >
             x.shape[2] + a.pad_top + a.pad_bottom ||
         reach(y.shape[3], a.stride_w, a.kernel_w, a.dilation_w) >
             x.shape[3] + a.pad_left + a.pad_right;
}

}  // namespace

void max_pool(Call& call) {
  const PoolAttrs& attrs = call.op.as<PoolAttrs>();
  const Tensor& x = *call.in[0];
  Tensor& y = call.out[0];
  for_each_output(y, [&](std::int64_t at, std::int64_t plane, std::int64_t oy, std::int64_t ox) {
    double most = call.numbers.lowest();
    window(x, attrs.window, plane, oy, ox, [&](double v) { most = std::max(most, v); });
    y.at(at) = most;
  });
}

namespace {

/// In int8 the sum is brought to the result's scale with 16 more bits, and rounded when it is
/// divided.
double mean(const Call& call, double sum, std::int64_t count) {
  if (!call.int8) return call.numbers.mean(sum, count);
  const FixedScale rescale = FixedScale::of(call.in_scale(0) / call.out_scale());
  const std::int64_t scaled = rescale.apply(call.numbers.sum(sum) * 65536);
  return static_cast<double>(round_divide(scaled, count * 65536));
}

}  // namespace

/// Sums are divided where windows differ in what counts, else multiplied with one factor.
void avg_pool(Call& call) {
  const PoolAttrs& attrs = call.op.as<PoolAttrs>();
  const Tensor& x = *call.in[0];
  Tensor& y = call.out[0];
  const WindowAttrs& a = attrs.window;
  const bool divides = !attrs.count_include_pad || overhangs(x, y, a);
  const double factor = call.rescaled(1.0F / static_cast<float>(a.kernel_h * a.kernel_w));
  for_each_output(y, [&](std::int64_t at, std::int64_t plane, std::int64_t oy, std::int64_t ox) {
    double sum = 0;
    std::int64_t inside = 0;
    const std::int64_t padded = window(x, a, plane, oy, ox, [&](double v) {
      sum += v;
      ++inside;
    });
    const std::int64_t count = attrs.count_include_pad ? padded : inside;
    y.at(at) = divides ? mean(call, sum, std::max<std::int64_t>(count, 1))
                       : call.numbers.of_values(sum, factor);
  });
}

void global_avg_pool(Call& call) {
  const Tensor& x = *call.in[0];
  Tensor& y = call.out[0];
  const std::int64_t each = x.shape[2] * x.shape[3];
  for (std::int64_t plane = 0; plane < x.shape[0] * x.shape[1]; ++plane) {
    double sum = 0;
    for (std::int64_t i = 0; i < each; ++i) sum += x.at(plane * each + i);
    y.at(plane) = call.numbers.of_values(sum, call.rescaled(1.0F / static_cast<float>(each)));
  }
}

namespace {

/// Where an output coordinate of a bilinear resize reads: a pixel, and how far behind it.
struct Source {
  std::int64_t pixel = 0;
  std::int64_t part = 0, whole = 1;  ///< part / whole of the way to the next pixel
};

/// From the definition, without rounding: (2 i + 1) / 2 * in / out - 1 / 2 is a fraction over
/// 2 * out, and i * (in - 1) / (out - 1) one over out - 1.
Source bilinear_source(std::int64_t i, std::int64_t in, std::int64_t out, bool corners) {
  if (corners && out == 1) return {};
  const std::int64_t whole = corners ? out - 1 : 2 * out;
  std::int64_t part = corners ? i * (in - 1) : (2 * i + 1) * in - out;
  if (part < 0) return {-1, part + whole, whole};  // between nothing and the first pixel
  const std::int64_t pixel = part / whole;
  part -= pixel * whole;
  return {pixel, part, whole};
}

std::int64_t nearest_source(std::int64_t i, std::int64_t in, std::int64_t out, bool corners) {
  if (!corners) return i * in / out;
  // To the nearest, halves down.
  return out == 1 ? 0 : ceil_div(2 * i * (in - 1) - (out - 1), 2 * (out - 1));
}

/// In whole numbers weights have 16 bits.
double interpolated(const Numbers& numbers, const std::array<double, 4>& v, const Source& row,
                    const Source& column) {
  const auto weight = [&](const Source& s) {
    const double exact = static_cast<double>(s.part) / static_cast<double>(s.whole);
    if (!numbers.fixed()) return exact;
    return static_cast<double>((s.part * 131072 + s.whole) / (2 * s.whole));
  };
  const double y = weight(row), x = weight(column), one = numbers.fixed() ? 65536 : 1;
  const double top = v[0] * (one - x) + v[1] * x;
  const double bottom = v[2] * (one - x) + v[3] * x;
  const double sum = top * (one - y) + bottom * y;
  if (!numbers.fixed()) return sum;
  // 48 bits, exact in double precision; halves up.
  return static_cast<double>(numbers.fixed()->saturate(whole(std::floor(sum / 4294967296 + 0.5))));
}

}  // namespace

void resize(Call& call) {
  const ResizeAttrs& attrs = call.op.as<ResizeAttrs>();
  const Tensor& x = *call.in[0];
  Tensor& y = call.out[0];
  const std::int64_t h = x.shape[2], w = x.shape[3];
  for_each_output(y, [&](std::int64_t at, std::int64_t plane, std::int64_t oy, std::int64_t ox) {
    const auto pixel = [&](std::int64_t row, std::int64_t column) {
      return x.at((plane * h + std::clamp<std::int64_t>(row, 0, h - 1)) * w +
                  std::clamp<std::int64_t>(column, 0, w - 1));
    };
    if (attrs.mode == ResizeMode::nearest) {
      y.at(at) = pixel(nearest_source(oy, h, y.shape[2], attrs.align_corners),
                       nearest_source(ox, w, y.shape[3], attrs.align_corners));
      return;
    }
    const Source row = bilinear_source(oy, h, y.shape[2], attrs.align_corners);
    const Source column = bilinear_source(ox, w, y.shape[3], attrs.align_corners);
    const std::int64_t r = row.pixel, c = column.pixel;
    y.at(at) = interpolated(call.numbers,
                            {pixel(r, c), pixel(r, c + 1), pixel(r + 1, c), pixel(r + 1, c + 1)},
                            row, column);
  });
}

void pad(Call& call) {
  const PadAttrs& attrs = call.op.as<PadAttrs>();
  const Tensor& x = *call.in[0];
  Tensor& y = call.out[0];
  const std::vector<std::int64_t> steps = strides_of(y.shape);
  for_each_index(x.shape, [&](std::int64_t at, const std::vector<std::int64_t>& index) {
    std::int64_t to = 0;
    for (std::size_t d = 0; d < index.size(); ++d) to += (index[d] + attrs.before[d]) * steps[d];
    y.at(to) = x.at(at);
  });
}

}  // namespace unna::reference
