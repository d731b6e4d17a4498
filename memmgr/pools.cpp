#include "memmgr/pools.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "memmgr/pool_assignment.h"
#include "memmgr/spill_bound.h"

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
  result.plan = run_planner(planner, result.problem, options);
  if (!problem.pools[pool].capacity || result.plan.peak <= *problem.pools[pool].capacity)
    return result;
  Plan& plan = result.plan;
  plan.offsets.clear();
  for (const std::uint32_t i : result.members) plan.offsets.push_back(a.offset(i));
  plan.peak = peak_of(result.problem, plan.offsets);
  plan.proved_optimal = plan.peak == plan.lower_bound;
  plan.note = "as assigned: the planner's plan does not fit";
  return result;
}

}  // namespace

PlanProblem pool_problem(const PlanProblem& problem, std::uint32_t pool,
                         std::span<const std::uint32_t> members) {
  PlanProblem part;
  part.capacity = problem.pools[pool].capacity;
  part.reserved = problem.pools[pool].reserved;
  const Lifetimes& all = problem.lifetimes;
  Lifetimes& some = part.lifetimes;
  some.kind = all.kind;
  if (all.intervals) some.intervals.emplace();
  if (all.order) some.order.emplace(all.order->chains());
  std::map<std::uint32_t, std::uint32_t> renumbered;
  for (const std::uint32_t i : members) {
    renumbered[i] = static_cast<std::uint32_t>(part.size());
    part.buffers.push_back(problem.buffers[i]);
    part.buffers.back().pools.clear();
    some.buffers.push_back(all.buffers[i]);
    if (all.intervals) some.intervals->push_back((*all.intervals)[i]);
    if (!all.gaps.empty()) some.gaps.push_back(all.gaps[i]);
    if (all.order) some.order->add(all.order->last(i), all.order->first(i));
  }
  const auto keep = [&](const std::vector<BufferPair>& from, std::vector<BufferPair>& to) {
    for (const BufferPair pair : from)
      if (renumbered.contains(pair.first) && renumbered.contains(pair.second))
        to.push_back({renumbered[pair.first], renumbered[pair.second]});
  };
  keep(problem.apart, part.apart);
  keep(problem.in_place, part.in_place);
  complete_problem(part);
  return part;
}

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

void set_pools(PlanProblem& problem, std::span<const MemoryPool> given) {
  if (!given.empty() && problem.pools.empty() && !problem.reserved.empty())
    throw InputError("reserved ranges without pools in the file, expected them in each pool");
  std::vector<MemoryPool> pools(given.begin(), given.end());
  std::vector<std::uint32_t> renumbered;
  for (const MemoryPool& old : problem.pools) {
    const auto found = std::ranges::find(pools, old.name, &MemoryPool::name);
    renumbered.push_back(static_cast<std::uint32_t>(found - pools.begin()));
    if (found == pools.end() && !given.empty() && !old.capacity)
      throw InputError(fmt::format("pool '{}' is not among those given, expected --pool {}",
                                   old.name, old.name));
    if (found == pools.end()) {
      pools.push_back(old);
      continue;
    }
    if (old.capacity && found->capacity)
      throw InputError(
          fmt::format("pool '{}' has a capacity in the file and on the command line, "
                      "expected one",
                      old.name));
    if (old.capacity) found->capacity = old.capacity;
    found->reserved = old.reserved;
  }
  for (PlanBuffer& b : problem.buffers) {
    for (std::uint32_t& pool : b.pools) pool = renumbered[pool];
    if (!pools.empty() && b.fixed && b.pools.size() != 1)
      throw InputError(fmt::format("'{}' has a fixed offset, expected one pool for it", b.name));
  }
  problem.pools = std::move(pools);
}

}  // namespace unna
