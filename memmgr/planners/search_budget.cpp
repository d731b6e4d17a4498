#include "memmgr/planners/search_budget.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/parallel.h"
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
  constexpr std::size_t kAtATime = 4;
  const Bytes goal = std::max(problem.lower_bound, problem.capacity.value_or(0));
  const bool by_time = placed_by_intervals(problem);
  const std::uint64_t n = problem.size();
  const std::uint64_t work = by_time ? n * n / 32 + n : 2 * problem.index.pairs() + n;
  const std::vector<ConstructiveOrder> orders = constructive_orders(problem);
  invariant(orders.size() % kAtATime == 0, "{} orders", orders.size());
  std::vector<std::vector<Bytes>> made(2 * orders.size());
  std::vector<Bytes> best;
  Bytes peak = 0;
  for (std::size_t first = 0; first < made.size(); first += kAtATime) {
    if (!best.empty() && (peak <= goal || budget.work == 0 || budget.out_of_time())) break;
    const std::size_t count = std::min(kAtATime, made.size() - first);
    parallel_for(count, budget.threads, [&](std::size_t k) {
      // Four orders by lowest fit, the same by best fit, and so on.
      const std::size_t batch = (first + k) / kAtATime;
      const ConstructiveOrder& c = orders[batch / 2 * kAtATime + (first + k) % kAtATime];
      const Fit fit = batch % 2 == 0 ? Fit::lowest : Fit::best;
      made[first + k] =
          by_time ? place_intervals(problem, c.order, fit) : place_in_order(problem, c.order, fit);
    });
    for (std::size_t k = first; k < first + count; ++k) {
      const Bytes its_peak = peak_of(problem, made[k]);
      if (best.empty() || its_peak < peak) {
        best = std::move(made[k]);
        peak = its_peak;
      }
      made[k] = {};
    }
    budget.work -= std::min(budget.work, count * work);
  }
  return best;
}

void place_aside(const PlanProblem& problem, std::span<const std::uint32_t> aside,
                 std::vector<Bytes>& offsets) {
  std::vector<char> placed(problem.size(), 1);
  for (const std::uint32_t i : aside) placed[i] = 0;
  std::vector<std::uint32_t> scratch;
  std::vector<Taken> taken;
  for (const std::uint32_t i : aside) {
    taken.clear();
    for (const ByteRange& r : problem.reserved) taken.push_back({r.begin, r.end});
    for (const std::uint32_t j : problem.neighbours(i, scratch))
      if (placed[j] != 0) taken.push_back({offsets[j], offsets[j] + problem.buffers[j].size});
    offsets[i] =
        find_place(taken, problem.buffers[i].size, problem.buffers[i].alignment, Fit::lowest);
    placed[i] = 1;
  }
}

}  // namespace unna
