#include "compiler/schedule.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace unna {

Dependences::Dependences(const LoweredGraph& graph)
    : graph_(graph), writers_(graph.storages.size()), positions_(64) {}

std::vector<const Dependences::Writer*> Dependences::of(const UnitOfWork& unit) const {
  std::vector<const Writer*> found;
  const Kernel& k = graph_.kernels[unit.kernel.index()];
  for (std::size_t i = 0; i < k.in.size(); ++i) {
    const StorageRegion read = region_of(graph_, k.in[i].access, input_box(k, i, unit.box));
    for (const Writer& w : writers_[read.storage.index()])
      if (w.region.overlaps(read)) found.push_back(&w);
  }
  return found;
}

void Dependences::add(const UnitOfWork& unit) {
  const Kernel& k = graph_.kernels[unit.kernel.index()];
  const std::int64_t position = ++positions_[unit.core.index()];
  const auto write = [&](const Access& access) {
    const StorageRegion region = region_of(graph_, access, unit.box);
    writers_[region.storage.index()].push_back({region, unit.kernel, unit.core, position});
    written_.push_back(region);
  };
  write(k.out);
  if (k.out2) write(*k.out2);
}

Scheduler::Scheduler(const LoweredGraph& graph, std::int64_t cores)
    : count_(static_cast<std::size_t>(cores)),
      dependences_(graph),
      known_(count_, std::vector<std::int64_t>(count_, 0)),
      met_(count_, 0) {
  for (std::size_t p = 0; p < count_; ++p) known_[p][p] = std::numeric_limits<std::int64_t>::max();
  result_.cores.resize(count_);
  result_.layer_inputs.resize(graph.kernels.size());
}

std::vector<Scheduler::Edge> Scheduler::unknown(const std::vector<UnitOfWork>& units) const {
  std::vector<Edge> edges;
  for (const UnitOfWork& u : units)
    for (const Dependences::Writer* w : dependences_.of(u))
      if (known_[u.core.index()][w->core.index()] < w->position) edges.push_back({u.core, w->core});
  return edges;
}

std::vector<Scheduler::Edge> Scheduler::unknown_layers(const std::vector<UnitOfWork>& units) const {
  std::set<KernelId> layers;
  for (const UnitOfWork& u : units)
    for (const Dependences::Writer* w : dependences_.of(u)) layers.insert(w->kernel);
  const auto known = [&](CoreId reader, CoreId writer) {
    return reader == writer ? met_[reader.index()] : known_[reader.index()][writer.index()];
  };
  std::vector<Edge> edges;
  for (const KernelId layer : layers)
    for (const auto& [writer, position] : last_.at(layer))
      for (const UnitOfWork& u : units)
        if (known(u.core, writer) < position) edges.push_back({u.core, writer});
  return edges;
}

bool Scheduler::needs_barrier(const std::vector<UnitOfWork>& units) const {
  return !unknown(units).empty();
}

/// One barrier for each connected group of cores that wait for one another.
void Scheduler::meet(const std::vector<Edge>& edges) {
  std::vector<std::size_t> group(count_);
  std::iota(group.begin(), group.end(), std::size_t{0});
  const auto root = [&](std::size_t p) {
    while (group[p] != p) p = group[p];
    return p;
  };
  std::vector<bool> waits(count_);
  for (const Edge& e : edges) {
    waits[e.reader.index()] = waits[e.writer.index()] = true;
    const std::size_t a = root(e.reader.index());
    const std::size_t b = root(e.writer.index());
    group[std::max(a, b)] = std::min(a, b);
  }
  for (std::size_t p = 0; p < count_; ++p) {
    if (!waits[p] || root(p) != p) continue;
    std::vector<CoreId> members;
    for (std::size_t q = 0; q < count_; ++q)
      if (waits[q] && root(q) == p) members.push_back(CoreId(q));
    barrier(members);
  }
}

void Scheduler::barrier(const std::vector<CoreId>& cores) {
  std::uint64_t mask = 0;
  std::vector<std::int64_t> all(count_, 0);
  for (const CoreId c : cores) {
    mask |= std::uint64_t{1} << c.value;
    for (std::size_t q = 0; q < count_; ++q)
      if (q != c.index()) all[q] = std::max(all[q], known_[c.index()][q]);
  }
  for (const CoreId c : cores) all[c.index()] = dependences_.position(c);
  for (const CoreId c : cores) {
    const std::int64_t self = known_[c.index()][c.index()];
    known_[c.index()] = all;
    known_[c.index()][c.index()] = self;
    met_[c.index()] = dependences_.position(c);
    result_.cores[c.index()].push_back({ScheduleItem::Kind::barrier, 0, result_.barriers, mask});
  }
  ++result_.barriers;
}

void Scheduler::add(KernelPlan plan) {
  const std::vector<Edge> edges = unknown(plan.units);
  if (!edges.empty()) meet(edges);
  put(std::move(plan));
}

void Scheduler::add_after_layers(KernelPlan plan) {
  const std::vector<Edge> edges = unknown_layers(plan.units);
  if (!edges.empty()) meet(edges);
  put(std::move(plan));
}

void Scheduler::meet_all() {
  if (result_.units.empty()) return;
  std::vector<CoreId> all;
  for (std::size_t c = 0; c < count_; ++c) all.emplace_back(c);
  barrier(all);
}

void Scheduler::put(KernelPlan plan) {
  std::vector<OpId>& inputs = result_.layer_inputs[plan.kernel.index()];
  for (const UnitOfWork& u : plan.units)
    for (const Dependences::Writer* w : dependences_.of(u))
      inputs.push_back(OpId(w->kernel.index()));
  std::sort(inputs.begin(), inputs.end());
  inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
  for (const UnitOfWork& u : plan.units) {
    result_.cores[u.core.index()].push_back({ScheduleItem::Kind::unit, result_.units.size(), 0, 0});
    result_.units.push_back(u);
    result_.plan_of_unit.push_back(result_.plans.size());
    dependences_.add(u);
    last_[u.kernel][u.core] = dependences_.position(u.core);
  }
  result_.plans.push_back(std::move(plan));
}

Schedule Scheduler::finish() {
  result_.written = dependences_.written();
  return std::move(result_);
}

}  // namespace unna
