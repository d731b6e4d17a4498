#include "memmgr/pools/pools.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "base/error.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/planners/waits.h"
#include "memmgr/pools/pool_assignment.h"
#include "memmgr/pools/pool_problem.h"
#include "memmgr/pools/spill_bound.h"

namespace unna {
namespace {

/// Why no assignment can be, where that is plain to see.
std::optional<std::string> impossible(const PlanProblem& problem) {
  Bytes room = 0;
  bool bounded = true;
  for (std::uint32_t p = 0; p < problem.pools.size(); ++p) {
    const MemoryPool& pool = problem.pools[p];
    bounded = bounded && pool.capacity;
    if (!pool.capacity) continue;
    room += usable_bytes(pool);
    std::vector<std::uint32_t> forced;
    for (std::uint32_t i = 0; i < problem.size(); ++i)
      if (problem.pools.size() == 1 || problem.buffers[i].pools == std::vector{p})
        forced.push_back(i);
    if (forced.empty()) continue;
    const Bytes need = pool_problem(problem, p, forced).lower_bound;
    if (need > *pool.capacity)
      return fmt::format("those that may live in {} only need {} bytes of its {}", pool.name, need,
                         *pool.capacity);
  }
  Bytes together = 0;
  for (const Bytes bytes : problem.antichain_bytes) together += bytes;
  if (bounded && together > room)
    return fmt::format("{} bytes are in use together, all pools have {}", together, room);
  return std::nullopt;
}

bool too_large_for_each(const PlanProblem& problem, const PoolAssignment& a, std::uint32_t i) {
  return std::ranges::all_of(a.choices(i), [&](std::uint32_t p) {
    const PlanProblem alone = pool_problem(problem, p, std::span(&i, 1));
    return problem.pools[p].capacity && alone.lower_bound > *problem.pools[p].capacity;
  });
}

[[noreturn]] void fail(const PlanProblem& problem, const PoolAssignment& a) {
  std::uint32_t buffer = 0;
  while (a.placed(buffer)) ++buffer;
  std::string pools;
  for (const std::uint32_t p : a.choices(buffer))
    pools += fmt::format("{}{}", pools.empty() ? "" : ", ", problem.pools[p].name);
  std::optional<std::string> proof = impossible(problem);
  for (std::uint32_t i = 0; i < problem.size() && !proof; ++i)
    if (!a.placed(i) && too_large_for_each(problem, a, i)) {
      buffer = i;
      proof = "it is larger than what each of them has in one piece";
    }
  const PlanBuffer& b = problem.buffers[buffer];
  throw CapacityError(fmt::format("buffer '{}' of {} bytes fits in none of its pools ({}): {}",
                                  b.name, b.size, pools,
                                  proof ? fmt::format("proved impossible, {}", *proof)
                                        : "no assignment was found, none is excluded"));
}

PlannedPool plan_one(std::string_view planner, const PlanProblem& problem, std::uint32_t pool,
                     const PoolAssignment& a, const PlanOptions& options) {
  PlannedPool result;
  result.pool = pool;
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (a.pool(i) == pool) result.members.push_back(i);
  result.problem = pool_problem(problem, pool, result.members);
  PlanOptions by_peak = options;
  by_peak.few_waits = false;
  if (options.few_waits && options.time_limit) *by_peak.time_limit /= 2;
  result.plan = run_planner(planner, result.problem, by_peak);
  Plan& plan = result.plan;
  if (problem.pools[pool].capacity && plan.peak > *problem.pools[pool].capacity) {
    plan.offsets.clear();
    for (const std::uint32_t i : result.members) plan.offsets.push_back(a.offset(i));
    plan.peak = peak_of(result.problem, plan.offsets);
    plan.proved_optimal = plan.peak == plan.lower_bound;
    plan.note = "as assigned: the planner's plan does not fit";
    judge_waits(result.problem, plan);
  }
  if (options.few_waits) reduce_waits(result.problem, plan, by_peak);
  return result;
}

}  // namespace

PoolPlan plan_pools(std::string_view name, const PlanProblem& problem, const PlanOptions& options) {
  invariant(!problem.pools.empty(), "no pools to plan");
  planner(name);
  const auto start = std::chrono::steady_clock::now();
  const PoolAssignment assignment = assign_pools(problem);
  if (assignment.homeless() > 0) fail(problem, assignment);
  PoolPlan result;
  result.pool.resize(problem.size());
  result.offsets.resize(problem.size());
  result.spilled = assignment.spilled();
  for (std::uint32_t p = 0; p < problem.pools.size(); ++p) {
    result.pools.push_back(plan_one(name, problem, p, assignment, options));
    const PlannedPool& planned = result.pools.back();
    for (std::size_t k = 0; k < planned.members.size(); ++k) {
      result.pool[planned.members[k]] = p;
      result.offsets[planned.members[k]] = planned.plan.offsets[k];
    }
    if (result.spilled > 0) result.spill_bound += spill_bound(problem, p);
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

PoolPlan given_pools(const PlanProblem& problem, const std::vector<std::uint32_t>& pool,
                     const std::vector<Bytes>& offsets) {
  PoolPlan result;
  result.pool = pool;
  result.offsets = offsets;
  const PoolAssignment choices(problem);
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    const auto list = choices.choices(i);
    result.spilled += choices.weight(i) * (std::ranges::find(list, pool[i]) - list.begin());
  }
  for (std::uint32_t p = 0; p < problem.pools.size(); ++p) {
    PlannedPool& planned = result.pools.emplace_back();
    planned.pool = p;
    Plan& plan = planned.plan;
    for (std::uint32_t i = 0; i < problem.size(); ++i) {
      if (pool[i] != p) continue;
      planned.members.push_back(i);
      plan.offsets.push_back(offsets[i]);
    }
    planned.problem = pool_problem(problem, p, planned.members);
    plan.peak = peak_of(planned.problem, plan.offsets);
    plan.lower_bound = planned.problem.lower_bound;
    plan.proved_optimal = plan.peak == plan.lower_bound;
    judge_waits(planned.problem, plan);
    if (result.spilled > 0) result.spill_bound += spill_bound(problem, p);
  }
  return result;
}

}  // namespace unna
