#pragma once

// Strided views of storages in a tensor's logical dimensions, and what view operators do to them.

#include <optional>
#include <span>
#include <vector>

#include "compiler/ir.h"

namespace unna {

struct TensorView {
  StorageId storage;
  std::int64_t offset = 0;
  Shape dims;
  std::vector<std::int64_t> strides;  ///< elements, one a dimension

  std::size_t rank() const { return dims.size(); }
};

/// Strides of a dense tensor whose dimensions stand in memory in `order`, outermost first.
std::vector<std::int64_t> dense_strides(const Shape& dims, std::span<const std::size_t> order);
/// Views of equal dimensions with as few of them as possible: those of size 1 go, and neighbours
/// that are one run in every view become one.
std::vector<TensorView> merged_views(std::vector<TensorView> views);
/// The order 0, 1, 2, ...
std::vector<std::size_t> row_major(std::size_t rank);

TensorView transposed(const TensorView& view, std::span<const std::int64_t> perm);
TensorView sliced(const TensorView& view, std::size_t dim, std::int64_t start, std::int64_t extent,
                  std::int64_t step = 1);
/// The same elements in row-major order under other dimensions, where strides can say that.
std::optional<TensorView> reshaped(const TensorView& view, const Shape& dims);
/// Right-aligned broadcast to `dims` with stride 0, as NumPy does; dims must be compatible.
TensorView broadcast_to(const TensorView& view, const Shape& dims);

/// Which role each logical dimension of a tensor takes in a kernel.
using Roles = std::vector<std::size_t>;
/// Feature maps N,C,H,W take the roles of their names; other tensors have their last dimension as
/// C, the one before as H, then N, B (and W for rank 5).
Roles roles_of(std::size_t rank, bool image);

Dims to_dims(const Shape& dims, const Roles& roles);
Access to_access(const TensorView& view, const Roles& roles);

}  // namespace unna
