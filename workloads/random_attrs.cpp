#include "workloads/random_attrs.h"

#include <algorithm>
#include <array>

namespace unna {
namespace {

std::int64_t draw(Rng& rng, std::int64_t lo, std::int64_t hi) {
  return rng.between(lo, std::max(lo, hi));
}

/// Along one axis of `size` elements.
void draw_window(Rng& rng, std::int64_t size, bool dilated, std::int64_t& kernel,
                 std::int64_t& stride, std::int64_t& dilation, std::int64_t& before,
                 std::int64_t& after) {
  kernel = draw(rng, 1, 5);
  stride = rng.chance(1, 2) ? 1 : draw(rng, 1, 3);
  dilation = dilated && rng.chance(1, 4) ? 2 : 1;
  std::int64_t extent = dilation * (kernel - 1) + 1;
  before = draw(rng, 0, extent / 2);
  after = draw(rng, 0, extent / 2);
  if (size + before + after >= extent) return;
  kernel = dilation = 1;
  before = after = 0;
}

}  // namespace

FunctionAttrs random_unary(Rng& rng, bool partial) {
  static constexpr auto kTotal = std::to_array<ScalarFn>(
      {ScalarFn::identity, ScalarFn::relu, ScalarFn::relu, ScalarFn::clip, ScalarFn::leaky_relu,
       ScalarFn::sigmoid, ScalarFn::tanh, ScalarFn::hard_sigmoid, ScalarFn::hard_swish,
       ScalarFn::gelu, ScalarFn::silu, ScalarFn::erf, ScalarFn::abs, ScalarFn::neg});
  static constexpr auto kPartial = std::to_array<ScalarFn>(
      {ScalarFn::exp, ScalarFn::sqrt, ScalarFn::reciprocal, ScalarFn::pow, ScalarFn::log});
  FunctionAttrs a{kTotal[rng.below(kTotal.size())]};
  if (partial && rng.chance(1, 4)) a.fn = kPartial[rng.below(kPartial.size())];
  if (a.fn == ScalarFn::clip) a.beta = 6;
  if (a.fn == ScalarFn::leaky_relu) a.alpha = 0.125;
  if (a.fn == ScalarFn::hard_sigmoid) a.alpha = 0.25, a.beta = 0.5;
  if (a.fn == ScalarFn::pow) a.alpha = 2;
  return a;
}

WindowAttrs random_window(Rng& rng, const Shape& x, bool dilated) {
  WindowAttrs w;
  draw_window(rng, x[2], dilated, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom);
  draw_window(rng, x[3], dilated, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right);
  return w;
}

ReduceAttrs random_reduce(Rng& rng, const Shape& x) {
  const std::size_t rank = x.size();
  ReduceAttrs a{static_cast<ReduceFn>(rng.below(3)), {}, true};
  for (std::size_t i = 0; i < rank; ++i)
    if (rng.chance(1, 2)) a.axes.push_back(static_cast<std::int64_t>(i));
  if (a.axes.empty()) a.axes.push_back(static_cast<std::int64_t>(rng.below(rank)));
  a.keep_dims = rank < a.axes.size() + 2 || rng.chance(1, 2);
  return a;
}

std::optional<AxisAttrs> random_split(Rng& rng, const Shape& x) {
  const std::size_t axis = rng.chance(1, 2) ? 1 : rng.below(x.size());
  if (x[axis] < 2) return std::nullopt;
  AxisAttrs a{static_cast<std::int64_t>(axis), {}};
  std::int64_t left = x[axis];
  while (left > 0) {
    const bool last = a.sizes.size() == 3;
    const std::int64_t most = a.sizes.empty() ? left - 1 : left;
    a.sizes.push_back(last ? left : draw(rng, 1, most));
    left -= a.sizes.back();
  }
  return a;
}

SliceAttrs random_slice(Rng& rng, const Shape& x) {
  SliceAttrs a;
  for (const std::int64_t dim : x) {
    const bool whole = rng.chance(1, 2);
    a.starts.push_back(whole ? 0 : draw(rng, 0, dim - 1));
    a.ends.push_back(whole ? dim : draw(rng, a.starts.back() + 1, dim));
    a.steps.push_back(rng.chance(3, 4) ? 1 : 2);
  }
  return a;
}

ReshapeAttrs random_reshape(Rng& rng, const Shape& x) {
  Shape s = x;
  const std::size_t at = rng.below(s.size());
  if (s.size() > 2 && rng.chance(1, 2)) {
    const std::size_t first = std::min(at, s.size() - 2);
    s[first] *= s[first + 1];
    s.erase(s.begin() + static_cast<std::ptrdiff_t>(first) + 1);
  } else if (s.size() < 4) {
    std::int64_t factor = draw(rng, 1, s[at]);
    while (s[at] % factor != 0) --factor;
    s[at] /= factor;
    s.insert(s.begin() + static_cast<std::ptrdiff_t>(at) + 1, factor);
  } else {
    s = {s[0], s[1] * s[2] * s[3]};
  }
  return {s};
}

TransposeAttrs random_transpose(Rng& rng, const Shape& x) {
  TransposeAttrs a;
  for (std::size_t i = 0; i < x.size(); ++i) a.perm.push_back(static_cast<std::int64_t>(i));
  rng.shuffle(a.perm);
  return a;
}

PadAttrs random_pad(Rng& rng, const Shape& x) {
  PadAttrs a;
  for (std::size_t d = 0; d < x.size(); ++d) {
    const std::uint64_t rarity = d == 0 ? 12 : 3;  // of padding the batch
    a.before.push_back(rng.chance(1, rarity) ? draw(rng, 1, 2) : 0);
    a.after.push_back(rng.chance(1, rarity) ? draw(rng, 1, 2) : 0);
  }
  return a;
}

}  // namespace unna
