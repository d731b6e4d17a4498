// Operators that rearrange, reduce or make tensors; those of each element are in
// fold_elementwise.cpp.

#include "workloads/onnx/fold.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "workloads/onnx/fold_parts.h"

namespace unna::onnx_import {

std::int64_t checked_count(const Shape& dims) {
  const std::int64_t count = element_count(dims);
  for (const std::int64_t dim : dims)
    if (dim < 0) refuse("a dimension of {}", dim);
  if (count > kMaxFolded)
    refuse("a constant of {}, expected at most {} elements", to_string(dims), kMaxFolded);
  return count;
}

Constant unknown(Shape dims) {
  return {ElementKind::real, std::move(dims), nullptr, nullptr, {}};
}

namespace {

using Results = std::vector<Constant>;

Constant constant_of_shape(const Folding& f) {
  const Integers& dims = f.ints(0);
  if (f.in(0).dims.size() != 1) refuse("the shape is no list");
  for (const std::int64_t dim : dims)
    if (dim < 0 || dim > kMaxDimension) refuse("a dimension of {}", dim);
  const Constant fill = onnx_import::has(f.node(), "value") ? required(f.node(), "value").tensor
                                                            : make_reals({1}, {0});
  if (element_count(dims) > kMaxElements) refuse("{} elements", element_count(dims));
  if (!fill.known() || fill.count() != 1) refuse("value is no single element");
  // Where the shape stands in the file itself, this is how weights are left out of it. Networks
  // themselves fill with 0 and 1: first states, masks.
  const bool plain = fill.at(0) == 0 || fill.at(0) == 1;
  if (fill.kind == ElementKind::real && f.in(0).stored && !plain) return unknown(dims);
  const auto count = static_cast<std::size_t>(checked_count(dims));
  if (fill.kind == ElementKind::real) return make_reals(dims, Reals(count, (*fill.reals)[0]));
  return make_integers(dims, Integers(count, (*fill.integers)[0]), {}, fill.kind);
}

Constant constant(const Folding& f) {
  if (f.node().attributes.size() != 1) refuse("{} attributes", f.node().attributes.size());
  const auto& [name, a] = *f.node().attributes.begin();
  const auto count = [](std::size_t n) { return Shape{static_cast<std::int64_t>(n)}; };
  switch (a.kind) {
    case Attribute::Kind::tensor:
      return a.tensor;
    case Attribute::Kind::integer:
      return make_integers({}, {a.integer});
    case Attribute::Kind::real:
      return make_reals({}, {static_cast<float>(a.real)});
    case Attribute::Kind::integers:
      return make_integers(count(a.integers.size()), a.integers);
    case Attribute::Kind::reals:
      return make_reals(count(a.reals.size()), Reals(a.reals.begin(), a.reals.end()));
    default:
      refuse("attribute {}", name);
  }
}

Constant concat(const Folding& f) {
  const Constant& first = f.in(0);
  const std::size_t axis = normal_axis(integer(f.node(), "axis", 0), first.dims.size());
  Shape dims = first.dims;
  dims[axis] = 0;
  bool known = true;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const Constant& x = f.in(i);
    Shape expected = first.dims;
    if (x.dims.size() == expected.size()) expected[axis] = x.dims[axis];
    if (x.dims != expected || x.kind != first.kind) refuse("inputs that do not fit");
    if (__builtin_add_overflow(dims[axis], x.dims[axis], &dims[axis])) refuse("too large");
    known = known && x.known();
  }
  checked_count(dims);
  if (!known) return unknown(dims);
  std::int64_t outer = 1;
  for (std::size_t d = 0; d < axis; ++d) outer *= dims[d];
  Reals reals;
  Integers ints;
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < f.size(); ++i) {
      const Constant& x = f.in(i);
      const std::int64_t run = x.count() / outer;
      if (x.kind == ElementKind::real)
        reals.insert(reals.end(), x.reals->begin() + o * run, x.reals->begin() + (o + 1) * run);
      else
        ints.insert(ints.end(), x.integers->begin() + o * run, x.integers->begin() + (o + 1) * run);
    }
  return first.kind == ElementKind::real ? make_reals(dims, std::move(reals))
                                         : make_integers(dims, std::move(ints), {}, first.kind);
}

Constant gather_elements(const Constant& x, std::size_t axis, const Constant& indices) {
  Shape dims(x.dims.begin(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.dims.end());
  checked_count(dims);
  Integers at = *indices.integers;
  for (std::int64_t& i : at) {
    if (i < -x.dims[axis] || i >= x.dims[axis]) refuse("index {} of {}", i, x.dims[axis]);
    if (i < 0) i += x.dims[axis];
  }
  if (!x.known()) return unknown(dims);
  const std::int64_t inner = strides_of(x.dims)[axis];
  const std::int64_t outer = inner * x.dims[axis] == 0 ? 0 : x.count() / (inner * x.dims[axis]);
  Reals reals;
  Integers ints;
  for (std::int64_t o = 0; o < outer; ++o)
    for (const std::int64_t i : at) {
      const std::int64_t from = (o * x.dims[axis] + i) * inner;
      if (x.kind == ElementKind::real)
        reals.insert(reals.end(), x.reals->begin() + from, x.reals->begin() + from + inner);
      else
        ints.insert(ints.end(), x.integers->begin() + from, x.integers->begin() + from + inner);
    }
  return x.kind == ElementKind::real ? make_reals(dims, std::move(reals))
                                     : make_integers(dims, std::move(ints), {}, x.kind);
}

Constant gather(const Folding& f) {
  const Constant& x = f.in(0);
  f.ints(1);
  return gather_elements(x, normal_axis(integer(f.node(), "axis", 0), x.dims.size()), f.in(1));
}

Constant slice(const Folding& f) {
  const Constant& x = f.in(0);
  const SliceRange range = slice_range(x.dims, f.ints_of(1, "starts"), f.ints_of(2, "ends"),
                                       f.ints_of(3, "axes"), f.has(4) ? f.ints(4) : Integers{});
  const std::vector<std::int64_t> old = strides_of(x.dims);
  std::vector<std::int64_t> strides;
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < old.size(); ++d) {
    offset += range.starts[d] * old[d];
    strides.push_back(old[d] * range.steps[d]);
  }
  if (element_count(range.extents) == 0) offset = 0;
  Constant out = gathered(x, range.extents, strides, offset);
  out.name.clear();
  return out;
}

Results split(const Folding& f) {
  const Constant& x = f.in(0);
  const std::size_t axis = normal_axis(integer(f.node(), "axis", 0), x.dims.size());
  const auto sizes = split_sizes(x.dims[axis], f.ints_of(1, "split"), f.node().outputs.size(),
                                 onnx_import::has(f.node(), "num_outputs"));
  Results out;
  std::int64_t start = 0;
  for (const std::int64_t size : sizes) {
    Shape dims = x.dims;
    dims[axis] = size;
    const auto strides = strides_of(x.dims);
    out.push_back(gathered(x, dims, strides, size == 0 ? 0 : start * strides[axis]));
    out.back().name.clear();
    start += size;
  }
  return out;
}

Constant transpose(const Folding& f) {
  const Constant& x = f.in(0);
  Integers perm = integers(f.node(), "perm");
  if (perm.empty())
    for (std::size_t d = x.dims.size(); d-- > 0;) perm.push_back(static_cast<std::int64_t>(d));
  Integers sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t d = 0; d < sorted.size(); ++d)
    if (sorted[d] != static_cast<std::int64_t>(d) || sorted.size() != x.dims.size())
      refuse("perm {} of {}", fmt::join(perm, ","), to_string(x.dims));
  checked_count(x.dims);
  return transposed(x, perm);
}

Constant expand(const Folding& f) {
  const std::optional<Shape> dims = broadcast(f.in(0).dims, f.ints(1));
  if (!dims) refuse("{} to {}", to_string(f.in(0).dims), to_string(f.ints(1)));
  checked_count(*dims);
  return expanded(f.in(0), *dims);
}

Constant tile(const Folding& f) {
  const Constant& x = f.in(0);
  const Integers& repeats = f.ints(1);
  if (repeats.size() != x.dims.size()) refuse("{} repeats", repeats.size());
  // Each dimension as (repeat, dimension), the former with stride 0.
  const auto old = strides_of(x.dims);
  Shape wide, dims;
  std::vector<std::int64_t> strides;
  for (std::size_t d = 0; d < old.size(); ++d) {
    if (repeats[d] < 0 || repeats[d] > kMaxFolded) refuse("{} repeats", repeats[d]);
    wide.insert(wide.end(), {repeats[d], x.dims[d]});
    strides.insert(strides.end(), {0, old[d]});
    dims.push_back(repeats[d] * x.dims[d]);
  }
  checked_count(dims);
  return reshaped(gathered(x, wide, strides), dims);
}

Constant range(const Folding& f) {
  for (std::size_t i = 0; i < 3; ++i)
    if (!f.in(i).known() || f.in(i).count() != 1) refuse("bounds that are no single elements");
  const double start = f.in(0).at(0), limit = f.in(1).at(0), delta = f.in(2).at(0);
  const double count = delta == 0 ? -1 : std::max(std::ceil((limit - start) / delta), 0.0);
  if (!(count >= 0 && count <= static_cast<double>(kMaxFolded)))
    refuse("from {} to {} by {}", start, limit, delta);
  const auto n = static_cast<std::size_t>(count);
  const Shape dims = {static_cast<std::int64_t>(n)};
  if (f.in(0).kind == ElementKind::real) {
    Reals out(n);
    for (std::size_t i = 0; i < n; ++i)
      out[i] = static_cast<float>(start + static_cast<double>(i) * delta);
    return make_reals(dims, std::move(out));
  }
  Integers out(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = wrap_add(f.ints(0)[0], wrap_mul(static_cast<std::int64_t>(i), f.ints(2)[0]));
  return make_integers(dims, std::move(out));
}

Constant reshape(const Folding& f) {
  const bool allow_zero = integer(f.node(), "allowzero", 0) != 0;
  return reshaped(f.in(0), reshape_target(f.in(0).dims, f.ints(1), allow_zero));
}

Constant flatten(const Folding& f) {
  const Shape& dims = f.in(0).dims;
  const std::int64_t axis = integer(f.node(), "axis", 1);
  const auto rank = static_cast<std::int64_t>(dims.size());
  if (axis < -rank || axis > rank) refuse("axis {} of {} dimensions", axis, rank);
  const std::ptrdiff_t at = axis < 0 ? axis + rank : axis;
  return reshaped(f.in(0), {element_count(Shape(dims.begin(), dims.begin() + at)),
                            element_count(Shape(dims.begin() + at, dims.end()))});
}

Constant non_zero(const Folding& f) {
  const Constant& x = f.in(0);
  if (!x.known()) refuse("weights without values");
  const auto strides = strides_of(x.dims);
  Integers found;
  for (std::size_t i = 0; i < static_cast<std::size_t>(checked_count(x.dims)); ++i)
    if (x.at(i) != 0) found.push_back(static_cast<std::int64_t>(i));
  Integers out;
  for (std::size_t d = 0; d < x.dims.size(); ++d)
    for (const std::int64_t i : found) out.push_back(i / strides[d] % x.dims[d]);
  return make_integers(
      {static_cast<std::int64_t>(x.dims.size()), static_cast<std::int64_t>(found.size())},
      std::move(out));
}

Constant trilu(const Folding& f) {
  Constant x = f.in(0);
  const std::int64_t k = f.has(1) ? f.ints(1).at(0) : 0;
  const bool upper = integer(f.node(), "upper", 1) != 0;
  if (x.dims.size() < 2) refuse("{} dimensions", x.dims.size());
  if (!x.known()) refuse("weights without values");
  const std::int64_t rows = x.dims[x.dims.size() - 2], columns = x.dims.back();
  const auto keeps = [&](std::size_t i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t above = at % columns - at / columns % rows;
    return upper ? above >= k : above <= k;
  };
  const auto masked = [&](auto values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!keeps(i)) values[i] = 0;
    return values;
  };
  if (x.kind == ElementKind::real) return make_reals(x.dims, masked(*x.reals));
  return make_integers(x.dims, masked(*x.integers), {}, x.kind);
}

Constant shape(const Folding& f) {
  const Shape& dims = f.in(0).dims;
  const SliceRange range =
      slice_range({static_cast<std::int64_t>(dims.size())}, {integer(f.node(), "start", 0)},
                  {integer(f.node(), "end", std::numeric_limits<std::int64_t>::max())}, {}, {});
  const auto first = dims.begin() + range.starts[0];
  return make_integers({range.extents[0]}, Integers(first, first + range.extents[0]));
}

Constant squeeze(const Folding& f) {
  const Integers axes = f.ints_of(1, "axes");
  return reshaped(f.in(0), squeezed(f.in(0).dims, axes, axes.empty()));
}

Constant unsqueeze(const Folding& f) {
  return reshaped(f.in(0), unsqueezed(f.in(0).dims, f.ints_of(1, "axes")));
}

struct ShapeRow {
  std::string_view op;
  Constant (*run)(const Folding&);
};

Constant identity(const Folding& f) {
  return f.in(0);
}
/// Without training all elements are kept.
Results dropout(const Folding& f) {
  const auto is_zero = [&](std::size_t i) {
    return f.in(i).known() && f.in(i).count() == 1 && f.in(i).at(0) == 0;
  };
  if (f.has(2) && !is_zero(2) && (!f.has(1) || !is_zero(1))) refuse("training mode");
  const Constant& x = f.in(0);
  Integers kept(static_cast<std::size_t>(checked_count(x.dims)), 1);
  return {x, make_integers(x.dims, std::move(kept), {}, ElementKind::boolean)};
}
Constant element_total(const Folding& f) {
  return make_integers({}, {f.in(0).count()});
}

constexpr auto kShapeReaders = std::to_array<ShapeRow>({
    {"ArgMax", fold_arg_max},
    {"ArgMin", fold_arg_max},
    {"Compress", fold_compress},
    {"Concat", concat},
    {"Constant", constant},
    {"ConstantOfShape", constant_of_shape},
    {"CumSum", fold_cum_sum},
    {"DequantizeLinear", fold_dequantize},
    {"Expand", expand},
    {"EyeLike", fold_eye_like},
    {"Flatten", flatten},
    {"Gather", gather},
    {"GatherElements", fold_gather_elements},
    {"GatherND", fold_gather_nd},
    {"Hardmax", fold_hardmax},
    {"Identity", identity},
    {"NonZero", non_zero},
    {"OneHot", fold_one_hot},
    {"QuantizeLinear", fold_quantize},
    {"Range", range},
    {"ReduceMax", fold_reduction},
    {"ReduceMean", fold_reduction},
    {"ReduceMin", fold_reduction},
    {"ReduceProd", fold_reduction},
    {"ReduceSum", fold_reduction},
    {"Reshape", reshape},
    {"ReverseSequence", fold_reverse_sequence},
    {"Scatter", fold_scatter_elements},
    {"ScatterElements", fold_scatter_elements},
    {"ScatterND", fold_scatter_nd},
    {"Shape", shape},
    {"Size", element_total},
    {"Slice", slice},
    {"Squeeze", squeeze},
    {"Tile", tile},
    {"Transpose", transpose},
    {"Trilu", trilu},
    {"Unsqueeze", unsqueeze},
});

struct SeveralRow {
  std::string_view op;
  Results (*run)(const Folding&);
};
constexpr auto kSeveral =
    std::to_array<SeveralRow>({{"Dropout", dropout},
                               {"DynamicQuantizeLinear", fold_dynamic_quantize},
                               {"Split", split},
                               {"TopK", fold_top_k}});

}  // namespace

std::optional<std::vector<Constant>> fold(const Node& node, const ConstantInputs& inputs,
                                          std::int64_t opset) {
  const Folding f(node, inputs, opset);
  for (const SeveralRow& row : kSeveral)
    if (row.op == node.op) return row.run(f);
  if (std::optional<Constant> made = fold_elementwise(f)) return Results{std::move(*made)};
  for (const ShapeRow& row : kShapeReaders)
    if (row.op == node.op) return Results{row.run(f)};
  return std::nullopt;
}

std::span<const std::string_view> foldable_operators() {
  static const std::vector<std::string_view> all = [] {
    const auto others = elementwise_operators();
    std::vector<std::string_view> names(others.begin(), others.end());
    for (const auto& row : kSeveral) names.push_back(row.op);
    for (const auto& row : kShapeReaders) names.push_back(row.op);
    std::sort(names.begin(), names.end());
    return names;
  }();
  return all;
}

}  // namespace unna::onnx_import
