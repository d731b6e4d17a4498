#include "compiler/tile_shapes.h"

#include <algorithm>

namespace unna {
namespace {

BlockStrides block_strides(const Access& access) {
  return {access.stride[kH], access.stride[kW], access.stride[kC]};
}

}  // namespace

MacShape mac_shape(const Kernel& k, const Dims& unit) {
  const WindowAttrs& w = k.window;
  MacShape s;
  const std::int64_t per_group = k.dims[kC] / k.groups;
  s.n = unit[kB] * unit[kN];
  s.groups = ceil_div(unit[kC], per_group);
  s.out_h = unit[kH];
  s.out_w = unit[kW];
  s.co = std::min(unit[kC], per_group);
  s.in_h = k.in[0].dims[kH];
  s.in_w = k.in[0].dims[kW];
  s.ci = k.in[0].dims[kC] / k.groups;
  s.in_strides = block_strides(k.in[0].access);
  s.out_strides = block_strides(k.out);
  s.kh = w.kernel_h;
  s.kw = w.kernel_w;
  s.stride_h = w.stride_h;
  s.stride_w = w.stride_w;
  s.dilation_h = w.dilation_h;
  s.dilation_w = w.dilation_w;
  s.bias = k.bias.has_value();
  s.weights_per_batch = k.in.size() > 1 && k.in[1].access.stride[kB] + k.in[1].access.stride[kN];
  return s;
}

WindowShape window_shape(const Kernel& k, const Dims& unit) {
  const WindowAttrs& w = k.window;
  WindowShape s;
  s.n = unit[kB] * unit[kN];
  s.out_h = unit[kH];
  s.out_w = unit[kW];
  s.c = unit[kC];
  s.in_strides = block_strides(k.in[0].access);
  s.out_strides = block_strides(k.out);
  s.in_h = k.in[0].dims[kH];
  s.in_w = k.in[0].dims[kW];
  s.kh = w.kernel_h;
  s.kw = w.kernel_w;
  s.stride_h = w.stride_h;
  s.stride_w = w.stride_w;
  s.dilation_h = w.dilation_h;
  s.dilation_w = w.dilation_w;
  s.weights = k.weights.has_value();
  // A sum that is divided by the number of positions that took part has to see all of them.
  s.splittable = k.kind == KernelKind::pool && (k.fn == Function::max || k.gamma != 0);
  return s;
}

}  // namespace unna
