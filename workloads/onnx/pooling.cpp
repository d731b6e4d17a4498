// Pooling. In ceil mode, ONNX keeps a last window that starts in the padding behind the data;
// PyTorch, and infer_shapes() with it, drops it. Such a window has no element of its own: refused.

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

std::int64_t onnx_outputs(std::int64_t size, std::int64_t pads, std::int64_t extent,
                          std::int64_t stride, bool ceil_mode) {
  const std::int64_t span = size + pads - extent;
  if (span < 0) refuse("a window of {} over {}", extent, size + pads);
  return (ceil_mode ? ceil_div(span, stride) : span / stride) + 1;
}

void expect_outputs(const Shape& y, const Shape& x, const PoolAttrs& a) {
  const WindowAttrs& w = a.window;
  const std::int64_t h = onnx_outputs(x[2], w.pad_top + w.pad_bottom,
                                      w.dilation_h * (w.kernel_h - 1) + 1, w.stride_h, a.ceil_mode);
  const std::int64_t v = onnx_outputs(x[3], w.pad_left + w.pad_right,
                                      w.dilation_w * (w.kernel_w - 1) + 1, w.stride_w, a.ceil_mode);
  if (y[2] != h || y[3] != v) refuse("ceil_mode makes a window that lies in the padding");
}

}  // namespace

void translate_pool(Translation& t) {
  const bool max = t.node().op == "MaxPool";
  if (t.output_wanted(1)) refuse("the indices are read");
  if (integer(t.node(), "storage_order", 0) != 0) refuse("storage_order 1");
  const TensorId x = t.real_tensor(0);
  const Window window =
      window_of(t.node(), t.shape(x), required(t.node(), "kernel_shape").integers);
  const PoolAttrs attrs{window.attrs, integer(t.node(), "ceil_mode", 0) != 0,
                        !max && integer(t.node(), "count_include_pad", 0) != 0};
  const TensorId image = as_image(t, x);
  const TensorId y =
      t.emit(max ? OpKind::max_pool : OpKind::avg_pool, {image}, attrs, window.flat ? "pool" : "");
  const Shape dims = t.shape(y);
  expect_outputs(dims, t.shape(image), attrs);
  t.result(window.flat ? t.reshape(y, {dims[0], dims[1], dims[3]}) : y);
}

namespace {

std::vector<std::int64_t> spatial_axes(Translation& t) {
  std::vector<std::int64_t> axes;
  for (std::size_t d = 2; d < t.rank(0); ++d) axes.push_back(static_cast<std::int64_t>(d));
  if (axes.empty()) refuse("the input is {}, expected spatial dimensions", to_string(t.dims(0)));
  return axes;
}

}  // namespace

void translate_global_average_pool(Translation& t) {
  const TensorId x = t.real_tensor(0);
  if (t.rank(0) == 4) return t.result(t.emit(OpKind::global_avg_pool, {x}, std::monostate{}));
  t.result(t.reduce(ReduceFn::mean, x, spatial_axes(t), true));
}

void translate_global_max_pool(Translation& t) {
  t.result(t.reduce(ReduceFn::max, t.real_tensor(0), spatial_axes(t), true));
}

}  // namespace unna::onnx_import
