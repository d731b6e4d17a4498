#include "memmgr/exact/capacity_search.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/parallel.h"
#include "memmgr/placement/placement.h"

namespace unna {
namespace {

constexpr std::size_t kLanes = 4;

/// Of one instance: a search keeps tables of a 16th of its square in words of 8 bytes, a lane.
constexpr std::size_t kMostBuffers = 3000;

/// What the lanes prefer: measured on instances of bench/, see docs/planning.md.
constexpr std::array kStyles = {
    SearchStyle{SearchStyle::First::length, SearchStyle::Niche::choices, 0},
    SearchStyle{SearchStyle::First::size, SearchStyle::Niche::choices, 0},
    SearchStyle{SearchStyle::First::length, SearchStyle::Niche::blamed, 0},
    SearchStyle{SearchStyle::First::size, SearchStyle::Niche::blamed, 0},
};

/// 1 1 2 1 1 2 4 ...: optimal for restarts up to a factor (Luby, Sinclair, Zuckerman 1993).
std::uint64_t luby(std::uint64_t i) {
  for (std::uint64_t power = 1;; power *= 2) {
    if (i + 1 == 2 * power - 1) return power;
    if (i + 1 < 2 * power - 1) return i < power - 1 ? luby(i) : luby(i - (power - 1));
  }
}

std::vector<std::uint32_t> others(std::size_t n, const std::vector<std::uint32_t>& aside) {
  std::vector<char> out(n, 0);
  for (const std::uint32_t i : aside) out[i] = 1;
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < n; ++i)
    if (out[i] == 0) result.push_back(i);
  return result;
}

}  // namespace

CapacitySearch::CapacitySearch(const PlanProblem& problem, Bytes capacity, std::uint64_t seed)
    : problem_(problem),
      capacity_(capacity),
      seed_(seed),
      aside_(always_placeable(problem, capacity)),
      offsets_(problem.size(), 0) {
  // Those that no other has to keep away from are in no instance.
  std::vector<Taken> reserved;
  for (const ByteRange& r : problem.reserved) reserved.push_back({r.begin, r.end});
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    const PlanBuffer& b = problem.buffers[i];
    offsets_[i] = b.fixed ? *b.fixed : find_place(reserved, b.size, b.alignment, Fit::lowest);
  }
  for (PackingInstance& instance :
       packing_instances(problem, others(problem.size(), aside_), capacity)) {
    if (instance.load > capacity) end_ = SearchEnd::impossible;
    too_large_ = too_large_ || instance.count() > kMostBuffers;
    parts_.push_back({std::move(instance), {}, 0, false});
  }
}

SearchEnd CapacitySearch::search(Part& part, Budget& budget) {
  const PackingInstance& in = part.instance;
  if (part.memory.empty()) part.memory.assign(kLanes, SearchMemory(in));
  std::array<SearchResult, kLanes> results;
  while (budget.work > 0 && !budget.out_of_time()) {
    const std::uint64_t nodes = 16 * in.count() * luby(part.round);
    std::atomic<std::size_t> first_success = kLanes;
    parallel_for(kLanes, budget.threads, [&](std::size_t lane) {
      results[lane] = {};
      if (first_success.load() < lane) return;
      SearchStyle style = kStyles[lane];
      if (part.round > 0) style.seed = seed_ * 0x10001 + part.round * kLanes + lane;
      PackingSearch search(in, capacity_, style, part.memory[lane]);
      results[lane] = search.run(nodes, budget.deadline, budget.work);
      if (results[lane].end == SearchEnd::limit) return;
      std::size_t seen = first_success.load();
      while (lane < seen && !first_success.compare_exchange_weak(seen, lane)) {
      }
    });
    ++part.round;
    const std::size_t first = first_success.load();
    for (std::size_t lane = 0; lane <= std::min(first, kLanes - 1); ++lane)
      budget.work -= std::min(budget.work, results[lane].work);
    if (first == kLanes) continue;
    if (results[first].end == SearchEnd::found)
      for (std::uint32_t k = 0; k < in.count(); ++k)
        offsets_[in.buffer[k]] = results[first].offsets[k];
    return results[first].end;
  }
  return SearchEnd::limit;
}

SearchEnd CapacitySearch::go_on(Budget& budget) {
  if (end_ != SearchEnd::limit || too_large_) return end_;
  for (Part& part : parts_) {
    if (part.solved) continue;
    const SearchEnd end = search(part, budget);
    part.solved = end == SearchEnd::found;
    if (end == SearchEnd::found) continue;
    if (end == SearchEnd::impossible) end_ = end;
    return end;
  }
  place_aside(problem_, aside_, offsets_);
  return end_ = SearchEnd::found;
}

}  // namespace unna
