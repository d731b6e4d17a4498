#pragma once

// Where the graph's tensors stand in the buffers of an object.

#include <cstdint>
#include <functional>
#include <vector>

#include "base/id.h"
#include "base/units.h"
#include "compiler/cuts.h"
#include "workloads/graph.h"

namespace unna {

/// A linear array of elements, cut into buffers.
struct PlacedStorage {
  std::int64_t channels = 1;       ///< element i is in row i / channels
  std::int64_t rows_per_line = 1;  ///< row r is in column r modulo this
  StorageCuts cuts;
  Bytes element = 2;
  Quantisation quantisation = {};  ///< int8
};

struct BufferPosition {
  BufferId buffer;
  Bytes offset = 0;
};
BufferPosition locate(const PlacedStorage& storage, std::int64_t element);

struct PlacedTensor {
  TensorId tensor;
  std::size_t storage = 0;  ///< index into Placement::storages
  std::int64_t offset = 0;
  std::vector<std::int64_t> strides;  ///< elements, one a dimension of the tensor
};

/// Inputs, outputs and those activations that reach DRAM (what is fused away does not).
struct Placement {
  std::vector<PlacedStorage> storages;
  std::vector<PlacedTensor> tensors;  ///< ascending by tensor
};

/// Calls f(position) for each element of the tensor in row-major order.
void for_each_element(const Graph& graph, const Placement& placement, const PlacedTensor& tensor,
                      const std::function<void(const BufferPosition&)>& f);

}  // namespace unna
