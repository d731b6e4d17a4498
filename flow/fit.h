#pragma once

// The fastest program that fits a memory budget: walks are searched by estimates, then the best of
// them are compiled, simulated and bounded, and the front of what was measured is kept
// (docs/walks.md).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "flow/pipeline.h"

namespace unna {

/// What `fit` minimises among the programs that fit the budget.
enum class FitObjective : std::uint8_t { latency, footprint, dram_bytes, energy };
inline constexpr std::string_view kFitObjectiveNames[] = {"latency", "footprint", "dram-bytes",
                                                          "energy"};

struct FitOptions {
  FitObjective objective = FitObjective::latency;
  std::optional<Bytes> budget;  ///< of the intermediates; none: no limit
  /// At most so many percent more cycles and DRAM bytes than layer by layer; none: no limit.
  std::optional<double> more_cycles, more_bytes;
  Partition partition = Partition::automatic;
  int jobs = 1;  ///< simulations at a time; the result does not depend on it
  EnergyTable energy_table;
  /// Told how many programs of how many have been measured.
  std::function<void(std::size_t, std::size_t)> progress = [](std::size_t, std::size_t) {};
};

/// A program that was compiled and simulated.
struct FitPoint {
  std::shared_ptr<const WalkPlan> walks;
  Bytes estimated_footprint = 0;  ///< what the search expected
  Cycle estimated_cycles = 0;
  Bytes footprint = 0;  ///< peak of the layout that a small effort of `auto` gives
  Bytes bound = 0;      ///< below which no layout of this program exists
  Cycle cycles = 0;
  Bytes dram_bytes = 0;
  double energy_pj = 0;
  std::size_t buffers = 0;
  std::size_t walked = 0;  ///< kernels that are not layer by layer
  bool layer_by_layer = false;
};

struct FitResult {
  /// What no program needs less than that makes whole lines, each once (compiler/row_bound.h).
  Bytes row_bound = 0;
  /// Everything measured, layer by layer first.
  std::vector<FitPoint> points;
  /// Indices of the points that no other one beats in footprint, cycles and DRAM bytes together, by
  /// descending footprint.
  std::vector<std::size_t> front;
  /// The points that fit budget and limits, the best by the objective first. Points with smaller
  /// footprints stay candidates under a larger budget, so that a larger one never gives a worse
  /// program.
  std::vector<std::size_t> fitting;
};

/// The same points whatever the budget is; with limits, others, near them. Throws
/// CapacityError where layer by layer does not compile.
FitResult fit(const Graph& graph, const ChosenMachine& machine, const FitOptions& options);

/// The best program that fits, with everything that a run has: plans the fitting points one after
/// the other with `run.planner` until the peak is within the budget. Throws CapacityError where
/// none is, saying what the least is.
struct FittedRun {
  FitResult search;
  std::size_t chosen = 0;  ///< index into search.points
  Run run;
};
FittedRun run_fitted(const NetworkChoice& network, const ChosenMachine& machine,
                     const RunOptions& run, const FitOptions& options, bool timing);

}  // namespace unna
