// Operators that rearrange elements.

#include <algorithm>
#include <numeric>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

/// Also where nothing changes: the file has an operator there.
void reshape_to(Translation& t, const Shape& shape) {
  t.result(t.emit(OpKind::reshape, {t.tensor(0)}, ReshapeAttrs{shape}));
}

void expect_elements(const Shape& dims) {
  for (const std::int64_t dim : dims)
    if (dim < 1) refuse("an empty result of {}", to_string(dims));
}

}  // namespace

void translate_reshape(Translation& t) {
  const bool allow_zero = integer(t.node(), "allowzero", 0) != 0;
  reshape_to(t, reshape_target(t.dims(0), t.integers_of(1, "shape"), allow_zero));
}

void translate_flatten(Translation& t) {
  const Shape& dims = t.dims(0);
  const std::int64_t axis = integer(t.node(), "axis", 1);
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::size_t at =
      axis == rank ? dims.size() : normal_axis(axis, dims.size() + (rank == 0 ? 1 : 0));
  const auto middle = dims.begin() + static_cast<std::ptrdiff_t>(std::min(at, dims.size()));
  reshape_to(
      t, {element_count(Shape(dims.begin(), middle)), element_count(Shape(middle, dims.end()))});
}

void translate_squeeze(Translation& t) {
  const Integers axes = t.integers_of(1, "axes");
  reshape_to(t, squeezed(t.dims(0), axes, axes.empty()));
}

void translate_unsqueeze(Translation& t) {
  reshape_to(t, unsqueezed(t.dims(0), t.integers_of(1, "axes")));
}

void translate_transpose(Translation& t) {
  Integers perm = integers(t.node(), "perm");
  if (perm.empty())
    for (std::size_t d = t.rank(0); d-- > 0;) perm.push_back(static_cast<std::int64_t>(d));
  t.result(t.emit(OpKind::transpose, {t.tensor(0)}, TransposeAttrs{perm}));
}

void translate_concat(Translation& t) {
  std::vector<TensorId> parts;
  for (std::size_t i = 0; i < t.size(); ++i) {
    // Exporters leave empty constants among the inputs.
    if (t.is_constant(i) && t.constant(i).count() == 0) continue;
    parts.push_back(t.tensor(i));
  }
  if (parts.empty()) refuse("no inputs");
  const std::size_t axis =
      normal_axis(required(t.node(), "axis").integer, t.shape(parts[0]).size());
  t.result(t.emit(OpKind::concat, parts, AxisAttrs{static_cast<std::int64_t>(axis), {}}));
}

void translate_split(Translation& t) {
  const std::size_t axis = normal_axis(integer(t.node(), "axis", 0), t.rank(0));
  const auto sizes =
      split_sizes(t.dims(0)[axis], t.integers_of(1, "split"), t.node().outputs.size(),
                  onnx_import::has(t.node(), "num_outputs"));
  const TensorId x = t.tensor(0);
  const auto parts =
      t.draft().op(OpKind::split, t.name(), {x}, AxisAttrs{static_cast<std::int64_t>(axis), sizes});
  for (const TensorId part : parts) t.result(part);
}

void translate_slice(Translation& t) {
  const Shape dims = t.dims(0);
  const Integers steps = t.has(4) ? t.integers_of(4, "") : Integers{};
  const SliceRange range = slice_range(dims, t.integers_of(1, "starts"), t.integers_of(2, "ends"),
                                       t.integers_of(3, "axes"), steps);
  expect_elements(range.extents);
  TensorId x = t.tensor(0);
  SliceAttrs attrs{Shape(dims.size(), 0), dims, Shape(dims.size(), 1)};
  bool backwards = false;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (range.steps[d] < 0) {
      backwards = true;
      continue;
    }
    attrs.starts[d] = range.starts[d];
    // Of the last element that is taken, so that equal slices are written equally.
    attrs.ends[d] = range.starts[d] + (range.extents[d] - 1) * range.steps[d] + 1;
    attrs.steps[d] = range.extents[d] == 1 ? 1 : range.steps[d];
  }
  bool whole = attrs.ends == dims;
  for (std::size_t d = 0; d < dims.size(); ++d)
    whole = whole && attrs.starts[d] == 0 && attrs.steps[d] == 1;
  if (!backwards || !whole) x = t.emit(OpKind::slice, {x}, attrs, backwards ? "forwards" : "");
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (range.steps[d] > 0) continue;
    std::vector<std::int64_t> indices;
    for (std::int64_t i = 0; i < range.extents[d]; ++i)
      indices.push_back(range.starts[d] + i * range.steps[d]);
    x = t.pick(x, d, indices, fmt::format("backwards{}", d));
  }
  t.result(x);
}

namespace {

/// Rows of a table that an input of the network chooses are an input themselves: the machine has no
/// loads at addresses that it computes.
TensorId looked_up(Translation& t, std::size_t axis) {
  const DraftTensor& indices = t.draft().tensor(t.tensor(1));
  if (axis != 0 || !t.is_constant(0) || indices.kind != TensorKind::input ||
      indices.element != ElementKind::integer)
    refuse(
        "the indices are computed, expected constants, or an input that chooses rows of a table");
  Shape dims = indices.shape;
  dims.insert(dims.end(), t.dims(0).begin() + 1, t.dims(0).end());
  t.note(
      fmt::format("the rows of '{}' that input '{}' chooses are input '{}', {}: tables are looked "
                  "up by the host",
                  t.constant(0).name, indices.name, t.node().outputs.at(0), to_string(dims)));
  return t.draft().input(t.node().outputs.at(0), dims, t.element(0));
}

}  // namespace

/// With constant indices. Those of more than one dimension are taken as a list.
void translate_gather(Translation& t) {
  const Shape dims = t.dims(0);
  const std::size_t axis = normal_axis(integer(t.node(), "axis", 0), dims.size());
  if (!t.is_constant(1)) return t.result(looked_up(t, axis));
  const Shape index_dims = t.dims(1);
  Integers indices = t.integers_of(1, "");
  for (std::int64_t& i : indices) {
    if (i < -dims[axis] || i >= dims[axis]) refuse("index {} of {}", i, dims[axis]);
    if (i < 0) i += dims[axis];
  }
  if (indices.empty()) refuse("no indices");
  const bool list = index_dims.size() <= 1;
  const TensorId y =
      t.emit(OpKind::gather, {t.tensor(0)},
             GatherAttrs{static_cast<std::int64_t>(axis), indices, !index_dims.empty()},
             list ? "" : "list");
  if (list) return t.result(y);
  const auto at = dims.begin() + static_cast<std::ptrdiff_t>(axis);
  Shape out(dims.begin(), at);
  out.insert(out.end(), index_dims.begin(), index_dims.end());
  out.insert(out.end(), at + 1, dims.end());
  t.result(t.reshape(y, out));
}

/// Of the flattened input, the elements whose other coordinates are the index's own.
void translate_gather_elements(Translation& t) {
  const Shape dims = t.dims(0), picked = t.dims(1);
  const std::size_t axis = normal_axis(integer(t.node(), "axis", 0), dims.size());
  bool fits = picked.size() == dims.size();
  for (std::size_t d = 0; fits && d < dims.size(); ++d)
    fits = d == axis || (picked[d] >= 1 && picked[d] <= dims[d]);
  if (!fits) refuse("indices of {}", to_string(picked));
  Integers at = t.integers_of(1, "");
  if (at.empty()) refuse("no indices");
  const std::vector<std::int64_t> from = strides_of(dims), steps = strides_of(picked);
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (at[i] < -dims[axis] || at[i] >= dims[axis]) refuse("index {} of {}", at[i], dims[axis]);
    at[i] = (at[i] < 0 ? at[i] + dims[axis] : at[i]) * from[axis];
    for (std::size_t d = 0; d < dims.size(); ++d)
      if (d != axis) at[i] += static_cast<std::int64_t>(i) / steps[d] % picked[d] * from[d];
  }
  const TensorId flat = t.reshape(t.tensor(0), {element_count(dims)}, "flat");
  t.result(t.reshape(t.pick(flat, 0, at, "elements"), picked));
}

void translate_expand(Translation& t) {
  const Integers to = t.integers_of(1, "");
  const std::optional<Shape> shape = broadcast(t.dims(0), to);
  if (!shape) refuse("{} to {}", to_string(t.dims(0)), to_string(to));
  expect_elements(*shape);
  if (*shape == t.dims(0)) return t.result(t.input(0));
  t.result(t.expand(t.real_tensor(0), *shape));
}

void translate_tile(Translation& t) {
  constexpr std::int64_t kMaxRepeats = 256;
  const Integers repeats = t.integers_of(1, "");
  if (repeats.size() != t.rank(0)) refuse("{} repeats of {}", repeats.size(), to_string(t.dims(0)));
  TensorId x = t.tensor(0);
  for (std::size_t d = 0; d < repeats.size(); ++d) {
    if (repeats[d] < 1 || repeats[d] > kMaxRepeats) refuse("{} repeats", repeats[d]);
    x = t.concat(std::vector<TensorId>(static_cast<std::size_t>(repeats[d]), x), d,
                 fmt::format("axis{}", d));
  }
  t.result(x);
}

namespace {

std::int64_t block_of(Translation& t) {
  t.expect_rank(0, 4, 4);
  const std::int64_t block = required(t.node(), "blocksize").integer;
  if (block < 1 || block > (1 << 15)) refuse("blocksize {}", block);
  return block;
}

}  // namespace

void translate_depth_to_space(Translation& t) {
  const std::int64_t b = block_of(t);
  const Shape d = t.dims(0);
  const std::string mode = text(t.node(), "mode", "DCR");
  if (mode != "DCR" && mode != "CRD") refuse("mode {}", mode);
  if (d[1] % (b * b) != 0) refuse("{} channels in blocks of {}", d[1], b * b);
  const std::int64_t c = d[1] / (b * b);
  const bool dcr = mode == "DCR";
  const Shape blocks = dcr ? Shape{d[0], b, b, c, d[2], d[3]} : Shape{d[0], c, b, b, d[2], d[3]};
  TensorId x = t.reshape(t.tensor(0), blocks, "blocks");
  x = t.transpose(x, dcr ? Shape{0, 3, 4, 1, 5, 2} : Shape{0, 1, 4, 2, 5, 3}, "moved");
  t.result(t.reshape(x, {d[0], c, d[2] * b, d[3] * b}));
}

void translate_space_to_depth(Translation& t) {
  const std::int64_t b = block_of(t);
  const Shape d = t.dims(0);
  if (d[2] % b != 0 || d[3] % b != 0) refuse("{} in blocks of {}", to_string(d), b);
  TensorId x = t.reshape(t.tensor(0), {d[0], d[1], d[2] / b, b, d[3] / b, b}, "blocks");
  x = t.transpose(x, {0, 3, 5, 1, 2, 4}, "moved");
  t.result(t.reshape(x, {d[0], d[1] * b * b, d[2] / b, d[3] / b}));
}

}  // namespace unna::onnx_import
