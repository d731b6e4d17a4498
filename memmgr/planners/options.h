#pragma once

#include <cstdint>
#include <optional>

#include "memmgr/planners/tetris_options.h"

namespace unna {

/// How a planner is to be run.
struct PlanOptions {
  std::uint64_t seed = 1;
  int threads = 1;
  /// Seconds; a planner that searches ends then with the best it has. The result then depends on
  /// the host; without a limit it depends only on the inputs and the seed.
  std::optional<double> time_limit;
  /// Millions of looks (memmgr/exact/capacity_search.h) that a search may spend where there is no
  /// time limit: about two seconds.
  std::int64_t effort = 1000;
  TetrisOptions tetris;
  /// After the peak (and with half of the time limit, where there is one), what the pairs to avoid
  /// cost (memmgr/planners/waits.h).
  bool few_waits = false;
};

}  // namespace unna
