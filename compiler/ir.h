#pragma once

// The compiler's own form of a network: kernels over strided views of linear storages.
//
// A kernel's iteration space has five dimensions, named by their role: B and N are batch-like, H
// and W spatial (or rows), C the inner one. A tensor operand is an Access: element (b,n,h,w,c)
// stands at offset + the sum of index * stride in its storage. Reshapes, transpositions, slices,
// splits and concatenations are only such views and cost nothing.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/units.h"
#include "compiler/parameters.h"
#include "isa/object.h"
#include "isa/opcode.h"
#include "workloads/graph.h"

namespace unna {

using StorageId = Id<struct StorageTag>;
using KernelId = Id<struct KernelTag>;

inline constexpr std::size_t kDims = 5;
inline constexpr std::size_t kB = 0, kN = 1, kH = 2, kW = 3, kC = 4;
using Dims = std::array<std::int64_t, kDims>;

std::int64_t product(const Dims& dims);

/// Half-open box of an iteration space.
struct Box {
  Dims lo{0, 0, 0, 0, 0};
  Dims hi{1, 1, 1, 1, 1};

  std::int64_t extent(std::size_t d) const { return hi[d] - lo[d]; }
  Dims extents() const;
  std::int64_t elements() const { return product(extents()); }
  bool empty() const;

  friend bool operator==(const Box&, const Box&) = default;
};

/// A linear array of elements in DRAM; `channels` is its innermost extent, so that element i is in
/// row i / channels.
struct Storage {
  std::string name;
  BufferKind kind = BufferKind::intermediate;
  std::int64_t elements = 0;
  std::int64_t channels = 1;
  std::int64_t rows_per_line = 1;  ///< rows that make one line of an image (its width)
  Bytes element = 2;               ///< bytes an element (biases have accumulator size)
  ParameterRecipe recipe{};        ///< of a weight: where its elements come from
  /// Of synapses: the elements that pruning left, in the recipe's order; null: all.
  std::shared_ptr<const Bitmap> kept = nullptr;
  /// Of synapses: the format in which they stay; none: they are stored expanded.
  std::optional<GroupFormat> format = std::nullopt;
  std::optional<Bytes> packed_bytes = std::nullopt;  ///< set where it is indexed or in groups
  Quantisation quantisation = {};                    ///< int8
  std::int64_t scaled_channels = 0;                  ///< int8: of synapses, which have a scale each
  std::optional<ChannelScaling> scaling = {};        ///< int8: of a product's constants

  std::int64_t rows() const { return elements / channels; }
};

struct Access {
  StorageId storage;
  std::int64_t offset = 0;
  Dims stride{0, 0, 0, 0, 0};  ///< elements; 0 where the operand is broadcast

  std::int64_t at(const Dims& index) const;
};

enum class KernelKind : std::uint8_t {
  conv,
  dwconv,
  matmul,
  pool,
  binary,
  unary,
  copy,
  softmax,
  norm,
  reduce,
  lrn,
  resize,
  lstm_cell,
};
inline constexpr std::array<std::string_view, 13> kKernelKindNames = {
    "conv",    "dwconv", "matmul", "pool", "binary", "unary",    "copy",
    "softmax", "norm",   "reduce", "lrn",  "resize", "lstm_cell"};

struct KernelInput {
  Access access;
  Dims dims{1, 1, 1, 1, 1};  ///< of the operand in the kernel's roles (1 where broadcast)
};

/// Scalar function with its parameters, as instructions take them.
struct Epilogue {
  Function fn = Function::none;
  float alpha = 0;
  float beta = 0;
  Quantisation quantisation = {};  ///< int8: of the argument
};

/// Where output i of a resized dimension lies among the inputs: (first + i * step) / over, exactly.
struct ResizeAxis {
  std::int64_t first = 0, step = 0, over = 1;

  std::int64_t floor(std::int64_t i) const { return floor_div(first + i * step, over); }
};
struct ResizeMap {
  ResizeAxis y, x;
  bool bilinear = false;
};

/// One operator as it is executed. Roles by kind:
///   conv, dwconv, pool: N, H, W, C; in[0] likewise. Weights of conv are a storage of their own
///     order (WeightOrder).
///   matmul: out B, N (batch), H (rows), C (columns); in[0] B, N, H, C = K. in[1], where there are
///     no weights, has H = columns of the result and C = K.
///   reduce: in[0] has the reduced elements as C, out has C = 1, the kept ones are the others.
///   softmax, norm, lrn: rows are B, N, H, W; C is the row's elements.
///   lstm_cell: out N, C; in[0] the gates with H = 4, in[1] the old cell state, out2 the new one.
///   the others: element-wise over all five.
struct Kernel {
  KernelKind kind = KernelKind::unary;
  std::string name;
  Macs macs = 0;
  Dims dims{1, 1, 1, 1, 1};  ///< of the output
  Access out;
  std::optional<Access> out2;
  std::vector<KernelInput> in;
  std::optional<StorageId> weights;  ///< conv, dwconv, matmul: synapses; norm: gamma
  std::optional<StorageId> bias;     ///< conv, dwconv, matmul; norm: beta
  WindowAttrs window;                ///< conv, dwconv, pool
  std::int64_t groups = 1;           ///< conv
  Function fn = Function::none;      ///< binary, unary, pool, reduce
  float alpha = 0, beta = 0, gamma = 0;
  std::int64_t lrn_size = 0;
  ResizeMap resize;
  Epilogue post;
};

/// A tensor of the graph, its elements in logical order, as a view of a storage.
struct TensorPlace {
  TensorId tensor;
  StorageId storage;
  std::int64_t offset = 0;
  std::vector<std::int64_t> strides;  ///< elements, one a dimension
};

/// Kernels in execution order over storages.
struct LoweredGraph {
  std::string name;
  DataType data_type = DataType::int16;
  std::vector<Storage> storages;
  std::vector<Kernel> kernels;
  std::vector<TensorPlace> tensors;  ///< those that are stored, ascending

  const Storage& storage(StorageId id) const { return storages[id.index()]; }
};

/// The inputs that a window over `block` reads of a tensor with dimensions `in`, clipped to it.
/// Never empty: a window that lies in the padding altogether gets the nearest element, which it
/// won't use.
Box window_box(const WindowAttrs& window, const Dims& in, const Box& block);

/// Part of a kernel's operand that a box of its output needs.
Box input_box(const Kernel& kernel, std::size_t input, const Box& out);

/// The rows, columns and channels of a storage that a box of an access may touch (a hull): the
/// elements whose row, whose column (row modulo the width of a line) and whose channel lie in the
/// ranges.
struct StorageRegion {
  StorageId storage;
  std::int64_t row_lo = 0, row_hi = 0;
  std::int64_t column_lo = 0, column_hi = 0;
  std::int64_t channel_lo = 0, channel_hi = 0;

  bool overlaps(const StorageRegion& other) const {
    return storage == other.storage && row_lo < other.row_hi && other.row_lo < row_hi &&
           column_lo < other.column_hi && other.column_lo < column_hi &&
           channel_lo < other.channel_hi && other.channel_lo < channel_hi;
  }
};
StorageRegion region_of(const LoweredGraph& graph, const Access& access, const Box& box);

/// Text of the kernels with shapes and views.
std::string dump(const LoweredGraph& graph);

}  // namespace unna
