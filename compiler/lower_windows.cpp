// Operators that read a window of their input: pooling, resampling, padding.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/lowering.h"

namespace unna {

/// Whether the last windows reach beyond the padded input.
static bool overhangs(const Kernel& k) {
  const WindowAttrs& w = k.window;
  const Dims& in = k.in[0].dims;
  return (k.dims[kH] - 1) * w.stride_h + (w.kernel_h - 1) * w.dilation_h + 1 >
             in[kH] + w.pad_top + w.pad_bottom ||
         (k.dims[kW] - 1) * w.stride_w + (w.kernel_w - 1) * w.dilation_w + 1 >
             in[kW] + w.pad_left + w.pad_right;
}

void Lowering::lower_pool(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const PoolAttrs& attrs = o.as<PoolAttrs>();
  const TensorView x = inner_contiguous(view(op.inputs[0]), 1, o.name, true);
  Kernel k = make(KernelKind::pool, o.name, define(op.outputs[0]), true);
  const Roles roles = roles_of(4, true);
  k.in = {{to_access(x, roles), to_dims(x.dims, roles)}};
  k.window = attrs.window;
  k.fn = o.kind == OpKind::max_pool ? Function::max : Function::sum;
  if (o.kind == OpKind::avg_pool && attrs.count_include_pad && overhangs(k)) {
    // The divisor counts the padding but not what lies beyond it: pad first, then count.
    const WindowAttrs& w = k.window;
    const PadAttrs pads{{0, 0, w.pad_top, w.pad_left}, {0, 0, w.pad_bottom, w.pad_right}};
    Shape dims = x.dims;
    dims[2] += w.pad_top + w.pad_bottom;
    dims[3] += w.pad_left + w.pad_right;
    const std::size_t nhwc[] = {0, 2, 3, 1};
    const StorageId storage =
        new_storage(o.name + ".padded", BufferKind::intermediate, dims, nhwc, element_);
    result_.storages.back().quantisation = quantisation_of(x);
    const TensorView padded{storage, 0, dims, dense_strides(dims, nhwc)};
    pad_two(o.name + ".padded", x, padded, true, {2, 3}, pads);
    k.in = {{to_access(padded, roles), to_dims(dims, roles)}};
    k.window.pad_top = k.window.pad_left = k.window.pad_bottom = k.window.pad_right = 0;
  } else if (o.kind == OpKind::avg_pool && attrs.count_include_pad)
    k.gamma = 1.0F / static_cast<float>(k.window.kernel_h * k.window.kernel_w);
  add(std::move(k));
}

void Lowering::lower_global_pool(TensorId in, TensorId out, const std::string& name) {
  const TensorView x = inner_contiguous(view(in), 1, name, true);
  // The output may have lost its 1x1 (a reduction without keep_dims).
  const TensorView y = *reshaped(define(out), {x.dims[0], x.dims[1], 1, 1});
  Kernel k = make(KernelKind::pool, name, y, true);
  const Roles roles = roles_of(4, true);
  k.in = {{to_access(x, roles), to_dims(x.dims, roles)}};
  k.window.kernel_h = x.dims[2];
  k.window.kernel_w = x.dims[3];
  k.fn = Function::sum;
  k.gamma = 1.0F / static_cast<float>(x.dims[2] * x.dims[3]);
  add(std::move(k));
}

namespace {

/// Of a bilinear resize (ONNX Resize): with align_corners i * (in-1)/(out-1), else half_pixel,
/// (i + 1/2) * in/out - 1/2.
ResizeAxis bilinear_axis(std::int64_t in, std::int64_t out, bool align_corners) {
  if (!align_corners) return {in - out, 2 * in, 2 * out};
  return out > 1 ? ResizeAxis{0, in - 1, out - 1} : ResizeAxis{};
}

/// Of the nearest source: i * in/out rounded down; with align_corners i * (in-1)/(out-1) to the
/// nearest, halves down.
ResizeAxis nearest_axis(std::int64_t in, std::int64_t out, bool align_corners) {
  if (!align_corners) return {0, in, out};
  return out > 1 ? ResizeAxis{out - 2, 2 * (in - 1), 2 * (out - 1)} : ResizeAxis{};
}

/// With the smallest whole numbers, which have to fit the operands of an instruction.
ResizeAxis reduced(const ResizeAxis& axis) {
  const std::int64_t common = std::gcd(std::gcd(axis.first, axis.step), axis.over);
  const ResizeAxis least{axis.first / common, axis.step / common, axis.over / common};
  constexpr std::int64_t kMost = std::int64_t{1} << 26;
  if (least.step > kMost || least.over > kMost)
    throw Unsupported{fmt::format("positions in steps of {}/{}", least.step, least.over)};
  return least;
}

}  // namespace

void Lowering::lower_resize(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const ResizeAttrs& attrs = o.as<ResizeAttrs>();
  const TensorView x = inner_contiguous(view(op.inputs[0]), 1, o.name, true);
  Kernel k = make(KernelKind::resize, o.name, define(op.outputs[0]), true);
  const Roles roles = roles_of(4, true);
  k.in = {{to_access(x, roles), to_dims(x.dims, roles)}};
  const bool bilinear = attrs.mode == ResizeMode::bilinear;
  const auto axis = [&](std::int64_t in, std::int64_t out) {
    return reduced((bilinear ? bilinear_axis : nearest_axis)(in, out, attrs.align_corners));
  };
  k.resize = {axis(x.dims[2], k.dims[kH]), axis(x.dims[3], k.dims[kW]), bilinear};
  add(std::move(k));
}

/// Zero padding, two dimensions a kernel.
void Lowering::lower_pad(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const PadAttrs& attrs = o.as<PadAttrs>();
  const bool image = is_image(op.outputs[0]);
  TensorView x =
      inner_contiguous(view(op.inputs[0]), image ? 1 : attrs.before.size() - 1, o.name, image);
  if (x.rank() > kDims) throw Unsupported{"more than 5 dimensions"};
  std::vector<std::size_t> padded;
  for (std::size_t d = 0; d < x.rank(); ++d)
    if (attrs.before[d] != 0 || attrs.after[d] != 0) padded.push_back(d);
  const std::vector<std::size_t> order = order_of(op.outputs[0]);
  while (padded.size() > 2) {
    const std::vector<std::size_t> two(padded.end() - 2, padded.end());
    padded.resize(padded.size() - 2);
    Shape dims = x.dims;
    for (const std::size_t d : two) dims[d] += attrs.before[d] + attrs.after[d];
    const StorageId mid =
        new_storage(o.name + ".partly", BufferKind::intermediate, dims, order, element_);
    result_.storages.back().quantisation = quantisation_of(x);
    const TensorView next{mid, 0, dims, dense_strides(dims, order)};
    pad_two(o.name + ".partly", x, next, image, two, attrs);
    x = next;
  }
  pad_two(o.name, x, define(op.outputs[0]), image, padded, attrs);
}

/// A sum over a 1x1 window: a window that lies outside sums to zero. The padded dimensions take the
/// roles H and W, whatever they had.
void Lowering::pad_two(const std::string& name, const TensorView& x, const TensorView& y,
                       bool image, const std::vector<std::size_t>& padded, const PadAttrs& attrs) {
  Roles roles = roles_of(x.rank(), image);
  const std::size_t wanted[] = {kH, kW};
  for (std::size_t i = 0; i < padded.size(); ++i) {
    if (roles[padded[i]] == kH || (roles[padded[i]] == kW && i == 1)) continue;
    const auto holder = std::find(roles.begin(), roles.end(), wanted[i]);
    if (holder != roles.end()) *holder = roles[padded[i]];
    roles[padded[i]] = wanted[i];
  }
  Kernel k;
  k.kind = KernelKind::pool;
  k.name = name;
  k.dims = to_dims(y.dims, roles);
  k.out = to_access(y, roles);
  k.in = {{to_access(x, roles), to_dims(x.dims, roles)}};
  for (const std::size_t d : padded)
    (roles[d] == kH ? k.window.pad_top : k.window.pad_left) = attrs.before[d];
  k.fn = Function::sum;
  k.gamma = 1;
  add(std::move(k));
}

}  // namespace unna
