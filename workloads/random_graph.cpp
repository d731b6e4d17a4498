#include "workloads/random_graph.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/rng.h"
#include "workloads/layers.h"
#include "workloads/random_attrs.h"

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
  add(OpKind::unary, {other}, random_unary(rng_, options_.partial_functions));
  ++made_;
  return live_.back();
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
    layer.act = random_unary(rng_, options_.partial_functions);
  for (const TensorId id : add_layer(builder_, layer)) live_.push_back(id);
  return true;
}

bool Generator::conv() {
  const TensorId x = pick(4, 4);
  const std::int64_t channels = shape(x)[1];
  ConvAttrs a{random_window(rng_, shape(x), true)};
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
  PoolAttrs a{random_window(rng_, shape(x), kind == OpKind::max_pool)};
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
  return add(OpKind::reduce, {x}, random_reduce(rng_, shape(x)));
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
  const std::optional<AxisAttrs> a = random_split(rng_, shape(x));
  return a && add(OpKind::split, {x}, *a);
}

bool Generator::pad() {
  const TensorId x = pick(2, 4);
  const PadAttrs a = random_pad(rng_, shape(x));
  Shape out = shape(x);
  for (std::size_t d = 0; d < out.size(); ++d) out[d] += a.before[d] + a.after[d];
  return fits(out) && add(OpKind::pad, {x}, a);
}

bool Generator::slice() {
  const TensorId x = pick(2, 4);
  return add(OpKind::slice, {x}, random_slice(rng_, shape(x)));
}

bool Generator::reshape() {
  const TensorId x = pick(2, 4);
  return add(OpKind::reshape, {x}, random_reshape(rng_, shape(x)));
}

bool Generator::transpose() {
  const TensorId x = pick(2, 4);
  return add(OpKind::transpose, {x}, random_transpose(rng_, shape(x)));
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
      return add(kind, {pick(1, 4)}, random_unary(rng_, options_.partial_functions));
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
