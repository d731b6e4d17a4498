#pragma once

// What bands of kernels cost on all cores together, estimated from their tiles: what walks are
// searched by. What is chosen in the end is compiled and simulated.

#include <map>
#include <optional>
#include <tuple>

#include "compiler/branches.h"
#include "compiler/compile.h"
#include "compiler/partition.h"
#include "compiler/sb_rooms.h"
#include "compiler/walk.h"

namespace unna {

/// Estimated; sums over bands are estimates of programs.
struct BandCost {
  Cycle time = 0;     ///< of the slowest core, with filling, draining and waiting for others
  Bytes traffic = 0;  ///< DRAM bytes of all cores

  BandCost& operator+=(const BandCost& other) {
    time += other.time;
    traffic += other.traffic;
    return *this;
  }
  BandCost operator*(std::int64_t times) const { return {time * times, traffic * times}; }
};

class UnitCosts {
 public:
  /// `partitioner` is used as long as this is.
  UnitCosts(const LoweredGraph& graph, const MachineConfig& machine, Partition partition,
            Partitioner& partitioner);

  /// How `lines` lines of a kernel in a walk are divided: of the grids that `division` allows, the
  /// one that it prefers.
  const Grid& grid(KernelId kernel, std::int64_t lines, Division division);
  /// `lines` lines of a kernel in a walk, that has `room` in SB. Synapses that stay do not count.
  /// Throws CapacityError where no tile fits.
  BandCost band(KernelId kernel, std::int64_t lines, Division division, const SbRoom& room);
  /// What a kernel that makes `lines` lines in each of `bands` bands wishes of SB.
  SbWish wish(KernelId kernel, std::int64_t lines, std::int64_t bands, Division division);
  /// The loads of synapses that stay, all cores together.
  BandCost staying(KernelId kernel, std::int64_t lines, Division division);
  /// The whole kernel layer by layer.
  BandCost layer(KernelId kernel);
  /// The whole region with its branches side by side; none where they run one after the other.
  std::optional<BandCost> side_by_side(const KernelRegion& region);

 private:
  BandCost cost(KernelId kernel, std::int64_t lines, const Grid& grid, const SbRoom& room);
  Cycle loading(KernelId kernel, const std::vector<UnitOfWork>& units, const Grid& grid,
                const SbRoom& room);

  const LoweredGraph& graph_;
  const MachineConfig& machine_;
  Partition partition_;
  Partitioner& partitioner_;
  std::map<std::tuple<KernelId, std::int64_t, Division>, Grid> grids_;
  /// By kernel, lines, division, and bytes of SB; none where synapses stay.
  std::map<std::tuple<KernelId, std::int64_t, Division, Bytes>, BandCost> bands_;
  std::map<KernelId, BandCost> layers_;
};

}  // namespace unna
