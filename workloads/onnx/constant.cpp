#include "workloads/onnx/constant.h"

#include <algorithm>
#include <array>

namespace unna::onnx_import {

std::string_view name(ElementKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"real", "integer", "boolean"};
  return kNames[static_cast<std::size_t>(kind)];
}

Constant make_reals(Shape dims, Reals values, std::string name) {
  return {ElementKind::real, std::move(dims), std::make_shared<const Reals>(std::move(values)),
          nullptr, std::move(name)};
}

Constant make_integers(Shape dims, Integers values, std::string name, ElementKind kind) {
  return {kind, std::move(dims), nullptr, std::make_shared<const Integers>(std::move(values)),
          std::move(name)};
}

std::vector<std::int64_t> strides_of(const Shape& dims) {
  std::vector<std::int64_t> strides(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * dims[d];
  return strides;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& dim = out[longer.size() - shorter.size() + i];
    if (dim != shorter[i] && dim != 1 && shorter[i] != 1) return std::nullopt;
    if (dim == 1) dim = shorter[i];
  }
  return out;
}

namespace {

template <class T>
std::vector<T> gather(const std::vector<T>& from, const Shape& dims,
                      const std::vector<std::int64_t>& strides, std::int64_t offset) {
  std::vector<T> out(static_cast<std::size_t>(element_count(dims)));
  Shape index(dims.size(), 0);
  std::int64_t at = offset;
  for (T& value : out) {
    value = from[static_cast<std::size_t>(at)];
    for (std::size_t d = dims.size(); d-- > 0;) {
      at += strides[d];
      if (++index[d] < dims[d]) break;
      at -= strides[d] * dims[d];
      index[d] = 0;
    }
  }
  return out;
}

}  // namespace

Constant gathered(const Constant& from, const Shape& dims, const std::vector<std::int64_t>& strides,
                  std::int64_t offset) {
  if (!from.known()) return {from.kind, dims, nullptr, nullptr, from.name};
  if (from.kind == ElementKind::real)
    return make_reals(dims, gather(*from.reals, dims, strides, offset), from.name);
  return make_integers(dims, gather(*from.integers, dims, strides, offset), from.name, from.kind);
}

namespace {

/// Dimensions of the scales of blocks.
Shape block_dims(const ConstantGroups& groups, Shape dims) {
  dims[groups.axis] = groups_of(groups.format, dims[groups.axis]);
  return dims;
}

template <class T>
std::vector<T> permuted(const std::vector<T>& from, const Shape& dims,
                        const std::vector<std::int64_t>& perm) {
  if (from.empty()) return from;
  const std::vector<std::int64_t> old = strides_of(dims);
  Shape to;
  std::vector<std::int64_t> strides;
  for (const std::int64_t p : perm) {
    to.push_back(dims[static_cast<std::size_t>(p)]);
    strides.push_back(old[static_cast<std::size_t>(p)]);
  }
  return gather(from, to, strides, 0);
}

std::shared_ptr<const ConstantGroups> permuted(const ConstantGroups& groups, const Shape& dims,
                                               const std::vector<std::int64_t>& perm) {
  ConstantGroups moved = groups;
  const auto at = std::ranges::find(perm, static_cast<std::int64_t>(groups.axis));
  moved.axis = static_cast<std::size_t>(at - perm.begin());
  moved.codes = permuted(groups.codes, dims, perm);
  if (groups.format.size != 0) {
    moved.scales = permuted(groups.scales, block_dims(groups, dims), perm);
    moved.zeros = permuted(groups.zeros, block_dims(groups, dims), perm);
  }
  return std::make_shared<const ConstantGroups>(std::move(moved));
}

}  // namespace

Constant transposed(const Constant& from, const std::vector<std::int64_t>& perm) {
  const std::vector<std::int64_t> old = strides_of(from.dims);
  Shape dims;
  std::vector<std::int64_t> strides;
  for (const std::int64_t p : perm) {
    dims.push_back(from.dims[static_cast<std::size_t>(p)]);
    strides.push_back(old[static_cast<std::size_t>(p)]);
  }
  Constant out = gathered(from, dims, strides);
  if (from.steps != nullptr) {
    ConstantSteps moved = *from.steps;
    const auto at = std::ranges::find(perm, static_cast<std::int64_t>(moved.axis));
    moved.axis = static_cast<std::size_t>(at - perm.begin());
    out.steps = std::make_shared<const ConstantSteps>(std::move(moved));
  }
  if (from.groups != nullptr) out.groups = permuted(*from.groups, from.dims, perm);
  return out;
}

Constant expanded(const Constant& from, const Shape& to) {
  const std::vector<std::int64_t> old = strides_of(from.dims);
  std::vector<std::int64_t> strides(to.size(), 0);
  const std::size_t skip = to.size() - from.dims.size();
  for (std::size_t d = 0; d < from.dims.size(); ++d)
    if (from.dims[d] != 1) strides[skip + d] = old[d];
  return gathered(from, to, strides);
}

Constant reshaped(Constant from, const Shape& dims) {
  invariant(element_count(dims) == from.count(), "constant '{}' of {} reshaped to {}", from.name,
            to_string(from.dims), to_string(dims));
  const auto same = [&](std::size_t axis) {
    return axis == 0 && !from.dims.empty() && !dims.empty() && from.dims[0] == dims[0];
  };
  if (from.steps != nullptr && from.steps->steps.scales.size() > 1 && !same(from.steps->axis))
    from.steps = nullptr;
  if (from.dims != dims) from.groups = nullptr;
  from.dims = dims;
  return from;
}

}  // namespace unna::onnx_import
