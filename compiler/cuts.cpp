#include "compiler/cuts.h"

#include <algorithm>
#include <map>
#include <utility>

namespace unna {
namespace {

void insert_cut(std::vector<std::int64_t>& cuts, std::int64_t at) {
  const auto where = std::lower_bound(cuts.begin(), cuts.end(), at);
  if (where == cuts.end() || *where != at) cuts.insert(where, at);
}

/// At which boundaries every access of a storage can be split.
struct Cuttable {
  bool columns = true;
  bool channels = true;
};

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

/// Whether it walks it as (line, column, channel): besides, one dimension along the columns of a
/// line, the others by whole lines.
bool follows_columns(const Storage& s, const Access& a, const Dims& dims) {
  if (s.rows_per_line == 1 || s.rows() % s.rows_per_line != 0) return false;
  std::int64_t columns = 1;
  for (std::size_t d = 0; d < kDims; ++d) {
    if (dims[d] == 1 || a.stride[d] % s.channels != 0) continue;
    if (a.stride[d] % (s.channels * s.rows_per_line) == 0) continue;
    if (a.stride[d] != s.channels || columns != 1) return false;
    columns = dims[d];
  }
  return a.offset / s.channels % s.rows_per_line + columns <= s.rows_per_line;
}

std::vector<Cuttable> cuttable(const LoweredGraph& graph) {
  std::vector<Cuttable> all(graph.storages.size());
  const auto look = [&](const Access& a, const Dims& dims) {
    const Storage& s = graph.storage(a.storage);
    Cuttable& c = all[a.storage.index()];
    c.channels = c.channels && follows_channels(s, a, dims);
    c.columns = c.columns && follows_channels(s, a, dims) && follows_columns(s, a, dims);
  };
  for (const Kernel& k : graph.kernels) {
    look(k.out, k.dims);
    if (k.out2) look(*k.out2, k.dims);
    for (const KernelInput& in : k.in) look(in.access, in.dims);
  }
  return all;
}

std::vector<StorageCuts> uncut(const LoweredGraph& graph) {
  std::vector<StorageCuts> cuts(graph.storages.size());
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const Storage& s = graph.storages[i];
    cuts[i].grids = {{{0, s.rows()}, {0, s.rows_per_line}, {0, s.channels}, BufferId(0)}};
  }
  return cuts;
}

void number_buffers(std::vector<StorageCuts>& cuts) {
  std::size_t next = 0;
  for (StorageCuts& c : cuts)
    for (CutGrid& grid : c.grids) {
      grid.first = BufferId(next);
      next += grid.buffers();
    }
}

/// One unit's access to a storage.
struct Touch {
  std::size_t unit = 0;
  CoreId core;
  bool write = false;
  StorageRegion region;
};

/// What decides when an element may die: who writes it, and which unit of each core reads it last.
struct Lifetime {
  std::vector<std::size_t> writers;
  std::vector<std::pair<std::uint32_t, std::size_t>> last_readers;  ///< core, unit; ascending

  void add(const Touch& t) {
    if (t.write) {
      writers.push_back(t.unit);
      return;
    }
    const auto at = std::lower_bound(last_readers.begin(), last_readers.end(),
                                     std::pair(t.core.value, std::size_t{0}));
    if (at != last_readers.end() && at->first == t.core.value) {
      at->second = t.unit;
    } else {
      last_readers.insert(at, {t.core.value, t.unit});
    }
  }
  friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

/// Half-open.
struct ChannelRange {
  std::int64_t lo = 0, hi = 0;
};

/// For channels of a storage, the finest grid that the touches ask for, with the lifetime of each
/// cell.
class LifetimeGrid {
 public:
  /// `touches`: with regions inside of `channels`.
  LifetimeGrid(const Storage& storage, const Cuttable& cuttable, ChannelRange channels,
               const std::vector<Touch>& touches)
      : rows_{0, storage.rows()},
        columns_{0, storage.rows_per_line},
        channels_{channels.lo, channels.hi} {
    const std::int64_t line = storage.rows_per_line;
    for (const Touch& t : touches) {
      rows_.push_back(t.region.row_lo / line * line);
      rows_.push_back(std::min(storage.rows(), round_up(t.region.row_hi, line)));
      if (cuttable.columns) {
        columns_.push_back(t.region.column_lo);
        columns_.push_back(t.region.column_hi);
      }
      if (cuttable.channels) {
        channels_.push_back(t.region.channel_lo);
        channels_.push_back(t.region.channel_hi);
      }
    }
    for (auto* cuts : {&rows_, &columns_, &channels_}) {
      std::sort(cuts->begin(), cuts->end());
      cuts->erase(std::unique(cuts->begin(), cuts->end()), cuts->end());
    }
    cells_.resize((rows_.size() - 1) * (columns_.size() - 1) * (channels_.size() - 1));
    for (const Touch& t : touches) add(t);
  }

  /// The grid without the boundaries at which no lifetime changes.
  CutGrid cuts() {
    CutGrid result;
    result.row_cuts = kept(rows_, [&](std::size_t i, const auto& same) {
      for (std::size_t w = 0; w + 1 < columns_.size(); ++w)
        for (std::size_t j = 0; j + 1 < channels_.size(); ++j)
          if (!same(at(i - 1, w, j), at(i, w, j))) return true;
      return false;
    });
    result.column_cuts = kept(columns_, [&](std::size_t w, const auto& same) {
      for (std::size_t i = 0; i + 1 < rows_.size(); ++i)
        for (std::size_t j = 0; j + 1 < channels_.size(); ++j)
          if (!same(at(i, w - 1, j), at(i, w, j))) return true;
      return false;
    });
    result.channel_cuts = kept(channels_, [&](std::size_t j, const auto& same) {
      for (std::size_t i = 0; i + 1 < rows_.size(); ++i)
        for (std::size_t w = 0; w + 1 < columns_.size(); ++w)
          if (!same(at(i, w, j - 1), at(i, w, j))) return true;
      return false;
    });
    return result;
  }

 private:
  Lifetime& at(std::size_t row, std::size_t column, std::size_t channel) {
    return cells_[(row * (columns_.size() - 1) + column) * (channels_.size() - 1) + channel];
  }

  struct Cells {
    std::size_t lo, hi;
  };
  /// Intervals of `cuts` that meet [lo, hi).
  static Cells meeting(const std::vector<std::int64_t>& cuts, std::int64_t lo, std::int64_t hi) {
    const auto first = std::upper_bound(cuts.begin(), cuts.end(), lo) - cuts.begin() - 1;
    const auto last = std::lower_bound(cuts.begin(), cuts.end(), hi) - cuts.begin();
    return {static_cast<std::size_t>(first), static_cast<std::size_t>(last)};
  }

  void add(const Touch& t) {
    const Cells rows = meeting(rows_, t.region.row_lo, t.region.row_hi);
    const Cells columns = meeting(columns_, t.region.column_lo, t.region.column_hi);
    const Cells channels = meeting(channels_, t.region.channel_lo, t.region.channel_hi);
    for (std::size_t i = rows.lo; i < rows.hi; ++i)
      for (std::size_t w = columns.lo; w < columns.hi; ++w)
        for (std::size_t j = channels.lo; j < channels.hi; ++j) at(i, w, j).add(t);
  }

  template <class Differs>
  static std::vector<std::int64_t> kept(const std::vector<std::int64_t>& cuts,
                                        const Differs& differs) {
    const auto same = [](const Lifetime& a, const Lifetime& b) { return a == b; };
    std::vector<std::int64_t> result{cuts.front()};
    for (std::size_t i = 1; i + 1 < cuts.size(); ++i)
      if (differs(i, same)) result.push_back(cuts[i]);
    result.push_back(cuts.back());
    return result;
  }

  std::vector<std::int64_t> rows_, columns_, channels_;
  std::vector<Lifetime> cells_;
};

void drop_channel_cuts_within(const std::vector<StorageRegion>& touched, CutGrid& cuts) {
  std::erase_if(cuts.channel_cuts, [&](std::int64_t at) {
    return std::ranges::any_of(
        touched, [&](const StorageRegion& r) { return r.channel_lo < at && at < r.channel_hi; });
  });
}

/// Row cuts within a region divide what accesses it, once or in each of its passes.
bool worth_cutting(const Storage& storage, const std::vector<StorageRegion>& touched,
                   const CutGrid& cuts) {
  Bytes bytes = 0;
  std::int64_t divided = 0;
  for (const StorageRegion& r : touched) {
    bytes += (r.row_hi - r.row_lo) * (r.channel_hi - r.channel_lo) * storage.element *
             (r.column_hi - r.column_lo) / storage.rows_per_line;
    const auto after = std::ranges::upper_bound(cuts.row_cuts, r.row_lo);
    divided += std::lower_bound(after, cuts.row_cuts.end(), r.row_hi) - after;
  }
  return divided * kWorthATransfer <= bytes;
}

/// Ranges of channels that no unit writes across, ascending: all of the storage's.
std::vector<ChannelRange> written_apart(const Storage& storage, const std::vector<Touch>& touches) {
  std::vector<ChannelRange> written;
  for (const Touch& t : touches)
    if (t.write) written.push_back({t.region.channel_lo, t.region.channel_hi});
  std::ranges::sort(written, {}, &ChannelRange::lo);
  std::vector<ChannelRange> apart;
  std::int64_t end = 0;
  for (const ChannelRange& w : written) {
    if (w.lo >= end) {
      if (w.lo > end) apart.push_back({end, w.lo});
      apart.push_back(w);
    }
    end = std::max(end, w.hi);
    apart.back().hi = end;
  }
  if (end < storage.channels) apart.push_back({end, storage.channels});
  return apart;
}

/// Those that touch the channels, as far as they do.
std::vector<Touch> within(const std::vector<Touch>& touches, ChannelRange channels) {
  std::vector<Touch> clipped;
  for (Touch t : touches) {
    t.region.channel_lo = std::max(t.region.channel_lo, channels.lo);
    t.region.channel_hi = std::min(t.region.channel_hi, channels.hi);
    if (t.region.channel_lo < t.region.channel_hi) clipped.push_back(t);
  }
  return clipped;
}

StorageCuts lifetime_cuts(const Storage& storage, const Cuttable& cuttable,
                          const std::vector<Touch>& touches) {
  StorageCuts cuts;
  std::vector<ChannelRange> apart{{0, storage.channels}};
  if (cuttable.channels) apart = written_apart(storage, touches);
  for (const ChannelRange& channels : apart) {
    CutGrid grid = LifetimeGrid(storage, cuttable, channels, within(touches, channels)).cuts();
    CutGrid* last = cuts.grids.empty() ? nullptr : &cuts.grids.back();
    if (last != nullptr && last->row_cuts == grid.row_cuts &&
        last->column_cuts == grid.column_cuts) {
      last->channel_cuts.insert(last->channel_cuts.end(), grid.channel_cuts.begin() + 1,
                                grid.channel_cuts.end());
    } else {
      cuts.grids.push_back(std::move(grid));
    }
  }
  return cuts;
}

}  // namespace

std::size_t StorageCuts::buffers() const {
  std::size_t count = 0;
  for (const CutGrid& grid : grids) count += grid.buffers();
  return count;
}

std::vector<StorageCuts> whole_storages(const LoweredGraph& graph) {
  std::vector<StorageCuts> cuts = uncut(graph);
  number_buffers(cuts);
  return cuts;
}

std::vector<StorageCuts> cut_at_writes(const LoweredGraph& graph,
                                       const std::vector<StorageRegion>& written,
                                       std::int64_t bands) {
  std::vector<StorageCuts> cuts = uncut(graph);
  const std::vector<Cuttable> at = cuttable(graph);
  for (const StorageRegion& r : written) {
    const Storage& s = graph.storage(r.storage);
    if (s.kind != BufferKind::intermediate) continue;
    CutGrid& c = cuts[r.storage.index()].grids.front();
    const std::int64_t lines = ceil_div(r.row_hi - r.row_lo, s.rows_per_line);
    const std::int64_t band = ceil_div(lines, bands) * s.rows_per_line;
    for (std::int64_t row = r.row_lo; row < r.row_hi; row += band) insert_cut(c.row_cuts, row);
    insert_cut(c.row_cuts, r.row_hi);
    if (!at[r.storage.index()].channels) continue;
    insert_cut(c.channel_cuts, r.channel_lo);
    insert_cut(c.channel_cuts, r.channel_hi);
  }
  number_buffers(cuts);
  return cuts;
}

std::vector<StorageCuts> cut_where_cheap(const LoweredGraph& graph,
                                         const std::vector<StorageRegion>& written,
                                         std::int64_t bands, const std::vector<UnitTouch>& units) {
  std::vector<std::vector<StorageRegion>> touched(graph.storages.size());
  for (const UnitTouch& u : units)
    for (const auto* regions : {&u.reads, &u.writes})
      for (const StorageRegion& r : *regions) touched[r.storage.index()].push_back(r);
  std::vector<StorageCuts> cuts = uncut(graph);
  for (std::int64_t n = bands; n >= 1; n /= 2) {
    std::vector<StorageCuts> finer = cut_at_writes(graph, written, n);
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      if (cuts[i].buffers() > 1) continue;
      CutGrid& grid = finer[i].grids.front();
      drop_channel_cuts_within(touched[i], grid);
      if (worth_cutting(graph.storages[i], touched[i], grid)) cuts[i] = finer[i];
    }
  }
  number_buffers(cuts);
  return cuts;
}

std::vector<StorageCuts> cut_by_lifetime(const LoweredGraph& graph,
                                         const std::vector<UnitTouch>& units) {
  std::vector<std::vector<Touch>> touches(graph.storages.size());
  for (std::size_t u = 0; u < units.size(); ++u) {
    for (const StorageRegion& r : units[u].reads)
      touches[r.storage.index()].push_back({u, units[u].core, false, r});
    for (const StorageRegion& r : units[u].writes)
      touches[r.storage.index()].push_back({u, units[u].core, true, r});
  }
  std::vector<StorageCuts> cuts = uncut(graph);
  const std::vector<Cuttable> at = cuttable(graph);
  for (std::size_t i = 0; i < cuts.size(); ++i)
    if (graph.storages[i].kind == BufferKind::intermediate)
      cuts[i] = lifetime_cuts(graph.storages[i], at[i], touches[i]);
  number_buffers(cuts);
  return cuts;
}

}  // namespace unna
