// What the shape operators of ONNX do to dimensions, for constants and activations alike.

#include <algorithm>
#include <limits>

#include "workloads/onnx/fold.h"

namespace unna::onnx_import {

Shape reshape_target(const Shape& from, const Integers& wanted, bool allow_zero) {
  Shape out = wanted;
  std::optional<std::size_t> open;
  std::int64_t known = 1;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0 && !allow_zero) {
      if (i >= from.size()) refuse("shape copies dimension {} of {}", i, to_string(from));
      out[i] = from[i];
    }
    if (out[i] < -1 || out[i] > kMaxDimension || (out[i] == -1 && open))
      refuse("shape {}", fmt::join(wanted, ","));
    if (out[i] == -1) {
      open = i;
    } else if (__builtin_mul_overflow(known, out[i], &known)) {
      refuse("shape {} overflows", fmt::join(wanted, ","));
    }
  }
  const std::int64_t count = element_count(from);
  if (open) {
    if (known == 0 || count % known != 0)
      refuse("shape {} of {}", fmt::join(wanted, ","), to_string(from));
    out[*open] = count / known;
    known = count;
  }
  if (known != count) refuse("shape {} of {}", fmt::join(wanted, ","), to_string(from));
  return out;
}

namespace {

/// Of one dimension: clamps as NumPy does.
void set_range(SliceRange& range, std::size_t axis, std::int64_t size, std::int64_t start,
               std::int64_t end, std::int64_t step) {
  if (step == 0 || step < -kMaxDimension || step > kMaxDimension) refuse("a step of {}", step);
  const bool back = step < 0;
  const auto place = [&](std::int64_t at) {
    if (at < 0) at = std::max(at, -size - 1) + size;
    return back ? std::clamp<std::int64_t>(at, -1, size - 1)
                : std::clamp<std::int64_t>(at, 0, size);
  };
  const std::int64_t from = place(start);
  const std::int64_t to = place(end);
  const std::int64_t span = back ? from - to : to - from;
  range.starts[axis] = from;
  range.steps[axis] = step;
  range.extents[axis] = span <= 0 ? 0 : ceil_div(span, back ? -step : step);
}

}  // namespace

SliceRange slice_range(const Shape& dims, const Integers& starts, const Integers& ends,
                       const Integers& axes, const Integers& steps) {
  const std::size_t count = starts.size();
  if (ends.size() != count || (!axes.empty() && axes.size() != count) ||
      (!steps.empty() && steps.size() != count) || count > dims.size())
    refuse("{} starts, {} ends, {} axes and {} steps", count, ends.size(), axes.size(),
           steps.size());
  SliceRange range{Shape(dims.size(), 0), Shape(dims.size(), 1), dims};
  std::vector<bool> seen(dims.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t axis =
        normal_axis(axes.empty() ? static_cast<std::int64_t>(i) : axes[i], dims.size());
    if (seen[axis]) refuse("axis {} twice", axis);
    seen[axis] = true;
    // An end of -1 going back means "before the last"; only clamped values reach before the first.
    set_range(range, axis, dims[axis], starts[i], ends[i], steps.empty() ? 1 : steps[i]);
  }
  return range;
}

std::vector<std::int64_t> split_sizes(std::int64_t size, const Integers& given, std::size_t parts,
                                      bool uneven) {
  if (!given.empty()) {
    std::int64_t left = size;
    for (const std::int64_t part : given) {
      if (part < 0 || part > left) refuse("parts {} of {}", fmt::join(given, ","), size);
      left -= part;
    }
    if (left != 0 || given.size() != parts)
      refuse("parts {} of {} for {} outputs", fmt::join(given, ","), size, parts);
    return given;
  }
  const auto n = static_cast<std::int64_t>(parts);
  if (uneven && n > 0 && size % n != 0) {
    std::vector<std::int64_t> sizes(parts, ceil_div(size, n));
    sizes.back() = size - (n - 1) * sizes[0];
    if (sizes.back() < 1) refuse("{} in {} parts", size, n);
    return sizes;
  }
  if (n == 0 || size % n != 0) refuse("{} in {} equal parts", size, n);
  return std::vector<std::int64_t>(parts, size / n);
}

Shape squeezed(const Shape& dims, const Integers& axes, bool all) {
  std::vector<bool> drop(dims.size());
  for (const std::int64_t axis : axes) drop[normal_axis(axis, dims.size())] = true;
  Shape out;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (drop[d] && dims[d] != 1) refuse("squeezes dimension {} of {}", d, to_string(dims));
    if (!drop[d] && !(all && dims[d] == 1)) out.push_back(dims[d]);
  }
  return out;
}

Shape unsqueezed(const Shape& dims, const Integers& axes) {
  constexpr std::size_t kMaxRank = 64;
  const std::size_t rank = dims.size() + axes.size();
  if (rank > kMaxRank) refuse("{} dimensions", rank);
  Shape out(rank, 0);
  for (const std::int64_t axis : axes) {
    std::int64_t& dim = out[normal_axis(axis, rank)];
    if (dim == 1) refuse("axes {}", fmt::join(axes, ","));
    dim = 1;
  }
  std::size_t next = 0;
  for (std::int64_t& dim : out)
    if (dim == 0) {
      dim = dims[next++];
      if (dim == 0) refuse("an empty tensor");
    }
  return out;
}

}  // namespace unna::onnx_import
