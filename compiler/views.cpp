#include "compiler/views.h"

#include <algorithm>
#include <numeric>

namespace unna {

std::vector<std::int64_t> dense_strides(const Shape& dims, std::span<const std::size_t> order) {
  std::vector<std::int64_t> strides(dims.size());
  std::int64_t step = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    strides[order[i]] = step;
    step *= dims[order[i]];
  }
  return strides;
}

std::vector<std::size_t> row_major(std::size_t rank) {
  std::vector<std::size_t> order(rank);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

TensorView transposed(const TensorView& view, std::span<const std::int64_t> perm) {
  TensorView out{view.storage, view.offset, {}, {}};
  for (const std::int64_t p : perm) {
    out.dims.push_back(view.dims[static_cast<std::size_t>(p)]);
    out.strides.push_back(view.strides[static_cast<std::size_t>(p)]);
  }
  return out;
}

TensorView sliced(const TensorView& view, std::size_t dim, std::int64_t start, std::int64_t extent,
                  std::int64_t step) {
  TensorView out = view;
  out.offset += start * view.strides[dim];
  out.dims[dim] = extent;
  out.strides[dim] *= step;
  return out;
}

std::optional<TensorView> reshaped(const TensorView& view, const Shape& dims) {
  // Group old and new dimensions, outermost first, into runs of equal element counts; within a run
  // the old dimensions must be mergeable.
  TensorView out{view.storage, view.offset, dims, std::vector<std::int64_t>(dims.size(), 1)};
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < view.rank() || j < dims.size()) {
    const std::size_t i0 = i;
    const std::size_t j0 = j;
    std::int64_t old_count = i < view.rank() ? view.dims[i++] : 1;
    std::int64_t new_count = j < dims.size() ? dims[j++] : 1;
    while (old_count != new_count) {
      if (old_count < new_count) {
        if (i == view.rank()) return std::nullopt;
        old_count *= view.dims[i++];
      } else {
        if (j == dims.size()) return std::nullopt;
        new_count *= dims[j++];
      }
    }
    std::int64_t step = 1;  // of the run's innermost non-trivial old dimension
    std::int64_t expected = 0;
    for (std::size_t k = i; k-- > i0;) {
      if (view.dims[k] == 1) continue;
      if (expected == 0) {
        step = view.strides[k];
      } else if (view.strides[k] != expected) {
        return std::nullopt;
      }
      expected = view.strides[k] * view.dims[k];
    }
    for (std::size_t k = j; k-- > j0;) {
      out.strides[k] = step;
      step *= dims[k];
    }
  }
  return out;
}

TensorView broadcast_to(const TensorView& view, const Shape& dims) {
  TensorView out{view.storage, view.offset, dims, std::vector<std::int64_t>(dims.size(), 0)};
  const std::size_t skip = dims.size() - view.rank();
  for (std::size_t d = 0; d < view.rank(); ++d)
    if (view.dims[d] == dims[skip + d] && dims[skip + d] != 1)
      out.strides[skip + d] = view.strides[d];
  return out;
}

Roles roles_of(std::size_t rank, bool image) {
  if (image) return {kN, kC, kH, kW};
  switch (rank) {
    case 0:
      return {};
    case 1:
      return {kC};
    case 2:
      return {kH, kC};
    case 3:
      return {kN, kH, kC};
    case 4:
      return {kB, kN, kH, kC};
    default:
      return {kB, kN, kH, kW, kC};
  }
}

Dims to_dims(const Shape& dims, const Roles& roles) {
  Dims out{1, 1, 1, 1, 1};
  for (std::size_t d = 0; d < roles.size(); ++d) out[roles[d]] = dims[d];
  return out;
}

Access to_access(const TensorView& view, const Roles& roles) {
  Access access{view.storage, view.offset, {0, 0, 0, 0, 0}};
  for (std::size_t d = 0; d < roles.size(); ++d)
    access.stride[roles[d]] = view.dims[d] == 1 ? 0 : view.strides[d];
  return access;
}

std::vector<TensorView> merged_views(std::vector<TensorView> views) {
  const auto erase = [&](std::size_t d) {
    for (TensorView& v : views) {
      v.dims.erase(v.dims.begin() + static_cast<std::ptrdiff_t>(d));
      v.strides.erase(v.strides.begin() + static_cast<std::ptrdiff_t>(d));
    }
  };
  for (std::size_t d = views[0].rank(); d-- > 0;)
    if (views[0].dims[d] == 1) erase(d);
  for (std::size_t d = views[0].rank(); d-- > 1;) {
    const bool one_run = std::ranges::all_of(
        views, [&](const TensorView& v) { return v.strides[d - 1] == v.strides[d] * v.dims[d]; });
    if (!one_run) continue;
    for (TensorView& v : views) {
      v.dims[d - 1] *= v.dims[d];
      v.strides[d - 1] = v.strides[d];
    }
    erase(d);
  }
  return views;
}

}  // namespace unna
