// Shape inference, one small function a kind of operator. Each checks everything that its kind
// needs, so that a Graph which was built is a Graph that can be lowered.

#include <algorithm>
#include <array>

#include "workloads/op_checks.h"

namespace unna {
namespace {

class Inference : OpChecks {
 public:
  using OpChecks::OpChecks;

  std::vector<Shape> run() const;

 private:
  std::int64_t windows(std::string_view what, std::int64_t size, std::int64_t before,
                       std::int64_t after, std::int64_t kernel, std::int64_t stride,
                       std::int64_t dilation, bool ceil_mode) const;
  Shape window_output(const WindowAttrs& w, std::int64_t channels, bool ceil_mode) const;

  Shape conv() const;
  Shape gemm() const;
  Shape matmul() const;
  Shape pool() const;
  Shape binary() const;
  Shape norm(std::int64_t channels, std::size_t weights) const;
  Shape reduce() const;
  Shape concat() const;
  std::vector<Shape> split() const;
  Shape slice() const;
  Shape reshape() const;
  Shape transpose() const;
  Shape pad() const;
  Shape resize() const;
  Shape lstm() const;
  Shape gather() const;
};

std::int64_t Inference::windows(std::string_view what, std::int64_t size, std::int64_t before,
                                std::int64_t after, std::int64_t kernel, std::int64_t stride,
                                std::int64_t dilation, bool ceil_mode) const {
  if (kernel < 1 || stride < 1 || dilation < 1 || before < 0 || after < 0)
    fail("{}: kernel {}, stride {}, dilation {}, pad {}+{}, expected positive sizes", what, kernel,
         stride, dilation, before, after);
  const std::int64_t extent = dilation * (kernel - 1) + 1;
  const std::int64_t padded = size + before + after;
  if (padded < extent)
    fail("{}: the kernel spans {}, expected at most the padded input's {}", what, extent, padded);
  std::int64_t count = (padded - extent) / stride + 1;
  if (ceil_mode && (padded - extent) % stride != 0 && count * stride < size + before) ++count;
  return count;
}

Shape Inference::window_output(const WindowAttrs& w, std::int64_t channels, bool ceil_mode) const {
  const Shape& x = in_[0];
  return {x[0], channels,
          windows("height", x[2], w.pad_top, w.pad_bottom, w.kernel_h, w.stride_h, w.dilation_h,
                  ceil_mode),
          windows("width", x[3], w.pad_left, w.pad_right, w.kernel_w, w.stride_w, w.dilation_w,
                  ceil_mode)};
}

Shape Inference::conv() const {
  expect_first_rank(4);
  expect_inputs(2, 3);
  expect_rank(1, 4);
  const auto& a = attrs<ConvAttrs>();
  const std::int64_t in_c = in_[0][1];
  const std::int64_t out_c = in_[1][0];
  if (a.groups < 1 || in_c % a.groups != 0 || out_c % a.groups != 0)
    fail("{} groups, expected a divisor of {} input and {} output channels", a.groups, in_c, out_c);
  expect_shape("weight", 1, {out_c, in_c / a.groups, a.window.kernel_h, a.window.kernel_w});
  if (in_.size() == 3) expect_shape("bias", 2, {out_c});
  return window_output(a.window, out_c, false);
}

Shape Inference::gemm() const {
  expect_min_rank(0, 2);
  expect_inputs(2, 3);
  expect_rank(1, 2);
  Shape out = in_[0];
  const std::int64_t features = in_[1][0];
  expect_shape("weight", 1, {features, out.back()});
  if (in_.size() == 3) expect_shape("bias", 2, {features});
  out.back() = features;
  return out;
}

Shape Inference::matmul() const {
  expect_inputs(2, 2);
  expect_min_rank(0, 2);
  const std::size_t rank = in_[0].size();
  expect_rank(1, rank);
  Shape out = in_[0];
  Shape expected = in_[0];
  const bool transposed = attrs<MatmulAttrs>().transpose_b;
  out[rank - 1] = in_[1][transposed ? rank - 2 : rank - 1];
  expected[transposed ? rank - 2 : rank - 1] = out[rank - 1];
  expected[transposed ? rank - 1 : rank - 2] = in_[0][rank - 1];
  if (in_[1] != expected)
    fail("second input is {}, expected {} for a first input of {}", to_string(in_[1]),
         to_string(expected), to_string(in_[0]));
  return out;
}

Shape Inference::pool() const {
  expect_inputs(1, 1);
  expect_rank(0, 4);
  const auto& a = attrs<PoolAttrs>();
  const WindowAttrs& w = a.window;
  // A window that sees padding only would have no value.
  const std::int64_t extent_h = w.dilation_h * (w.kernel_h - 1) + 1;
  const std::int64_t extent_w = w.dilation_w * (w.kernel_w - 1) + 1;
  if (std::max(w.pad_top, w.pad_bottom) >= extent_h ||
      std::max(w.pad_left, w.pad_right) >= extent_w)
    fail("pad {},{},{},{} is not smaller than the window of {}x{}, expected less", w.pad_top,
         w.pad_left, w.pad_bottom, w.pad_right, extent_h, extent_w);
  return window_output(w, in_[0][1], a.ceil_mode);
}

Shape Inference::binary() const {
  expect_inputs(2, 2);
  if (is_unary(attrs<FunctionAttrs>().fn))
    fail("{} takes one operand, expected a function of two", name(attrs<FunctionAttrs>().fn));
  const Shape& longer = in_[0].size() >= in_[1].size() ? in_[0] : in_[1];
  const Shape& shorter = in_[0].size() >= in_[1].size() ? in_[1] : in_[0];
  Shape out = longer;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& dim = out[longer.size() - shorter.size() + i];
    if (dim != shorter[i] && dim != 1 && shorter[i] != 1)
      fail("shapes {} and {} do not broadcast, expected equal dimensions or 1", to_string(in_[0]),
           to_string(in_[1]));
    dim = std::max(dim, shorter[i]);
  }
  return out;
}

Shape Inference::norm(std::int64_t channels, std::size_t weights) const {
  constexpr std::array<std::string_view, 4> kNames = {"scale", "bias", "mean", "variance"};
  for (std::size_t i = 0; i < weights; ++i) expect_shape(kNames[i], i + 1, {channels});
  if (!(attrs<NormAttrs>().epsilon > 0))
    fail("epsilon is {}, expected a positive number", attrs<NormAttrs>().epsilon);
  return in_[0];
}

Shape Inference::reduce() const {
  expect_inputs(1, 1);
  const auto& a = attrs<ReduceAttrs>();
  if (a.axes.empty()) fail("no axes, expected at least one");
  for (std::size_t i = 0; i < a.axes.size(); ++i) {
    expect_axis(a.axes[i]);
    if (i > 0 && a.axes[i] <= a.axes[i - 1])
      fail("axes {} are not ascending, expected each once, in order", fmt::join(a.axes, ","));
  }
  Shape out;
  for (std::size_t i = 0; i < in_[0].size(); ++i) {
    const bool reduced = std::binary_search(a.axes.begin(), a.axes.end(), std::int64_t(i));
    if (!reduced) out.push_back(in_[0][i]);
    if (reduced && a.keep_dims) out.push_back(1);
  }
  return out;
}

Shape Inference::concat() const {
  if (in_.empty()) fail("has no inputs, expected at least one");
  const std::int64_t axis = attrs<AxisAttrs>().axis;
  expect_axis(axis);
  const auto at = static_cast<std::size_t>(axis);
  Shape out = in_[0];
  for (std::size_t i = 1; i < in_.size(); ++i) {
    expect_rank(i, out.size());
    Shape expected = out;
    expected[at] = in_[i][at];
    if (in_[i] != expected)
      fail("input {} is {}, expected to differ from {} along axis {} only", i, to_string(in_[i]),
           to_string(in_[0]), axis);
    out[at] += in_[i][at];
  }
  return out;
}

std::vector<Shape> Inference::split() const {
  expect_inputs(1, 1);
  const auto& a = attrs<AxisAttrs>();
  expect_axis(a.axis);
  const auto at = static_cast<std::size_t>(a.axis);
  std::vector<Shape> out;
  std::int64_t sum = 0;
  for (const std::int64_t size : a.sizes) {
    if (size < 1 || size > in_[0][at]) fail("a part of {}, expected 1 to {}", size, in_[0][at]);
    sum += size;
    out.push_back(in_[0]);
    out.back()[at] = size;
  }
  if (sum != in_[0][at])
    fail("the parts sum to {}, expected {}, the size of axis {} of {}", sum, in_[0][at], a.axis,
         to_string(in_[0]));
  return out;
}

Shape Inference::slice() const {
  expect_inputs(1, 1);
  const auto& a = attrs<SliceAttrs>();
  expect_one_per_dimension("starts", a.starts.size());
  expect_one_per_dimension("ends", a.ends.size());
  expect_one_per_dimension("steps", a.steps.size());
  Shape out;
  for (std::size_t i = 0; i < in_[0].size(); ++i) {
    if (a.starts[i] < 0 || a.starts[i] >= a.ends[i] || a.ends[i] > in_[0][i] || a.steps[i] < 1)
      fail("dimension {} from {} to {} in steps of {}, expected 0 <= start < end <= {}, step >= 1",
           i, a.starts[i], a.ends[i], a.steps[i], in_[0][i]);
    out.push_back(ceil_div(a.ends[i] - a.starts[i], a.steps[i]));
  }
  return out;
}

Shape Inference::reshape() const {
  expect_inputs(1, 1);
  const Shape& shape = attrs<ReshapeAttrs>().shape;
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t dim) { return dim < 1; }))
    fail("shape is {}, expected positive dimensions", to_string(shape));
  if (element_count(shape) != element_count(in_[0]))
    fail("shape {} has {} elements, expected the input's {} ({})", to_string(shape),
         element_count(shape), element_count(in_[0]), to_string(in_[0]));
  return shape;
}

Shape Inference::transpose() const {
  expect_inputs(1, 1);
  const auto& perm = attrs<TransposeAttrs>().perm;
  expect_one_per_dimension("perm", perm.size());
  std::vector<bool> seen(perm.size());
  Shape out;
  for (const std::int64_t from : perm) {
    const auto at = static_cast<std::size_t>(from);
    if (from < 0 || at >= perm.size() || seen[at])
      fail("perm is {}, expected each of 0 to {} once", fmt::join(perm, ","), perm.size() - 1);
    seen[at] = true;
    out.push_back(in_[0][at]);
  }
  return out;
}

Shape Inference::pad() const {
  expect_inputs(1, 1);
  const auto& a = attrs<PadAttrs>();
  expect_one_per_dimension("before", a.before.size());
  expect_one_per_dimension("after", a.after.size());
  Shape out = in_[0];
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (a.before[i] < 0 || a.after[i] < 0)
      fail("dimension {} padded by {} and {}, expected 0 or more", i, a.before[i], a.after[i]);
    out[i] += a.before[i] + a.after[i];
  }
  return out;
}

Shape Inference::resize() const {
  expect_inputs(1, 1);
  expect_rank(0, 4);
  const auto& a = attrs<ResizeAttrs>();
  if (a.height < 1 || a.width < 1) fail("size is {}x{}, expected at least 1x1", a.height, a.width);
  return {in_[0][0], in_[0][1], a.height, a.width};
}

Shape Inference::lstm() const {
  expect_first_rank(3);
  expect_inputs(4, 6);
  const auto& a = attrs<LstmAttrs>();
  if (a.hidden < 1) fail("hidden is {}, expected at least 1", a.hidden);
  const std::int64_t directions = a.bidirectional ? 2 : 1;
  expect_shape("w", 1, {directions, 4 * a.hidden, in_[0][2]});
  expect_shape("r", 2, {directions, 4 * a.hidden, a.hidden});
  expect_shape("b", 3, {directions, 8 * a.hidden});
  if (in_.size() == 5) fail("has a first output but no first cell state, expected both or none");
  for (std::size_t i = 4; i < in_.size(); ++i)
    expect_shape(i == 4 ? "first output" : "first cell state", i,
                 {directions, in_[0][1], a.hidden});
  return {in_[0][0], directions, in_[0][1], a.hidden};
}

Shape Inference::gather() const {
  expect_inputs(1, 1);
  const auto& a = attrs<GatherAttrs>();
  expect_axis(a.axis);
  const auto axis = static_cast<std::size_t>(a.axis);
  if (a.indices.empty() || (!a.keep_axis && a.indices.size() != 1))
    fail("{} indices, expected {}", a.indices.size(), a.keep_axis ? "at least one" : "one");
  for (const std::int64_t i : a.indices)
    if (i < 0 || i >= in_[0][axis]) fail("index {}, expected 0 to {}", i, in_[0][axis] - 1);
  Shape out = in_[0];
  out[axis] = static_cast<std::int64_t>(a.indices.size());
  if (!a.keep_axis) out.erase(out.begin() + a.axis);
  return out;
}

std::vector<Shape> Inference::run() const {
  switch (op_.kind) {
    case OpKind::conv:
      return {conv()};
    case OpKind::gemm:
      return {gemm()};
    case OpKind::matmul:
      return {matmul()};
    case OpKind::max_pool:
    case OpKind::avg_pool:
      return {pool()};
    case OpKind::global_avg_pool:
      expect_inputs(1, 1);
      expect_rank(0, 4);
      return {{in_[0][0], in_[0][1], 1, 1}};
    case OpKind::unary:
      expect_inputs(1, 1);
      if (!is_unary(attrs<FunctionAttrs>().fn))
        fail("{} takes two operands, expected a function of one", name(attrs<FunctionAttrs>().fn));
      return {in_[0]};
    case OpKind::binary:
      return {binary()};
    case OpKind::softmax:
    case OpKind::log_softmax:
      expect_inputs(1, 1);
      expect_min_rank(0, 1);
      return {in_[0]};
    case OpKind::layer_norm:
      expect_min_rank(0, 1);
      expect_inputs(3, 3);
      return {norm(in_[0].back(), 2)};
    case OpKind::batch_norm:
      expect_min_rank(0, 2);
      expect_inputs(5, 5);
      return {norm(in_[0][1], 4)};
    case OpKind::lrn:
      expect_inputs(1, 1);
      expect_rank(0, 4);
      if (attrs<LrnAttrs>().size < 1)
        fail("size is {}, expected at least 1", attrs<LrnAttrs>().size);
      return {in_[0]};
    case OpKind::reduce:
      return {reduce()};
    case OpKind::concat:
      return {concat()};
    case OpKind::split:
      return split();
    case OpKind::slice:
      return {slice()};
    case OpKind::reshape:
      return {reshape()};
    case OpKind::transpose:
      return {transpose()};
    case OpKind::pad:
      return {pad()};
    case OpKind::resize:
      return {resize()};
    case OpKind::lstm:
      return {lstm()};
    case OpKind::gather:
      return {gather()};
  }
  throw InternalError("operator of no kind");
}

}  // namespace

std::vector<Shape> infer_shapes(const GraphOp& op, const std::vector<Shape>& inputs) {
  return Inference(op, inputs).run();
}

}  // namespace unna
