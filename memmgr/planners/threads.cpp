#include "memmgr/planners/threads.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "base/parallel.h"
#include "memmgr/complete_problem.h"
#include "memmgr/part_problem.h"
#include "memmgr/placement/placement.h"
#include "memmgr/planners/conflict_sums.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/search_budget.h"
#include "memmgr/planners/steps.h"

namespace unna {
namespace {

/// What orders go by, of each buffer.
struct Features {
  Keys thread, bound;  ///< its number; bytes of its buffers that make the problem's bound
  Keys size, start, end;
  Keys degree, pressure;  ///< conflicting buffers of the same thread, and their bytes
};

Features features_of(const PlanProblem& problem) {
  const std::vector<std::uint32_t>& threads = problem.lifetimes.threads;
  const auto thread = [&](std::uint32_t i) { return threads.empty() ? 0 : threads[i]; };
  std::map<std::uint32_t, double> at_bound;
  for (const std::uint32_t i : problem.antichain)
    at_bound[thread(i)] += static_cast<double>(problem.buffers[i].size);
  Features f;
  const ConflictSums conflicts = conflict_sums(problem, threads);
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    f.thread.push_back(thread(i));
    f.bound.push_back(at_bound[thread(i)]);
    f.size.push_back(static_cast<double>(problem.buffers[i].size));
    f.start.push_back(static_cast<double>(problem.index.position(i)));
    f.end.push_back(static_cast<double>(problem.index.last_overlap(i)));
    f.degree.push_back(static_cast<double>(conflicts.degree[i]));
    f.pressure.push_back(static_cast<double>(conflicts.pressure[i]));
  }
  return f;
}

Keys negative(Keys keys) {
  for (double& key : keys) key = -key;
  return keys;
}

}  // namespace

Plan plan_by_thread(const PlanProblem& problem, const PlanOptions& options) {
  const Deadline deadline = search_budget(options).deadline;
  Plan plan;
  Bytes peak = std::numeric_limits<Bytes>::max();
  for (const ConstructiveOrder& order : thread_orders(problem)) {
    std::vector<Bytes> offsets = place_in_order(
        problem, order.order, Fit::lowest, plan.offsets.empty() ? std::nullopt : deadline, peak);
    if (offsets.size() != problem.size() || peak_of(problem, offsets) >= peak) continue;
    peak = peak_of(problem, offsets);
    plan.offsets = std::move(offsets);
    plan.note = order.name;
    if (peak <= problem.lower_bound) break;
  }
  return plan;
}

std::vector<ConstructiveOrder> thread_orders(const PlanProblem& problem) {
  const Features f = features_of(problem);
  std::vector<std::uint32_t> by_index(problem.size());
  for (std::uint32_t i = 0; i < problem.size(); ++i) by_index[i] = i;
  const std::vector<std::uint32_t> early = descending(by_index, negative(f.start));
  const std::vector<std::uint32_t> late_end = descending(by_index, f.end);
  std::vector<ConstructiveOrder> orders;
  const auto add = [&](std::string_view name, const std::vector<std::uint32_t>& ties,
                       const Keys& keys) {
    orders.push_back({name, descending(ties, keys)});
  };
  add("size, then start", early, f.size);
  add("pressure in the thread x size in octaves, then late end", late_end,
      in_steps(times(f.pressure, f.size), 1));
  add("size in octaves, then start", early, in_steps(f.size, 1));
  if (f.thread.empty() || std::ranges::max(f.thread) == std::ranges::min(f.thread)) return orders;

  const auto add_by_thread = [&](std::string_view name, const std::vector<std::uint32_t>& ties,
                                 const Keys& keys, const Keys& group) {
    orders.push_back({name, descending(descending(ties, keys), group)});
  };
  const Keys ascending = negative(f.thread);
  const auto heaviest = [&](const std::vector<std::uint32_t>& order) {
    return descending(descending(order, ascending), f.bound);
  };
  orders.push_back({"heaviest thread, size in steps, then start",
                    heaviest(descending(early, in_steps(f.size, 4)))});
  add_by_thread("last thread, pressure in it x size, then start", early, times(f.pressure, f.size),
                f.thread);
  add_by_thread("first thread, size in octaves, then start", early, in_steps(f.size, 1), ascending);
  add_by_thread("first thread, size in octaves, then late end", late_end, in_steps(f.size, 1),
                ascending);
  add_by_thread("last thread, degree in it x size, then late end", late_end,
                times(f.degree, f.size), f.thread);
  add_by_thread("first thread, pressure in it x size, then late end", late_end,
                times(f.pressure, f.size), ascending);
  return orders;
}

namespace {

using Members = std::vector<std::vector<std::uint32_t>>;

/// Thread by thread, each in the order of its offsets.
std::vector<std::uint32_t> in_order_of_plans(const Members& threads,
                                             const std::vector<std::vector<Bytes>>& offsets,
                                             bool backwards) {
  std::vector<std::uint32_t> order;
  for (std::size_t k = 0; k < threads.size(); ++k) {
    const std::size_t t = backwards ? threads.size() - 1 - k : k;
    std::vector<std::size_t> up(offsets[t].size());
    std::iota(up.begin(), up.end(), std::size_t{0});
    std::ranges::stable_sort(up, {}, [&](std::size_t m) { return offsets[t][m]; });
    for (const std::size_t m : up) order.push_back(threads[t][m]);
  }
  return order;
}

}  // namespace

ThreadsAlone plan_threads_alone(const PlanProblem& problem, const PlanOptions& options) {
  const Deadline deadline = search_budget(options).deadline;
  Members threads;
  for (std::uint32_t i = 0; i < problem.lifetimes.threads.size(); ++i) {
    const std::uint32_t thread = problem.lifetimes.threads[i];
    if (threads.size() <= thread) threads.resize(thread + 1);
    threads[thread].push_back(i);
  }
  std::erase_if(threads, [](const auto& members) { return members.empty(); });
  ThreadsAlone result;
  if (threads.size() < 2) return result;
  std::vector<std::vector<Bytes>> offsets(threads.size());
  std::vector<char> met(threads.size(), 0);
  parallel_for(threads.size(), options.threads, [&](std::size_t t) {
    PlanProblem part = part_of(problem, threads[t]);
    complete_problem(part);
    PlanOptions alone = options;
    alone.threads = 1;
    alone.few_waits = false;
    alone.effort =
        std::max<std::int64_t>(1, options.effort / static_cast<std::int64_t>(threads.size()));
    if (alone.time_limit) *alone.time_limit /= static_cast<double>(threads.size());
    offsets[t] = plan_auto(part, alone).offsets;
    met[t] = peak_of(part, offsets[t]) <= part.lower_bound ? 1 : 0;
  });
  result.met = std::ranges::count(met, 0) == 0;
  Bytes peak = std::numeric_limits<Bytes>::max();
  for (const bool backwards : {false, true}) {
    std::vector<Bytes> placed = place_in_order(
        problem, in_order_of_plans(threads, offsets, backwards), Fit::lowest, deadline, peak);
    if (placed.size() != problem.size()) continue;
    peak = peak_of(problem, placed);
    result.offsets = std::move(placed);
  }
  return result;
}

}  // namespace unna
