#include "compiler/pieces.h"

#include <fmt/format.h>

#include <algorithm>

namespace unna {
namespace {

/// The storage's name, and where it is cut the intervals: rows, columns if these are cut, channels.
std::string buffer_name(const Storage& s, const CutGrid& c, std::size_t row, std::size_t column,
                        std::size_t channel) {
  const std::string columns =
      c.columns() == 1 ? std::string()
                       : fmt::format("{}:{},", c.column_cuts[column], c.column_cuts[column + 1]);
  return fmt::format("{}[{}:{},{}{}:{}]", s.name, c.row_cuts[row], c.row_cuts[row + 1], columns,
                     c.channel_cuts[channel], c.channel_cuts[channel + 1]);
}

}  // namespace

/// One column and channel interval of the grid, over all row intervals: a linear space of its own.
struct Pieces::Cell {
  const CutGrid* grid;
  std::size_t column, channel;
  bool by_channel;  ///< it has not all of the storage's channels
  std::int64_t column_lo, column_hi;
  std::int64_t channel_lo, channel_hi;
  std::int64_t rows;   ///< of the storage that make one step of this space: a row, or a line
  std::int64_t width;  ///< elements of a step

  std::int64_t row_end(std::size_t piece) const { return grid->row_cuts[piece + 1] / rows * width; }
  std::int64_t row_begin(std::size_t piece) const { return grid->row_cuts[piece] / rows * width; }
  std::size_t piece_of(std::int64_t element) const {
    const auto& all = grid->row_cuts;
    const auto next = std::upper_bound(all.begin(), all.end(), element / width * rows);
    return static_cast<std::size_t>(next - all.begin()) - 1;
  }
};

Pieces::Cell Pieces::cell(const Storage& s, const CutGrid& grid, std::size_t column,
                          std::size_t channel) const {
  const bool by_column = grid.columns() > 1;
  Cell c{&grid,
         column,
         channel,
         false,
         grid.column_cuts[column],
         grid.column_cuts[column + 1],
         grid.channel_cuts[channel],
         grid.channel_cuts[channel + 1],
         by_column ? s.rows_per_line : 1,
         0};
  c.by_channel = c.channel_hi - c.channel_lo < s.channels;
  c.width = (c.channel_hi - c.channel_lo) * (by_column ? c.column_hi - c.column_lo : 1);
  return c;
}

std::vector<BufferPart> Pieces::parts(const Access& access, const Box& box,
                                      const Dims& chip) const {
  const Storage& s = graph_.storage(access.storage);
  std::vector<BufferPart> out;
  for (const CutGrid& grid : cuts_[access.storage.index()].grids)
    for (std::size_t w = 0; w < grid.columns(); ++w)
      for (std::size_t j = 0; j < grid.channels(); ++j)
        parts_of_cell(cell(s, grid, w, j), access, box, chip, out);
  return out;
}

void Pieces::parts_of_cell(const Cell& cell, const Access& access, const Box& box, const Dims& chip,
                           std::vector<BufferPart>& out) const {
  const Storage& s = graph_.storage(access.storage);
  const bool by_column = cell.grid->columns() > 1;
  const bool by_channel = cell.by_channel;
  const std::int64_t channels = cell.channel_hi - cell.channel_lo;
  const std::int64_t first = access.at(box.lo);
  const std::int64_t row = first / s.channels;
  std::int64_t column_at = row % s.rows_per_line;
  std::int64_t channel_at = first % s.channels;
  std::vector<CopyDim> dims;
  std::int64_t chip_start = 0;
  // Takes of a dimension, which starts at `from`, what lies in [lo, hi).
  const auto clip = [&](CopyDim dim, std::int64_t& from, std::int64_t lo, std::int64_t hi) {
    const std::int64_t begin = std::max(from, lo);
    const std::int64_t end = std::min(from + dim.extent, hi);
    chip_start += (begin - from) * dim.chip;
    dim.extent = std::max<std::int64_t>(0, end - begin);
    from = begin - lo;
    return dim;
  };
  CopyDim column{1, channels, 0};
  CopyDim channel{1, 1, 0};
  for (std::size_t d = 0; d < kDims; ++d) {
    if (box.extent(d) == 1) continue;
    const CopyDim dim{box.extent(d), access.stride[d], chip[d]};
    if ((by_channel || by_column) && dim.dram % s.channels != 0) {
      channel = {dim.extent, 1, dim.chip};
    } else if (by_column && dim.dram % (s.channels * s.rows_per_line) != 0) {
      column = {dim.extent, channels, dim.chip};
    } else if (by_column) {
      dims.push_back(
          {dim.extent, dim.dram / (s.channels * s.rows_per_line) * cell.width, dim.chip});
    } else if (by_channel) {
      dims.push_back({dim.extent, dim.dram / s.channels * channels, dim.chip});
    } else {
      dims.push_back(dim);
    }
  }
  if (by_column) dims.push_back(clip(column, column_at, cell.column_lo, cell.column_hi));
  if (by_channel || by_column)
    dims.push_back(clip(channel, channel_at, cell.channel_lo, cell.channel_hi));
  if (std::ranges::any_of(dims, [](const CopyDim& d) { return d.extent == 0; })) return;
  std::erase_if(dims, [](const CopyDim& d) { return d.extent == 1; });
  std::stable_sort(dims.begin(), dims.end(),
                   [](const CopyDim& a, const CopyDim& b) { return a.dram > b.dram; });
  const std::int64_t start =
      by_column ? row / s.rows_per_line * cell.width + column_at * channels + channel_at
                : row * channels + channel_at;
  split_rows(cell, 0, start, chip_start, std::move(dims), out);
}

/// `at` and the strides count in the linear space of the cell.
void Pieces::split_rows(const Cell& cell, std::size_t dim, std::int64_t at, std::int64_t chip,
                        std::vector<CopyDim> dims, std::vector<BufferPart>& out) const {
  std::int64_t inner = 0;  // reach of the dimensions below `dim`
  for (std::size_t d = dim + 1; d < dims.size(); ++d) inner += (dims[d].extent - 1) * dims[d].dram;
  const std::int64_t reach =
      dim < dims.size() ? inner + (dims[dim].extent - 1) * dims[dim].dram : 0;
  const std::size_t piece = cell.piece_of(at);
  if (at + reach < cell.row_end(piece)) {
    std::vector<CopyDim> rest(
        dims.begin() + static_cast<std::ptrdiff_t>(std::min(dim, dims.size())), dims.end());
    out.push_back({cell.grid->buffer(piece, cell.column, cell.channel), at - cell.row_begin(piece),
                   chip, std::move(rest)});
    return;
  }
  const CopyDim whole = dims[dim];
  for (std::int64_t i = 0; i < whole.extent;) {
    const std::int64_t lo = at + i * whole.dram;
    const std::int64_t end = cell.row_end(cell.piece_of(lo));
    if (lo + inner >= end) {
      split_rows(cell, dim + 1, lo, chip + i * whole.chip, dims, out);
      ++i;
      continue;
    }
    const std::int64_t fit =
        whole.dram == 0 ? whole.extent : (end - 1 - inner - lo) / whole.dram + 1;
    dims[dim].extent = std::min(whole.extent - i, fit);
    split_rows(cell, dim, lo, chip + i * whole.chip, dims, out);
    i += dims[dim].extent;
    dims[dim].extent = whole.extent;
  }
}

std::vector<BufferInfo> Pieces::buffers() const {
  std::vector<BufferInfo> all;
  for (std::size_t i = 0; i < cuts_.size(); ++i) {
    const Storage& s = graph_.storages[i];
    const bool whole = cuts_[i].buffers() == 1;
    for (const CutGrid& c : cuts_[i].grids)
      for (std::size_t r = 0; r < c.rows(); ++r)
        for (std::size_t w = 0; w < c.columns(); ++w)
          for (std::size_t j = 0; j < c.channels(); ++j) {
            const std::int64_t rows = c.row_cuts[r + 1] - c.row_cuts[r];
            const std::int64_t share =
                c.columns() == 1
                    ? rows
                    : rows / s.rows_per_line * (c.column_cuts[w + 1] - c.column_cuts[w]);
            const std::int64_t elements = share * (c.channel_cuts[j + 1] - c.channel_cuts[j]);
            all.push_back({whole ? s.name : buffer_name(s, c, r, w, j), s.kind,
                           s.packed_bytes.value_or(elements * s.element), s.name});
          }
  }
  return all;
}

}  // namespace unna
