#include "memmgr/lifetimes.h"

#include <algorithm>

#include "base/error.h"

namespace unna {

void ChainOrder::add(std::span<const Mark> last, std::span<const std::uint32_t> first) {
  invariant(first.size() == chains_, "an element has {} start positions, the order {} chains",
            first.size(), chains_);
  last_.insert(last_.end(), last.begin(), last.end());
  row_.push_back(last_.size());
  first_.insert(first_.end(), first.begin(), first.end());
}

bool ChainOrder::before(std::size_t a, std::size_t b) const {
  const auto start = first(b);
  return std::ranges::all_of(last(a), [&](const Mark& m) { return m.position <= start[m.chain]; });
}

bool Lifetimes::before(std::size_t a, std::size_t b) const {
  if (order) return order->before(a, b);
  return (*intervals)[a].upper <= (*intervals)[b].lower;
}

std::vector<LivePiece> live_pieces(const Lifetimes& lifetimes, std::size_t i, Bytes size) {
  const Interval life = (*lifetimes.intervals)[i];
  std::vector<LivePiece> pieces;
  const auto add = [&](Interval time, Bytes begin, Bytes end) {
    if (time.lower < time.upper && begin < end) pieces.push_back({time, begin, end});
  };
  std::int64_t from = life.lower;
  if (!lifetimes.gaps.empty()) {
    for (const Gap& gap : lifetimes.gaps[i]) {
      add({from, gap.time.lower}, 0, size);
      add(gap.time, gap.kept_begin, gap.kept_end);
      from = gap.time.upper;
    }
  }
  add({from, life.upper}, 0, size);
  return pieces;
}

std::vector<Interval> live_segments(const Lifetimes& lifetimes, std::size_t i) {
  Interval rest = (*lifetimes.intervals)[i];
  std::vector<Interval> segments;
  if (!lifetimes.gaps.empty()) {
    for (const Gap& gap : lifetimes.gaps[i]) {
      if (gap.keeps()) continue;
      if (rest.lower < gap.time.lower) segments.push_back({rest.lower, gap.time.lower});
      rest.lower = gap.time.upper;
    }
  }
  if (rest.lower < rest.upper) segments.push_back(rest);
  return segments;
}

bool Lifetimes::conflict(std::size_t a, std::size_t b) const {
  if (before(a, b) || before(b, a)) return false;
  if (!intervals) return true;
  const auto empty = [this](std::size_t i) {
    return (*intervals)[i].lower >= (*intervals)[i].upper;
  };
  if (empty(a) || empty(b)) return false;
  if (gaps.empty() || (gaps[a].empty() && gaps[b].empty())) return true;
  const auto ours = live_segments(*this, a);
  const auto theirs = live_segments(*this, b);
  for (std::size_t i = 0, j = 0; i < ours.size() && j < theirs.size();) {
    if (ours[i].upper <= theirs[j].lower) {
      ++i;
    } else if (theirs[j].upper <= ours[i].lower) {
      ++j;
    } else {
      return true;
    }
  }
  return false;
}

}  // namespace unna
