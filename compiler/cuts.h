#pragma once

// How storages are cut into DRAM buffers: liveness is per buffer, so that smaller ones die earlier.

#include <cstdint>
#include <vector>

#include "compiler/ir.h"

namespace unna {

/// Channels [channel_cuts.front(), channel_cuts.back()) of a storage as a grid of buffers, each
/// dense: rows [row_cuts[i], row_cuts[i+1]) by columns [column_cuts[w], column_cuts[w+1]) by
/// channels [channel_cuts[j], channel_cuts[j+1]). Where there is more than one column interval,
/// rows are cut between lines only.
struct CutGrid {
  std::vector<std::int64_t> row_cuts;
  std::vector<std::int64_t> column_cuts;
  std::vector<std::int64_t> channel_cuts;
  BufferId first;

  std::size_t rows() const { return row_cuts.size() - 1; }
  std::size_t columns() const { return column_cuts.size() - 1; }
  std::size_t channels() const { return channel_cuts.size() - 1; }
  std::size_t buffers() const { return rows() * columns() * channels(); }
  /// Of row interval `row`, column interval `column` and channel interval `channel`.
  BufferId buffer(std::size_t row, std::size_t column, std::size_t channel) const {
    return BufferId(first.index() + (row * columns() + column) * channels() + channel);
  }
};

/// A storage as grids side by side along its channels, ascending: of tensors that are concatenated,
/// the cuts of one need not divide the others.
struct StorageCuts {
  std::vector<CutGrid> grids;

  BufferId first() const { return grids.front().first; }
  std::size_t buffers() const;
};

/// One buffer a storage.
std::vector<StorageCuts> whole_storages(const LoweredGraph& graph);

/// Intermediate storages are cut where the regions that units write begin and end, with rows
/// subdivided into `bands` groups of lines (1: not at all). Cuts in channels are made only where
/// every access can be split at them.
std::vector<StorageCuts> cut_at_writes(const LoweredGraph& graph,
                                       const std::vector<StorageRegion>& written,
                                       std::int64_t bands);

/// What a unit touches, in the order of execution.
struct UnitTouch {
  CoreId core;
  std::vector<StorageRegion> reads;
  std::vector<StorageRegion> writes;
};

/// Each intermediate storage is cut as cut_at_writes() does, with the most bands of `bands`, a half
/// of them, and so on down to 1 that cost no time to speak of; without channel cuts inside of what
/// a unit touches. A region that a cut divides takes one transfer more, which is worth it for every
/// kWorthATransfer bytes that units touch. Where not even one band is, the storage stays whole.
std::vector<StorageCuts> cut_where_cheap(const LoweredGraph& graph,
                                         const std::vector<StorageRegion>& written,
                                         std::int64_t bands, const std::vector<UnitTouch>& units);

/// Chosen from 4, 8, 16 and 32 KiB over the shipped networks on 1, 4 and 16 cores: the least that
/// makes none of them more than 2 % slower than whole tensors
/// (docs/adr/0025-bands-where-they-are-cheap.md).
inline constexpr Bytes kWorthATransfer = 32 * kKiB;

/// Intermediate storages are cut into lifetime classes: elements with the same writing units and,
/// on each core, the same last reading unit share a buffer, as far as a grid of rows, columns and
/// channels can tell them apart: one grid for all channels that are cut alike. Finer buffers could
/// not die earlier, coarser ones would live as long as their longest-lived part.
std::vector<StorageCuts> cut_by_lifetime(const LoweredGraph& graph,
                                         const std::vector<UnitTouch>& units);

}  // namespace unna
