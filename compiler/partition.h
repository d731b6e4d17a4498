#pragma once

// Divides kernels over cores and tiles the parts, by estimated time.

#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "compiler/compile.h"
#include "compiler/plan.h"
#include "compiler/sb_rooms.h"
#include "compiler/tile_memo.h"
#include "compiler/walk.h"

namespace unna {

/// Cores [first, first + count).
struct CoreGroup {
  std::int64_t first = 0;
  std::int64_t count = 1;
};

/// Extra cycles that a division costs because units wait for results of other cores.
using SyncCost = std::function<Cycle(const std::vector<UnitOfWork>&)>;

class Partitioner {
 public:
  /// `packed` are weights that stand in memory already; null: none. `tiles`: of the same machine;
  /// null: none are known.
  Partitioner(const LoweredGraph& graph, const MachineConfig& machine, Partition strategy,
              std::shared_ptr<const PackedWeights> packed = nullptr,
              std::shared_ptr<TileMemo> tiles = nullptr);

  const LoweredGraph& graph() const { return graph_; }
  /// What the DRAM takes for so many bytes at its peak.
  Cycle moving(Bytes bytes) const;

  /// The division with the smallest estimate; ties go to fewer DRAM bytes, then to more rows.
  /// `sharers` cores use the DRAM at that time. Kernels that share synapses are divided and tiled
  /// as their commonest shape wants it, since the synapses are packed in one way only: waiting does
  /// not count in their choice.
  KernelPlan plan(KernelId kernel, CoreGroup group, std::int64_t sharers, const SyncCost& sync);
  /// The same; none where weights that stand in memory already, or those that other kernels share,
  /// are cut for more cores than `group` has.
  std::optional<KernelPlan> find_plan(KernelId kernel, CoreGroup group, std::int64_t sharers,
                                      const SyncCost& sync);

  /// Cuts `area` of a kernel's output into one unit for each part of the grid. Channels are cut
  /// where the whole kernel's are, so that all areas agree on them.
  std::vector<UnitOfWork> units(KernelId kernel, const Box& area, const Grid& grid,
                                CoreGroup group) const;
  /// Divisions of an area of `lines` whole lines over `cores`, as a walk has them.
  std::vector<Grid> walk_grids(const Kernel& kernel, std::int64_t lines, std::int64_t cores,
                               Division division) const;
  /// A plan for given units: their synapses are packed as `common`, extents of a unit, wants it.
  KernelPlan pack(KernelId kernel, std::vector<UnitOfWork> units, const Dims& common,
                  std::int64_t sharers, const SbRoom& room);
  /// The tile of a unit of `extents`, its synapses packed as the plan says.
  Tile unit_tile(const KernelPlan& plan, const Dims& extents, std::int64_t sharers);
  /// Free choice of a tile for a unit of `extents`.
  Tile free_tile(KernelId kernel, const Dims& extents, std::int64_t sharers, const SbRoom& room);
  /// Output channels of the largest part of a grid.
  std::int64_t most_channels(const Kernel& kernel, const Grid& grid) const;
  /// What a kernel wishes of SB where each core has `units` units of at most `channels` output
  /// channels in a walk.
  SbWish sb_wish(KernelId kernel, std::int64_t channels, std::int64_t units) const;
  /// All of a core's SB.
  SbRoom whole_sb() const { return {0, machine_.core.sb_bytes, false}; }
  /// Whether kernels other than this one use its synapses.
  bool shares_synapses(KernelId kernel) const;

  /// Whether none of the synapses that `kernels` use serve other kernels as well: those would have
  /// to be divided over the same cores.
  bool own_synapses(const std::vector<KernelId>& kernels) const;

 private:
  std::vector<Grid> grids(const Kernel& kernel, std::int64_t cores) const;
  /// find_plan() of a kernel whose synapses stand as `packed`; null: they may be packed in any way.
  std::optional<KernelPlan> best_plan(KernelId kernel, CoreGroup group, std::int64_t sharers,
                                      const SyncCost& sync, const PackedWeight* packed);
  /// How the kernels that share these synapses have them.
  const PackedWeight& common_packing(StorageId weights, CoreGroup group, std::int64_t sharers);
  /// What a tile is chosen for, besides its unit.
  struct TileNeeds {
    std::int64_t sharers = 1;
    SbRoom room;
    double density = 1;
    double margin = 1;
    std::optional<SynapsePacking> packing = std::nullopt;
  };
  const Tile& tile(const Kernel& kernel, const Dims& unit, const TileNeeds& needs);
  double density(const Kernel& kernel) const;
  const PackedWeight* packed_weight(const Kernel& kernel) const;
  /// Tiles a plan's units so that they find the weights where they are; whether that is possible.
  bool take_packed(const PackedWeight& packed, std::int64_t sharers, KernelPlan& plan);
  /// Lays out the tiles of synapses that are not dense.
  void fit_synapses(const Kernel& kernel, KernelPlan& plan, std::int64_t sharers);
  void fit_indexed(const Kernel& kernel, KernelPlan& plan, std::int64_t sharers);

  const LoweredGraph& graph_;
  const MachineConfig& machine_;
  Partition strategy_;
  std::shared_ptr<const PackedWeights> packed_;
  std::vector<std::vector<KernelId>> readers_;  ///< by storage: kernels whose synapses it holds
  /// By weights, cores of the group, and sharers.
  std::map<std::tuple<StorageId, std::int64_t, std::int64_t>, PackedWeight> common_packings_;
  std::shared_ptr<TileMemo> tiles_;
  Tile point_tile_;
};

/// What comes next waits for the last of the units, which start together and meet in the channels:
/// many of them make that up to twice as late.
Cycle with_waiting(Cycle time, std::int64_t units);
/// A barrier's price beyond its own latency: engines drain before it and fill again after it.
Cycle barrier_cost(const MachineConfig& machine);

Cycle time_of(const Tile& tile);
Bytes traffic_of(const Tile& tile);
std::string describe(const Tile& tile);

}  // namespace unna
