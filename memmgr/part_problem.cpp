#include "memmgr/part_problem.h"

#include <map>
#include <vector>

namespace unna {

PlanProblem part_of(const PlanProblem& problem, std::span<const std::uint32_t> members) {
  PlanProblem part;
  const Lifetimes& all = problem.lifetimes;
  Lifetimes& some = part.lifetimes;
  some.kind = all.kind;
  if (all.intervals) some.intervals.emplace();
  if (all.order) some.order.emplace(all.order->chains());
  some.chain_threads = all.chain_threads;
  std::map<std::uint32_t, std::uint32_t> renumbered;
  for (const std::uint32_t i : members) {
    renumbered[i] = static_cast<std::uint32_t>(part.size());
    part.buffers.push_back(problem.buffers[i]);
    part.buffers.back().pools.clear();
    some.buffers.push_back(all.buffers[i]);
    if (all.intervals) some.intervals->push_back((*all.intervals)[i]);
    if (!all.gaps.empty()) some.gaps.push_back(all.gaps[i]);
    if (all.order) some.order->add(all.order->last(i), all.order->first(i));
    if (!all.threads.empty()) some.threads.push_back(all.threads[i]);
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
  return part;
}

}  // namespace unna
