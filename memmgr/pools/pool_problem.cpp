#include "memmgr/pools/pool_problem.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "memmgr/complete_problem.h"
#include "memmgr/part_problem.h"

namespace unna {

PlanProblem pool_problem(const PlanProblem& problem, std::uint32_t pool,
                         std::span<const std::uint32_t> members) {
  PlanProblem part = part_of(problem, members);
  part.capacity = problem.pools[pool].capacity;
  part.reserved = problem.pools[pool].reserved;
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
