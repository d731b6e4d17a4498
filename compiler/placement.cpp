#include "compiler/placement.h"

#include <algorithm>

namespace unna {
namespace {

std::size_t interval(const std::vector<std::int64_t>& cuts, std::int64_t at) {
  return static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), at) - cuts.begin()) -
         1;
}

}  // namespace

BufferPosition locate(const PlacedStorage& s, std::int64_t element) {
  const std::int64_t row = element / s.channels;
  const std::int64_t column = row % s.rows_per_line;
  const std::int64_t channel = element % s.channels;
  const CutGrid& grid = *std::ranges::upper_bound(
      s.cuts.grids, channel, {}, [](const CutGrid& g) { return g.channel_cuts.back(); });
  const std::size_t i = interval(grid.row_cuts, row);
  const std::size_t w = interval(grid.column_cuts, column);
  const std::size_t j = interval(grid.channel_cuts, channel);
  std::int64_t at = row - grid.row_cuts[i];
  if (grid.columns() > 1)
    at = at / s.rows_per_line * (grid.column_cuts[w + 1] - grid.column_cuts[w]) + column -
         grid.column_cuts[w];
  at = at * (grid.channel_cuts[j + 1] - grid.channel_cuts[j]) + channel - grid.channel_cuts[j];
  return {grid.buffer(i, w, j), at * s.element};
}

void for_each_element(const Graph& graph, const Placement& placement, const PlacedTensor& placed,
                      const std::function<void(const BufferPosition&)>& f) {
  const PlacedStorage& storage = placement.storages[placed.storage];
  const Shape& dims = graph.tensor(placed.tensor).shape;
  std::vector<std::int64_t> index(dims.size());
  std::int64_t at = placed.offset;
  for (std::int64_t n = element_count(dims); n > 0; --n) {
    f(locate(storage, at));
    for (std::size_t d = dims.size(); d-- > 0;) {
      at += placed.strides[d];
      if (++index[d] < dims[d]) break;
      at -= dims[d] * placed.strides[d];
      index[d] = 0;
    }
  }
}

}  // namespace unna
