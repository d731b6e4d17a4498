#include "memmgr/placement/paid_layout.h"

#include <algorithm>
#include <numeric>

namespace unna {

PaidLayout::PaidLayout(const PlanProblem& problem, Bytes limit)
    : problem_(problem), limit_(limit), at_(problem.size(), 0), placed_(problem.size(), 0) {
  row_.assign(problem.size() + 1, 0);
  for (const AvoidPair& a : problem.avoid) {
    ++row_[a.pair.first + 1];
    ++row_[a.pair.second + 1];
  }
  std::partial_sum(row_.begin(), row_.end(), row_.begin());
  partners_.resize(row_.back());
  std::vector<std::size_t> fill(row_.begin(), row_.end() - 1);
  for (const AvoidPair& a : problem.avoid) {
    partners_[fill[a.pair.first]++] = {a.pair.second, a.weight};
    partners_[fill[a.pair.second]++] = {a.pair.first, a.weight};
  }
}

void PaidLayout::put(std::uint32_t i, Bytes at) {
  cost_ += added(i, at);
  at_[i] = at;
  placed_[i] = 1;
}

void PaidLayout::take_out(std::uint32_t i) {
  if (placed_[i] == 0) return;
  placed_[i] = 0;
  cost_ -= added(i, at_[i]);
}

std::int64_t PaidLayout::added(std::uint32_t i, Bytes at) const {
  std::int64_t cost = 0;
  for (const Partner& p : partners(i))
    if (placed_[p.buffer] != 0 && share_bytes(at, size(i), at_[p.buffer], size(p.buffer)))
      cost += p.weight;
  return cost;
}

/// Forbidden ranges, and the offsets at which the buffer would rest against something.
void PaidLayout::collect(std::uint32_t i) {
  const Bytes alignment = problem_.buffers[i].alignment;
  const Bytes highest = limit_ - size(i);
  ranges_.clear();
  places_.assign(1, 0);
  const auto both_ends = [&](Bytes below, Bytes above) {
    if (below >= 0 && below <= highest) places_.push_back(below / alignment * alignment);
    if (above >= 0 && round_up(above, alignment) <= highest)
      places_.push_back(round_up(above, alignment));
  };
  const auto forbid = [&](Bytes lo, Bytes hi) {
    ranges_.push_back({lo, hi});
    both_ends(lo, hi);
  };
  if (highest >= 0) places_.push_back(highest / alignment * alignment);
  for (const ByteRange& r : problem_.reserved) forbid(r.begin - size(i), r.end);
  for (const std::uint32_t j : problem_.neighbours(i, scratch_))
    if (placed_[j] != 0) problem_.for_each_forbidden(i, j, at_[j], forbid);
  for (const Partner& p : partners(i))
    if (placed_[p.buffer] != 0) both_ends(at_[p.buffer] - size(i), at_[p.buffer] + size(p.buffer));
  if (problem_.buffers[i].fixed) places_.assign(1, *problem_.buffers[i].fixed);
  std::ranges::sort(places_);
  places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
}

/// Ascending, those that overlap as one. Ranges that only touch leave the offset between them.
void PaidLayout::merge_ranges() {
  std::ranges::sort(ranges_, {}, &ByteRange::begin);
  std::size_t kept = 0;
  for (const ByteRange& r : ranges_)
    if (kept > 0 && r.begin < ranges_[kept - 1].end)
      ranges_[kept - 1].end = std::max(ranges_[kept - 1].end, r.end);
    else
      ranges_[kept++] = r;
  ranges_.resize(kept);
}

std::optional<PaidLayout::Place> PaidLayout::cheapest(std::uint32_t i) {
  collect(i);
  work_ += 4 * (ranges_.size() + places_.size()) + 8;
  merge_ranges();
  std::optional<Place> best;
  auto range = ranges_.begin();
  for (const Bytes at : places_) {
    while (range != ranges_.end() && range->end <= at) ++range;
    const bool forbidden = range != ranges_.end() && range->begin < at;
    if (forbidden || at + size(i) > limit_) continue;
    work_ += partners(i).size();
    const std::int64_t cost = added(i, at);
    if (!best || cost < best->cost) best = Place{cost, at};
    if (cost == 0) break;
  }
  return best;
}

}  // namespace unna
