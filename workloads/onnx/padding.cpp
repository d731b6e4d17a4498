// Pad, Resize and Upsample.

#include <algorithm>
#include <cmath>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

struct Pads {
  std::vector<std::int64_t> before, after;
};

Pads read_pads(Translation& t) {
  Integers pads = t.integers_of(1, "pads");
  const std::size_t rank = t.rank(0);
  if (t.has(3)) {
    const Integers axes = t.integers_of(3, "");
    if (pads.size() != 2 * axes.size()) refuse("{} pads of {} axes", pads.size(), axes.size());
    Integers all(2 * rank, 0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const std::size_t d = normal_axis(axes[i], rank);
      all[d] = pads[i];
      all[rank + d] = pads[axes.size() + i];
    }
    pads = all;
  }
  if (pads.size() != 2 * rank) refuse("{} pads of {}", pads.size(), to_string(t.dims(0)));
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(rank);
  for (const std::int64_t pad : pads)
    if (pad < -kMaxDimension || pad > kMaxDimension) refuse("a pad of {}", pad);
  return {{pads.begin(), middle}, {middle, pads.end()}};
}

/// Takes away what negative pads say, which become 0.
TensorId cropped(Translation& t, TensorId x, Pads& pads) {
  for (std::size_t d = 0; d < pads.before.size(); ++d) {
    const std::int64_t from = std::max<std::int64_t>(-pads.before[d], 0);
    const std::int64_t to = t.shape(x)[d] - std::max<std::int64_t>(-pads.after[d], 0);
    if (from >= to) refuse("an empty result");
    x = t.slice(x, d, from, to, fmt::format("crop{}", d));
    pads.before[d] = std::max<std::int64_t>(pads.before[d], 0);
    pads.after[d] = std::max<std::int64_t>(pads.after[d], 0);
  }
  return x;
}

/// Blocks of a constant around x, dimension by dimension.
TensorId surrounded(Translation& t, TensorId x, const Pads& pads, double value) {
  for (std::size_t d = 0; d < pads.before.size(); ++d) {
    const auto block = [&](std::int64_t size, const char* side) {
      constexpr std::int64_t kMaxBlock = std::int64_t{1} << 26;
      Shape dims = t.shape(x);
      dims[d] = size;
      if (element_count(dims) > kMaxBlock) refuse("a pad of {}", to_string(dims));
      return t.weight(make_reals(
          dims, Reals(static_cast<std::size_t>(element_count(dims)), static_cast<float>(value)),
          fmt::format("{}.{}{}", t.name(), side, d)));
    };
    std::vector<TensorId> parts = {x};
    if (pads.before[d] > 0) parts.insert(parts.begin(), block(pads.before[d], "before"));
    if (pads.after[d] > 0) parts.push_back(block(pads.after[d], "after"));
    x = t.concat(parts, d, fmt::format("axis{}", d));
  }
  return x;
}

/// Index of the element that position i of the padded dimension copies.
std::int64_t mirrored(std::int64_t i, std::int64_t size, bool reflect) {
  if (!reflect) return std::clamp<std::int64_t>(i, 0, size - 1);
  if (i < 0) i = -i;
  return i >= size ? 2 * (size - 1) - i : i;
}

TensorId copied(Translation& t, TensorId x, const Pads& pads, bool reflect) {
  for (std::size_t d = 0; d < pads.before.size(); ++d) {
    const std::int64_t size = t.shape(x)[d];
    constexpr std::int64_t kMaxPad = 1 << 20;
    if (std::max(pads.before[d], pads.after[d]) > (reflect ? size - 1 : kMaxPad))
      refuse("a pad of {} and {} on {}", pads.before[d], pads.after[d], size);
    if (pads.before[d] == 0 && pads.after[d] == 0) continue;
    std::vector<std::int64_t> indices;
    for (std::int64_t i = -pads.before[d]; i < size + pads.after[d]; ++i)
      indices.push_back(mirrored(i, size, reflect));
    x = t.pick(x, d, indices, fmt::format("axis{}", d));
  }
  return x;
}

}  // namespace

void translate_pad(Translation& t) {
  const std::string mode = text(t.node(), "mode", "constant");
  Pads pads = read_pads(t);
  const double value = t.opset() < 11 ? real(t.node(), "value", 0) : t.has(2) ? t.number(2) : 0;
  const TensorId x = cropped(t, t.real_tensor(0), pads);
  if (mode == "reflect" || mode == "edge") return t.result(copied(t, x, pads, mode == "reflect"));
  if (mode != "constant") refuse("mode {}", mode);
  if (value != 0) return t.result(surrounded(t, x, pads, value));
  t.result(t.emit(OpKind::pad, {x}, PadAttrs{pads.before, pads.after}));
}

// ---- Resize -----------------------------------------------------------------------------------

namespace {

struct ResizeSpec {
  std::string mode, coordinates, nearest;
  std::vector<double> scales;
  Shape out;
};

/// Before opset 11: scales only, nearest rounds down and linear does not centre.
ResizeSpec read_spec(Translation& t) {
  const bool modern = t.node().op == "Resize" && t.opset() >= 11;
  ResizeSpec spec;
  spec.mode = text(t.node(), "mode", "nearest");
  spec.coordinates =
      modern ? text(t.node(), "coordinate_transformation_mode", "half_pixel") : "asymmetric";
  spec.nearest = modern ? text(t.node(), "nearest_mode", "round_prefer_floor") : "floor";
  const Shape& in = t.dims(0);
  const std::size_t at = modern ? 2 : 1;
  if (t.has(at) && t.constant(at).count() > 0) {
    const Constant& scales = t.constant(at);
    if (!scales.known()) refuse("scales without values");
    for (std::size_t i = 0; i < static_cast<std::size_t>(scales.count()); ++i)
      spec.scales.push_back(scales.at(i));
  } else if (!modern && onnx_import::has(t.node(), "scales")) {
    spec.scales = required(t.node(), "scales").reals;
  }
  if (!spec.scales.empty()) {
    if (spec.scales.size() != in.size()) refuse("{} scales", spec.scales.size());
    for (std::size_t d = 0; d < in.size(); ++d) {
      const double size = std::floor(static_cast<double>(in[d]) * spec.scales[d]);
      if (!(size >= 1 && size <= 1 << 20)) refuse("a scale of {}", spec.scales[d]);
      spec.out.push_back(static_cast<std::int64_t>(size));
    }
    return spec;
  }
  if (modern) spec.out = t.integers_of(3, "");
  if (spec.out.size() != in.size()) refuse("{} sizes of {}", spec.out.size(), to_string(in));
  for (std::size_t d = 0; d < in.size(); ++d) {
    if (spec.out[d] < 1 || spec.out[d] > 1 << 20) refuse("a size of {}", spec.out[d]);
    spec.scales.push_back(static_cast<double>(spec.out[d]) / static_cast<double>(in[d]));
  }
  return spec;
}

/// Where output i of `out` lies among `in` inputs.
double coordinate(const std::string& mode, double scale, std::int64_t in, std::int64_t out,
                  std::int64_t i) {
  const auto x = static_cast<double>(i);
  if (mode == "asymmetric") return x / scale;
  if (mode == "half_pixel") return (x + 0.5) / scale - 0.5;
  if (mode == "pytorch_half_pixel") return out > 1 ? (x + 0.5) / scale - 0.5 : 0;
  if (mode == "tf_half_pixel_for_nn") return (x + 0.5) / scale;
  if (mode == "align_corners")
    return out > 1 ? x * static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0;
  refuse("coordinate_transformation_mode {}", mode);
}

double rounded(const std::string& mode, double x) {
  if (mode == "round_prefer_floor") return std::ceil(x - 0.5);
  if (mode == "round_prefer_ceil") return std::floor(x + 0.5);
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  refuse("nearest_mode {}", mode);
}

std::vector<std::int64_t> nearest_indices(const std::string& coordinates, const std::string& mode,
                                          double scale, std::int64_t in, std::int64_t out) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < out; ++i) {
    const double x = rounded(mode, coordinate(coordinates, scale, in, out, i));
    indices.push_back(static_cast<std::int64_t>(std::clamp(x, 0.0, static_cast<double>(in - 1))));
  }
  return indices;
}

/// Whether every resized dimension takes the elements that the graph's resize takes.
bool is_plain_nearest(const ResizeSpec& spec, const Shape& in, bool align_corners) {
  if (in.size() != 4 || spec.out[0] != in[0] || spec.out[1] != in[1]) return false;
  for (std::size_t d = 2; d < 4; ++d) {
    const double ratio = static_cast<double>(spec.out[d]) / static_cast<double>(in[d]);
    const auto plain =
        align_corners
            ? nearest_indices("align_corners", "round_prefer_floor", ratio, in[d], spec.out[d])
            : nearest_indices("asymmetric", "floor", ratio, in[d], spec.out[d]);
    if (plain !=
        nearest_indices(spec.coordinates, spec.nearest, spec.scales[d], in[d], spec.out[d]))
      return false;
  }
  return true;
}

TensorId nearest(Translation& t, TensorId x, const ResizeSpec& spec) {
  const Shape in = t.shape(x);
  for (const bool align_corners : {false, true})
    if (is_plain_nearest(spec, in, align_corners))
      return t.emit(OpKind::resize, {x},
                    ResizeAttrs{ResizeMode::nearest, align_corners, spec.out[2], spec.out[3]});
  for (std::size_t d = 0; d < in.size(); ++d) {
    if (spec.out[d] == in[d] && spec.scales[d] == 1) continue;
    x = t.pick(x, d,
               nearest_indices(spec.coordinates, spec.nearest, spec.scales[d], in[d], spec.out[d]),
               fmt::format("axis{}", d));
  }
  return x;
}

/// Of the last one or two dimensions.
TensorId linear(Translation& t, TensorId x, const ResizeSpec& spec) {
  const Shape in = t.shape(x);
  t.expect_rank(0, 3, 4);
  for (std::size_t d = 0; d < in.size(); ++d) {
    if (d < 2 && spec.out[d] != in[d]) refuse("linear along dimension {}", d);
    const double exact = spec.scales[d] * static_cast<double>(in[d]);
    constexpr double kTolerance = 1e-3;
    const bool ratio = std::fabs(exact - static_cast<double>(spec.out[d])) < kTolerance;
    if (!ratio)
      refuse("linear with a scale of {} from {} to {}", spec.scales[d], in[d], spec.out[d]);
    // A single output lies at 0, not in the middle.
    if (spec.coordinates == "pytorch_half_pixel" && spec.out[d] == 1 && in[d] > 1)
      refuse("linear to a single element");
  }
  const bool centred = spec.coordinates == "half_pixel" || spec.coordinates == "pytorch_half_pixel";
  const bool align_corners = spec.coordinates == "align_corners";
  if (!centred && !align_corners)
    refuse("linear with coordinate_transformation_mode {}", spec.coordinates);
  const bool flat = in.size() == 3;
  const std::int64_t height = flat ? 1 : spec.out[2];
  const TensorId y =
      t.emit(OpKind::resize, {as_image(t, x)},
             ResizeAttrs{ResizeMode::bilinear, align_corners, height, spec.out.back()},
             flat ? "image_out" : "");
  return flat ? t.reshape(y, spec.out) : y;
}

}  // namespace

void translate_resize(Translation& t) {
  if (integer(t.node(), "antialias", 0) != 0) refuse("antialias");
  if (text(t.node(), "keep_aspect_ratio_policy", "stretch") != "stretch")
    refuse("keep_aspect_ratio_policy");
  if (!integers(t.node(), "axes").empty()) refuse("axes");
  const ResizeSpec spec = read_spec(t);
  const TensorId x = t.real_tensor(0);
  if (spec.out == t.dims(0) && spec.mode == "nearest" &&
      spec.scales == std::vector<double>(spec.out.size(), 1))
    return t.result(t.input(0));
  if (spec.mode == "nearest") return t.result(nearest(t, x, spec));
  if (spec.mode != "linear") refuse("mode {}", spec.mode);
  t.result(linear(t, x, spec));
}

}  // namespace unna::onnx_import
