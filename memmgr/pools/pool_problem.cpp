#include "memmgr/pools/pool_problem.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "memmgr/complete_problem.h"

namespace unna {

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
  for (const AvoidPair& a : problem.avoid)
    if (renumbered.contains(a.pair.first) && renumbered.contains(a.pair.second))
      part.avoid.push_back({{renumbered[a.pair.first], renumbered[a.pair.second]}, a.weight});
  complete_problem(part);
  return part;
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
