// Attention with caches, and rotary positions: ONNX's own operators and those of ONNX Runtime.

#include <algorithm>
#include <cmath>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

/// Added to the scores of what must not be seen: far below all others, and a number of every type.
constexpr float kUnseen = -1e4F;

/// [batch, tokens, heads * size] as [batch, heads, tokens, size].
TensorId to_heads(Translation& t, TensorId x, std::int64_t heads, const std::string& suffix) {
  const Shape& dims = t.shape(x);
  if (dims.size() != 3 || heads < 1 || dims[2] % heads != 0)
    refuse("{} heads of {}", heads, to_string(dims));
  const TensorId split =
      t.reshape(x, {dims[0], dims[1], heads, dims[2] / heads}, suffix + ".split");
  return t.transpose(split, {0, 2, 1, 3}, suffix + ".heads");
}

TensorId from_heads(Translation& t, TensorId x) {
  const Shape dims = t.shape(x);
  return t.reshape(t.transpose(x, {0, 2, 1, 3}, "tokens"), {dims[0], dims[2], dims[1] * dims[3]});
}

/// Input `past`, if there is one, with the new rows behind it; a concat also where it is empty, so
/// that what grows is the same in every step.
TensorId grown(Translation& t, std::size_t past, TensorId rows, const std::string& suffix) {
  if (!t.has(past)) return rows;
  std::vector<TensorId> parts{rows};
  if (!(t.is_constant(past) && t.constant(past).count() == 0))
    parts.insert(parts.begin(), t.real_tensor(past));
  return t.emit(OpKind::concat, parts, AxisAttrs{2, {}}, suffix);
}

/// What a token sees: itself and what is before it, `past` more than there are new ones.
TensorId causal_mask(Translation& t, std::int64_t tokens, std::int64_t total) {
  Reals mask;
  for (std::int64_t i = 0; i < tokens; ++i)
    for (std::int64_t j = 0; j < total; ++j) mask.push_back(j > i + total - tokens ? kUnseen : 0);
  return t.weight(make_reals({tokens, total}, std::move(mask), "causal"));
}

struct Attended {
  TensorId q, k, v;  ///< [batch, heads, tokens, size]; heads of k and v divide those of q
  double scale = 1;
  double softcap = 0;
  std::optional<TensorId> bias = {};  ///< added to the scores
  bool causal = false;
};

/// softmax(q k^T * scale + bias) v. Queries that share keys are rows of one product.
TensorId attend(Translation& t, const Attended& a, std::string_view suffix) {
  const Shape q = t.shape(a.q), k = t.shape(a.k), v = t.shape(a.v);
  if (q.size() != 4 || k.size() != 4 || v.size() != 4 || q[1] % k[1] != 0 || k[1] != v[1])
    refuse("queries {}, keys {} and values {}", to_string(q), to_string(k), to_string(v));
  const std::int64_t rows = q[1] / k[1] * q[2];
  const Shape by_head{q[0], q[1], q[2], k[2]};
  const Shape by_group{q[0], k[1], rows, k[2]};
  TensorId scores =
      t.emit(OpKind::matmul,
             {rows == q[2] ? a.q : t.reshape(a.q, {q[0], k[1], rows, q[3]}, "queries"), a.k},
             MatmulAttrs{true, a.scale}, "scores");
  if (by_head != by_group) scores = t.reshape(scores, by_head, "scores_by_head");
  if (a.softcap > 0) {
    scores = t.binary(ScalarFn::mul, scores, t.scalar(1 / a.softcap), "capped.scaled");
    scores = t.binary(ScalarFn::mul, t.unary(ScalarFn::tanh, scores, "capped.tanh"),
                      t.scalar(a.softcap), "capped");
  }
  if (a.bias) scores = t.binary(ScalarFn::add, scores, *a.bias, "biased");
  if (a.causal && q[2] > 1)
    scores = t.binary(ScalarFn::add, scores, causal_mask(t, q[2], k[2]), "masked");
  TensorId shares = t.emit(OpKind::softmax, {scores}, {}, "softmax");
  if (by_head != by_group) shares = t.reshape(shares, by_group, "shares_by_group");
  const std::string_view last = by_head == by_group ? suffix : "context_by_group";
  const TensorId y = t.emit(OpKind::matmul, {shares, a.v}, MatmulAttrs{false, 1}, last);
  if (by_head == by_group) return y;
  return t.reshape(y, {q[0], q[1], q[2], v[3]}, suffix);
}

/// The first `count` elements of each row turned; [batch, heads, tokens, size], cosines and sines
/// [batch, 1, tokens, count / 2].
TensorId turned(Translation& t, TensorId x, TensorId cosines, TensorId sines, bool interleaved,
                const std::string& prefix, std::string_view suffix) {
  const Shape dims = t.shape(x);
  const std::int64_t half = t.shape(cosines).back();
  if (dims.size() != 4 || 2 * half > dims[3] || t.shape(sines) != t.shape(cosines))
    refuse("{} turned by {}", to_string(dims), to_string(t.shape(cosines)));
  const auto part = [&](std::int64_t which, const char* name) {
    if (!interleaved) return t.slice(x, 3, which * half, (which + 1) * half, prefix + name);
    SliceAttrs every{{0, 0, 0, which}, {dims[0], dims[1], dims[2], 2 * half - 1 + which}, {}};
    every.steps = {1, 1, 1, half == 1 ? 1 : 2};
    return t.emit(OpKind::slice, {x}, every, prefix + name);
  };
  const TensorId a = part(0, "a"), b = part(1, "b");
  const auto times = [&](TensorId p, TensorId q, const char* name) {
    return t.binary(ScalarFn::mul, p, q, prefix + name);
  };
  TensorId real = t.binary(ScalarFn::sub, times(a, cosines, "a_cos"), times(b, sines, "b_sin"),
                           prefix + "real");
  TensorId imaginary = t.binary(ScalarFn::add, times(a, sines, "a_sin"), times(b, cosines, "b_cos"),
                                prefix + "imaginary");
  const bool rest = 2 * half < dims[3];
  std::vector<TensorId> parts{real, imaginary};
  if (interleaved) {
    const Shape column{dims[0], dims[1], dims[2], half, 1};
    const TensorId pairs = t.concat({t.reshape(real, column, prefix + "real_column"),
                                     t.reshape(imaginary, column, prefix + "imaginary_column")},
                                    4, prefix + "pairs");
    const Shape turned_dims{dims[0], dims[1], dims[2], 2 * half};
    parts = {t.reshape(pairs, turned_dims, rest ? prefix + "turned" : std::string(suffix))};
  }
  if (rest) parts.push_back(t.slice(x, 3, 2 * half, dims[3], prefix + "rest"));
  return t.concat(parts, 3, suffix);
}

/// Cosines or sines, a row a token, for all heads.
TensorId for_heads(Translation& t, TensorId rows, const std::string& suffix) {
  const Shape dims = t.shape(rows);
  if (dims.size() == 2) return t.reshape(rows, {1, 1, dims[0], dims[1]}, suffix);
  if (dims.size() != 3) refuse("cosines or sines {}", to_string(dims));
  return t.reshape(rows, {dims[0], 1, dims[1], dims[2]}, suffix);
}

double scale_of(Translation& t, std::int64_t size) {
  const double given = real(t.node(), "scale", 0);
  return given != 0 ? given : 1 / std::sqrt(static_cast<double>(size));
}

}  // namespace

namespace {

/// [batch, heads, 1, ...] repeated along dimension 2, then both as one: the tensor before it,
/// [batch, heads, ...], where `id` is that.
std::optional<TensorId> before_repetition(const Draft& draft, TensorId id) {
  const DraftOp* merged = draft.producer(id);
  if (merged == nullptr || merged->kind != OpKind::reshape) return std::nullopt;
  const DraftOp* repeated = draft.producer(merged->inputs[0]);
  if (repeated == nullptr || repeated->kind != OpKind::binary ||
      std::get<FunctionAttrs>(repeated->attrs).fn != ScalarFn::add)
    return std::nullopt;
  const Shape& wide = draft.tensor(repeated->outputs[0]).shape;
  const DraftTensor& zeros = draft.tensor(repeated->inputs[1]);
  const bool adds_zeros = zeros.kind == TensorKind::weight && zeros.values &&
                          std::ranges::all_of(*zeros.values, [](float v) { return v == 0; });
  const DraftOp* opened = draft.producer(repeated->inputs[0]);
  if (!adds_zeros || opened == nullptr || opened->kind != OpKind::reshape) return std::nullopt;
  const TensorId x = opened->inputs[0];
  const Shape& dims = draft.tensor(x).shape;
  if (dims.size() != 4 || wide.size() != 5) return std::nullopt;
  const bool fits =
      draft.tensor(opened->outputs[0]).shape == Shape{dims[0], dims[1], 1, dims[2], dims[3]} &&
      wide == Shape{dims[0], dims[1], wide[2], dims[2], dims[3]} &&
      draft.tensor(id).shape == Shape{dims[0], dims[1] * wide[2], dims[2], dims[3]};
  return fits ? std::optional(x) : std::nullopt;
}

}  // namespace

std::optional<TensorId> by_shared_heads(Translation& t, TensorId a, TensorId b) {
  const Shape q = t.shape(a);
  if (q.size() != 4 || t.shape(b).size() != 4 || q[1] != t.shape(b)[1]) return std::nullopt;
  const DraftOp* turned = t.draft().producer(b);
  const bool transposed =
      turned != nullptr && turned->kind == OpKind::transpose &&
      std::get<TransposeAttrs>(turned->attrs).perm == std::vector<std::int64_t>{0, 1, 3, 2};
  const auto x = before_repetition(t.draft(), transposed ? turned->inputs[0] : b);
  if (!x || t.shape(*x)[0] != q[0]) return std::nullopt;
  const std::int64_t groups = t.shape(*x)[1];
  const std::int64_t columns = t.shape(b)[3];
  const TensorId rows = t.reshape(a, {q[0], groups, q[1] / groups * q[2], q[3]}, "by_group");
  const TensorId y =
      t.emit(OpKind::matmul, {rows, *x}, MatmulAttrs{transposed, 1}, "product_by_group");
  return t.reshape(y, {q[0], q[1], q[2], columns});
}

/// Of ONNX, from opset 23 on.
void translate_attention(Translation& t) {
  if (t.has(6)) refuse("nonpad_kv_seqlen");
  if (t.output_wanted(3)) refuse("output 3 is read");
  const bool flat = t.rank(0) == 3;
  const auto heads = [&](std::size_t i, const char* attribute, const char* suffix) {
    const TensorId x = t.real_tensor(i);
    return flat ? to_heads(t, x, required(t.node(), attribute).integer, suffix) : x;
  };
  Attended a;
  a.q = heads(0, "q_num_heads", "q");
  a.k = grown(t, 4, heads(1, "kv_num_heads", "k"), "present_key");
  a.v = grown(t, 5, heads(2, "kv_num_heads", "v"), "present_value");
  a.scale = scale_of(t, t.shape(a.q)[3]);
  a.softcap = real(t.node(), "softcap", 0);
  a.causal = integer(t.node(), "is_causal", 0) != 0;
  if (t.has(3)) {
    if (t.dims(3).back() != t.shape(a.k)[2])
      refuse("a mask {} for {} keys", to_string(t.dims(3)), t.shape(a.k)[2]);
    a.bias = t.real_tensor(3);
  }
  const TensorId y = attend(t, a, flat ? "context" : "");
  t.result(flat ? from_heads(t, y) : y);
  t.result(a.k);
  t.result(a.v);
}

/// Of ONNX Runtime: causal, with caches of keys and values; all sequences are equally long.
void translate_group_query(Translation& t) {
  const std::int64_t heads = required(t.node(), "num_heads").integer;
  const std::int64_t groups = required(t.node(), "kv_num_heads").integer;
  if (integer(t.node(), "local_window_size", -1) > 0) refuse("a local window");
  if (integer(t.node(), "smooth_softmax", 0) > 0) refuse("smooth_softmax");
  for (std::size_t i = 9; i < t.size(); ++i)
    if (t.has(i)) refuse("input {}", i);
  TensorId q = t.real_tensor(0), k, v;
  if (t.has(1)) {
    k = t.real_tensor(1);
    v = t.real_tensor(2);
  } else {
    const std::int64_t size = t.dims(0).back() / (heads + 2 * groups);
    const TensorId all = q;
    q = t.slice(all, 2, 0, heads * size, "query");
    k = t.slice(all, 2, heads * size, (heads + groups) * size, "key");
    v = t.slice(all, 2, (heads + groups) * size, (heads + 2 * groups) * size, "value");
  }
  Attended a;
  a.q = to_heads(t, q, heads, "q");
  a.k = to_heads(t, k, groups, "k");
  a.v = to_heads(t, v, groups, "v");
  const std::int64_t tokens = t.shape(a.q)[2];
  const std::int64_t past = t.has(3) ? t.dims(3).at(2) : 0;
  if (integer(t.node(), "do_rotary", 0) != 0) {
    const bool interleaved = integer(t.node(), "rotary_interleaved", 0) != 0;
    const auto rows = [&](std::size_t i, const char* suffix) {
      const TensorId table = t.real_tensor(i);
      if (t.rank(i) != 2 || t.dims(i)[0] < past + tokens)
        refuse("rotation of {} tokens by {}", past + tokens, to_string(t.dims(i)));
      return for_heads(t, t.slice(table, 0, past, past + tokens, suffix),
                       fmt::format("{}.heads", suffix));
    };
    const TensorId cosines = rows(7, "cosines"), sines = rows(8, "sines");
    a.q = turned(t, a.q, cosines, sines, interleaved, "q.", "q.turned");
    a.k = turned(t, a.k, cosines, sines, interleaved, "k.", "k.turned");
  }
  a.k = grown(t, 3, a.k, "present_key");
  a.v = grown(t, 4, a.v, "present_value");
  a.scale = scale_of(t, t.shape(a.q)[3]);
  a.softcap = real(t.node(), "softcap", 0);
  a.causal = true;
  t.result(from_heads(t, attend(t, a, "context")));
  t.result(a.k);
  t.result(a.v);
}

/// Of ONNX (x, cosines, sines) and of ONNX Runtime (x, positions, cosines, sines). Where there are
/// positions, the importer has looked up their rows: both are (x, cosines, sines) here.
void translate_rotary(Translation& t) {
  if (t.has(3)) refuse("positions that are computed");
  if (real(t.node(), "scale", 1) != 1) refuse("scaled positions");
  if (integer(t.node(), "is_packed_batching", 0) != 0) refuse("packed batches");
  const bool flat = t.rank(0) == 3;
  TensorId x = t.real_tensor(0);
  if (flat) {
    std::int64_t heads = integer(t.node(), "num_heads", 0);
    const std::int64_t turned_size = integer(t.node(), "rotary_embedding_dim", 0);
    if (heads == 0 && turned_size == 0) heads = t.dims(0)[2] / (2 * t.dims(1).back());
    x = to_heads(t, x, heads, "x");
  }
  const bool interleaved = integer(t.node(), "interleaved", 0) != 0;
  const TensorId cosines = for_heads(t, t.real_tensor(1), "cosines");
  const TensorId sines = for_heads(t, t.real_tensor(2), "sines");
  const TensorId y = turned(t, x, cosines, sines, interleaved, "", flat ? "turned" : "");
  t.result(flat ? from_heads(t, y) : y);
}

}  // namespace unna::onnx_import
