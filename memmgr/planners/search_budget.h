#pragma once

// What planners that search may spend.

#include "memmgr/exact/capacity_search.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"

namespace unna {

/// With a time limit until then, otherwise as much work as options.effort says.
Budget search_budget(const PlanOptions& options);

}  // namespace unna
