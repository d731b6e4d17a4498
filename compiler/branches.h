#pragma once

// Independent branches of a network, and running them side by side on groups of cores.

#include <optional>
#include <vector>

#include "compiler/partition.h"
#include "compiler/schedule.h"

namespace unna {

/// Consecutive kernels between two points where the network is a single strand; `branches` are the
/// sets of kernels in it that do not depend on one another, `tail` what follows them all (a join).
struct KernelRegion {
  std::vector<KernelId> kernels;                ///< in execution order
  std::vector<std::vector<KernelId>> branches;  ///< each in execution order; fewer than 2: a strand
  std::vector<KernelId> tail;                   ///< reads more than one branch
};

/// Regions in execution order; together they have every kernel once.
std::vector<KernelRegion> find_regions(const LoweredGraph& graph);

/// A region with its branches side by side, each on cores of its own.
struct RegionPlans {
  std::vector<KernelPlan> plans;  ///< branch after branch, then the tail
  Cycle branches = 0;             ///< estimated time of the slowest branch
  Cycle together = 0;             ///< the same kernels one after the other, each on all cores
};

/// Plans for the kernels of a region with its branches on disjoint groups of cores, so that the
/// slowest is as fast as possible; none where all cores together are estimated to be faster,
/// unless `forced`, or where there are fewer cores than branches. `barrier` is what a meeting
/// costs, `sync` what waiting for units before the region does.
std::optional<RegionPlans> plan_branches(const KernelRegion& region, std::int64_t cores,
                                         Cycle barrier, Partitioner& partitioner,
                                         const SyncCost& sync, bool forced);

}  // namespace unna
