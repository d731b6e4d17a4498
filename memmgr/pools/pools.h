#pragma once

// Several memories: which buffer lives where, and at which offset. docs/planning.md, "Pools".

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"

namespace unna {

/// What lives in one pool, as a problem of its own with that pool's capacity and reserved ranges.
struct PlannedPool {
  std::uint32_t pool = 0;
  std::vector<std::uint32_t> members;  ///< by index in the whole problem, ascending
  PlanProblem problem;                 ///< entry k is members[k]
  Plan plan;
};

struct PoolPlan {
  std::vector<std::uint32_t> pool;  ///< by buffer
  std::vector<Bytes> offsets;       ///< by buffer, within its pool
  std::vector<PlannedPool> pools;   ///< all of the problem's, in its order
  /// Each buffer costs its weight for every step that it lives down its list of pools.
  std::int64_t spilled = 0;
  std::int64_t spill_bound = 0;  ///< no assignment costs less
  double seconds = 0;

  bool proved_optimal() const { return spilled == spill_bound; }
};

/// Chooses pools so that little is spilled: buffers in several orders, each into the first of its
/// pools that has room, then moves and exchanges as long as they lower the cost (no claim that it
/// is the least, unless the bound is met). Then `planner` plans each pool; where its plan does not
/// fit, the placement found before stands. The same seed gives the same bytes.
///
/// Throws CapacityError, naming a buffer that has no room, and saying whether that is proved or
/// only not found; InputError as the planner does.
PoolPlan plan_pools(std::string_view planner, const PlanProblem& problem,
                    const PlanOptions& options);

/// Somebody's choice of pools and offsets, with bounds, as plan_pools() gives its own. Every buffer
/// has to be in one of its pools (check_pools()).
PoolPlan given_pools(const PlanProblem& problem, const std::vector<std::uint32_t>& pool,
                     const std::vector<Bytes>& offsets);

}  // namespace unna
