#include "memmgr/planners/conflict_sums.h"

#include <algorithm>

namespace unna {
namespace {

ConflictSums by_lists(const PlanProblem& problem, std::span<const std::uint32_t> threads) {
  ConflictSums sums;
  std::vector<std::uint32_t> scratch;
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    std::uint64_t degree = 0;
    Bytes pressure = 0;
    for (const std::uint32_t j : problem.neighbours(i, scratch)) {
      if (!threads.empty() && threads[j] != threads[i]) continue;
      ++degree;
      pressure += problem.buffers[j].size;
    }
    sums.degree.push_back(degree);
    sums.pressure.push_back(pressure);
  }
  return sums;
}

/// Adds up, for each buffer of one thread, those of it that overlap: each pair is met once, from
/// the one that stands first in the sequence, as part of a range of a chain.
class Ranges {
 public:
  Ranges(const PlanProblem& problem, ConflictSums& sums) : problem_(problem), sums_(sums) {}

  template <class IsMember>
  void add(const std::vector<std::uint32_t>& members, IsMember&& is_member) {
    for (std::size_t k = 0; k < problem_.index.chains(); ++k) {
      const auto chain = problem_.index.chain(k);
      prepare(chain, is_member);
      for (const std::uint32_t i : members) meet(i, k);
      Sum running;
      for (std::size_t x = 0; x < chain.size(); ++x) {
        running.count += change_[x].count;
        running.bytes += change_[x].bytes;
        if (is_member(chain[x])) give(chain[x], running);
      }
    }
  }

 private:
  struct Sum {
    std::int64_t count = 0;
    Bytes bytes = 0;
  };

  template <class IsMember>
  void prepare(std::span<const std::uint32_t> chain, IsMember&& is_member) {
    until_.assign(chain.size() + 1, {});
    change_.assign(chain.size() + 1, {});
    for (std::size_t x = 0; x < chain.size(); ++x) {
      until_[x + 1] = until_[x];
      if (!is_member(chain[x])) continue;
      ++until_[x + 1].count;
      until_[x + 1].bytes += problem_.buffers[chain[x]].size;
    }
  }

  void meet(std::uint32_t i, std::size_t k) {
    const std::size_t from = problem_.index.first_later(i, k);
    const std::size_t end = problem_.index.after(i, k);
    if (from >= end) return;
    give(i, {until_[end].count - until_[from].count, until_[end].bytes - until_[from].bytes});
    const Bytes size = problem_.buffers[i].size;
    ++change_[from].count;
    change_[from].bytes += size;
    --change_[end].count;
    change_[end].bytes -= size;
  }

  void give(std::uint32_t i, Sum sum) {
    sums_.degree[i] += static_cast<std::uint64_t>(sum.count);
    sums_.pressure[i] += sum.bytes;
  }

  const PlanProblem& problem_;
  ConflictSums& sums_;
  std::vector<Sum> until_;   ///< of the members before each place of a chain
  std::vector<Sum> change_;  ///< of what earlier buffers add from each place of it on
};

}  // namespace

ConflictSums conflict_sums(const PlanProblem& problem, std::span<const std::uint32_t> threads) {
  if (problem.lists_stored()) return by_lists(problem, threads);
  ConflictSums sums{std::vector<std::uint64_t>(problem.size(), 0),
                    std::vector<Bytes>(problem.size(), 0)};
  std::vector<std::vector<std::uint32_t>> members(1);
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    const std::uint32_t thread = threads.empty() ? 0 : threads[i];
    if (members.size() <= thread) members.resize(thread + 1);
    if (!problem.index.unused(i)) members[thread].push_back(i);
  }
  Ranges ranges(problem, sums);
  for (std::uint32_t t = 0; t < members.size(); ++t)
    ranges.add(members[t], [&](std::uint32_t i) { return threads.empty() || threads[i] == t; });
  for (const BufferPair pair : problem.apart) {
    if (problem.index.overlap(pair.first, pair.second)) continue;
    if (!threads.empty() && threads[pair.first] != threads[pair.second]) continue;
    ++sums.degree[pair.first];
    ++sums.degree[pair.second];
    sums.pressure[pair.first] += problem.buffers[pair.second].size;
    sums.pressure[pair.second] += problem.buffers[pair.first].size;
  }
  return sums;
}

}  // namespace unna
