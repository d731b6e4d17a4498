#include "memmgr/complete_problem.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "memmgr/bound.h"

namespace unna {

namespace {

void sort_ranges(std::vector<ByteRange>& ranges) {
  std::ranges::sort(ranges, {}, &ByteRange::begin);
  std::vector<ByteRange> merged;
  for (const ByteRange& r : ranges) {
    if (r.begin >= r.end) continue;
    if (!merged.empty() && r.begin <= merged.back().end)
      merged.back().end = std::max(merged.back().end, r.end);
    else
      merged.push_back(r);
  }
  ranges = std::move(merged);
}

void sort_pairs(std::vector<BufferPair>& pairs) {
  std::ranges::sort(pairs);
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
}

/// A pair that is given several times costs the sum. The sum of all stays far from overflow.
void merge_avoided(std::vector<AvoidPair>& avoid) {
  std::ranges::sort(avoid);
  std::vector<AvoidPair> merged;
  std::int64_t sum = 0;
  for (const AvoidPair& a : avoid) {
    if (a.weight > kMostAvoidWeight - sum)
      throw InputError(
          fmt::format("the weights of pairs to avoid add up to more than {}", kMostAvoidWeight));
    sum += a.weight;
    if (!merged.empty() && merged.back().pair == a.pair)
      merged.back().weight += a.weight;
    else
      merged.push_back(a);
  }
  avoid = std::move(merged);
}

}  // namespace

void check_pair(const PlanProblem& problem, BufferPair pair, std::string_view what) {
  invariant(pair.first < problem.size() && pair.second < problem.size(),
            "a pair of buffers {} and {} of {}", pair.first, pair.second, problem.size());
  if (pair.first == pair.second)
    throw InputError(fmt::format("'{}' is {} itself, expected another buffer",
                                 problem.buffers[pair.first].name, what));
}

void check_in_place(const PlanProblem& problem, BufferPair pair) {
  check_pair(problem, pair, "in place of");
  const PlanBuffer& from = problem.buffers[pair.first];
  const PlanBuffer& into = problem.buffers[pair.second];
  if (into.size > from.size)
    throw InputError(
        fmt::format("'{}' of {} bytes can't be in place of '{}' of {}, expected at "
                    "most its size",
                    into.name, into.size, from.name, from.size));
}

void PlanProblem::index_pairs() {
  for (BufferPair& pair : apart) {
    check_pair(*this, pair, "apart from");
    if (pair.second < pair.first) std::swap(pair.first, pair.second);
  }
  sort_pairs(apart);
  apart_both_ = apart;
  for (const BufferPair pair : apart) apart_both_.push_back({pair.second, pair.first});
  std::ranges::sort(apart_both_);
  for (AvoidPair& avoided : avoid) {
    check_pair(*this, avoided.pair, "to avoid");
    auto& [first, second] = avoided.pair;
    if (second < first) std::swap(first, second);
  }
  merge_avoided(avoid);
  sort_pairs(in_place);
  for (const BufferPair pair : in_place) {
    check_in_place(*this, pair);
    if (kept_apart(pair.first, pair.second))
      throw InputError(
          fmt::format("'{}' is in place of '{}' and apart from it, expected one of "
                      "the two",
                      buffers[pair.second].name, buffers[pair.first].name));
  }
}

void PlanProblem::store_neighbours() {
  const std::size_t n = size();
  row.assign(n + 1, 0);
  const auto each_pair = [&](auto&& body) {
    for (std::uint32_t i = 0; i < n; ++i)
      index.for_each_later(i, [&](std::uint32_t j) {
        if (lifetimes.gaps.empty() || lifetimes.conflict(i, j)) body(i, j);
      });
    for (const BufferPair pair : apart)
      if (!in_use_together(pair.first, pair.second)) body(pair.first, pair.second);
  };
  each_pair([&](std::uint32_t i, std::uint32_t j) {
    ++row[i + 1];
    ++row[j + 1];
  });
  for (std::size_t i = 0; i < n; ++i) row[i + 1] += row[i];
  column.resize(row.back());
  std::vector<std::uint64_t> fill(row.begin(), row.end() - 1);
  each_pair([&](std::uint32_t i, std::uint32_t j) {
    column[fill[i]++] = j;
    column[fill[j]++] = i;
  });
}

void complete_problem(PlanProblem& problem) {
  const std::size_t threads = problem.lifetimes.threads.size();
  invariant(threads == 0 || threads == problem.size(), "threads of {} of {} buffers", threads,
            problem.size());
  invariant(problem.buffers.size() == problem.lifetimes.size(), "{} buffers, {} lifetimes",
            problem.buffers.size(), problem.lifetimes.size());
  constexpr Bytes kLimit = std::numeric_limits<Bytes>::max() / 8;
  Bytes sum = 0;
  for (const PlanBuffer& b : problem.buffers) {
    if (b.size > kLimit - sum)
      throw InputError(
          fmt::format("sizes add up to more than {} bytes at buffer {}", kLimit, b.name));
    sum += b.size;
  }
  sort_ranges(problem.reserved);
  problem.index_pairs();
  const auto& gaps = problem.lifetimes.gaps;
  problem.pieces_.clear();
  if (std::ranges::any_of(gaps, [](const auto& g) { return std::ranges::any_of(g, &Gap::keeps); }))
    for (std::size_t i = 0; i < problem.size(); ++i)
      problem.pieces_.push_back(live_pieces(problem.lifetimes, i, problem.buffers[i].size));
  problem.index = OrderIndex(problem.lifetimes);
  problem.row.clear();
  problem.column.clear();
  if (problem.index.pairs() + problem.apart.size() <= kStoredPairs) problem.store_neighbours();
  find_bound(problem);
}

PlanProblem make_problem(Lifetimes lifetimes, Bytes alignment, bool unsafe) {
  invariant(unsafe || lifetimes.kind != LivenessKind::observed,
            "observed lifetimes prove nothing and can't be planned for a valid layout");
  invariant(alignment > 0, "alignment {} is not positive", alignment);
  PlanProblem problem;
  for (const LiveBuffer& live : lifetimes.buffers) {
    Bytes size = live.members.empty() ? round_up(live.size, alignment) : 0;
    for (const Bytes member : live.member_sizes) size += round_up(member, alignment);
    problem.buffers.push_back({live.name, size, alignment, std::nullopt, {}, {}});
  }
  problem.lifetimes = std::move(lifetimes);
  complete_problem(problem);
  return problem;
}

}  // namespace unna
