#pragma once

// Walk plans by estimated footprint and cost: a dynamic programme over the cuts between walks.

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "compiler/unit_cost.h"
#include "compiler/walk.h"

namespace unna {

struct EstimatedWalk {
  WalkPlan plan;
  Bytes footprint = 0;  ///< estimated
  BandCost cost;        ///< estimated
};

/// What the dynamic programme minimises under a budget.
struct WalkWeights {
  double cycles = 1;  ///< for each estimated cycle
  double bytes = 0;   ///< for each estimated DRAM byte
};

class WalkSearch {
 public:
  /// Finds the walks that may be part of a plan: all runs of consecutive kernels (of at most
  /// `longest`) in steps of several heights.
  WalkSearch(const LoweredGraph& graph, const MachineConfig& machine, Partition partition,
             std::size_t longest = 64);

  /// The plans of least weight for budgets between the smallest footprint found and the largest one
  /// that is of use, by descending footprint and ascending weight. Exact for contiguous walks in
  /// the lowered order whose weights add up.
  std::vector<EstimatedWalk> front(const WalkWeights& weights) const;

 private:
  struct Option {
    std::int64_t steps = 1;
    std::int64_t skew = 0;
    Division division = Division::fastest;
    Bytes footprint = 0;
    BandCost cost;
    bool side_by_side = false;  ///< a region's layers, its branches on cores of their own
  };
  /// How many bands of so many lines a kernel has.
  using Heights = std::map<std::pair<KernelId, std::int64_t>, std::int64_t>;
  BandCost cost_of(UnitCosts& costs, const std::vector<KernelId>& kernels, const Heights& heights,
                   Division division) const;
  void find_options(WalkRunner& runner, UnitCosts& costs, std::size_t first);
  void add_side_by_side(WalkRunner& runner, UnitCosts& costs, const KernelRegion& region);
  void add_options(WalkRunner& runner, UnitCosts& costs, const std::vector<KernelId>& kernels,
                   std::int64_t steps, std::int64_t skew, std::vector<Option>& options) const;
  EstimatedWalk assemble(const std::vector<std::pair<std::size_t, const Option*>>& cuts) const;

  const LoweredGraph& graph_;
  const MachineConfig& machine_;
  LineTable table_;
  std::size_t longest_;
  std::vector<bool> side_by_side_;  ///< by kernel: in a region whose branches may run so
  /// [first][length - 1]: ways to walk kernels [first, first + length).
  std::vector<std::vector<std::vector<Option>>> options_;
};

}  // namespace unna
