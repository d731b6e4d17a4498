#pragma once

// Which of the DRAM buffers that storages are cut into a box of an access touches.

#include <string>
#include <vector>

#include "compiler/cuts.h"
#include "compiler/ir.h"

namespace unna {

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
  struct Cell;
  Cell cell(const Storage& storage, const CutGrid& grid, std::size_t column,
            std::size_t channel) const;
  void parts_of_cell(const Cell& cell, const Access& access, const Box& box, const Dims& chip,
                     std::vector<BufferPart>& out) const;
  void split_rows(const Cell& cell, std::size_t dim, std::int64_t at, std::int64_t chip,
                  std::vector<CopyDim> dims, std::vector<BufferPart>& out) const;

  const LoweredGraph& graph_;
  std::vector<StorageCuts> cuts_;
};

}  // namespace unna
