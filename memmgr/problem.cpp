#include "memmgr/problem.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "memmgr/bound.h"

namespace unna {

/// Gaps aside, neighbours are those that overlap, and those that are kept apart.
template <class Body>
void PlanProblem::for_each_conflict(std::uint32_t i, Body&& body) const {
  const auto checked = [&](std::uint32_t j) {
    if (lifetimes.gaps.empty() || lifetimes.conflict(i, j)) body(j);
  };
  index.for_each_earlier(i, checked);
  index.for_each_later(i, checked);
  for (const BufferPair pair : apart_from(i))
    if (!in_use_together(i, pair.second)) body(pair.second);
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

std::span<const std::uint32_t> PlanProblem::neighbours(std::size_t i,
                                                       std::vector<std::uint32_t>& scratch) const {
  if (lists_stored()) return std::span(column).subspan(row[i], row[i + 1] - row[i]);
  scratch.clear();
  for_each_conflict(static_cast<std::uint32_t>(i), [&](std::uint32_t j) { scratch.push_back(j); });
  return scratch;
}

std::span<const BufferPair> PlanProblem::apart_from(std::size_t i) const {
  const auto owner = static_cast<std::uint32_t>(i);
  const auto begin = std::ranges::lower_bound(apart_both_, owner, {}, &BufferPair::first);
  const auto end = std::ranges::upper_bound(apart_both_, owner, {}, &BufferPair::first);
  return {begin, end};
}

bool PlanProblem::kept_apart(std::size_t a, std::size_t b) const {
  return !apart_both_.empty() &&
         std::ranges::binary_search(
             apart_both_, BufferPair{static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)});
}

bool PlanProblem::shared_in_place(std::size_t a, std::size_t b) const {
  const auto x = static_cast<std::uint32_t>(a);
  const auto y = static_cast<std::uint32_t>(b);
  return std::ranges::binary_search(in_place, BufferPair{x, y}) ||
         std::ranges::binary_search(in_place, BufferPair{y, x});
}

std::vector<ByteRange> PlanProblem::forbidden_differences(std::size_t i, std::size_t j) const {
  std::vector<ByteRange> ranges;
  const bool shared = shared_in_place(i, j);
  const auto forbid = [&](Bytes lo, Bytes hi) {
    if (shared && lo < 0 && 0 < hi) {
      ranges.push_back({lo, 0});
      ranges.push_back({0, hi});
    } else {
      ranges.push_back({lo, hi});
    }
  };
  if (pieces_.empty() || kept_apart(i, j)) {
    forbid(-buffers[i].size, buffers[j].size);
    return ranges;
  }
  const auto& ours = pieces_[i];
  const auto& theirs = pieces_[j];
  for (std::size_t x = 0, y = 0; x < ours.size() && y < theirs.size();) {
    if (ours[x].time.upper > theirs[y].time.lower && theirs[y].time.upper > ours[x].time.lower)
      forbid(theirs[y].begin - ours[x].end, theirs[y].end - ours[x].begin);
    ++(ours[x].time.upper <= theirs[y].time.upper ? x : y);
  }
  return ranges;
}

Bytes PlanProblem::total() const {
  Bytes sum = 0;
  for (const PlanBuffer& b : buffers) sum += b.size;
  return sum;
}

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

void complete_problem(PlanProblem& problem) {
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

std::vector<Bytes> member_offsets(const PlanProblem& problem, const Plan& plan,
                                  std::size_t buffer_count, const std::vector<BufferInfo>& buffers,
                                  Bytes alignment) {
  invariant(plan.offsets.size() == problem.size(), "plan of {} buffers for a problem of {}",
            plan.offsets.size(), problem.size());
  std::vector<Bytes> offsets(buffer_count, 0);
  for (std::size_t i = 0; i < problem.size(); ++i) {
    Bytes at = plan.offsets[i];
    for (const BufferId member : problem.lifetimes.buffers[i].members) {
      invariant(member.index() < buffer_count, "member {} of {} buffers", member.value,
                buffer_count);
      offsets[member.index()] = at;
      at += round_up(buffers[member.index()].size, alignment);
    }
    invariant(at <= plan.offsets[i] + problem.buffers[i].size ||
                  problem.lifetimes.buffers[i].members.empty(),
              "members of {} need more than its {} bytes", problem.buffers[i].name,
              problem.buffers[i].size);
  }
  return offsets;
}

}  // namespace unna
