// Gemm and MatMul.

#include <algorithm>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

Constant scaled(const Constant& c, double factor) {
  if (factor == 1 || !c.known()) return c;
  Reals values = *c.reals;
  for (float& v : values) v = static_cast<float>(static_cast<double>(v) * factor);
  return make_reals(c.dims, std::move(values), c.name);
}

Constant transposed_matrix(const Constant& c) {
  Constant out = transposed(c, {1, 0});
  out.name = c.name;
  return out;
}

/// C of a Gemm as one bias a feature, where it is constant over rows.
std::optional<Constant> as_bias(const Constant& c, std::int64_t features, double beta) {
  const bool row = c.dims.empty() || std::all_of(c.dims.begin(), c.dims.end() - 1,
                                                 [](std::int64_t d) { return d == 1; });
  if (!row || (c.count() != features && c.count() != 1)) return std::nullopt;
  Constant flat = reshaped(c, {c.count()});
  if (c.count() != features) flat = expanded(flat, {features});
  return scaled(flat, beta);
}

/// Adds beta * C.
TensorId add_c(Translation& t, TensorId y, double beta) {
  if (!t.has(2)) return y;
  if (t.is_constant(2)) return t.binary(ScalarFn::add, y, t.weight(scaled(t.constant(2), beta)));
  TensorId c = t.real_tensor(2);
  if (beta != 1) c = t.binary(ScalarFn::mul, c, t.scalar(beta), "beta");
  return t.binary(ScalarFn::add, y, c);
}

/// a[...,M,K] by b[...,K,N], their leading dimensions broadcast, as a product of rank 3 or less
/// where there are more than 4 dimensions.
TensorId batched(Translation& t, TensorId a, TensorId b, std::string_view suffix) {
  const Shape da = t.shape(a), db = t.shape(b);
  const std::optional<Shape> batch =
      broadcast(Shape(da.begin(), da.end() - 2), Shape(db.begin(), db.end() - 2));
  if (!batch) refuse("{} by {}", to_string(da), to_string(db));
  const auto wide = [&](TensorId x, const char* name) {
    Shape to = *batch;
    const Shape from = t.shape(x);
    to.insert(to.end(), from.end() - 2, from.end());
    if (from.size() < to.size()) {
      Shape padded(to.size() - from.size(), 1);
      padded.insert(padded.end(), from.begin(), from.end());
      x = t.reshape(x, padded, fmt::format("{}_rank", name));
    }
    x = t.expand(x, to, name);
    if (to.size() <= 4) return x;
    return t.reshape(x, {element_count(*batch), to[to.size() - 2], to.back()},
                     fmt::format("{}_merged", name));
  };
  const TensorId wide_a = wide(a, "a"), wide_b = wide(b, "b");
  if (batch->size() <= 2) return t.emit(OpKind::matmul, {wide_a, wide_b}, MatmulAttrs{}, suffix);
  Shape out = *batch;
  out.insert(out.end(), {da[da.size() - 2], db.back()});
  return t.reshape(t.emit(OpKind::matmul, {wide_a, wide_b}, MatmulAttrs{}, "product"), out, suffix);
}

/// a[...,K] by constant b[K,N].
TensorId by_constant(Translation& t, TensorId a, const Constant& b, std::string_view suffix) {
  return t.emit(OpKind::gemm, {a, t.weight(transposed_matrix(b))}, std::monostate{}, suffix);
}

/// a[...,M,K] by computed b[K,N]: all leading dimensions are rows.
TensorId by_matrix(Translation& t, TensorId a, TensorId b, std::string_view suffix) {
  const Shape da = t.shape(a), db = t.shape(b);
  if (da.size() == 2) return t.emit(OpKind::matmul, {a, b}, MatmulAttrs{}, suffix);
  const TensorId rows = t.reshape(a, {element_count(da) / da.back(), da.back()}, "rows");
  Shape out = da;
  out.back() = db[1];
  return t.reshape(t.emit(OpKind::matmul, {rows, b}, MatmulAttrs{}, "product"), out, suffix);
}

}  // namespace

void translate_gemm(Translation& t) {
  t.expect_rank(0, 2, 2);
  t.expect_rank(1, 2, 2);
  const double alpha = real(t.node(), "alpha", 1), beta = real(t.node(), "beta", 1);
  const bool transpose_b = integer(t.node(), "transB", 0) != 0;
  TensorId a = t.real_tensor(0);
  if (integer(t.node(), "transA", 0) != 0) a = t.transpose(a, {1, 0}, "a");
  if (!t.is_constant(1)) {
    const TensorId b = t.real_tensor(1);
    const MatmulAttrs attrs{transpose_b, alpha};
    return t.result(
        add_c(t, t.emit(OpKind::matmul, {a, b}, attrs, t.has(2) ? "product" : ""), beta));
  }
  const Constant& b = t.constant(1);
  const Constant w = scaled(transpose_b ? b : transposed_matrix(b), alpha);
  std::vector<TensorId> inputs = {a, t.weight(w)};
  std::optional<Constant> bias;
  if (t.is_constant(2)) bias = as_bias(t.constant(2), w.dims[0], beta);
  if (bias) inputs.push_back(t.weight(*bias));
  const bool more = t.has(2) && !bias;
  const TensorId y = t.emit(OpKind::gemm, inputs, std::monostate{}, more ? "product" : "");
  t.result(more ? add_c(t, y, beta) : y);
}

namespace {

/// A product of vectors or matrices; `product` has to make that of a matrix.
template <class Product>
TensorId of_ranks(Translation& t, TensorId a, std::size_t b_rank, std::string_view suffix,
                  Product&& product) {
  const bool row = t.shape(a).size() == 1, column = b_rank == 1;
  if (t.shape(a).empty() || b_rank == 0) refuse("a scalar");
  if (row) a = t.reshape(a, {1, t.shape(a)[0]}, "row");
  const TensorId y = product(a, row || column ? std::string_view("matrix") : suffix);
  Shape out = t.shape(y);
  if (column) out.pop_back();
  if (row) out.erase(out.end() - (column ? 1 : 2));
  return row || column ? t.reshape(y, out, suffix) : y;
}

}  // namespace

TensorId multiplied(Translation& t, TensorId a, TensorId b, std::string_view suffix) {
  return of_ranks(t, a, t.shape(b).size(), suffix, [&](TensorId rows, std::string_view inner) {
    TensorId columns = b;
    if (t.shape(b).size() == 1) columns = t.reshape(b, {t.shape(b)[0], 1}, "column");
    return t.shape(columns).size() == 2 ? by_matrix(t, rows, columns, inner)
                                        : batched(t, rows, columns, inner);
  });
}

TensorId multiplied(Translation& t, TensorId a, const Constant& b, std::string_view suffix) {
  if (b.dims.size() != 2) return multiplied(t, a, t.weight(b), suffix);
  return of_ranks(t, a, 2, suffix, [&](TensorId rows, std::string_view inner) {
    return by_constant(t, rows, b, inner);
  });
}

void translate_matmul(Translation& t) {
  const TensorId a = t.real_tensor(0);
  if (t.is_constant(1)) return t.result(multiplied(t, a, t.constant(1), ""));
  if (const auto y = by_shared_heads(t, a, t.real_tensor(1))) return t.result(*y);
  t.result(multiplied(t, a, t.real_tensor(1), ""));
}

}  // namespace unna::onnx_import
