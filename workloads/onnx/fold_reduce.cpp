// Operators on constants that go along dimensions: reductions, the largest element's place, sums.

#include <algorithm>
#include <cmath>
#include <limits>

#include "workloads/onnx/fold_parts.h"

namespace unna::onnx_import {
namespace {

/// The dimensions that a reduction goes over.
struct Reduced {
  std::vector<bool> over;
  Shape dims, wide;  ///< of the result, and the same with all dimensions kept
  std::int64_t count = 1;
};

Reduced reduced_dims(const Constant& x, const Integers& axes, bool keep) {
  Reduced r{std::vector<bool>(x.dims.size(), axes.empty()), {}, {}, 1};
  for (const std::int64_t axis : axes) r.over[normal_axis(axis, x.dims.size())] = true;
  for (std::size_t d = 0; d < x.dims.size(); ++d) {
    r.wide.push_back(r.over[d] ? 1 : x.dims[d]);
    if (!r.over[d] || keep) r.dims.push_back(r.wide.back());
    if (r.over[d]) r.count *= x.dims[d];
  }
  return r;
}

double first_of(const std::string& op) {
  if (op == "ReduceProd") return 1;
  if (op == "ReduceMax") return -std::numeric_limits<double>::infinity();
  if (op == "ReduceMin") return std::numeric_limits<double>::infinity();
  return 0;
}

double joined(const std::string& op, double a, double b) {
  if (op == "ReduceProd") return a * b;
  if (op == "ReduceMax") return std::max(a, b);
  if (op == "ReduceMin") return std::min(a, b);
  return a + b;
}

}  // namespace

ElementKind kind_of_type(std::int64_t type) {
  if (type == 1 || type == 10 || type == 11 || type == 16) return ElementKind::real;
  if (type == 9) return ElementKind::boolean;
  if ((type >= 2 && type <= 7) || type == 12 || type == 13) return ElementKind::integer;
  refuse("type {}", type);
}

Constant fold_reduction(const Folding& f) {
  const Constant& x = f.in(0);
  const std::string& op = f.node().op;
  const Integers axes = f.ints_of(1, "axes");
  if (axes.empty() && integer(f.node(), "noop_with_empty_axes", 0) != 0) return x;
  const Reduced r = reduced_dims(x, axes, integer(f.node(), "keepdims", 1) != 0);
  checked_count(x.dims);
  if (!x.known()) return unknown(r.dims);
  if (r.count == 0 && (op == "ReduceMax" || op == "ReduceMin" || op == "ReduceMean"))
    refuse("reduces nothing");
  std::vector<double> sums(static_cast<std::size_t>(element_count(r.wide)), first_of(op));
  const auto to = strides_of(r.wide);
  Shape index(x.dims.size(), 0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(x.count()); ++i) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < index.size(); ++d) at += r.over[d] ? 0 : index[d] * to[d];
    double& sum = sums[static_cast<std::size_t>(at)];
    sum = joined(op, sum, x.at(i));
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < x.dims[d]) break;
      index[d] = 0;
    }
  }
  if (op == "ReduceMean")
    for (double& sum : sums) sum /= static_cast<double>(r.count);
  if (x.kind == ElementKind::real) return make_reals(r.dims, Reals(sums.begin(), sums.end()));
  if (op == "ReduceMean") refuse("the mean of integers");
  constexpr double kExact = 9007199254740992.0;  // 2^53
  for (const double sum : sums)
    if (!(std::fabs(sum) < kExact)) refuse("integers beyond 53 bits");
  return make_integers(r.dims, Integers(sums.begin(), sums.end()), {}, x.kind);
}

/// Of several equal elements the first, or with select_last_index the last.
Constant fold_arg_max(const Folding& f) {
  const Constant& x = f.in(0);
  if (!x.known()) refuse("weights without values");
  const std::int64_t axis = integer(f.node(), "axis", 0);
  const bool most = f.node().op == "ArgMax";
  const bool last = integer(f.node(), "select_last_index", 0) != 0;
  const Reduced r = reduced_dims(x, {axis}, integer(f.node(), "keepdims", 1) != 0);
  if (r.count == 0) refuse("reduces nothing");
  const std::int64_t inner = strides_of(x.dims)[normal_axis(axis, x.dims.size())];
  Integers out;
  for (std::int64_t i = 0; i < x.count() / r.count; ++i) {
    const auto value = [&](std::int64_t n) {
      return x.at(static_cast<std::size_t>((i / inner * r.count + n) * inner + i % inner));
    };
    std::int64_t best = 0;
    for (std::int64_t n = 1; n < r.count; ++n) {
      const double a = most ? value(n) : -value(n), b = most ? value(best) : -value(best);
      if (a > b || (last && a == b)) best = n;
    }
    out.push_back(best);
  }
  return make_integers(r.dims, std::move(out));
}

Constant fold_cum_sum(const Folding& f) {
  const Constant& x = f.in(0);
  if (!x.known()) return unknown(x.dims);
  const std::size_t axis = normal_axis(f.ints(1).at(0), x.dims.size());
  const bool exclusive = integer(f.node(), "exclusive", 0) != 0;
  const bool reverse = integer(f.node(), "reverse", 0) != 0;
  const std::int64_t inner = strides_of(x.dims)[axis], size = x.dims[axis];
  const auto summed = [&](const auto& values, auto zero) {
    auto out = values;
    for (std::int64_t line = 0; size > 0 && line < x.count() / size; ++line) {
      auto sum = zero;
      for (std::int64_t n = 0; n < size; ++n) {
        const std::int64_t step = reverse ? size - 1 - n : n;
        const auto at =
            static_cast<std::size_t>((line / inner * size + step) * inner + line % inner);
        if (exclusive) out[at] = static_cast<std::decay_t<decltype(out[at])>>(sum);
        sum += values[at];
        if (!exclusive) out[at] = static_cast<std::decay_t<decltype(out[at])>>(sum);
      }
    }
    return out;
  };
  if (x.kind == ElementKind::real) return make_reals(x.dims, summed(*x.reals, 0.0));
  return make_integers(x.dims, summed(*x.integers, std::int64_t{0}));
}

Constant fold_eye_like(const Folding& f) {
  const Shape& dims = f.in(0).dims;
  if (dims.size() != 2) refuse("{} dimensions", dims.size());
  const std::int64_t k = integer(f.node(), "k", 0);
  const auto count = static_cast<std::size_t>(checked_count(dims));
  Integers out(count, 0);
  for (std::int64_t i = 0; i < dims[0]; ++i)
    if (i + k >= 0 && i + k < dims[1]) out[static_cast<std::size_t>(i * dims[1] + i + k)] = 1;
  const std::int64_t type = integer(f.node(), "dtype", 0);
  const ElementKind kind = type == 0 ? f.in(0).kind : kind_of_type(type);
  if (kind == ElementKind::real) return make_reals(dims, Reals(out.begin(), out.end()));
  return make_integers(dims, std::move(out), {}, kind);
}

/// 1 where the largest element along the axis is (before opset 13, of all dimensions from it on).
Constant fold_hardmax(const Folding& f) {
  Constant x = f.in(0);
  if (!x.known()) return unknown(x.dims);
  const Shape dims = x.dims;
  std::size_t axis = normal_axis(integer(f.node(), "axis", f.opset() < 13 ? 1 : -1),
                                 std::max<std::size_t>(dims.size(), 1));
  if (f.opset() < 13) {
    const auto behind = dims.begin() + static_cast<std::ptrdiff_t>(axis);
    x = reshaped(
        x, {element_count(Shape(dims.begin(), behind)), element_count(Shape(behind, dims.end()))});
    axis = 1;
  }
  const std::int64_t inner = strides_of(x.dims)[axis], size = x.dims[axis];
  Reals out(static_cast<std::size_t>(x.count()), 0);
  for (std::int64_t line = 0; size > 0 && line < x.count() / size; ++line) {
    const auto at = [&](std::int64_t n) {
      return static_cast<std::size_t>((line / inner * size + n) * inner + line % inner);
    };
    std::int64_t best = 0;
    for (std::int64_t n = 1; n < size; ++n)
      if (x.at(at(n)) > x.at(at(best))) best = n;
    out[at(best)] = 1;
  }
  return make_reals(dims, std::move(out));
}

}  // namespace unna::onnx_import
