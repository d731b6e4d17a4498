#include "compiler/walk.h"

#include <algorithm>
#include <map>

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
      target_(table.kernels(), 0),
      made_(table.kernels(), 0),
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

/// By kernel of the walk: how many of its kernels are in the longest chain that leads to it.
std::vector<std::int64_t> WalkRunner::distances(std::span<const KernelId> kernels) const {
  std::map<KernelId, std::int64_t> distance;
  std::vector<std::int64_t> all;
  for (const KernelId k : kernels) {
    std::int64_t& d = distance[k];
    for (const std::size_t e : table_.inputs(k)) {
      const auto producer = distance.find(table_.edges()[e].producer);
      if (producer != distance.end()) d = std::max(d, producer->second + 1);
    }
    all.push_back(d);
  }
  return all;
}

std::vector<Band> WalkRunner::bands(std::span<const KernelId> kernels, std::int64_t steps,
                                    std::int64_t skew) {
  for (const KernelId k : kernels) {
    inside_[k.index()] = true;
    target_[k.index()] = 0;
  }
  std::vector<bool> sink;
  for (const KernelId k : kernels) {
    const auto& outputs = table_.outputs(k);
    sink.push_back(outputs.empty() || std::ranges::any_of(outputs, [&](std::size_t e) {
                     return !inside_[table_.edges()[e].consumer.index()];
                   }));
  }
  std::vector<std::int64_t> distance(kernels.size(), 0);
  if (skew > 0) distance = distances(kernels);
  std::vector<std::vector<Band>> slots;  // what is made in which step
  std::vector<std::int64_t> made(kernels.size(), 0);
  for (std::int64_t t = 1; t <= steps; ++t) {
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      if (!sink[i] && t < steps) continue;
      std::int64_t& target = target_[kernels[i].index()];
      target = std::max(target, table_.lines(kernels[i]) * t / steps);
    }
    pull_targets(kernels);
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      const std::int64_t target = target_[kernels[i].index()];
      if (target <= made[i]) continue;
      const auto slot = static_cast<std::size_t>(t - 1 + distance[i] * skew);
      if (slots.size() <= slot) slots.resize(slot + 1);
      slots[slot].push_back({kernels[i], made[i], target});
      made[i] = target;
    }
  }
  for (const KernelId k : kernels) inside_[k.index()] = false;
  std::vector<Band> bands;
  for (std::vector<Band>& slot : slots) {
    bands.insert(bands.end(), slot.begin(), slot.end());
  }
  return bands;
}

/// Lines of `producer` that nothing reads any more.
std::int64_t WalkRunner::dead_lines(KernelId producer) const {
  std::int64_t dead = table_.lines(producer);
  for (const std::size_t e : table_.outputs(producer)) {
    const LineEdge& edge = table_.edges()[e];
    dead = std::min(dead, edge.first[static_cast<std::size_t>(made_[edge.consumer.index()])]);
  }
  return dead;
}

void WalkRunner::begin(KernelId first) {
  live_ = 0;
  for (std::size_t p = 0; p < table_.kernels(); ++p) {
    made_[p] = p < first.index() ? table_.lines(KernelId(p)) : 0;
    dead_[p] = 0;
  }
  for (std::size_t p = 0; p < first.index(); ++p) {
    dead_[p] = dead_lines(KernelId(p));
    live_ += (made_[p] - dead_[p]) * table_.line_bytes(KernelId(p));
  }
}

void WalkRunner::bury(KernelId producer, Bytes& live) {
  const std::size_t p = producer.index();
  const std::int64_t dead = std::min(dead_lines(producer), made_[p]);
  if (dead <= dead_[p]) return;
  buried_.emplace_back(p, dead_[p]);
  live -= (dead - dead_[p]) * table_.line_bytes(producer);
  dead_[p] = dead;
}

Bytes WalkRunner::footprint(std::span<const KernelId> kernels, std::span<const Band> bands) {
  buried_.clear();
  Bytes live = live_;
  Bytes peak = live;
  for (const Band& band : bands) {
    live += (band.hi - band.lo) * table_.line_bytes(band.kernel);
    peak = std::max(peak, live);
    made_[band.kernel.index()] = band.hi;
    for (const std::size_t e : table_.inputs(band.kernel)) bury(table_.edges()[e].producer, live);
    if (table_.outputs(band.kernel).empty()) bury(band.kernel, live);
  }
  for (const KernelId k : kernels) made_[k.index()] = 0;
  for (auto b = buried_.rbegin(); b != buried_.rend(); ++b) dead_[b->first] = b->second;
  return peak;
}

}  // namespace unna
