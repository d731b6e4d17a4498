#include "compiler/ir.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace unna {

std::int64_t product(const Dims& dims) {
  std::int64_t p = 1;
  for (const std::int64_t d : dims) p *= d;
  return p;
}

Dims Box::extents() const {
  Dims e;
  for (std::size_t d = 0; d < kDims; ++d) e[d] = extent(d);
  return e;
}

bool Box::empty() const {
  for (std::size_t d = 0; d < kDims; ++d)
    if (hi[d] <= lo[d]) return true;
  return false;
}

std::int64_t Access::at(const Dims& index) const {
  std::int64_t e = offset;
  for (std::size_t d = 0; d < kDims; ++d) e += index[d] * stride[d];
  return e;
}

namespace {

struct Range {
  std::int64_t lo, hi;
};

/// One dimension of window_box().
Range window_range(std::int64_t lo, std::int64_t hi, std::int64_t stride, std::int64_t pad,
                   std::int64_t kernel, std::int64_t dilation, std::int64_t size) {
  const std::int64_t first = lo * stride - pad;
  const std::int64_t last = (hi - 1) * stride - pad + (kernel - 1) * dilation;
  const std::int64_t from = std::clamp<std::int64_t>(first, 0, size - 1);
  return {from, std::clamp<std::int64_t>(last + 1, from + 1, size)};
}

Range resize_range(std::int64_t lo, std::int64_t hi, const ResizeAxis& axis, bool bilinear,
                   std::int64_t size) {
  const std::int64_t from = std::clamp<std::int64_t>(axis.floor(lo), 0, size - 1);
  const std::int64_t to = axis.floor(hi - 1) + (bilinear ? 1 : 0);
  return {from, std::clamp<std::int64_t>(to, from, size - 1) + 1};
}

void set_range(Box& box, std::size_t d, Range r) {
  box.lo[d] = r.lo;
  box.hi[d] = r.hi;
}

/// Input channels of output channels [lo, hi): all of the groups they belong to.
Range conv_channels(const Kernel& k, const Box& out) {
  const std::int64_t co = k.dims[kC] / k.groups;
  const std::int64_t ci = k.in[0].dims[kC] / k.groups;
  return {out.lo[kC] / co * ci, ceil_div(out.hi[kC], co) * ci};
}

}  // namespace

Box window_box(const WindowAttrs& w, const Dims& in, const Box& block) {
  Box box = block;
  set_range(box, kH,
            window_range(block.lo[kH], block.hi[kH], w.stride_h, w.pad_top, w.kernel_h,
                         w.dilation_h, in[kH]));
  set_range(box, kW,
            window_range(block.lo[kW], block.hi[kW], w.stride_w, w.pad_left, w.kernel_w,
                         w.dilation_w, in[kW]));
  return box;
}

Box input_box(const Kernel& k, std::size_t input, const Box& out) {
  const Dims& in = k.in[input].dims;
  Box box = out;
  for (std::size_t d = 0; d < kDims; ++d)
    if (in[d] == 1) set_range(box, d, {0, 1});
  switch (k.kind) {
    case KernelKind::conv:
      box = window_box(k.window, in, box);
      set_range(box, kC, conv_channels(k, out));
      break;
    case KernelKind::dwconv:
    case KernelKind::pool:
      box = window_box(k.window, in, box);
      break;
    case KernelKind::matmul:
      if (input == 1) set_range(box, kH, {out.lo[kC], out.hi[kC]});
      set_range(box, kC, {0, in[kC]});
      break;
    case KernelKind::reduce:
      set_range(box, kC, {0, in[kC]});
      break;
    case KernelKind::resize:
      set_range(box, kH,
                resize_range(out.lo[kH], out.hi[kH], k.resize.y, k.resize.bilinear, in[kH]));
      set_range(box, kW,
                resize_range(out.lo[kW], out.hi[kW], k.resize.x, k.resize.bilinear, in[kW]));
      break;
    case KernelKind::lstm_cell:
      if (input == 0) set_range(box, kH, {0, 4});
      break;
    default:
      break;
  }
  return box;
}

StorageRegion region_of(const LoweredGraph& graph, const Access& access, const Box& box) {
  const Storage& s = graph.storage(access.storage);
  const std::int64_t width = s.rows_per_line;
  const std::int64_t first = access.at(box.lo);
  std::int64_t lines = 0;
  std::int64_t columns = 0;
  std::int64_t channels = 0;
  for (std::size_t d = 0; d < kDims; ++d) {
    const std::int64_t steps = box.extent(d) - 1;
    if (access.stride[d] % s.channels != 0) {
      channels += steps * access.stride[d];
    } else if (access.stride[d] % (s.channels * width) == 0) {
      lines += steps * (access.stride[d] / s.channels);
    } else {
      columns += steps * (access.stride[d] / s.channels);
    }
  }
  const std::int64_t c = first % s.channels;
  const std::int64_t r = first / s.channels;
  const std::int64_t w = r % width;
  StorageRegion region{access.storage, r, r + lines + columns + 1, 0, width, 0, s.channels};
  if (c + channels >= s.channels) {
    region.row_hi += (c + channels) / s.channels;
    return region;
  }
  region.channel_lo = c;
  region.channel_hi = c + channels + 1;
  if (w + columns < width) {
    region.column_lo = w;
    region.column_hi = w + columns + 1;
  }
  return region;
}

std::string dump(const LoweredGraph& graph) {
  std::string out = fmt::format("network {}\n", graph.name);
  for (const Kernel& k : graph.kernels) {
    out += fmt::format("{:<10} {:<32} [{}] -> {}+{} ({})", kKernelKindNames[std::size_t(k.kind)],
                       k.name, fmt::join(k.dims, "x"), graph.storage(k.out.storage).name,
                       k.out.offset, fmt::join(k.out.stride, ","));
    for (const KernelInput& in : k.in)
      out +=
          fmt::format(" <- {}+{} [{}] ({})", graph.storage(in.access.storage).name,
                      in.access.offset, fmt::join(in.dims, "x"), fmt::join(in.access.stride, ","));
    if (k.weights) out += fmt::format(" weights {}", graph.storage(*k.weights).name);
    if (k.post.fn != Function::none) out += fmt::format(" then {}", name(k.post.fn));
    out += '\n';
  }
  return out;
}

}  // namespace unna
