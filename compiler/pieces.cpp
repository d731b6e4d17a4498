#include "compiler/pieces.h"

#include <fmt/format.h>

#include <algorithm>

namespace unna {
namespace {

void insert_cut(std::vector<std::int64_t>& cuts, std::int64_t at) {
  const auto where = std::lower_bound(cuts.begin(), cuts.end(), at);
  if (where == cuts.end() || *where != at) cuts.insert(where, at);
}

/// Whether the access walks the storage as (row, channel): one dimension along the channels, the
/// others by whole rows.
bool follows_channels(const Storage& s, const Access& a, const Dims& dims) {
  std::int64_t channels = 1;
  for (std::size_t d = 0; d < kDims; ++d) {
    if (dims[d] == 1 || a.stride[d] % s.channels == 0) continue;
    if (a.stride[d] != 1 || channels != 1) return false;
    channels = dims[d];
  }
  return a.offset % s.channels + channels <= s.channels;
}

std::vector<bool> channel_cuttable(const LoweredGraph& graph) {
  std::vector<bool> ok(graph.storages.size(), true);
  const auto look = [&](const Access& a, const Dims& dims) {
    const Storage& s = graph.storage(a.storage);
    ok[a.storage.index()] = ok[a.storage.index()] && follows_channels(s, a, dims);
  };
  for (const Kernel& k : graph.kernels) {
    look(k.out, k.dims);
    if (k.out2) look(*k.out2, k.dims);
    for (const KernelInput& in : k.in) look(in.access, in.dims);
  }
  return ok;
}

}  // namespace

struct Pieces::Split {
  const StorageCuts* cuts;
  std::size_t column;
  std::int64_t width;  ///< channels of the column
};

std::vector<BufferPart> Pieces::parts(const Access& access, const Box& box,
                                      const Dims& chip) const {
  const Storage& s = graph_.storage(access.storage);
  const StorageCuts& cuts = cuts_[access.storage.index()];
  const std::int64_t first = access.at(box.lo);
  std::vector<CopyDim> dims;
  for (std::size_t d = 0; d < kDims; ++d)
    if (box.extent(d) > 1) dims.push_back({box.extent(d), access.stride[d], chip[d]});
  std::stable_sort(dims.begin(), dims.end(),
                   [](const CopyDim& a, const CopyDim& b) { return a.dram > b.dram; });

  std::vector<BufferPart> out;
  if (cuts.columns() == 1) {
    split_rows({&cuts, 0, s.channels}, 0, first, 0, std::move(dims), out);
    return out;
  }
  // The channel dimension is the one of stride 1; the others go by rows.
  const auto along = std::find_if(dims.begin(), dims.end(),
                                  [&](const CopyDim& d) { return d.dram % s.channels != 0; });
  const std::int64_t c_lo = first % s.channels;
  const std::int64_t c_hi = c_lo + (along == dims.end() ? 1 : along->extent);
  const std::int64_t row = first / s.channels;
  for (std::size_t j = 0; j < cuts.columns(); ++j) {
    const std::int64_t lo = std::max(c_lo, cuts.channel_cuts[j]);
    const std::int64_t hi = std::min(c_hi, cuts.channel_cuts[j + 1]);
    if (lo >= hi) continue;
    const std::int64_t width = cuts.channel_cuts[j + 1] - cuts.channel_cuts[j];
    std::vector<CopyDim> part;
    std::int64_t chip_start = 0;
    for (auto d = dims.begin(); d != dims.end(); ++d) {
      if (d == along) {
        chip_start = (lo - c_lo) * d->chip;
        if (hi - lo > 1) part.push_back({hi - lo, 1, d->chip});
      } else {
        part.push_back({d->extent, d->dram / s.channels * width, d->chip});
      }
    }
    split_rows({&cuts, j, width}, 0, row * width + lo - cuts.channel_cuts[j], chip_start,
               std::move(part), out);
  }
  return out;
}

/// `at` and the strides count in the linear space of one column of the grid.
void Pieces::split_rows(const Split& split, std::size_t dim, std::int64_t at, std::int64_t chip,
                        std::vector<CopyDim> dims, std::vector<BufferPart>& out) const {
  const std::vector<std::int64_t>& rows = split.cuts->row_cuts;
  const auto piece_of = [&](std::int64_t element) {
    const auto next = std::upper_bound(rows.begin(), rows.end(), element / split.width);
    return static_cast<std::size_t>(next - rows.begin()) - 1;
  };
  std::int64_t inner = 0;  // reach of the dimensions below `dim`
  for (std::size_t d = dim + 1; d < dims.size(); ++d) inner += (dims[d].extent - 1) * dims[d].dram;
  const std::int64_t reach =
      dim < dims.size() ? inner + (dims[dim].extent - 1) * dims[dim].dram : 0;
  const std::size_t piece = piece_of(at);
  if (at + reach < rows[piece + 1] * split.width) {
    std::vector<CopyDim> rest(
        dims.begin() + static_cast<std::ptrdiff_t>(std::min(dim, dims.size())), dims.end());
    out.push_back({split.cuts->buffer(piece, split.column), at - rows[piece] * split.width, chip,
                   std::move(rest)});
    return;
  }
  const CopyDim whole = dims[dim];
  for (std::int64_t i = 0; i < whole.extent;) {
    const std::int64_t lo = at + i * whole.dram;
    const std::int64_t end = rows[piece_of(lo) + 1] * split.width;
    if (lo + inner >= end) {
      split_rows(split, dim + 1, lo, chip + i * whole.chip, dims, out);
      ++i;
      continue;
    }
    const std::int64_t fit =
        whole.dram == 0 ? whole.extent : (end - 1 - inner - lo) / whole.dram + 1;
    dims[dim].extent = std::min(whole.extent - i, fit);
    split_rows(split, dim, lo, chip + i * whole.chip, dims, out);
    i += dims[dim].extent;
    dims[dim].extent = whole.extent;
  }
}

std::vector<BufferInfo> Pieces::buffers() const {
  std::vector<BufferInfo> all;
  for (std::size_t i = 0; i < cuts_.size(); ++i) {
    const Storage& s = graph_.storages[i];
    const StorageCuts& c = cuts_[i];
    for (std::size_t r = 0; r + 1 < c.row_cuts.size(); ++r)
      for (std::size_t j = 0; j < c.columns(); ++j) {
        const std::int64_t elements =
            (c.row_cuts[r + 1] - c.row_cuts[r]) * (c.channel_cuts[j + 1] - c.channel_cuts[j]);
        const std::string name =
            c.buffers() == 1
                ? s.name
                : fmt::format("{}[{}:{},{}:{}]", s.name, c.row_cuts[r], c.row_cuts[r + 1],
                              c.channel_cuts[j], c.channel_cuts[j + 1]);
        all.push_back({name, s.kind, s.indexed_bytes.value_or(elements * s.element), s.name});
      }
  }
  return all;
}

std::vector<StorageCuts> cut_storages(const LoweredGraph& graph,
                                      const std::vector<StorageRegion>& written, bool slices,
                                      std::int64_t bands) {
  std::vector<StorageCuts> cuts(graph.storages.size());
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    cuts[i].row_cuts = {0, graph.storages[i].rows()};
    cuts[i].channel_cuts = {0, graph.storages[i].channels};
  }
  const std::vector<bool> by_channel = channel_cuttable(graph);
  for (const StorageRegion& r : written) {
    const Storage& s = graph.storage(r.storage);
    if (!slices || s.kind != BufferKind::intermediate) continue;
    StorageCuts& c = cuts[r.storage.index()];
    const std::int64_t lines = ceil_div(r.row_hi - r.row_lo, s.rows_per_line);
    const std::int64_t band = ceil_div(lines, bands) * s.rows_per_line;
    for (std::int64_t row = r.row_lo; row < r.row_hi; row += band) insert_cut(c.row_cuts, row);
    insert_cut(c.row_cuts, r.row_hi);
    if (!by_channel[r.storage.index()]) continue;
    insert_cut(c.channel_cuts, r.channel_lo);
    insert_cut(c.channel_cuts, r.channel_hi);
  }
  std::size_t next = 0;
  for (StorageCuts& c : cuts) {
    c.first = BufferId(next);
    next += c.buffers();
  }
  return cuts;
}

}  // namespace unna
