#include "compiler/schedule.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace unna {

std::vector<StorageRegion> read_regions(const LoweredGraph& graph, const UnitOfWork& unit) {
  const Kernel& k = graph.kernels[unit.kernel.index()];
  std::vector<StorageRegion> regions;
  for (std::size_t i = 0; i < k.in.size(); ++i)
    regions.push_back(region_of(graph, k.in[i].access, input_box(k, i, unit.box)));
  return regions;
}

std::vector<StorageRegion> written_regions(const LoweredGraph& graph, const UnitOfWork& unit) {
  const Kernel& k = graph.kernels[unit.kernel.index()];
  std::vector<StorageRegion> regions{region_of(graph, k.out, unit.box)};
  if (k.out2) regions.push_back(region_of(graph, *k.out2, unit.box));
  return regions;
}

Dependences::Dependences(const LoweredGraph& graph)
    : graph_(graph), writers_(graph.storages.size()), positions_(64) {}

namespace {

/// Lines [first, second) of a storage that a region meets.
std::pair<std::size_t, std::size_t> lines_of(const LoweredGraph& graph, const StorageRegion& r) {
  const std::int64_t line = graph.storage(r.storage).rows_per_line;
  return {static_cast<std::size_t>(r.row_lo / line),
          static_cast<std::size_t>(ceil_div(r.row_hi, line))};
}

}  // namespace

std::vector<const Dependences::Writer*> Dependences::of(const UnitOfWork& unit) const {
  std::vector<const Writer*> found;
  std::vector<std::size_t> candidates;
  for (const StorageRegion& read : read_regions(graph_, unit)) {
    const Index& index = writers_[read.storage.index()];
    const auto [first, last] = lines_of(graph_, read);
    candidates.clear();
    for (std::size_t l = first; l < std::min(last, index.by_line.size()); ++l)
      candidates.insert(candidates.end(), index.by_line[l].begin(), index.by_line[l].end());
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    for (const std::size_t w : candidates)
      if (index.writers[w].region.overlaps(read)) found.push_back(&index.writers[w]);
  }
  return found;
}

void Dependences::add(const UnitOfWork& unit) {
  const std::int64_t position = ++positions_[unit.core.index()];
  for (const StorageRegion& region : written_regions(graph_, unit)) {
    Index& index = writers_[region.storage.index()];
    const auto [first, last] = lines_of(graph_, region);
    if (index.by_line.size() < last) index.by_line.resize(last);
    for (std::size_t l = first; l < last; ++l) index.by_line[l].push_back(index.writers.size());
    index.writers.push_back({region, unit.kernel, unit.core, position, units_});
    written_.push_back(region);
  }
  ++units_;
}

Scheduler::Knowledge::Knowledge(std::size_t cores)
    : known(cores, std::vector<std::int64_t>(cores, 0)), began(cores) {
  for (std::size_t p = 0; p < cores; ++p) known[p][p] = std::numeric_limits<std::int64_t>::max();
}

void Scheduler::Knowledge::learn(CoreId core, CoreId from, std::int64_t position) {
  std::vector<std::int64_t>& mine = known[core.index()];
  const std::vector<std::int64_t>& theirs =
      began[from.index()][static_cast<std::size_t>(position) - 1];
  for (std::size_t q = 0; q < mine.size(); ++q)
    if (q != from.index()) mine[q] = std::max(mine[q], theirs[q]);
  mine[from.index()] = position;
}

void Scheduler::Knowledge::meet(const std::vector<CoreId>& cores, const Dependences& dependences) {
  std::vector<std::int64_t> joint(known.size(), 0);
  for (const CoreId c : cores)
    for (std::size_t q = 0; q < joint.size(); ++q)
      if (q != c.index()) joint[q] = std::max(joint[q], known[c.index()][q]);
  for (const CoreId c : cores) joint[c.index()] = dependences.position(c);
  for (const CoreId c : cores) {
    joint[c.index()] = known[c.index()][c.index()];
    known[c.index()] = joint;
    joint[c.index()] = dependences.position(c);
  }
}

Scheduler::Scheduler(const LoweredGraph& graph, std::int64_t cores, std::vector<UnitOrder> waits)
    : count_(static_cast<std::size_t>(cores)),
      dependences_(graph),
      data_(count_),
      all_(count_),
      met_(count_, 0),
      signals_(count_),
      waits_(std::move(waits)) {
  std::ranges::sort(waits_, {}, &UnitOrder::second);
  result_.cores.resize(count_);
  result_.layer_inputs.resize(graph.kernels.size());
}

std::vector<Scheduler::Edge> Scheduler::unknown(const std::vector<UnitOfWork>& units) const {
  std::vector<Edge> edges;
  for (const UnitOfWork& u : units)
    for (const Dependences::Writer* w : dependences_.of(u))
      if (data_.known[u.core.index()][w->core.index()] < w->position)
        edges.push_back({u.core, w->core});
  return edges;
}

std::vector<Scheduler::Edge> Scheduler::unknown_layers(const std::vector<UnitOfWork>& units) const {
  std::set<KernelId> layers;
  for (const UnitOfWork& u : units)
    for (const Dependences::Writer* w : dependences_.of(u)) layers.insert(w->kernel);
  const auto known = [&](CoreId reader, CoreId writer) {
    return reader == writer ? met_[reader.index()] : data_.known[reader.index()][writer.index()];
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
  for (const CoreId c : cores) {
    mask |= std::uint64_t{1} << c.value;
  }
  data_.meet(cores, dependences_);
  all_.meet(cores, dependences_);
  for (const CoreId c : cores) {
    met_[c.index()] = dependences_.position(c);
    result_.cores[c.index()].push_back(
        {ScheduleItem::Kind::barrier, 0, result_.barriers, mask, {}});
  }
  ++result_.barriers;
}

void Scheduler::add(KernelPlan plan, Sync sync) {
  add(planned(std::move(plan)), sync);
}

void Scheduler::add_after_layers(KernelPlan plan) {
  const std::vector<Edge> edges = unknown_layers(plan.units);
  if (!edges.empty()) meet(edges);
  put(planned(std::move(plan)));
}

void Scheduler::meet_all() {
  if (result_.units.empty()) return;
  std::vector<CoreId> all;
  for (std::size_t c = 0; c < count_; ++c) all.emplace_back(c);
  barrier(all);
}

void Scheduler::meet_before(const std::vector<KernelPlan>& plans) {
  std::vector<UnitOfWork> units;
  for (const KernelPlan& plan : plans)
    units.insert(units.end(), plan.units.begin(), plan.units.end());
  const std::vector<Edge> edges = unknown(units);
  if (!edges.empty()) meet(edges);
}

std::vector<PlannedUnit> Scheduler::planned(KernelPlan plan) {
  const std::size_t tile = add_tile(plan.tile);
  const std::vector<UnitOfWork> units = plan.units;
  const std::size_t index = open(std::move(plan));
  std::vector<PlannedUnit> all;
  all.reserve(units.size());
  for (const UnitOfWork& u : units) all.push_back({u, index, tile});
  return all;
}

std::size_t Scheduler::open(KernelPlan plan) {
  result_.plans.push_back(std::move(plan));
  return result_.plans.size() - 1;
}

std::size_t Scheduler::add_tile(Tile tile) {
  result_.tiles.push_back(tile);
  return result_.tiles.size() - 1;
}

void Scheduler::add(const std::vector<PlannedUnit>& units, Sync sync) {
  if (sync == Sync::barriers) {
    std::vector<UnitOfWork> all;
    all.reserve(units.size());
    for (const PlannedUnit& u : units) all.push_back(u.unit);
    std::vector<Edge> edges = unknown(all);
    for (const PlannedUnit& u : units) {
      if (!result_.plans[u.plan].walked) continue;
      Awaited awaited;
      await_readers(u.unit, awaited);
      for (const auto& [core, at] : awaited) edges.push_back({u.unit.core, CoreId(core)});
    }
    if (!edges.empty()) meet(edges);
  } else {
    for (const PlannedUnit& u : units) {
      Awaited awaited;
      await_writers(u.unit, awaited);
      if (sync == Sync::acknowledged) await_readers(u.unit, awaited);
      await(u.unit.core, awaited, data_);
    }
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    Awaited awaited;
    await_waits(result_.units.size() + i, units[i].unit.core, awaited);
    await(units[i].unit.core, awaited, all_);
  }
  put(units);
}

void Scheduler::put(const std::vector<PlannedUnit>& units) {
  for (const PlannedUnit& u : units) {
    std::vector<OpId>& inputs = result_.layer_inputs[u.unit.kernel.index()];
    for (const Dependences::Writer* w : dependences_.of(u.unit))
      inputs.push_back(OpId(w->kernel.index()));
    std::sort(inputs.begin(), inputs.end());
    inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
  }
  for (const PlannedUnit& u : units) place(u);
}

/// Those that write what `unit` reads, as far as its core does not know them complete.
void Scheduler::await_writers(const UnitOfWork& unit, Awaited& awaited) const {
  const std::vector<std::int64_t>& known = data_.known[unit.core.index()];
  for (const Dependences::Writer* w : dependences_.of(unit))
    if (known[w->core.index()] < w->position) {
      auto& entry = awaited[w->core.index()];
      entry = std::max(entry, std::pair(w->serial, w->position));
    }
}

/// Those that read what the unit before of the same kernel on the same core wrote, or the same as
/// it read. They are earlier in the list of units, so that nothing waits in a circle.
void Scheduler::await_readers(const UnitOfWork& unit, Awaited& awaited) const {
  const auto before = last_unit_.find({unit.kernel, unit.core});
  if (before == last_unit_.end()) return;
  const std::vector<std::int64_t>& known = data_.known[unit.core.index()];
  const auto readers_of = [&](std::size_t writer) {
    for (const Reader& r : readers_[writer])
      if (known[r.core.index()] < r.position) {
        auto& entry = awaited[r.core.index()];
        entry = std::max(entry, std::pair(r.serial, r.position));
      }
  };
  readers_of(before->second);
  for (const std::size_t writer : reads_[before->second]) readers_of(writer);
}

/// Those that it waits for without reading what they write.
void Scheduler::await_waits(std::size_t serial, CoreId core, Awaited& awaited) const {
  for (auto wait = std::ranges::lower_bound(waits_, serial, {}, &UnitOrder::second);
       wait != waits_.end() && wait->second == serial; ++wait) {
    invariant(wait->first < result_.units.size(), "unit {} waits for unit {}, which is no earlier",
              serial, wait->first);
    const CoreId other = result_.units[wait->first].core;
    const std::int64_t position = positions_[wait->first];
    if (all_.known[core.index()][other.index()] >= position) continue;
    auto& entry = awaited[other.index()];
    entry = std::max(entry, std::pair(wait->first, position));
  }
}

/// Signals from those that are awaited. Those that carry the most knowledge come first, so that
/// what they imply needs none of its own.
void Scheduler::await(CoreId reader, const Awaited& awaited, const Knowledge& asks) {
  std::vector<std::tuple<std::size_t, std::size_t, std::int64_t>> order;
  for (const auto& [core, at] : awaited) order.emplace_back(at.first, core, at.second);
  std::sort(order.rbegin(), order.rend());
  for (const auto& [serial, core, position] : order) {
    const CoreId from(core);
    if (asks.known[reader.index()][core] >= position) continue;
    const bool implied = all_.known[reader.index()][core] >= position;
    if (&asks == &data_) data_.learn(reader, from, position);
    if (implied) continue;
    all_.learn(reader, from, position);
    signals_[core][static_cast<std::size_t>(position) - 1].push_back(reader);
    result_.cores[reader.index()].push_back(
        {ScheduleItem::Kind::wait, result_.units.size(), 0, 0, CoreId(core)});
    ++result_.signals;
  }
}

void Scheduler::place(const PlannedUnit& planned) {
  const std::size_t core = planned.unit.core.index();
  result_.cores[core].push_back({ScheduleItem::Kind::unit, result_.units.size(), 0, 0, {}});
  result_.units.push_back(planned.unit);
  result_.step_of_unit.push_back(step_);
  result_.plan_of_unit.push_back(planned.plan);
  result_.tile_of_unit.push_back(planned.tile);
  data_.begin_unit(planned.unit.core);
  all_.begin_unit(planned.unit.core);
  signals_[core].emplace_back();
  const std::size_t serial = result_.units.size() - 1;
  const std::int64_t position = dependences_.position(planned.unit.core) + 1;
  positions_.push_back(position);
  readers_.emplace_back();
  std::vector<std::size_t>& reads = reads_.emplace_back();
  for (const Dependences::Writer* w : dependences_.of(planned.unit)) {
    read_by(w->serial, {planned.unit.core, serial, position});
    reads.push_back(w->serial);
  }
  last_unit_[{planned.unit.kernel, planned.unit.core}] = serial;
  dependences_.add(planned.unit);
  last_[planned.unit.kernel][planned.unit.core] = dependences_.position(planned.unit.core);
}

void Scheduler::read_by(std::size_t writer, const Reader& reader) {
  std::vector<Reader>& readers = readers_[writer];
  const auto at = std::ranges::find(readers, reader.core, &Reader::core);
  if (at == readers.end()) {
    readers.push_back(reader);
  } else {
    *at = reader;
  }
}

Schedule Scheduler::finish() {
  result_.written = dependences_.written();
  for (std::size_t p = 0; p < count_; ++p) {
    std::vector<ScheduleItem> items;
    std::size_t unit = 0;
    for (const ScheduleItem& item : result_.cores[p]) {
      items.push_back(item);
      if (item.kind != ScheduleItem::Kind::unit) continue;
      for (const CoreId to : signals_[p][unit])
        items.push_back({ScheduleItem::Kind::signal, item.unit, 0, 0, to});
      ++unit;
    }
    result_.cores[p] = std::move(items);
  }
  return std::move(result_);
}

}  // namespace unna
