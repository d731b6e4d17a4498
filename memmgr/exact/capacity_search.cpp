#include "memmgr/exact/capacity_search.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/parallel.h"
#include "memmgr/exact/perfect_search.h"
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

/// Orders of what is tried first, in turns: each round takes two of them with contacts, and the two
/// behind these without.
constexpr std::array kFirst = {PerfectStyle::First::longest, PerfectStyle::First::largest,
                               PerfectStyle::First::any, PerfectStyle::First::smallest,
                               PerfectStyle::First::shortest};

/// Runs the lanes side by side. The first in order that knows an answer counts, so that threads
/// change nothing but the time; what is spent up to it is taken from the budget.
template <class Search>
SearchResult first_success(Budget& budget, Search&& search) {
  std::array<SearchResult, kLanes> results;
  std::atomic<std::size_t> first = kLanes;
  parallel_for(kLanes, budget.threads, [&](std::size_t lane) {
    if (first.load() < lane) return;
    results[lane] = search(lane);
    if (results[lane].end == SearchEnd::limit) return;
    std::size_t seen = first.load();
    while (lane < seen && !first.compare_exchange_weak(seen, lane)) {
    }
  });
  const std::size_t last = std::min(first.load(), kLanes - 1);
  for (std::size_t lane = 0; lane <= last; ++lane)
    budget.work -= std::min(budget.work, results[lane].work);
  return first.load() == kLanes ? SearchResult{} : std::move(results[last]);
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
      perfect_(perfect_instance(problem, capacity)),
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
  while (budget.work > 0 && !budget.out_of_time()) {
    const std::uint64_t nodes = 16 * in.count() * luby(part.round);
    const SearchResult result = first_success(budget, [&](std::size_t lane) {
      SearchStyle style = kStyles[lane];
      if (part.round > 0) style.seed = seed_ * 0x10001 + part.round * kLanes + lane;
      return PackingSearch(in, capacity_, style, part.memory[lane])
          .run(nodes, budget.deadline, budget.work);
    });
    ++part.round;
    if (result.end == SearchEnd::limit) continue;
    if (result.end == SearchEnd::found)
      for (std::uint32_t k = 0; k < in.count(); ++k) offsets_[in.buffer[k]] = result.offsets[k];
    return result.end;
  }
  return SearchEnd::limit;
}

SearchEnd CapacitySearch::search_perfect(Budget& budget) {
  constexpr std::uint64_t kLeastNodes = 3000;
  while (budget.work > 0 && !budget.out_of_time()) {
    const std::uint64_t nodes =
        std::max<std::uint64_t>(kLeastNodes, 2 * perfect_->count()) * luby(perfect_round_);
    const SearchResult result = first_success(budget, [&](std::size_t lane) {
      const PerfectStyle style{kFirst[(2 * perfect_round_ + lane) % kFirst.size()], lane < 2,
                               seed_ * 0x10001 + perfect_round_ * kLanes + lane};
      return PerfectSearch(*perfect_, style).run(nodes, budget.deadline, budget.work);
    });
    ++perfect_round_;
    if (result.end == SearchEnd::limit) continue;
    if (result.end == SearchEnd::found)
      for (std::uint32_t k = 0; k < perfect_->count(); ++k)
        offsets_[perfect_->buffer[k]] = result.offsets[k];
    return result.end;
  }
  return SearchEnd::limit;
}

SearchEnd CapacitySearch::go_on(Budget& budget) {
  if (end_ != SearchEnd::limit) return end_;
  if (perfect_) {
    const std::uint64_t kept = too_large_ ? 0 : budget.work / 4;
    Budget share{budget.work - kept, budget.deadline, budget.threads};
    end_ = search_perfect(share);
    budget.work = share.work + kept;
    if (end_ != SearchEnd::limit) return end_;
  }
  return search_parts(budget);
}

SearchEnd CapacitySearch::search_parts(Budget& budget) {
  if (too_large_) return end_;
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
