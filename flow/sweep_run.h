#pragma once

// The points of a sweep prepared, run in child processes, and put into the store.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "flow/process_pool.h"
#include "flow/sweep.h"
#include "flow/sweep_columns.h"
#include "flow/sweep_store.h"

namespace unna {

/// A point that is ready to run.
struct PreparedPoint {
  /// Changes whenever the result could: hash of program version, axis values, network, its masks
  /// and weights, resolved machine, and options. Different for each point of a grid.
  std::string key;
  std::optional<SweepRun> run;  ///< none: fields of its machine contradict each other
  std::string refusal;          ///< why
  std::string network_hash;     ///< of the network's file
};

/// Reads every network and machine of the sweep. Throws InputError for the first file that is
/// missing or malformed, and for networks that have not the inputs that the sweep gives shapes to.
std::vector<PreparedPoint> prepare(const SweepSpec& spec, const std::vector<SweepPoint>& points);

/// A result a point; none: it has not run yet.
using PointResults = std::vector<std::optional<PointResult>>;

/// Those of the store that need not run again, and those of points that can't run.
PointResults known_results(const std::vector<PreparedPoint>& points, const SweepStore& store);

/// The grid as the store keeps it.
std::vector<GridRow> grid_rows(const SweepSpec& spec, const std::vector<SweepPoint>& points,
                               const std::vector<PreparedPoint>& prepared);

/// Runs the points that have no result, and stores each as it ends. `progress` is told how many
/// have ended, and how many of them not well.
void run_points(const std::vector<PreparedPoint>& points, const PoolOptions& options,
                SweepStore& store, PointResults& results,
                const std::function<void(std::size_t, std::size_t)>& progress);

/// The table, in the order of the grid; every point has a result.
std::string sweep_csv(const SweepSpec& spec, const std::vector<SweepPoint>& points,
                      const PointResults& results);

}  // namespace unna
