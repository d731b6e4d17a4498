#include "compiler/walk_schedule.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "compiler/branches.h"
#include "compiler/partition.h"
#include "compiler/sb_rooms.h"
#include "compiler/unit_cost.h"
#include "cost/timing.h"

namespace unna {
namespace {

bool is_layer(const Walk& walk) {
  return walk.units.empty() && walk.kernels.size() == 1 && walk.steps == 1;
}

/// The extents that most elements of the units are in.
Dims commonest(const std::vector<UnitOfWork>& units) {
  std::map<Dims, std::int64_t> elements;
  for (const UnitOfWork& u : units) elements[u.box.extents()] += u.box.elements();
  return std::max_element(elements.begin(), elements.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

class WalkScheduler {
 public:
  WalkScheduler(const LoweredGraph& graph, const MachineConfig& machine,
                const CompileOptions& options)
      : graph_(graph),
        machine_(machine),
        options_(options),
        partitioner_(graph, machine, options.partition, options.packed, options.tiles),
        costs_(graph, machine, options.partition, partitioner_),
        scheduler_(graph, machine.cores, options.waits),
        sync_cost_([this](const std::vector<UnitOfWork>& units) {
          return scheduler_.needs_barrier(units) ? barrier_cost(machine_) : Cycle{0};
        }) {}

  void add(const WalkPlan& plan) {
    const std::vector<KernelRegion> regions = find_regions(graph_);
    auto region = regions.begin();
    for (std::size_t w = 0; w < plan.walks.size();) {
      while (region != regions.end() && region->kernels.front() < plan.walks[w].kernels.front())
        ++region;
      if (region != regions.end() && has_layers(plan, w, region->kernels)) {
        add_region(*region);
        w += region->kernels.size();
      } else {
        add(plan.walks[w++]);
      }
    }
  }

  Schedule finish() {
    Schedule schedule =
        options_.barriers == Barriers::layers ? meet_after_layers() : scheduler_.finish();
    schedule.parallel = parallel_;
    return schedule;
  }

 private:
  /// Whether the walks from `w` on are these kernels, layer by layer with barriers.
  static bool has_layers(const WalkPlan& plan, std::size_t w,
                         const std::vector<KernelId>& kernels) {
    if (plan.walks.size() - w < kernels.size()) return false;
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      const Walk& walk = plan.walks[w + i];
      if (!is_layer(walk) || walk.sync != Sync::barriers || walk.kernels.front() != kernels[i])
        return false;
    }
    return true;
  }

  void add_region(const KernelRegion& region) {
    const Partition partition = options_.partition;
    const bool branches = partition == Partition::branches || partition == Partition::automatic;
    if (branches && machine_.cores > 1 && region.branches.size() > 1) {
      if (auto side_by_side =
              plan_branches(region, machine_.cores, barrier_cost(machine_), partitioner_,
                            sync_cost_, partition == Partition::branches)) {
        parallel_ = true;
        return add_layers(std::move(side_by_side->plans));
      }
    }
    for (const KernelId k : region.kernels) add_layers({layer_plan(k)});
  }

  /// The plans of one kernel, or of branches side by side.
  void add_layers(std::vector<KernelPlan> plans) {
    if (options_.barriers == Barriers::layers) layers_.push_back(plans);
    scheduler_.next_step();
    if (plans.size() > 1) scheduler_.meet_before(plans);
    for (KernelPlan& p : plans) scheduler_.add(std::move(p));
  }

  /// The same plans with a barrier after each layer: between all cores, but within branches side by
  /// side between the cores of a branch.
  Schedule meet_after_layers() {
    Scheduler scheduler(graph_, machine_.cores);
    for (std::vector<KernelPlan>& plans : layers_) {
      scheduler.meet_all();
      for (KernelPlan& plan : plans) scheduler.add_after_layers(std::move(plan));
    }
    return scheduler.finish();
  }

  KernelPlan layer_plan(KernelId k) {
    return partitioner_.plan(k, {0, machine_.cores}, machine_.cores, sync_cost_);
  }

  void add(const Walk& walk) {
    if (!walk.units.empty()) return add_groups(grouped(walk.units), walk);
    if (!is_layer(walk)) return add_groups(divide(walk), walk);
    KernelPlan plan = layer_plan(walk.kernels.front());
    scheduler_.next_step();
    scheduler_.add(std::move(plan), walk.sync);
  }

  /// Units of one kernel that follow one another on ascending cores belong together.
  static std::vector<std::vector<UnitOfWork>> grouped(const std::vector<UnitOfWork>& units) {
    std::vector<std::vector<UnitOfWork>> groups;
    for (const UnitOfWork& u : units) {
      if (groups.empty() || groups.back().back().kernel != u.kernel ||
          groups.back().back().core >= u.core)
        groups.emplace_back();
      groups.back().push_back(u);
    }
    return groups;
  }

  /// The units of each band.
  std::vector<std::vector<UnitOfWork>> divide(const Walk& walk) {
    if (!table_) table_.emplace(graph_);
    const std::vector<Band> bands = WalkRunner(*table_).bands(walk.kernels, walk.steps, walk.skew);
    std::map<KernelId, std::map<std::int64_t, std::int64_t>> heights;
    for (const Band& b : bands) heights[b.kernel][b.hi - b.lo] += b.hi - b.lo;
    std::map<KernelId, Grid> grids;
    for (const auto& [k, lines] : heights) {
      const auto common =
          std::max_element(lines.begin(), lines.end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; });
      grids[k] = grid(k, common->first, walk.division);
    }
    std::vector<std::vector<UnitOfWork>> groups;
    for (const Band& b : bands) {
      Box area{{0, 0, 0, 0, 0}, graph_.kernels[b.kernel.index()].dims};
      area.lo[kH] = b.lo;
      area.hi[kH] = b.hi;
      groups.push_back(partitioner_.units(b.kernel, area, grids.at(b.kernel), {0, machine_.cores}));
    }
    return groups;
  }

  Grid grid(KernelId id, std::int64_t lines, Division division) {
    // Synapses that serve several kernels are packed in one way, that of layer by layer.
    if (partitioner_.shares_synapses(id)) return {1, 1, layer_plan(id).grid.channels, 1};
    return costs_.grid(id, lines, division);
  }

  KernelPlan packed_plan(KernelId id, const std::vector<UnitOfWork>& units, std::int64_t sharers,
                         const SbRoom& room) {
    KernelPlan plan;
    if (partitioner_.shares_synapses(id)) {
      plan = layer_plan(id);
      plan.units = units;
    } else {
      plan = partitioner_.pack(id, units, commonest(units), sharers, room);
    }
    plan.walked = true;
    return plan;
  }

  /// What a kernel of a walk wishes of SB, by its units.
  SbWish wish_of(KernelId id, const std::vector<UnitOfWork>& units) const {
    struct OfCore {
      std::int64_t lo = std::numeric_limits<std::int64_t>::max(), hi = 0, units = 0;
    };
    std::map<CoreId, OfCore> cores;
    for (const UnitOfWork& u : units) {
      OfCore& core = cores[u.core];
      core.lo = std::min(core.lo, u.box.lo[kC]);
      core.hi = std::max(core.hi, u.box.hi[kC]);
      ++core.units;
    }
    std::int64_t channels = 0, most = 0;
    for (const auto& [id_of_core, core] : cores) {
      channels = std::max(channels, core.hi - core.lo);
      most = std::max(most, core.units);
    }
    return partitioner_.sb_wish(id, channels, most);
  }

  struct KernelUnits {
    std::vector<UnitOfWork> units;
    std::int64_t sharers = 0;  ///< cores that have units of it at a time
  };

  std::map<KernelId, KernelPlan> pack(const std::map<KernelId, KernelUnits>& kernels,
                                      const std::vector<SbRoom>& rooms) {
    std::map<KernelId, KernelPlan> packed;
    auto room = rooms.begin();
    for (const auto& [id, of] : kernels)
      packed.emplace(id, packed_plan(id, of.units, of.sharers, *room++));
    // All tiles have to fit, not only that of the commonest unit.
    for (const auto& [id, of] : kernels)
      for (const UnitOfWork& u : of.units)
        partitioner_.unit_tile(packed.at(id), u.box.extents(), of.sharers);
    return packed;
  }

  /// The plans of a walk's kernels. Where tiles of some do not fit into what staying synapses
  /// leave of SB, none stay.
  std::map<KernelId, KernelPlan> pack(const std::map<KernelId, KernelUnits>& kernels,
                                      Synapses synapses) {
    const std::vector<SbRoom> whole(kernels.size(), partitioner_.whole_sb());
    if (synapses == Synapses::reload) return pack(kernels, whole);
    std::vector<SbWish> wishes;
    wishes.reserve(kernels.size());
    for (const auto& [id, of] : kernels) wishes.push_back(wish_of(id, of.units));
    try {
      return pack(kernels, share_sb(wishes, machine_.core));
    } catch (const CapacityError&) {
      return pack(kernels, whole);
    }
  }

  void add_groups(const std::vector<std::vector<UnitOfWork>>& groups, const Walk& walk) {
    std::map<KernelId, KernelUnits> of_kernel;
    for (const auto& group : groups) {
      KernelUnits& of = of_kernel[group.front().kernel];
      of.units.insert(of.units.end(), group.begin(), group.end());
      of.sharers = std::max(of.sharers, static_cast<std::int64_t>(group.size()));
    }
    const std::map<KernelId, KernelPlan> packed = pack(of_kernel, walk.synapses);
    std::map<KernelId, std::size_t> plans;
    std::map<std::pair<KernelId, Dims>, std::size_t> tiles;
    for (const auto& group : groups) {
      const KernelId id = group.front().kernel;
      if (!plans.contains(id)) plans.emplace(id, scheduler_.open(packed.at(id)));
      std::vector<PlannedUnit> planned;
      for (const UnitOfWork& u : group) {
        const std::pair key(id, u.box.extents());
        if (!tiles.contains(key))
          tiles.emplace(key, scheduler_.add_tile(partitioner_.unit_tile(packed.at(id), key.second,
                                                                        of_kernel.at(id).sharers)));
        planned.push_back({u, plans.at(id), tiles.at(key)});
      }
      scheduler_.next_step();
      scheduler_.add(planned, walk.sync);
    }
  }

  const LoweredGraph& graph_;
  const MachineConfig& machine_;
  const CompileOptions& options_;
  Partitioner partitioner_;
  UnitCosts costs_;
  std::vector<std::vector<KernelPlan>> layers_;  ///< with Barriers::layers
  Scheduler scheduler_;
  SyncCost sync_cost_;
  std::optional<LineTable> table_;  ///< made when a walk needs it
  bool parallel_ = false;
};

}  // namespace

Schedule schedule_walks(const LoweredGraph& graph, const MachineConfig& machine,
                        const CompileOptions& options, const WalkPlan& plan) {
  WalkScheduler scheduler(graph, machine, options);
  scheduler.add(plan);
  return scheduler.finish();
}

}  // namespace unna
