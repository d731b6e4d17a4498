#include "compiler/walk.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace unna {

WalkPlan layer_by_layer(const LoweredGraph& graph) {
  WalkPlan plan;
  for (std::size_t k = 0; k < graph.kernels.size(); ++k)
    plan.walks.push_back({{KernelId(k)}, 1, Division::fastest, Sync::barriers});
  return plan;
}

WalkRunner::WalkRunner(const LineTable& table)
    : table_(table),
      inside_(table.kernels(), false),
      made_(table.kernels(), 0),
      target_(table.kernels(), 0),
      dead_(table.kernels(), 0) {}

/// What the targets of later kernels need of earlier ones.
void WalkRunner::pull_targets(std::span<const KernelId> kernels) {
  for (std::size_t i = kernels.size(); i-- > 0;) {
    const KernelId k = kernels[i];
    for (const std::size_t e : table_.inputs(k)) {
      const LineEdge& edge = table_.edges()[e];
      if (!inside_[edge.producer.index()]) continue;
      std::int64_t& target = target_[edge.producer.index()];
      target = std::max(target, edge.need[static_cast<std::size_t>(target_[k.index()])]);
    }
  }
}

std::vector<Band> WalkRunner::bands(std::span<const KernelId> kernels, std::int64_t steps) {
  std::vector<bool> sink;
  for (const KernelId k : kernels) {
    inside_[k.index()] = true;
    made_[k.index()] = target_[k.index()] = 0;
  }
  for (const KernelId k : kernels) {
    const auto& outputs = table_.outputs(k);
    sink.push_back(outputs.empty() || std::ranges::any_of(outputs, [&](std::size_t e) {
                     return !inside_[table_.edges()[e].consumer.index()];
                   }));
  }
  std::vector<Band> bands;
  for (std::int64_t t = 1; t <= steps; ++t) {
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      const std::int64_t lines = table_.lines(kernels[i]);
      if (sink[i] || t == steps) {
        std::int64_t& target = target_[kernels[i].index()];
        target = std::max(target, lines * t / steps);
      }
    }
    pull_targets(kernels);
    for (const KernelId k : kernels) {
      std::int64_t& made = made_[k.index()];
      if (target_[k.index()] > made) bands.push_back({k, made, target_[k.index()]});
      made = std::max(made, target_[k.index()]);
    }
  }
  for (const KernelId k : kernels) inside_[k.index()] = false;
  return bands;
}

/// Lines of `producer` that nothing reads any more; consumers outside the walk that have not run
/// need all of them.
std::int64_t WalkRunner::dead_lines(KernelId producer, const std::vector<bool>& before) const {
  std::int64_t dead = table_.lines(producer);
  for (const std::size_t e : table_.outputs(producer)) {
    const LineEdge& edge = table_.edges()[e];
    const KernelId c = edge.consumer;
    if (before[c.index()]) continue;
    const std::int64_t made = inside_[c.index()] ? made_[c.index()] : 0;
    dead = std::min(dead, edge.first[static_cast<std::size_t>(made)]);
    if (!inside_[c.index()]) return 0;
  }
  return dead;
}

Bytes WalkRunner::footprint(std::span<const KernelId> kernels, const std::vector<Band>& bands,
                            const std::vector<bool>& before) {
  for (const KernelId k : kernels) {
    inside_[k.index()] = true;
    made_[k.index()] = dead_[k.index()] = 0;
  }
  Bytes live = 0;
  for (std::size_t p = 0; p < table_.kernels(); ++p) {
    if (!before[p]) continue;
    made_[p] = table_.lines(KernelId(p));
    dead_[p] = dead_lines(KernelId(p), before);
    live += (made_[p] - dead_[p]) * table_.line_bytes(KernelId(p));
  }
  Bytes peak = live;
  const auto bury = [&](KernelId p) {
    const std::int64_t dead = std::min(dead_lines(p, before), made_[p.index()]);
    if (dead <= dead_[p.index()]) return;
    live -= (dead - dead_[p.index()]) * table_.line_bytes(p);
    dead_[p.index()] = dead;
  };
  for (const Band& band : bands) {
    live += (band.hi - band.lo) * table_.line_bytes(band.kernel);
    peak = std::max(peak, live);
    made_[band.kernel.index()] = band.hi;
    for (const std::size_t e : table_.inputs(band.kernel)) bury(table_.edges()[e].producer);
    if (table_.outputs(band.kernel).empty()) bury(band.kernel);
  }
  for (const KernelId k : kernels) inside_[k.index()] = false;
  return peak;
}

}  // namespace unna
