#include "memmgr/pools.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "memmgr/pool_assignment.h"

namespace unna {
namespace {

/// Bytes of a pool that can be had at all.
Bytes usable(const MemoryPool& pool) {
  Bytes bytes = *pool.capacity;
  for (const ByteRange& r : pool.reserved)
    bytes -= std::max<Bytes>(std::min(r.end, *pool.capacity) - r.begin, 0);
  return bytes;
}

/// The least that has to be paid so that buffers which all want one pool, and of which no two may
/// share bytes there, need no more than `room`: the cheapest by the byte leave first, the last of
/// them in part (Dantzig's bound of a knapsack), rounded up.
std::int64_t knapsack_bound(const PlanProblem& p, Bytes room) {
  std::vector<std::pair<std::int64_t, Bytes>> items;  // weight, bytes
  Bytes over = -room;
  for (std::size_t k = 0; k < p.antichain.size(); ++k) {
    const PlanBuffer& b = p.buffers[p.antichain[k]];
    items.emplace_back(b.weight.value_or(b.size), p.antichain_bytes[k]);
    over += p.antichain_bytes[k];
  }
  std::ranges::stable_sort(items, [](const auto& a, const auto& b) {
    return static_cast<double>(a.first) * static_cast<double>(b.second) <
           static_cast<double>(b.first) * static_cast<double>(a.second);
  });
  long double cost = 0;
  for (const auto& [weight, bytes] : items) {
    if (over <= 0) break;
    const Bytes part = std::min(over, bytes);
    cost += static_cast<long double>(weight) * static_cast<long double>(part) /
            static_cast<long double>(bytes);
    over -= part;
  }
  return static_cast<std::int64_t>(cost - 1e-6L) + (cost > 1e-6L ? 1 : 0);
}

/// Of those who want a pool first, the heaviest set that can't share, then the heaviest of the
/// rest, and so on: what must leave each of these sets adds up.
std::int64_t spill_bound(const PlanProblem& problem, std::uint32_t pool) {
  constexpr int kMostSets = 16;
  const MemoryPool& memory = problem.pools[pool];
  if (!memory.capacity) return 0;
  std::vector<std::uint32_t> rest;
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    const auto& choice = problem.buffers[i].pools;
    const bool wants = choice.empty() ? pool == 0 : choice.front() == pool;
    const std::size_t choices = choice.empty() ? problem.pools.size() : choice.size();
    if (wants && choices > 1) rest.push_back(i);
  }
  std::int64_t bound = 0;
  for (int set = 0; set < kMostSets && !rest.empty(); ++set) {
    const PlanProblem p = pool_problem(problem, pool, rest);
    const std::int64_t more = knapsack_bound(p, usable(memory));
    if (more <= 0) break;
    bound += more;
    std::vector<std::uint32_t> left;
    for (std::uint32_t k = 0; k < rest.size(); ++k)
      if (!std::ranges::binary_search(p.antichain, k)) left.push_back(rest[k]);
    rest = std::move(left);
  }
  return bound;
}

/// Why no assignment can be, where that is plain to see.
std::optional<std::string> impossible(const PlanProblem& problem) {
  Bytes room = 0;
  bool bounded = true;
  for (std::uint32_t p = 0; p < problem.pools.size(); ++p) {
    const MemoryPool& pool = problem.pools[p];
    bounded = bounded && pool.capacity;
    if (!pool.capacity) continue;
    room += usable(pool);
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
