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
    y.at(at) = divides ? call.numbers.mean(sum, std::max<std::int64_t>(count, 1))
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

/// Where output coordinate i of a bilinear resize reads, in 2^-16 (docs/workloads.md): the first
/// coordinate and the step are rounded to that.
std::int64_t bilinear_source(std::int64_t i, std::int64_t in, std::int64_t out, bool corners) {
  const double ratio = static_cast<double>(in) / static_cast<double>(out);
  if (!corners) return std::llround((ratio / 2 - 0.5) * 65536) + i * std::llround(ratio * 65536);
  if (out == 1) return 0;
  return i * std::llround(static_cast<double>(in - 1) / static_cast<double>(out - 1) * 65536);
}

std::int64_t nearest_source(std::int64_t i, std::int64_t in, std::int64_t out, bool corners) {
  if (!corners) return i * in / out;
  // To the nearest, halves down.
  return out == 1 ? 0 : ceil_div(2 * i * (in - 1) - (out - 1), 2 * (out - 1));
}

double interpolated(const Numbers& numbers, const std::array<double, 4>& v, std::int64_t fy,
                    std::int64_t fx) {
  const auto y = static_cast<double>(fy), x = static_cast<double>(fx);
  const double top = v[0] * (65536 - x) + v[1] * x;
  const double bottom = v[2] * (65536 - x) + v[3] * x;
  if (!numbers.fixed()) return (top * (65536 - y) + bottom * y) / 65536 / 65536;
  // Whole numbers: 48 bits, exact in double precision.
  const double sum = top * (65536 - y) + bottom * y;
  return static_cast<double>(
      numbers.fixed()->saturate(round_shift(static_cast<std::int64_t>(sum), 32)));
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
    const std::int64_t row = bilinear_source(oy, h, y.shape[2], attrs.align_corners);
    const std::int64_t column = bilinear_source(ox, w, y.shape[3], attrs.align_corners);
    const std::int64_t r = row >> 16, c = column >> 16;
    y.at(at) = interpolated(call.numbers,
                            {pixel(r, c), pixel(r, c + 1), pixel(r + 1, c), pixel(r + 1, c + 1)},
                            row & 0xffff, column & 0xffff);
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
