#include "compiler/branches.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

namespace unna {
namespace {

/// For each kernel the kernels whose storages it reads, by whole storages and regions.
std::vector<std::vector<std::size_t>> producers(const LoweredGraph& g) {
  std::vector<std::vector<std::pair<StorageRegion, std::size_t>>> written(g.storages.size());
  std::vector<std::vector<std::size_t>> result(g.kernels.size());
  for (std::size_t i = 0; i < g.kernels.size(); ++i) {
    const Kernel& k = g.kernels[i];
    const Box all{{0, 0, 0, 0, 0}, k.dims};
    std::set<std::size_t> from;
    for (std::size_t in = 0; in < k.in.size(); ++in) {
      const StorageRegion read = region_of(g, k.in[in].access, input_box(k, in, all));
      for (const auto& [region, writer] : written[read.storage.index()])
        if (region.overlaps(read)) from.insert(writer);
    }
    result[i].assign(from.begin(), from.end());
    written[k.out.storage.index()].emplace_back(region_of(g, k.out, all), i);
    if (k.out2) written[k.out2->storage.index()].emplace_back(region_of(g, *k.out2, all), i);
  }
  return result;
}

/// Splits [from, to) into connected components; a kernel that reads several of them, and all that
/// depends on it, is the tail.
KernelRegion make_region(std::size_t from, std::size_t to,
                         const std::vector<std::vector<std::size_t>>& inputs) {
  KernelRegion region;
  std::vector<std::size_t> branch(to - from);  // component, or npos for the tail
  constexpr std::size_t kTail = static_cast<std::size_t>(-1);
  std::size_t count = 0;
  for (std::size_t i = from; i < to; ++i) {
    region.kernels.push_back(KernelId(i));
    std::set<std::size_t> reads;
    for (const std::size_t p : inputs[i])
      if (p >= from) reads.insert(branch[p - from]);
    if (reads.empty()) {
      branch[i - from] = count++;
    } else if (reads.size() == 1 && *reads.begin() != kTail) {
      branch[i - from] = *reads.begin();
    } else {
      branch[i - from] = kTail;
    }
  }
  region.branches.resize(count);
  for (std::size_t i = from; i < to; ++i) {
    auto& list = branch[i - from] == kTail ? region.tail : region.branches[branch[i - from]];
    list.push_back(KernelId(i));
  }
  return region;
}

/// What waiting costs the plans of a region, one after the other: for units before the region once,
/// and for its own as often as a core reads what another one has written since they met.
class RegionSync {
 public:
  /// `before`: the cost of waiting for units before the region.
  RegionSync(const LoweredGraph& graph, Cycle barrier, const SyncCost& before)
      : graph_(graph), barrier_(barrier), before_(before) {}

  SyncCost cost() const {
    return [this](const std::vector<UnitOfWork>& units) { return cost_of(units); };
  }
  void add(const std::vector<UnitOfWork>& units) {
    met_before_ = met_before_ || before_(units) > 0;
    if (reads_of_others(units)) written_.clear();
    for (const UnitOfWork& u : units)
      for (const StorageRegion& region : written_regions(graph_, u))
        written_[region.storage].emplace_back(u.core, region);
  }

 private:
  Cycle cost_of(const std::vector<UnitOfWork>& units) const {
    if (reads_of_others(units)) return barrier_;
    return met_before_ ? Cycle{0} : before_(units);
  }
  bool reads_of_others(const std::vector<UnitOfWork>& units) const {
    return std::ranges::any_of(units, [&](const UnitOfWork& u) {
      return std::ranges::any_of(read_regions(graph_, u), [&](const StorageRegion& read) {
        const auto writers = written_.find(read.storage);
        return writers != written_.end() &&
               std::ranges::any_of(writers->second, [&](const auto& w) {
                 return w.first != u.core && w.second.overlaps(read);
               });
      });
    });
  }

  const LoweredGraph& graph_;
  Cycle barrier_;
  const SyncCost& before_;
  bool met_before_ = false;
  /// By storage, since the cores met.
  std::map<StorageId, std::vector<std::pair<CoreId, StorageRegion>>> written_;
};

Cycle time_of(const std::vector<KernelPlan>& plans) {
  Cycle time = 0;
  for (const KernelPlan& p : plans) time += p.estimate;
  return time;
}

/// Of the branches' kernels one after the other, each on all cores. `before`: the cost of waiting
/// for units before the region.
Cycle time_together(const KernelRegion& region, std::int64_t cores, Cycle barrier,
                    Partitioner& partitioner, const SyncCost& before) {
  RegionSync sync(partitioner.graph(), barrier, before);
  Cycle time = 0;
  for (const auto& branch : region.branches)
    for (const KernelId k : branch) {
      const KernelPlan plan = partitioner.plan(k, {0, cores}, cores, sync.cost());
      time += with_waiting(plan.estimate, static_cast<std::int64_t>(plan.units.size()));
      sync.add(plan.units);
    }
  return time;
}

/// The plans of a region's branches, each on cores of its own. That they wait for units before the
/// region does not count: on their own cores they do so once, together.
struct SideBySide {
  std::vector<KernelPlan> plans;
  Cycle time = 0;         ///< of the slowest branch
  std::int64_t busy = 0;  ///< cores that are at work at a time
};

/// Decides how many cores each branch of a region gets.
class BranchPlanner {
 public:
  BranchPlanner(const KernelRegion& region, std::int64_t cores, Cycle barrier,
                Partitioner& partitioner)
      : region_(region),
        cores_(cores),
        barrier_(barrier),
        partitioner_(partitioner),
        alone_(region.branches.size()) {}

  /// None where a branch finds no plan.
  std::optional<SideBySide> plan() {
    const auto shares = share();
    if (!shares) return std::nullopt;
    SideBySide all;
    for (std::size_t b = 0; b < shares->size(); ++b)
      all.busy += alone_[b].at((*shares)[b])->most_units;
    std::int64_t first = 0;
    Bytes traffic = 0;
    for (std::size_t b = 0; b < shares->size(); ++b) {
      const CoreGroup group{first, (*shares)[b]};
      std::optional<std::vector<KernelPlan>> plans =
          plan(b, group, std::max(all.busy, group.count));
      if (!plans) return std::nullopt;
      all.time = std::max(all.time, time_of(*plans));
      for (const KernelPlan& p : *plans)
        traffic += traffic_of(p.tile) * static_cast<Bytes>(p.units.size());
      std::ranges::move(*plans, std::back_inserter(all.plans));
      first += group.count;
    }
    all.time = std::max(all.time, partitioner_.moving(traffic));
    return all;
  }

 private:
  /// A branch on so many cores, while all cores use the memory.
  struct Alone {
    Cycle time = 0;
    std::int64_t most_units = 0;  ///< of a kernel: cores that are at work
  };

  /// Cores of each branch: one, then more for the slowest as long as they make it faster. None
  /// where a branch finds no plan.
  std::optional<std::vector<std::int64_t>> share() {
    const std::size_t n = region_.branches.size();
    std::vector<std::int64_t> shares(n, 1);
    for (std::int64_t left = cores_ - static_cast<std::int64_t>(n);;) {
      std::size_t slowest = 0;
      for (std::size_t b = 0; b < n; ++b) {
        if (!alone(b, shares[b])) return std::nullopt;
        if (alone(b, shares[b])->time > alone(slowest, shares[slowest])->time) slowest = b;
      }
      const Cycle most = alone(slowest, shares[slowest])->time;
      const auto faster_with = [&](std::int64_t more) {
        const auto& with = alone(slowest, shares[slowest] + more);
        return with && with->time < most;
      };
      std::int64_t more = std::min<std::int64_t>(1, left);
      while (more < left && !faster_with(more)) more = std::min(2 * more, left);
      if (more == 0 || !faster_with(more)) return shares;
      shares[slowest] += more;
      left -= more;
    }
  }

  const std::optional<Alone>& alone(std::size_t branch, std::int64_t cores) {
    const auto known = alone_[branch].find(cores);
    if (known != alone_[branch].end()) return known->second;
    std::optional<Alone> found;
    if (const auto plans = plan(branch, {0, cores}, cores_)) {
      found = Alone{time_of(*plans), 0};
      for (const KernelPlan& p : *plans)
        found->most_units = std::max(found->most_units, static_cast<std::int64_t>(p.units.size()));
    }
    return alone_[branch].emplace(cores, found).first->second;
  }

  /// Of a branch on these cores while `sharers` use the memory; none where a kernel finds no plan.
  std::optional<std::vector<KernelPlan>> plan(std::size_t branch, CoreGroup group,
                                              std::int64_t sharers) {
    const SyncCost none = [](const std::vector<UnitOfWork>&) { return Cycle{0}; };
    RegionSync sync(partitioner_.graph(), barrier_, none);
    std::vector<KernelPlan> plans;
    for (const KernelId k : region_.branches[branch]) {
      std::optional<KernelPlan> found = partitioner_.find_plan(k, group, sharers, sync.cost());
      if (!found) return std::nullopt;
      sync.add(found->units);
      plans.push_back(*std::move(found));
    }
    return plans;
  }

  const KernelRegion& region_;
  std::int64_t cores_;
  Cycle barrier_;
  Partitioner& partitioner_;
  std::vector<std::map<std::int64_t, std::optional<Alone>>> alone_;  ///< by branch and cores
};

}  // namespace

std::vector<KernelRegion> find_regions(const LoweredGraph& graph) {
  const std::vector<std::vector<std::size_t>> inputs = producers(graph);
  const std::size_t n = graph.kernels.size();
  std::vector<std::size_t> last_reader(n);
  for (std::size_t i = 0; i < n; ++i) {
    last_reader[i] = i;
    for (const std::size_t p : inputs[i]) last_reader[p] = i;
  }
  // A cut stands behind kernel i where everything later depends on earlier kernels through i only.
  std::vector<KernelRegion> regions;
  std::size_t from = 0;
  std::size_t reach = 0;  // last reader of any kernel before i
  for (std::size_t i = 0; i < n; ++i) {
    const bool cut = reach <= i || i + 1 == n;
    if (cut) {
      regions.push_back(make_region(from, i + 1, inputs));
      from = i + 1;
    }
    reach = std::max(reach, last_reader[i]);
  }
  return regions;
}

std::optional<RegionPlans> plan_branches(const KernelRegion& region, std::int64_t cores,
                                         Cycle barrier, Partitioner& partitioner,
                                         const SyncCost& sync, bool forced) {
  if (static_cast<std::int64_t>(region.branches.size()) > cores) return std::nullopt;
  for (const auto& branch : region.branches)
    if (!partitioner.own_synapses(branch)) return std::nullopt;
  // Cores may stay idle: where the memory is busy, more of them are not always faster.
  SideBySide best;
  const auto branches = static_cast<std::int64_t>(region.branches.size());
  int in_vain = 0;
  for (std::int64_t some = cores; some >= branches; some /= 2) {
    std::optional<SideBySide> found = BranchPlanner(region, some, barrier, partitioner).plan();
    const bool faster = found && (best.plans.empty() || with_waiting(found->time, found->busy) <
                                                            with_waiting(best.time, best.busy));
    if (faster) best = *std::move(found);
    in_vain = faster ? 0 : in_vain + 1;
    if (in_vain == 2) break;
  }
  if (best.plans.empty()) return std::nullopt;
  RegionPlans plans{std::move(best.plans), with_waiting(best.time, best.busy),
                    time_together(region, cores, barrier, partitioner, sync)};
  if (!forced && plans.branches >= plans.together) return std::nullopt;
  for (const KernelId k : region.tail)
    plans.plans.push_back(partitioner.plan(k, {0, cores}, cores, sync));
  return plans;
}

}  // namespace unna
