#pragma once

// How storages are cut into DRAM buffers, and which buffers a box of an access touches.

#include <functional>
#include <string>
#include <vector>

#include "compiler/ir.h"

namespace unna {

/// A storage as a grid of buffers: rows [row_cuts[i], row_cuts[i+1]) by channels [channel_cuts[j],
/// channel_cuts[j+1]), each dense. Buffer (i, j) is first + i * columns + j.
struct StorageCuts {
  std::vector<std::int64_t> row_cuts;
  std::vector<std::int64_t> channel_cuts;
  BufferId first;

  std::size_t columns() const { return channel_cuts.size() - 1; }
  std::size_t buffers() const { return (row_cuts.size() - 1) * columns(); }
  BufferId buffer(std::size_t row, std::size_t column) const {
    return BufferId(first.index() + row * columns() + column);
  }
};

/// One dimension of a strided copy, in elements.
struct CopyDim {
  std::int64_t extent = 1;
  std::int64_t dram = 0;
  std::int64_t chip = 0;
};

/// Part of a box that lies in one buffer: element `start` of the buffer, on-chip element `chip`.
struct BufferPart {
  BufferId buffer;
  std::int64_t start = 0;
  std::int64_t chip = 0;
  std::vector<CopyDim> dims;  ///< outermost first
};

class Pieces {
 public:
  Pieces(const LoweredGraph& graph, std::vector<StorageCuts> cuts)
      : graph_(graph), cuts_(std::move(cuts)) {}

  const StorageCuts& cuts(StorageId id) const { return cuts_[id.index()]; }
  /// Splits the box at the cuts; `chip` gives the on-chip stride of each role in elements.
  std::vector<BufferPart> parts(const Access& access, const Box& box, const Dims& chip) const;
  std::vector<BufferInfo> buffers() const;

 private:
  struct Split;
  void split_rows(const Split& split, std::size_t dim, std::int64_t at, std::int64_t chip,
                  std::vector<CopyDim> dims, std::vector<BufferPart>& out) const;

  const LoweredGraph& graph_;
  std::vector<StorageCuts> cuts_;
};

/// Where cuts are wanted: the regions that units write, with rows subdivided into `bands` groups of
/// lines (1: not at all). Cuts in channels are made only where every access can be split at them.
std::vector<StorageCuts> cut_storages(const LoweredGraph& graph,
                                      const std::vector<StorageRegion>& written, bool slices,
                                      std::int64_t bands);

}  // namespace unna
