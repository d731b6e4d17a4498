#include "memmgr/planners/search_budget.h"

#include <limits>

#include "memmgr/planners/constructive.h"
#include "memmgr/planners/interval_placement.h"
#include "memmgr/planners/placement.h"

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

std::vector<Bytes> best_constructive(const PlanProblem& problem, Budget& budget) {
  const Bytes goal = std::max(problem.lower_bound, problem.capacity.value_or(0));
  std::vector<Bytes> best;
  Bytes peak = 0;
  for (const Fit fit : {Fit::lowest, Fit::best}) {
    for (const ConstructiveOrder& c : constructive_orders(problem)) {
      if (!best.empty() && (peak <= goal || budget.work == 0 || budget.out_of_time())) return best;
      std::vector<Bytes> offsets = place_in_order(problem, c.order, fit);
      const std::uint64_t work = 2 * problem.index.pairs() + problem.size();
      budget.work -= std::min(budget.work, work);
      const Bytes its_peak = peak_of(problem, offsets);
      if (!best.empty() && its_peak >= peak) continue;
      best = std::move(offsets);
      peak = its_peak;
    }
  }
  return best;
}

}  // namespace unna
