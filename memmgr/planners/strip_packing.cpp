// Sekiyama et al. 2018, best-fit heuristic for dynamic storage allocation, after the best-fit of
// Burke et al. (2004) for strip packing: buffers are rectangles whose place in time is given. The
// skyline is a row of stretches of time, each at an offset. The lowest stretch (the earliest among
// equals) gets the buffer with the longest life that fits into it in time (the larger one among
// equals, then the lower index); where none does, it is lifted to its lower neighbour.
// Neighbours at one offset are one stretch.

#include <algorithm>
#include <iterator>
#include <limits>
#include <list>
#include <numeric>
#include <set>

#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/features.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/sequence_axis.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

/// Buffers without bytes or life are in nobody's way.
bool takes_part(const PlanProblem& problem, std::span<const Interval> life, std::uint32_t i) {
  return life[i].lower < life[i].upper && problem.buffers[i].size > 0;
}

/// Buffers not placed yet, by the time they come into use.
class WaitingIntervals {
 public:
  WaitingIntervals(const PlanProblem& problem, std::span<const Interval> life)
      : problem_(problem), life_(life) {
    for (std::uint32_t i = 0; i < problem.size(); ++i)
      if (takes_part(problem, life, i)) order_.push_back(i);
    std::ranges::stable_sort(order_, {}, [&](std::uint32_t i) { return life[i].lower; });
    next_.resize(order_.size() + 1);
    std::iota(next_.begin(), next_.end(), std::size_t{0});
    left_ = order_.size();
  }

  bool empty() const { return left_ == 0; }

  /// Takes the buffer with the longest life within `time`.
  std::optional<std::uint32_t> take_longest(Interval time) {
    const auto first = std::ranges::lower_bound(order_, time.lower, {},
                                                [&](std::uint32_t i) { return life_[i].lower; });
    std::optional<std::size_t> best;
    for (std::size_t k = alive(static_cast<std::size_t>(first - order_.begin()));
         k < order_.size() && life_[order_[k]].lower < time.upper; k = alive(k + 1)) {
      if (life_[order_[k]].upper > time.upper) continue;
      if (!best || goes_before(order_[k], order_[*best])) best = k;
    }
    if (!best) return std::nullopt;
    next_[*best] = *best + 1;
    --left_;
    return order_[*best];
  }

 private:
  bool goes_before(std::uint32_t a, std::uint32_t b) const {
    const auto length = [&](std::uint32_t i) { return life_[i].upper - life_[i].lower; };
    if (length(a) != length(b)) return length(a) > length(b);
    if (problem_.buffers[a].size != problem_.buffers[b].size)
      return problem_.buffers[a].size > problem_.buffers[b].size;
    return a < b;
  }

  /// The first place from k on whose buffer waits still (union-find with path halving).
  std::size_t alive(std::size_t k) {
    while (next_[k] != k) k = next_[k] = next_[next_[k]];
    return k;
  }

  const PlanProblem& problem_;
  std::span<const Interval> life_;
  std::vector<std::uint32_t> order_;
  std::vector<std::size_t> next_;
  std::size_t left_ = 0;
};

class Skyline {
 public:
  Skyline(const PlanProblem& problem, std::span<const Interval> life)
      : problem_(problem), life_(life), waiting_(problem, life), offsets_(problem.size(), 0) {
    for (std::uint32_t i = 0; i < problem.size(); ++i)
      if (!takes_part(problem, life, i)) offsets_[i] = lowest_from(0, i);
  }

  std::vector<Bytes> pack() {
    if (waiting_.empty()) return std::move(offsets_);
    Interval all = {std::numeric_limits<std::int64_t>::max(),
                    std::numeric_limits<std::int64_t>::min()};
    for (const Interval& life : life_) {
      if (life.lower >= life.upper) continue;
      all = {std::min(all.lower, life.lower), std::max(all.upper, life.upper)};
    }
    insert(line_.end(), {all, 0});
    while (!waiting_.empty()) {
      const auto lowest = by_offset_.begin()->second;
      const auto buffer = waiting_.take_longest(lowest->time);
      if (buffer)
        put(lowest, *buffer);
      else
        lift(lowest);
    }
    return std::move(offsets_);
  }

 private:
  struct Stretch {
    Interval time;
    Bytes offset = 0;
  };
  using Place = std::list<Stretch>::iterator;
  struct Lower {
    bool operator()(const std::pair<Bytes, Place>& a, const std::pair<Bytes, Place>& b) const {
      return a.first != b.first ? a.first < b.first : a.second->time.lower < b.second->time.lower;
    }
  };

  Place insert(Place before, Stretch stretch) {
    const Place place = line_.insert(before, stretch);
    by_offset_.insert({stretch.offset, place});
    return place;
  }
  void remove(Place place) {
    by_offset_.erase({place->offset, place});
    line_.erase(place);
  }

  Bytes lowest_from(Bytes floor, std::uint32_t i) const {
    std::vector<Taken> taken = {{0, floor}};
    for (const ByteRange& r : problem_.reserved) taken.push_back({r.begin, r.end});
    return find_place(taken, problem_.buffers[i].size, problem_.buffers[i].alignment, Fit::lowest);
  }

  void join_with_neighbours(Place place) {
    Stretch joined = *place;
    if (place != line_.begin() && std::prev(place)->offset == joined.offset) {
      joined.time.lower = std::prev(place)->time.lower;
      remove(std::prev(place));
    }
    if (std::next(place) != line_.end() && std::next(place)->offset == joined.offset) {
      joined.time.upper = std::next(place)->time.upper;
      remove(std::next(place));
    }
    const Place next = std::next(place);
    remove(place);
    insert(next, joined);
  }

  void put(Place place, std::uint32_t buffer) {
    const Stretch whole = *place;
    const Interval life = life_[buffer];
    offsets_[buffer] = lowest_from(whole.offset, buffer);
    const Place next = std::next(place);
    remove(place);
    if (whole.time.lower < life.lower) insert(next, {{whole.time.lower, life.lower}, whole.offset});
    const Place filled = insert(next, {life, offsets_[buffer] + problem_.buffers[buffer].size});
    if (life.upper < whole.time.upper) insert(next, {{life.upper, whole.time.upper}, whole.offset});
    join_with_neighbours(filled);
  }

  /// To the offset of its lower neighbour. There is one: the whole line holds every buffer.
  void lift(Place place) {
    Bytes offset = std::numeric_limits<Bytes>::max();
    if (place != line_.begin()) offset = std::prev(place)->offset;
    if (std::next(place) != line_.end()) offset = std::min(offset, std::next(place)->offset);
    const Interval time = place->time;
    const Place next = std::next(place);
    remove(place);
    join_with_neighbours(insert(next, {time, offset}));
  }

  const PlanProblem& problem_;
  std::span<const Interval> life_;
  WaitingIntervals waiting_;
  std::vector<Bytes> offsets_;
  std::list<Stretch> line_;  ///< by time; together all of it
  std::set<std::pair<Bytes, Place>, Lower> by_offset_;
};

}  // namespace

Plan plan_strip_packing(const PlanProblem& problem, const PlanOptions&) {
  refuse(problem, "strip-packing", {Feature::fixed, Feature::apart});
  const std::vector<Interval> life = safe_intervals(problem);
  Plan plan;
  plan.offsets = Skyline(problem, life).pack();
  return plan;
}

}  // namespace unna
