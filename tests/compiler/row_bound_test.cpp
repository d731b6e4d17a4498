#include "compiler/row_bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "base/rng.h"
#include "compiler/compile.h"
#include "configs/presets.h"

namespace unna {
namespace {

/// Pools one behind the other, of windows, strides and widths of their own; the last one may read
/// an earlier result as well. Few enough lines that all sets of them can be looked at.
LoweredGraph random_stack(Rng& rng) {
  LoweredGraph g;
  const auto storage = [&](std::int64_t lines, std::int64_t channels, BufferKind kind) {
    Storage s;
    s.kind = kind;
    s.elements = lines * channels;
    s.channels = channels;
    g.storages.push_back(s);
    return StorageId(g.storages.size() - 1);
  };
  const auto strides = [](std::int64_t channels) { return Dims{0, 0, channels, 0, 1}; };
  std::int64_t lines = rng.between(4, 6), channels = 16, total = 0;
  StorageId in = storage(lines, channels, BufferKind::input);
  for (int i = 0; i < 4 && total + lines <= 14; ++i) {
    Kernel k;
    k.kind = KernelKind::pool;
    k.fn = Function::max;
    k.window.kernel_h = rng.between(1, std::min<std::int64_t>(4, lines));
    k.window.stride_h = rng.between(1, 2);
    k.window.pad_bottom = rng.between(0, k.window.kernel_h - 1);
    const std::int64_t out =
        (lines + k.window.pad_bottom - k.window.kernel_h) / k.window.stride_h + 1;
    k.in = {{{in, 0, strides(channels)}, {1, 1, lines, 1, channels}}};
    channels = 16 * rng.between(1, 4);
    lines = out;
    in = storage(lines, channels, BufferKind::intermediate);
    k.dims = {1, 1, lines, 1, channels};
    k.out = {in, 0, strides(channels)};
    g.kernels.push_back(k);
    total += lines;
  }
  return g;
}

/// The least peak over all orders of all lines, from the least peaks to reach each set of lines.
Bytes least_of_all_orders(const LineTable& table) {
  struct Line {
    Bytes bytes = 0;
    std::uint32_t reads = 0, readers = 0;  // sets of lines
  };
  std::vector<Line> lines;
  std::vector<std::size_t> first;
  for (std::size_t k = 0; k < table.kernels(); ++k) {
    first.push_back(lines.size());
    for (std::int64_t j = 0; j < table.lines(KernelId(k)); ++j)
      lines.push_back({table.line_bytes(KernelId(k))});
  }
  for (const LineEdge& e : table.edges())
    for (std::int64_t j = 0; j < table.lines(e.consumer); ++j)
      for (std::int64_t p = e.first[static_cast<std::size_t>(j)];
           p < e.need[static_cast<std::size_t>(j) + 1]; ++p) {
        const std::size_t reader = first[e.consumer.index()] + static_cast<std::size_t>(j);
        const std::size_t read = first[e.producer.index()] + static_cast<std::size_t>(p);
        lines[reader].reads |= 1U << read;
        lines[read].readers |= 1U << reader;
      }
  constexpr Bytes kNever = Bytes{1} << 40;
  const std::uint32_t all = (1U << lines.size()) - 1;
  std::vector<Bytes> best(all + 1, kNever);
  best[0] = 0;
  for (std::uint32_t made = 0; made < all; ++made) {
    if (best[made] == kNever) continue;
    Bytes alive = 0;
    for (std::size_t v = 0; v < lines.size(); ++v)
      if ((made >> v & 1U) != 0 && (lines[v].readers & ~made) != 0) alive += lines[v].bytes;
    for (std::size_t v = 0; v < lines.size(); ++v) {
      if ((made >> v & 1U) != 0 || (lines[v].reads & ~made) != 0) continue;
      Bytes& next = best[made | 1U << v];
      next = std::min(next, std::max(best[made], alive + lines[v].bytes));
    }
  }
  return best[all];
}

TEST(RowBound, NoOrderOfLinesIsBelowIt) {
  int met = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Rng rng(seed);
    const LoweredGraph g = random_stack(rng);
    const LineTable table(g);
    const Bytes least = least_of_all_orders(table);
    EXPECT_LE(row_bound(table), least) << "seed " << seed;
    met += row_bound(table) == least ? 1 : 0;
  }
  EXPECT_GT(met, 50);
}

TEST(RowBound, OfMobileNet) {
  // A prototype with other flows, over every line, found the same 0.138 MiB.
  const Graph graph = load_workload(UNNASIM_SOURCE_DIR "/workloads/mobilenet_v2.yaml");
  const LoweredGraph lowered = lower_network(graph, preset_machine(1));
  EXPECT_NEAR(static_cast<double>(row_bound(LineTable(lowered))) / (1 << 20), 0.138, 0.0005);
}

}  // namespace
}  // namespace unna
