// Conv and ConvTranspose.

#include <algorithm>
#include <array>
#include <numeric>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

struct Axis {
  std::int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;

  std::int64_t extent() const { return dilation * (kernel - 1) + 1; }
};

std::int64_t entry(const Integers& list, std::size_t i, std::size_t count, std::string_view what,
                   std::int64_t otherwise) {
  constexpr std::int64_t kMax = 1 << 20;
  if (list.empty()) return otherwise;
  if (list.size() != count) refuse("{} has {} entries, expected {}", what, list.size(), count);
  if (list[i] < -kMax || list[i] > kMax) refuse("{} {}", what, list[i]);
  return list[i];
}

/// As many outputs as the stride makes of the input; the odd element of padding behind, or, with
/// SAME_LOWER, before.
void pad_same(Axis& axis, std::int64_t size, bool lower) {
  const std::int64_t out = ceil_div(size, axis.stride);
  const std::int64_t total =
      std::max<std::int64_t>((out - 1) * axis.stride + axis.extent() - size, 0);
  axis.before = lower ? total - total / 2 : total / 2;
  axis.after = total - axis.before;
}

/// Kernel, stride, dilation and explicit pads of each spatial dimension.
std::vector<Axis> read_axes(const Node& node, const Shape& kernel) {
  const std::size_t n = kernel.size();
  const Integers strides = integers(node, "strides");
  const Integers dilations = integers(node, "dilations");
  const Integers pads = integers(node, "pads");
  std::vector<Axis> axes(n);
  for (std::size_t i = 0; i < n; ++i) {
    axes[i].kernel = kernel[i];
    axes[i].stride = entry(strides, i, n, "strides", 1);
    axes[i].dilation = entry(dilations, i, n, "dilations", 1);
    axes[i].before = entry(pads, i, 2 * n, "pads", 0);
    axes[i].after = entry(pads, n + i, 2 * n, "pads", 0);
    if (axes[i].stride < 1 || axes[i].dilation < 1 || kernel[i] < 1)
      refuse("kernel {}, stride {}, dilation {}", kernel[i], axes[i].stride, axes[i].dilation);
  }
  return axes;
}

/// x[N,C,...] of one or two spatial dimensions.
void expect_spatial(const Shape& x) {
  if (x.size() != 3 && x.size() != 4)
    refuse("the input is {}, expected one or two spatial dimensions", to_string(x));
}

std::string auto_pad(const Node& node) {
  const std::string mode = text(node, "auto_pad", "NOTSET");
  constexpr auto kModes =
      std::to_array<std::string_view>({"NOTSET", "SAME_LOWER", "SAME_UPPER", "VALID"});
  if (std::find(kModes.begin(), kModes.end(), mode) == kModes.end()) refuse("auto_pad {}", mode);
  return mode;
}

/// The weight's dimensions after the first two, and its bias.
Shape kernel_of(Translation& t) {
  if (!t.is_constant(1)) refuse("the weights are computed, expected constants");
  const Shape& w = t.dims(1);
  if (w.size() != t.rank(0)) refuse("weights of {}", to_string(w));
  return {w.begin() + 2, w.end()};
}

Constant as_2d(const Constant& w) {
  if (w.dims.size() == 4) return w;
  Constant out = w;
  out.dims = {w.dims[0], w.dims[1], 1, w.dims[2]};
  return out;
}

Shape without_height(const Shape& image) {
  if (image[2] != 1) refuse("a height of {}", image[2]);
  return {image[0], image[1], image[3]};
}

}  // namespace

Window window_of(const Node& node, const Shape& x, const Shape& kernel) {
  expect_spatial(x);
  if (kernel.size() != x.size() - 2)
    refuse("a kernel of {} for an input of {}", to_string(kernel), to_string(x));
  std::vector<Axis> axes = read_axes(node, kernel);
  const std::string mode = auto_pad(node);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (mode == "VALID") axes[i].before = axes[i].after = 0;
    if (mode.starts_with("SAME")) pad_same(axes[i], x[i + 2], mode == "SAME_LOWER");
    if (axes[i].before < 0 || axes[i].after < 0) refuse("negative pads");
  }
  Window w;
  w.flat = axes.size() == 1;
  if (w.flat) axes.insert(axes.begin(), Axis{});
  w.attrs = {axes[0].kernel,   axes[1].kernel, axes[0].stride, axes[1].stride, axes[0].dilation,
             axes[1].dilation, axes[0].before, axes[1].before, axes[0].after,  axes[1].after};
  return w;
}

TensorId as_image(Translation& t, TensorId x) {
  const Shape dims = t.shape(x);
  return dims.size() == 3 ? t.reshape(x, {dims[0], dims[1], 1, dims[2]}, "image") : x;
}

TensorId convolved(Translation& t, TensorId x, const Constant& w,
                   const std::optional<Constant>& bias, std::string_view suffix) {
  if (w.dims.size() != t.shape(x).size()) refuse("weights of {}", to_string(w.dims));
  const Shape kernel(w.dims.begin() + 2, w.dims.end());
  const Integers stated = integers(t.node(), "kernel_shape");
  if (!stated.empty() && stated != kernel) refuse("kernel_shape {}", fmt::join(stated, ","));
  const Window window = window_of(t.node(), t.shape(x), kernel);
  std::vector<TensorId> inputs = {as_image(t, x), t.weight(as_2d(w))};
  if (bias) inputs.push_back(t.weight(*bias));
  const ConvAttrs attrs{window.attrs, integer(t.node(), "group", 1)};
  const TensorId y = t.emit(OpKind::conv, inputs, attrs, window.flat ? "conv" : suffix);
  return window.flat ? t.reshape(y, without_height(t.shape(y)), suffix) : y;
}

void translate_conv(Translation& t) {
  const TensorId x = t.real_tensor(0);
  kernel_of(t);
  std::optional<Constant> bias;
  if (t.has(2)) bias = t.constant(2);
  t.result(convolved(t, x, t.constant(1), bias, ""));
}

// ---- ConvTranspose ----------------------------------------------------------------------------
//
// y[o] = sum of x[i] * w[k] over i * stride + k * dilation - before = o. Outputs that are equal
// modulo the stride see the same taps of the kernel at consecutive inputs: each such phase is a
// convolution with these taps, reversed. The phases are interleaved. So no multiplication by an
// inserted zero is made, or counted.

namespace {

struct Transposed {
  Axis axis;
  std::int64_t size = 0;  ///< of the input
  std::int64_t out = 0;   ///< of the output

  std::int64_t phases() const { return axis.stride; }
  std::int64_t count() const { return ceil_div(out, axis.stride); }  ///< outputs of a phase
};

/// One phase along one dimension.
struct Phase {
  std::vector<std::int64_t> taps;      ///< of the kernel, ascending, equally spaced
  std::int64_t dilation = 1;           ///< in inputs
  std::int64_t before = 0, after = 0;  ///< padding; negative: cropping
};

Phase phase_of(const Transposed& d, std::int64_t offset) {
  const std::int64_t s = d.axis.stride;
  const std::int64_t shifted = offset + d.axis.before;
  const std::int64_t r = shifted % s;
  const std::int64_t first_q = shifted / s;
  Phase p;
  for (std::int64_t k = 0; k < d.axis.kernel; ++k)
    if ((k * d.axis.dilation) % s == r) p.taps.push_back(k);
  if (p.taps.empty()) return p;
  const auto reach = [&](std::int64_t k) { return (k * d.axis.dilation - r) / s; };
  p.dilation = d.axis.dilation / std::gcd(s, d.axis.dilation);
  p.before = reach(p.taps.back()) - first_q;
  p.after = first_q + d.count() - 1 - reach(p.taps.front()) - (d.size - 1);
  return p;
}

std::vector<Transposed> read_transposed(Translation& t, const Shape& kernel) {
  const Node& node = t.node();
  const std::size_t n = kernel.size();
  const Integers extra = integers(node, "output_padding");
  const Integers wanted = integers(node, "output_shape");
  const std::string mode = auto_pad(node);
  std::vector<Axis> axes = read_axes(node, kernel);
  std::vector<Transposed> out;
  for (std::size_t i = 0; i < n; ++i) {
    Transposed d{axes[i], t.dims(0)[i + 2], 0};
    const std::int64_t behind = entry(extra, i, n, "output_padding", 0);
    const std::int64_t full = d.axis.stride * (d.size - 1) + behind + d.axis.extent();
    const bool same = mode.starts_with("SAME");
    if (!wanted.empty() || same) {
      d.out = wanted.empty() ? d.size * d.axis.stride : entry(wanted, i, n, "output_shape", 0);
      const std::int64_t total = std::max<std::int64_t>(full - d.out, 0);
      d.axis.before = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    } else {
      d.out = full - (mode == "VALID" ? 0 : d.axis.before + d.axis.after);
      if (mode == "VALID") d.axis.before = 0;
    }
    if (d.out < 1 || d.axis.before < 0 || behind < 0) refuse("an output of {}", d.out);
    out.push_back(d);
  }
  return out;
}

/// w[Ci,Co/g,kh,kw] as the convolution weight [Co,Ci/g,taps,taps] of a phase.
Constant phase_weight(const Constant& w, std::int64_t groups, const Phase& v, const Phase& h) {
  const std::int64_t in = w.dims[0] / groups, out = w.dims[1], kh = w.dims[2], kw = w.dims[3];
  const auto step = [](const Phase& p) {
    return p.taps.size() > 1 ? p.taps[1] - p.taps[0] : std::int64_t{1};
  };
  const auto count = [](const Phase& p) { return static_cast<std::int64_t>(p.taps.size()); };
  Constant made = gathered(w, {groups, out, in, count(v), count(h)},
                           {in * out * kh * kw, kh * kw, out * kh * kw, -step(v) * kw, -step(h)},
                           v.taps.back() * kw + h.taps.back());
  return reshaped(std::move(made), {groups * out, in, count(v), count(h)});
}

/// x without what a phase does not see.
TensorId cropped(Translation& t, TensorId x, std::size_t axis, const Phase& p,
                 const std::string& suffix) {
  const std::int64_t size = t.shape(x)[axis];
  const std::int64_t from = std::max<std::int64_t>(-p.before, 0);
  const std::int64_t to = size - std::max<std::int64_t>(-p.after, 0);
  if (from >= to) refuse("a phase that sees no input");
  return t.slice(x, axis, from, to, suffix);
}

class TransposedConv {
 public:
  TransposedConv(Translation& t, TensorId x, Transposed v, Transposed h)
      : t_(t),
        x_(x),
        w_(as_2d(t.constant(1))),
        v_(v),
        h_(h),
        groups_(integer(t.node(), "group", 1)) {
    const Shape dims = t.shape(x);
    if (groups_ < 1 || dims[1] % groups_ != 0 || w_.dims[0] != dims[1])
      refuse("{} groups of weights {}", groups_, to_string(w_.dims));
    constexpr std::int64_t kMaxPhases = 1024;
    if (v.phases() * h.phases() > kMaxPhases) refuse("{} phases", v.phases() * h.phases());
  }

  TensorId run(const std::string& last) {
    std::vector<TensorId> rows;
    for (std::int64_t i = 0; i < v_.phases(); ++i) {
      std::vector<TensorId> columns;
      for (std::int64_t j = 0; j < h_.phases(); ++j) columns.push_back(phase(i, j));
      rows.push_back(interleaved(columns, 5, fmt::format("row{}", i)));
    }
    const TensorId all = interleaved(rows, 3, "rows");
    const std::int64_t batch = t_.shape(x_)[0];
    const Shape grid = {batch, groups_ * w_.dims[1], v_.count() * v_.phases(),
                        h_.count() * h_.phases()};
    SliceAttrs crop{Shape(4, 0), grid, Shape(4, 1)};
    crop.ends[2] = v_.out;
    crop.ends[3] = h_.out;
    if (crop.ends == grid) return t_.reshape(all, grid, last);
    return t_.emit(OpKind::slice, {t_.reshape(all, grid, "grid")}, crop, last);
  }

 private:
  /// [N,C,h,1,w,1] each, along `axis`.
  TensorId interleaved(const std::vector<TensorId>& parts, std::size_t axis,
                       const std::string& suffix) {
    return t_.concat(parts, axis, suffix);
  }

  TensorId phase(std::int64_t i, std::int64_t j) {
    const Phase v = phase_of(v_, i), h = phase_of(h_, j);
    const std::string suffix = fmt::format("phase{}x{}", i, j);
    const Shape dims = {t_.shape(x_)[0], groups_ * w_.dims[1], v_.count(), h_.count()};
    const TensorId y =
        v.taps.empty() || h.taps.empty() ? bias_only(dims, suffix) : convolve(v, h, suffix);
    return t_.reshape(y, {dims[0], dims[1], dims[2], 1, dims[3], 1}, suffix + ".spread");
  }

  TensorId convolve(const Phase& v, const Phase& h, const std::string& suffix) {
    TensorId x = cropped(t_, x_, 2, v, suffix + ".rows");
    x = cropped(t_, x, 3, h, suffix + ".columns");
    WindowAttrs window;
    window.kernel_h = static_cast<std::int64_t>(v.taps.size());
    window.kernel_w = static_cast<std::int64_t>(h.taps.size());
    window.dilation_h = v.dilation;
    window.dilation_w = h.dilation;
    window.pad_top = std::max<std::int64_t>(v.before, 0);
    window.pad_left = std::max<std::int64_t>(h.before, 0);
    window.pad_bottom = std::max<std::int64_t>(v.after, 0);
    window.pad_right = std::max<std::int64_t>(h.after, 0);
    Constant w = phase_weight(w_, groups_, v, h);
    w.name = fmt::format("{}.{}", w_.name, suffix);
    std::vector<TensorId> inputs = {x, t_.weight(w)};
    if (t_.has(2)) inputs.push_back(t_.weight(t_.constant(2)));
    return t_.emit(OpKind::conv, inputs, ConvAttrs{window, groups_}, suffix);
  }

  /// Outputs that no tap reaches.
  TensorId bias_only(const Shape& dims, const std::string& suffix) {
    Constant bias = t_.has(2) ? t_.constant(2)
                              : make_reals({dims[1]}, Reals(static_cast<std::size_t>(dims[1]), 0));
    if (bias.dims != Shape{dims[1]}) refuse("a bias of {}", to_string(bias.dims));
    bias.dims = {dims[1], 1, 1};
    Constant all = expanded(bias, dims);
    all.name = fmt::format("{}.{}", t_.name(), suffix);
    return t_.weight(all);
  }

  Translation& t_;
  TensorId x_;
  Constant w_;
  Transposed v_, h_;
  std::int64_t groups_;
};

}  // namespace

void translate_conv_transpose(Translation& t) {
  const TensorId x = t.real_tensor(0);
  expect_spatial(t.shape(x));
  const Shape kernel = kernel_of(t);
  std::vector<Transposed> axes = read_transposed(t, kernel);
  const bool flat = axes.size() == 1;
  if (flat) axes.insert(axes.begin(), Transposed{Axis{}, 1, 1});
  TransposedConv conv(t, as_image(t, x), axes[0], axes[1]);
  const TensorId y = conv.run(flat ? "image_out" : "");
  t.result(flat ? t.reshape(y, without_height(t.shape(y))) : y);
}

}  // namespace unna::onnx_import
