// Operators on constants that pick elements and put them elsewhere.

#include <algorithm>
#include <numeric>
#include <utility>

#include "workloads/onnx/fold_parts.h"

namespace unna::onnx_import {
namespace {

std::int64_t wrapped(std::int64_t index, std::int64_t size) {
  if (index < -size || index >= size) refuse("index {} of {}", index, size);
  return index < 0 ? index + size : index;
}

/// The elements of `from` at `positions`, as `dims`.
Constant picked(const Constant& from, Shape dims, const std::vector<std::int64_t>& positions) {
  if (!from.known()) return unknown(std::move(dims));
  const auto take = [&](const auto& values) {
    std::decay_t<decltype(values)> out;
    out.reserve(positions.size());
    for (const std::int64_t at : positions) out.push_back(values[static_cast<std::size_t>(at)]);
    return out;
  };
  if (from.kind == ElementKind::real) return make_reals(std::move(dims), take(*from.reals));
  return make_integers(std::move(dims), take(*from.integers), {}, from.kind);
}

/// The last dimension of `indices` says where in `dims` each slice begins; those after the batch.
struct Slices {
  std::vector<std::int64_t> starts;
  std::int64_t length = 1;
  Shape rest;
};

Slices slices_of(const Shape& dims, const Constant& indices, std::size_t batch) {
  if (indices.integers == nullptr || indices.dims.size() <= batch) refuse("indices");
  const std::int64_t depth = indices.dims.back();
  if (depth < 1 || static_cast<std::size_t>(depth) + batch > dims.size())
    refuse("indices of {} into {}", to_string(indices.dims), to_string(dims));
  Slices s;
  const auto strides = strides_of(dims);
  const auto behind = dims.begin() + static_cast<std::ptrdiff_t>(batch) + depth;
  s.rest.assign(behind, dims.end());
  s.length = element_count(s.rest);
  std::int64_t batches = 1;
  for (std::size_t d = 0; d < batch; ++d) batches *= dims[d];
  const std::int64_t count = indices.count() / depth;
  const std::int64_t each = batches == 0 ? 0 : count / batches;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t at = batch == 0 ? 0 : i / each * strides[batch - 1];
    for (std::int64_t k = 0; k < depth; ++k) {
      const auto d = batch + static_cast<std::size_t>(k);
      at += wrapped((*indices.integers)[static_cast<std::size_t>(i * depth + k)], dims[d]) *
            strides[d];
    }
    s.starts.push_back(at);
  }
  return s;
}

/// `x` with updates[i] at positions[i], joined with what is there as `how` says.
Constant updated(const Constant& x, const Constant& updates, const std::string& how,
                 const std::vector<std::int64_t>& positions) {
  if (!x.known() || !updates.known()) return unknown(x.dims);
  if (x.kind != updates.kind || static_cast<std::size_t>(updates.count()) != positions.size())
    refuse("updates of {}", to_string(updates.dims));
  const auto put = [&](auto values, const auto& from) {
    for (std::size_t i = 0; i < positions.size(); ++i) {
      auto& to = values[static_cast<std::size_t>(positions[i])];
      if (how == "none")
        to = from[i];
      else if (how == "add")
        to += from[i];
      else if (how == "mul")
        to *= from[i];
      else if (how == "max")
        to = std::max(to, from[i]);
      else if (how == "min")
        to = std::min(to, from[i]);
      else
        refuse("reduction {}", how);
    }
    return values;
  };
  if (x.kind == ElementKind::real) return make_reals(x.dims, put(*x.reals, *updates.reals));
  return make_integers(x.dims, put(*x.integers, *updates.integers), {}, x.kind);
}

/// Where element i of `indices` points to along `axis`, the other coordinates being its own.
std::vector<std::int64_t> along(const Shape& dims, const Constant& indices, std::size_t axis) {
  if (indices.integers == nullptr || indices.dims.size() != dims.size())
    refuse("indices of {} into {}", to_string(indices.dims), to_string(dims));
  const auto from = strides_of(dims), steps = strides_of(indices.dims);
  std::vector<std::int64_t> positions;
  for (std::size_t i = 0; i < indices.integers->size(); ++i) {
    std::int64_t at = wrapped((*indices.integers)[i], dims[axis]) * from[axis];
    for (std::size_t d = 0; d < dims.size(); ++d) {
      const std::int64_t own = static_cast<std::int64_t>(i) / steps[d] % indices.dims[d];
      if (d != axis && own >= dims[d]) refuse("indices of {}", to_string(indices.dims));
      if (d != axis) at += own * from[d];
    }
    positions.push_back(at);
  }
  return positions;
}

}  // namespace

Constant fold_gather_nd(const Folding& f) {
  const Constant& x = f.in(0);
  const Constant& indices = f.in(1);
  const std::int64_t batch = integer(f.node(), "batch_dims", 0);
  if (batch < 0 || batch >= static_cast<std::int64_t>(x.dims.size()))
    refuse("batch_dims {}", batch);
  const Slices s = slices_of(x.dims, indices, static_cast<std::size_t>(batch));
  Shape dims(indices.dims.begin(), indices.dims.end() - 1);
  dims.insert(dims.end(), s.rest.begin(), s.rest.end());
  checked_count(dims);
  std::vector<std::int64_t> positions;
  for (const std::int64_t start : s.starts)
    for (std::int64_t k = 0; k < s.length; ++k) positions.push_back(start + k);
  return picked(x, dims, positions);
}

Constant fold_scatter_nd(const Folding& f) {
  const Slices s = slices_of(f.in(0).dims, f.in(1), 0);
  std::vector<std::int64_t> positions;
  for (const std::int64_t start : s.starts)
    for (std::int64_t k = 0; k < s.length; ++k) positions.push_back(start + k);
  return updated(f.in(0), f.in(2), text(f.node(), "reduction", "none"), positions);
}

Constant fold_gather_elements(const Folding& f) {
  const Constant& x = f.in(0);
  const std::size_t axis = normal_axis(integer(f.node(), "axis", 0), x.dims.size());
  return picked(x, f.in(1).dims, along(x.dims, f.in(1), axis));
}

Constant fold_scatter_elements(const Folding& f) {
  const Constant& x = f.in(0);
  const std::size_t axis = normal_axis(integer(f.node(), "axis", 0), x.dims.size());
  return updated(x, f.in(2), text(f.node(), "reduction", "none"), along(x.dims, f.in(1), axis));
}

Constant fold_compress(const Folding& f) {
  Constant x = f.in(0);
  if (!has(f.node(), "axis")) x = reshaped(x, {x.count()});
  const std::size_t axis = normal_axis(integer(f.node(), "axis", 0), x.dims.size());
  const Integers& keep = f.ints(1);
  Integers at;
  for (std::size_t i = 0; i < keep.size(); ++i)
    if (keep[i] != 0 && static_cast<std::int64_t>(i) < x.dims[axis])
      at.push_back(static_cast<std::int64_t>(i));
  Shape dims = x.dims;
  dims[axis] = static_cast<std::int64_t>(at.size());
  const auto steps = strides_of(dims), from = strides_of(x.dims);
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 0; i < element_count(dims); ++i) {
    std::int64_t source = 0;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      const std::int64_t own = i / steps[d] % dims[d];
      source += (d == axis ? at[static_cast<std::size_t>(own)] : own) * from[d];
    }
    positions.push_back(source);
  }
  return picked(x, dims, positions);
}

Constant fold_one_hot(const Folding& f) {
  const Constant& indices = f.in(0);
  if (!indices.known() || !f.in(1).known() || !f.in(2).known() || f.in(2).count() != 2)
    refuse("indices, depth or values that are not known");
  const auto depth = static_cast<std::int64_t>(f.in(1).at(0));
  if (depth < 1 || depth > kMaxDimension) refuse("a depth of {}", depth);
  const std::size_t rank = indices.dims.size() + 1;
  const std::size_t axis = normal_axis(integer(f.node(), "axis", -1), rank);
  Shape dims = indices.dims;
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), depth);
  const auto count = static_cast<std::size_t>(checked_count(dims));
  const std::int64_t inner = strides_of(dims)[axis];
  std::vector<std::int64_t> which(count, 0);
  for (std::int64_t i = 0; i < indices.count(); ++i) {
    auto hot = static_cast<std::int64_t>(indices.at(static_cast<std::size_t>(i)));
    if (hot < -depth || hot >= depth) continue;
    if (hot < 0) hot += depth;
    which[static_cast<std::size_t>((i / inner * depth + hot) * inner + i % inner)] = 1;
  }
  return picked(f.in(2), dims, which);
}

Constant fold_reverse_sequence(const Folding& f) {
  const Constant& x = f.in(0);
  const std::size_t batch = normal_axis(integer(f.node(), "batch_axis", 1), x.dims.size());
  const std::size_t time = normal_axis(integer(f.node(), "time_axis", 0), x.dims.size());
  const Integers& lengths = f.ints(1);
  if (static_cast<std::int64_t>(lengths.size()) != x.dims[batch]) refuse("sequence_lens");
  const auto steps = strides_of(x.dims);
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const std::int64_t t = i / steps[time] % x.dims[time];
    const std::int64_t length = lengths[static_cast<std::size_t>(i / steps[batch] % x.dims[batch])];
    positions.push_back(t < length ? i + (length - 1 - 2 * t) * steps[time] : i);
  }
  return picked(x, x.dims, positions);
}

/// The k largest (or smallest) along an axis, the largest first, and where they were.
std::vector<Constant> fold_top_k(const Folding& f) {
  const Constant& x = f.in(0);
  if (!x.known()) refuse("weights without values");
  const std::size_t axis = normal_axis(integer(f.node(), "axis", -1), x.dims.size());
  const std::int64_t k = f.has(1) ? f.ints(1).at(0) : integer(f.node(), "k", 0);
  const bool largest = integer(f.node(), "largest", 1) != 0;
  if (k < 0 || k > x.dims[axis]) refuse("{} of {}", k, x.dims[axis]);
  Shape dims = x.dims;
  dims[axis] = k;
  const std::int64_t inner = strides_of(x.dims)[axis];
  const std::int64_t outer = x.count() / std::max<std::int64_t>(inner * x.dims[axis], 1);
  const auto count = static_cast<std::size_t>(element_count(dims));
  std::vector<std::int64_t> positions(count), where(count);
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < inner; ++i) {
      const auto at = [&](std::int64_t n) { return (o * x.dims[axis] + n) * inner + i; };
      std::vector<std::int64_t> order(static_cast<std::size_t>(x.dims[axis]));
      std::iota(order.begin(), order.end(), 0);
      std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
        const double va = x.at(static_cast<std::size_t>(at(a)));
        const double vb = x.at(static_cast<std::size_t>(at(b)));
        return largest ? va > vb : va < vb;
      });
      for (std::int64_t n = 0; n < k; ++n) {
        const auto to = static_cast<std::size_t>((o * k + n) * inner + i);
        where[to] = order[static_cast<std::size_t>(n)];
        positions[to] = at(where[to]);
      }
    }
  return {picked(x, dims, positions), make_integers(dims, where)};
}

}  // namespace unna::onnx_import
