#include "compiler/lines.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace unna {
namespace {

Box lines_box(const Kernel& k, std::int64_t lo, std::int64_t hi) {
  Box box{{0, 0, lo, 0, 0}, k.dims};
  box.hi[kH] = hi;
  return box;
}

/// The regions that each line of a kernel writes (one, or two where it has two results).
std::vector<std::vector<StorageRegion>> written_lines(const LoweredGraph& g, const Kernel& k) {
  std::vector<std::vector<StorageRegion>> lines;
  for (std::int64_t h = 0; h < k.dims[kH]; ++h) {
    std::vector<StorageRegion>& regions = lines.emplace_back();
    regions.push_back(region_of(g, k.out, lines_box(k, h, h + 1)));
    if (k.out2) regions.push_back(region_of(g, *k.out2, lines_box(k, h, h + 1)));
  }
  return lines;
}

struct Lines {
  std::int64_t lo = 0, hi = 0;
};
/// The lines of `written` that meet `read`, as a hull; none: nothing.
std::optional<Lines> meeting(const std::vector<std::vector<StorageRegion>>& written,
                             const StorageRegion& read) {
  std::optional<Lines> found;
  for (std::size_t j = 0; j < written.size(); ++j)
    for (const StorageRegion& w : written[j])
      if (w.overlaps(read)) {
        const auto line = static_cast<std::int64_t>(j);
        if (!found) found = Lines{line, line + 1};
        found->hi = line + 1;
      }
  return found;
}

/// Nothing where no line of the consumer's input meets a line of the producer.
std::optional<LineEdge> edge_between(const LoweredGraph& g, KernelId producer, KernelId consumer,
                                     std::size_t input,
                                     const std::vector<std::vector<StorageRegion>>& written) {
  const Kernel& k = g.kernels[consumer.index()];
  const std::int64_t lines = k.dims[kH];
  const auto made = static_cast<std::int64_t>(written.size());
  LineEdge edge{producer, consumer, {0}, {}};
  bool any = false;
  for (std::int64_t h = 0; h < lines; ++h) {
    const StorageRegion read =
        region_of(g, k.in[input].access, input_box(k, input, lines_box(k, h, h + 1)));
    const std::optional<Lines> met = meeting(written, read);
    any = any || met.has_value();
    edge.need.push_back(std::max(edge.need.back(), met ? met->hi : 0));
    edge.first.push_back(met ? met->lo : made);
  }
  if (!any) return std::nullopt;
  edge.first.push_back(made);
  for (std::size_t h = edge.first.size() - 1; h-- > 0;)
    edge.first[h] = std::min(edge.first[h], edge.first[h + 1]);
  return edge;
}

}  // namespace

LineTable::LineTable(const LoweredGraph& g) : rows_(g.kernels.size()) {
  std::vector<std::vector<std::size_t>> writers(g.storages.size());
  std::vector<std::vector<std::vector<StorageRegion>>> written;
  for (std::size_t i = 0; i < g.kernels.size(); ++i) {
    const Kernel& k = g.kernels[i];
    Row& row = rows_[i];
    row.lines = k.dims[kH];
    const Storage& out = g.storage(k.out.storage);
    if (out.kind == BufferKind::intermediate)
      row.line_bytes = product(k.dims) / row.lines * out.element * (k.out2 ? 2 : 1);
    for (std::size_t in = 0; in < k.in.size(); ++in)
      for (const std::size_t p : writers[k.in[in].access.storage.index()])
        if (auto edge = edge_between(g, KernelId(p), KernelId(i), in, written[p])) {
          row.inputs.push_back(edges_.size());
          rows_[p].outputs.push_back(edges_.size());
          edges_.push_back(std::move(*edge));
        }
    written.push_back(written_lines(g, k));
    writers[k.out.storage.index()].push_back(i);
    if (k.out2 && k.out2->storage != k.out.storage) writers[k.out2->storage.index()].push_back(i);
  }
}

}  // namespace unna
