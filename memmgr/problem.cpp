#include "memmgr/problem.h"

#include <algorithm>

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

}  // namespace unna
