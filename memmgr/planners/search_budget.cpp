#include "memmgr/planners/search_budget.h"

#include <chrono>
#include <limits>

#include "memmgr/planners/options.h"

namespace unna {

Budget search_budget(const PlanOptions& options) {
  Budget budget;
  budget.threads = options.threads;
  if (options.time_limit) {
    budget.work = std::numeric_limits<std::uint64_t>::max();
    budget.deadline = std::chrono::steady_clock::now() +
                      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                          std::chrono::duration<double>(*options.time_limit));
  } else {
    budget.work = static_cast<std::uint64_t>(options.effort) * 1'000'000;
  }
  return budget;
}

}  // namespace unna
