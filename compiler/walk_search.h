#pragma once

// Walk plans by estimated footprint and cost: a dynamic programme over the cuts between walks.

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "compiler/unit_cost.h"
#include "compiler/walk.h"
#include "compiler/walk_experience.h"

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

/// What a simulated program had of a kernel.
struct MeasuredKernel {
  Cycle end = 0;      ///< when the last core was through with it
  Bytes traffic = 0;  ///< DRAM bytes of all cores
};
struct MeasuredProgram {
  std::vector<MeasuredKernel> kernels;
  Bytes footprint = 0;   ///< the most that was alive
  KernelId peak_kernel;  ///< that ran then: the last that wrote some of it
};

class WalkSearch {
 public:
  /// Finds the walks that may be part of a plan: all runs of consecutive kernels (of at most
  /// `longest`) in steps of several heights. The result does not depend on the host's `threads`.
  WalkSearch(const LoweredGraph& graph, const MachineConfig& machine, Partition partition,
             int threads = 1, std::size_t longest = 64);

  /// Corrects the estimates by a simulated program of this graph, first of all layer by layer:
  /// walks that it has are known from then on, others are expected to miss as similar ones did.
  void learn(const WalkPlan& plan, const MeasuredProgram& measured);
  /// A program that does not compile: its walks that are in no program that does are to be avoided.
  void learn_failure(const WalkPlan& plan);

  /// Tiles that were searched for meanwhile.
  const std::shared_ptr<TileMemo>& tiles() const { return tiles_; }

  /// The plans of least weight for budgets between the smallest footprint found and the largest one
  /// that is of use, by descending footprint and ascending weight. Exact for contiguous walks in
  /// the lowered order whose weights add up.
  std::vector<EstimatedWalk> front(const WalkWeights& weights);

 private:
  struct Option {
    std::int64_t steps = 1;
    std::int64_t skew = 0;
    Division division = Division::fastest;
    Bytes footprint = 0;
    BandCost cost;
    bool side_by_side = false;  ///< a region's layers, its branches on cores of their own
    // As corrected by experience, or known from a program.
    bool known = false, known_footprint = false;
    BandCost expected = {};
    Bytes expected_footprint = 0;

    bool layers() const { return steps == 1; }
  };
  /// Part of a plan: the kernels in `range` as `option`.
  struct Piece {
    KernelRange range;
    Option* option;
  };
  /// An option by its weight, for the dynamic programme.
  struct Step {
    std::size_t end;
    Bytes footprint;
    double weight;
    const Option* option;
  };
  /// How many bands of so many lines a kernel has.
  using Heights = std::map<std::pair<KernelId, std::int64_t>, std::int64_t>;
  BandCost cost_of(UnitCosts& costs, const std::vector<KernelId>& kernels, const Heights& heights,
                   Division division) const;
  void find_options(WalkRunner& runner, UnitCosts& costs, std::size_t first);
  void add_side_by_side(WalkRunner& runner, UnitCosts& costs, const KernelRegion& region);
  void add_options(WalkRunner& runner, UnitCosts& costs, const std::vector<KernelId>& kernels,
                   std::int64_t steps, std::int64_t skew, std::vector<Option>& options) const;
  std::vector<Piece> pieces_of(const WalkPlan& plan);
  void learn_footprint(const Piece& piece, const MeasuredProgram& measured);
  void expect();
  std::vector<std::vector<Step>> steps_by(const WalkWeights& weights) const;
  EstimatedWalk assemble(const std::vector<std::pair<std::size_t, const Option*>>& cuts) const;

  const LoweredGraph& graph_;
  const MachineConfig& machine_;
  LineTable table_;
  std::size_t longest_;
  std::vector<std::size_t> side_by_side_;  ///< by kernel: how many layers from it on may run so
  std::vector<bool> may_branch_;           ///< by kernel: it is one of these
  /// [first][length - 1]: ways to walk kernels [first, first + length).
  std::vector<std::vector<std::vector<Option>>> options_;
  WalkExperience experience_;
  Correction footprints_;
  std::shared_ptr<TileMemo> tiles_;
  bool learnt_ = true;  ///< since expect() was called
};

}  // namespace unna
