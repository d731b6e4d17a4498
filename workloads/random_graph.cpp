#include "workloads/random_graph.h"

#include <algorithm>
#include <array>

#include "base/rng.h"
#include "workloads/layers.h"

namespace unna {
namespace {

constexpr std::int64_t kMaxRow = 512;  // of softmax and layer_norm, matmul's inner sizes

/// How often a kind is drawn, relative to the others.
int frequency(OpKind kind) {
  if (kind == OpKind::conv) return 6;
  if (kind == OpKind::binary || kind == OpKind::concat) return 3;
  return kind == OpKind::max_pool || kind == OpKind::gemm ? 2 : 1;
}

class Generator {
 public:
  Generator(std::uint64_t seed, const RandomGraphOptions& options);
  Graph run();

 private:
  const Shape& shape(TensorId id) const { return builder_.tensor(id).shape; }
  std::int64_t draw(std::int64_t lo, std::int64_t hi) { return rng_.between(lo, std::max(lo, hi)); }
  bool fits(const Shape& s) const { return element_count(s) <= options_.max_elements; }
  bool drawn(OpKind kind) const {
    return std::find(kinds_.begin(), kinds_.end(), kind) != kinds_.end();
  }

  TensorId new_input(const Shape& s);
  TensorId pick(std::size_t lo_rank, std::size_t hi_rank);
  TensorId like(const Shape& s, TensorId other);
  bool add(OpKind kind, std::vector<TensorId> from, OpAttrs attrs, std::int64_t features = 0);
  FunctionAttrs unary_function();

  bool grow(OpKind kind);
  bool conv();
  bool gemm();
  bool matmul();
  bool pool(OpKind kind);
  bool binary();
  bool row_op(OpKind kind);
  bool reduce();
  bool concat();
  bool split();
  bool slice();
  bool reshape();
  bool transpose();
  bool pad();
  bool resize();
  bool lstm();
  bool gather();
  WindowAttrs window(const Shape& x, bool dilated);
  void window_1d(std::int64_t size, bool dilated, std::int64_t& kernel, std::int64_t& stride,
                 std::int64_t& dilation, std::int64_t& before, std::int64_t& after);

  Rng rng_;
  const RandomGraphOptions& options_;
  GraphBuilder builder_;
  std::vector<OpKind> kinds_;  // an entry a unit of frequency
  std::vector<TensorId> live_;
  std::int64_t made_ = 0;
  std::int64_t inputs_ = 0;
};

Generator::Generator(std::uint64_t seed, const RandomGraphOptions& options)
    : rng_(seed), options_(options), builder_(fmt::format("random-{}", seed)) {
  std::vector<OpKind> kinds = options.kinds;
  for (std::size_t i = 0; options.kinds.empty() && i < kOpKinds; ++i)
    kinds.push_back(static_cast<OpKind>(i));
  for (const OpKind kind : kinds)
    for (int i = 0; i < frequency(kind); ++i) kinds_.push_back(kind);
}

TensorId Generator::new_input(const Shape& s) {
  live_.push_back(builder_.input(fmt::format("input{}", inputs_++), s));
  return live_.back();
}

/// A tensor with a number of dimensions in the range, preferably one that nobody has read yet; a
/// new input where there is none, and now and then anyway.
TensorId Generator::pick(std::size_t lo_rank, std::size_t hi_rank) {
  std::vector<TensorId> fitting;
  std::vector<TensorId> unread;
  for (const TensorId id : live_) {
    if (shape(id).size() < lo_rank || shape(id).size() > hi_rank) continue;
    fitting.push_back(id);
    if (builder_.tensor(id).consumers.empty()) unread.push_back(id);
  }
  if (!fitting.empty() && !rng_.chance(1, 20)) {
    const auto& from = !unread.empty() && rng_.chance(2, 3) ? unread : fitting;
    return from[rng_.below(from.size())];
  }
  const std::size_t rank = std::clamp<std::size_t>(4, lo_rank, hi_rank);
  Shape s = {draw(1, options_.max_batch)};
  if (rank == 3) s.insert(s.begin(), draw(1, options_.max_size));
  if (rank != 3) s.push_back(draw(1, options_.max_channels));
  while (s.size() < rank)
    s.push_back(draw(1, rank == 3 ? options_.max_channels : options_.max_size));
  return new_input(s);
}

/// A tensor of the given shape, not `other`: an existing one, a function of `other` (a residual
/// branch), or a new input.
TensorId Generator::like(const Shape& s, TensorId other) {
  std::vector<TensorId> same;
  for (const TensorId id : live_)
    if (id != other && shape(id) == s) same.push_back(id);
  if (!same.empty()) return same[rng_.below(same.size())];
  if (shape(other) != s || !drawn(OpKind::unary) || rng_.chance(1, 4)) return new_input(s);
  add(OpKind::unary, {other}, unary_function());
  ++made_;
  return live_.back();
}

FunctionAttrs Generator::unary_function() {
  static constexpr auto kTotal = std::to_array<ScalarFn>(
      {ScalarFn::identity, ScalarFn::relu, ScalarFn::relu, ScalarFn::clip, ScalarFn::leaky_relu,
       ScalarFn::sigmoid, ScalarFn::tanh, ScalarFn::hard_sigmoid, ScalarFn::hard_swish,
       ScalarFn::gelu, ScalarFn::silu, ScalarFn::erf, ScalarFn::abs, ScalarFn::neg});
  static constexpr auto kPartial = std::to_array<ScalarFn>(
      {ScalarFn::exp, ScalarFn::sqrt, ScalarFn::reciprocal, ScalarFn::pow, ScalarFn::log});
  FunctionAttrs a{kTotal[rng_.below(kTotal.size())]};
  if (options_.partial_functions && rng_.chance(1, 4)) a.fn = kPartial[rng_.below(kPartial.size())];
  if (a.fn == ScalarFn::clip) a.beta = 6;
  if (a.fn == ScalarFn::leaky_relu) a.alpha = 0.125;
  if (a.fn == ScalarFn::hard_sigmoid) a.alpha = 0.25, a.beta = 0.5;
  if (a.fn == ScalarFn::pow) a.alpha = 2;
  return a;
}

bool Generator::add(OpKind kind, std::vector<TensorId> from, OpAttrs attrs, std::int64_t features) {
  Layer layer;
  layer.kind = kind;
  layer.name = fmt::format("{}{}", name(kind), made_);
  layer.from = std::move(from);
  layer.attrs = std::move(attrs);
  layer.features = features;
  layer.bias = rng_.chance(3, 4);
  layer.batch_norm = kind == OpKind::conv && drawn(OpKind::batch_norm) && rng_.chance(1, 6);
  if (kind != OpKind::unary && kind != OpKind::split && drawn(OpKind::unary) && rng_.chance(1, 3))
    layer.act = unary_function();
  for (const TensorId id : add_layer(builder_, layer)) live_.push_back(id);
  return true;
}

void Generator::window_1d(std::int64_t size, bool dilated, std::int64_t& kernel,
                          std::int64_t& stride, std::int64_t& dilation, std::int64_t& before,
                          std::int64_t& after) {
  kernel = draw(1, 5);
  stride = rng_.chance(1, 2) ? 1 : draw(1, 3);
  dilation = dilated && rng_.chance(1, 4) ? 2 : 1;
  std::int64_t extent = dilation * (kernel - 1) + 1;
  before = draw(0, extent / 2);
  after = draw(0, extent / 2);
  if (size + before + after >= extent) return;
  kernel = dilation = 1;
  before = after = 0;
}

WindowAttrs Generator::window(const Shape& x, bool dilated) {
  WindowAttrs w;
  window_1d(x[2], dilated, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom);
  window_1d(x[3], dilated, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right);
  return w;
}

bool Generator::conv() {
  const TensorId x = pick(4, 4);
  const std::int64_t channels = shape(x)[1];
  ConvAttrs a{window(shape(x), true)};
  if (rng_.chance(1, 3)) {
    a.groups = channels;
  } else if (rng_.chance(1, 4)) {
    a.groups = draw(1, channels);
    while (channels % a.groups != 0) --a.groups;
  }
  const bool multiplied = rng_.chance(1, 8);  // depthwise with several outputs a channel, too
  const std::int64_t per_group =
      a.groups == channels && !multiplied
          ? 1
          : draw(1, options_.max_channels / std::max<std::int64_t>(a.groups, 1));
  return add(OpKind::conv, {x}, a, a.groups * per_group);
}

bool Generator::gemm() {
  return add(OpKind::gemm, {pick(2, 3)}, {}, draw(1, options_.max_channels));
}

bool Generator::matmul() {
  const TensorId a = pick(3, 4);
  const Shape s = shape(a);
  const std::int64_t m = s[s.size() - 2];
  const std::int64_t k = s.back();
  if (m > kMaxRow || k > kMaxRow) return false;
  MatmulAttrs attrs{rng_.chance(1, 2), rng_.chance(1, 2) ? 1 : 0.25};
  const bool self = attrs.transpose_b && rng_.chance(1, 2);
  const std::int64_t n = self ? m : draw(1, options_.max_size);
  Shape b = s;
  b[s.size() - 2] = attrs.transpose_b ? n : k;
  b[s.size() - 1] = attrs.transpose_b ? k : n;
  Shape out = s;
  out.back() = n;
  if (!fits(out) || !fits(b)) return false;
  const TensorId second = self ? a : like(b, a);
  return add(OpKind::matmul, {a, second}, attrs);
}

bool Generator::pool(OpKind kind) {
  const TensorId x = pick(4, 4);
  PoolAttrs a{window(shape(x), kind == OpKind::max_pool)};
  a.ceil_mode = rng_.chance(1, 3);
  a.count_include_pad = kind == OpKind::avg_pool && rng_.chance(1, 2);
  return add(kind, {x}, a);
}

bool Generator::binary() {
  static constexpr auto kFns = std::to_array<ScalarFn>(
      {ScalarFn::add, ScalarFn::add, ScalarFn::sub, ScalarFn::mul, ScalarFn::max, ScalarFn::min});
  const TensorId x = pick(1, 4);
  const Shape s = shape(x);
  FunctionAttrs a{kFns[rng_.below(kFns.size())]};
  if (options_.partial_functions && rng_.chance(1, 6)) a.fn = ScalarFn::div;
  if (rng_.chance(1, 12)) return add(OpKind::binary, {x, x}, a);
  if (rng_.chance(2, 3)) return add(OpKind::binary, {x, like(s, x)}, a);
  Shape small = s;  // broadcast: a vector along one axis
  const std::size_t kept = rng_.below(s.size());
  for (std::size_t i = 0; i < s.size(); ++i)
    if (i != kept) small[i] = 1;
  const TensorId second =
      rng_.chance(1, 2) ? builder_.weight(fmt::format("vector{}", made_), small) : like(small, x);
  return rng_.chance(1, 4) ? add(OpKind::binary, {second, x}, a)
                           : add(OpKind::binary, {x, second}, a);
}

bool Generator::row_op(OpKind kind) {
  const TensorId x = pick(2, 4);
  if (shape(x).back() > kMaxRow) return false;
  return kind != OpKind::layer_norm ? add(kind, {x}, {}) : add(kind, {x}, NormAttrs{});
}

bool Generator::reduce() {
  const TensorId x = pick(2, 4);
  const std::size_t rank = shape(x).size();
  ReduceAttrs a{static_cast<ReduceFn>(rng_.below(3)), {}, true};
  for (std::size_t i = 0; i < rank; ++i)
    if (rng_.chance(1, 2)) a.axes.push_back(static_cast<std::int64_t>(i));
  if (a.axes.empty()) a.axes.push_back(static_cast<std::int64_t>(rng_.below(rank)));
  a.keep_dims = rank < a.axes.size() + 2 || rng_.chance(1, 2);
  return add(OpKind::reduce, {x}, a);
}

bool Generator::concat() {
  const TensorId x = pick(2, 4);
  const Shape s = shape(x);
  const std::size_t axis = rng_.chance(1, 2) ? 1 : rng_.below(s.size());
  std::vector<TensorId> from = {x};
  Shape out = s;
  for (const TensorId id : live_) {
    Shape other = shape(id);
    if (id == x || from.size() == 4 || other.size() != s.size() || !rng_.chance(2, 3)) continue;
    const std::int64_t size = other[axis];
    other[axis] = s[axis];
    out[axis] += size;
    if (other == s && fits(out)) {
      from.push_back(id);
    } else {
      out[axis] -= size;
    }
  }
  if (from.size() == 1) {
    out[axis] += s[axis];
    if (!fits(out)) return false;
    from.push_back(rng_.chance(1, 4) ? x : like(s, x));
  }
  rng_.shuffle(from);
  return add(OpKind::concat, from, AxisAttrs{static_cast<std::int64_t>(axis), {}});
}

bool Generator::split() {
  const TensorId x = pick(2, 4);
  const Shape s = shape(x);
  const std::size_t axis = rng_.chance(1, 2) ? 1 : rng_.below(s.size());
  if (s[axis] < 2) return false;
  AxisAttrs a{static_cast<std::int64_t>(axis), {}};
  std::int64_t left = s[axis];
  while (left > 0) {
    const bool last = a.sizes.size() == 3;
    const std::int64_t most = a.sizes.empty() ? left - 1 : left;
    a.sizes.push_back(last ? left : draw(1, most));
    left -= a.sizes.back();
  }
  return add(OpKind::split, {x}, a);
}

bool Generator::slice() {
  const TensorId x = pick(2, 4);
  SliceAttrs a;
  for (const std::int64_t dim : shape(x)) {
    const bool whole = rng_.chance(1, 2);
    a.starts.push_back(whole ? 0 : draw(0, dim - 1));
    a.ends.push_back(whole ? dim : draw(a.starts.back() + 1, dim));
    a.steps.push_back(rng_.chance(3, 4) ? 1 : 2);
  }
  return add(OpKind::slice, {x}, a);
}

/// Merges two neighbouring dimensions, or splits one.
bool Generator::reshape() {
  const TensorId x = pick(2, 4);
  Shape s = shape(x);
  const std::size_t at = rng_.below(s.size());
  if (s.size() > 2 && rng_.chance(1, 2)) {
    const std::size_t first = std::min(at, s.size() - 2);
    s[first] *= s[first + 1];
    s.erase(s.begin() + static_cast<std::ptrdiff_t>(first) + 1);
  } else if (s.size() < 4) {
    std::int64_t factor = draw(1, s[at]);
    while (s[at] % factor != 0) --factor;
    s[at] /= factor;
    s.insert(s.begin() + static_cast<std::ptrdiff_t>(at) + 1, factor);
  } else {
    s = {s[0], s[1] * s[2] * s[3]};
  }
  return add(OpKind::reshape, {x}, ReshapeAttrs{s});
}

bool Generator::transpose() {
  const TensorId x = pick(2, 4);
  TransposeAttrs a;
  for (std::size_t i = 0; i < shape(x).size(); ++i) a.perm.push_back(static_cast<std::int64_t>(i));
  rng_.shuffle(a.perm);
  return add(OpKind::transpose, {x}, a);
}

bool Generator::pad() {
  const TensorId x = pick(2, 4);
  PadAttrs a;
  Shape out = shape(x);
  for (std::int64_t& dim : out) {
    const std::uint64_t rarity = a.before.empty() ? 12 : 3;  // of padding the batch
    a.before.push_back(rng_.chance(1, rarity) ? draw(1, 2) : 0);
    a.after.push_back(rng_.chance(1, rarity) ? draw(1, 2) : 0);
    dim += a.before.back() + a.after.back();
  }
  return fits(out) && add(OpKind::pad, {x}, a);
}

bool Generator::resize() {
  const TensorId x = pick(4, 4);
  const Shape s = shape(x);
  ResizeAttrs a{rng_.chance(1, 2) ? ResizeMode::bilinear : ResizeMode::nearest, rng_.chance(1, 3),
                draw(1, 2 * s[2]), draw(1, 2 * s[3])};
  return fits({s[0], s[1], a.height, a.width}) && add(OpKind::resize, {x}, a);
}

bool Generator::lstm() {
  const TensorId x = pick(3, 3);
  if (shape(x).back() > kMaxRow) return false;
  return add(OpKind::lstm, {x}, LstmAttrs{draw(1, options_.max_channels), rng_.chance(1, 2)});
}

bool Generator::gather() {
  const TensorId x = pick(2, 4);
  const std::size_t axis = rng_.below(shape(x).size());
  GatherAttrs a{static_cast<std::int64_t>(axis), {}, shape(x).size() == 2 || rng_.chance(2, 3)};
  const std::int64_t count = a.keep_axis ? draw(1, 6) : 1;
  for (std::int64_t i = 0; i < count; ++i) a.indices.push_back(draw(0, shape(x)[axis] - 1));
  Shape out = shape(x);
  out[axis] = count;
  return fits(out) && add(OpKind::gather, {x}, a);
}

bool Generator::grow(OpKind kind) {
  switch (kind) {
    case OpKind::conv:
      return conv();
    case OpKind::gemm:
      return gemm();
    case OpKind::matmul:
      return matmul();
    case OpKind::max_pool:
    case OpKind::avg_pool:
      return pool(kind);
    case OpKind::global_avg_pool:
      return add(kind, {pick(4, 4)}, {});
    case OpKind::unary:
      return add(kind, {pick(1, 4)}, unary_function());
    case OpKind::binary:
      return binary();
    case OpKind::softmax:
    case OpKind::log_softmax:
    case OpKind::layer_norm:
      return row_op(kind);
    case OpKind::batch_norm:
      return add(kind, {pick(2, 4)}, NormAttrs{});
    case OpKind::lrn:
      return add(kind, {pick(4, 4)}, LrnAttrs{2 * draw(0, 2) + 1});
    case OpKind::reduce:
      return reduce();
    case OpKind::concat:
      return concat();
    case OpKind::split:
      return split();
    case OpKind::slice:
      return slice();
    case OpKind::reshape:
      return reshape();
    case OpKind::transpose:
      return transpose();
    case OpKind::pad:
      return pad();
    case OpKind::resize:
      return resize();
    case OpKind::lstm:
      return lstm();
    case OpKind::gather:
      return gather();
  }
  return false;
}

Graph Generator::run() {
  // A draw may find nothing to apply to (a split of single elements); the bound ends runs in which
  // nothing ever does.
  for (std::int64_t tries = 0; made_ < options_.ops && tries < 50 * options_.ops; ++tries)
    if (grow(kinds_[rng_.below(kinds_.size())])) ++made_;
  for (const TensorId id : live_) {
    const GraphTensor& tensor = builder_.tensor(id);
    if (tensor.kind != TensorKind::activation) continue;
    if (tensor.consumers.empty() || rng_.chance(1, 24)) builder_.mark_output(id);
  }
  return builder_.finish();
}

}  // namespace

Graph random_graph(std::uint64_t seed, const RandomGraphOptions& options) {
  return Generator(seed, options).run();
}

}  // namespace unna
