#include "memmgr/shared_objects.h"

#include <algorithm>
#include <bit>
#include <queue>

#include "memmgr/antichain.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

/// Numbers at places 0, 1, ...; adds to a range, and knows the greatest of all.
class RangeAdder {
 public:
  explicit RangeAdder(std::size_t places)
      : leaves_(std::bit_ceil(std::max<std::size_t>(places, 1))), nodes_(2 * leaves_) {}

  void add_one(std::size_t from, std::size_t until) { add_one(1, 0, leaves_, from, until); }
  std::int64_t greatest() const { return nodes_[1].greatest; }

 private:
  struct Node {
    std::int64_t added = 0;     ///< to the whole range of the node
    std::int64_t greatest = 0;  ///< within it
  };

  void add_one(std::size_t node, std::size_t begin, std::size_t width, std::size_t from,
               std::size_t until) {
    if (until <= begin || begin + width <= from) return;
    Node& n = nodes_[node];
    if (from <= begin && begin + width <= until) {
      ++n.added;
      ++n.greatest;
      return;
    }
    add_one(2 * node, begin, width / 2, from, until);
    add_one(2 * node + 1, begin + width / 2, width / 2, from, until);
    n.greatest = n.added + std::max(nodes_[2 * node].greatest, nodes_[2 * node + 1].greatest);
  }

  std::size_t leaves_;
  std::vector<Node> nodes_;
};

/// Buffers that count, by size, descending: not empty, and not in another's place.
std::vector<std::uint32_t> counted_by_size(const PlanProblem& p) {
  std::vector<char> counts(p.size(), 1);
  for (const BufferPair& pair : p.in_place) counts[pair.second] = 0;
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < p.size(); ++i)
    if (counts[i] != 0 && p.buffers[i].size > 0) order.push_back(i);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::uint32_t i) { return p.buffers[i].size; });
  return order;
}

/// Adds buffers by size, descending; how many are in use at once is then w of the size just added.
std::vector<Bytes> maxima_of_intervals(const PlanProblem& p) {
  std::vector<std::int64_t> times;
  for (const Interval& life : *p.lifetimes.intervals) times.push_back(life.lower);
  if (!p.lifetimes.gaps.empty())
    for (const auto& gaps : p.lifetimes.gaps)
      for (const Gap& gap : gaps) times.push_back(gap.time.upper);
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  const auto place = [&](std::int64_t t) {
    return static_cast<std::size_t>(std::ranges::lower_bound(times, t) - times.begin());
  };
  RangeAdder in_use(times.size());
  std::vector<Bytes> maxima;
  for (const std::uint32_t i : counted_by_size(p)) {
    for (const Interval& t : live_segments(p.lifetimes, i))
      in_use.add_one(place(t.lower), place(t.upper));
    maxima.resize(static_cast<std::size_t>(in_use.greatest()), p.buffers[i].size);
  }
  return maxima;
}

/// w of a partial order, from below: it is looked up where the area between two known points is the
/// most uncertain, as often as the size of the problem allows.
class WidthCurve {
 public:
  explicit WidthCurve(const PlanProblem& problem)
      : problem_(problem), counted_(counted_by_size(problem)) {
    for (const std::uint32_t i : counted_) sizes_.push_back(problem.buffers[i].size);
    sizes_.erase(std::unique(sizes_.begin(), sizes_.end()), sizes_.end());
    std::ranges::reverse(sizes_);
  }

  std::vector<Bytes> maxima() {
    if (sizes_.empty()) return {};
    widths_.assign(sizes_.size(), 0);
    const std::size_t last = sizes_.size() - 1;
    look_up(0);
    look_up(last);
    split_later(0, last);
    const std::size_t lookups = std::clamp<std::size_t>(kWork / problem_.size(), 4, kLookups);
    for (std::size_t k = 0; k < lookups && !open_.empty(); ++k) {
      const Stretch s = open_.top();
      open_.pop();
      const std::size_t middle = s.from + (s.until - s.from) / 2;
      look_up(middle);
      split_later(s.from, middle);
      split_later(middle, s.until);
    }
    while (!open_.empty()) {
      settle(open_.top().from, open_.top().until);
      open_.pop();
    }
    std::vector<Bytes> result;
    for (std::size_t k = sizes_.size(); k-- > 0;)
      result.resize(static_cast<std::size_t>(widths_[k]), sizes_[k]);
    return result;
  }

 private:
  static constexpr std::size_t kWork = 200'000;  ///< buffers x look-ups: about a second
  static constexpr std::size_t kLookups = 256;

  struct Stretch {
    Bytes doubt = 0;
    std::size_t from = 0;
    std::size_t until = 0;

    bool operator<(const Stretch& other) const {
      return doubt != other.doubt ? doubt < other.doubt : from > other.from;
    }
  };

  void look_up(std::size_t k) {
    std::vector<Bytes> weights(problem_.size(), 0);
    for (const std::uint32_t i : counted_)
      weights[i] = problem_.buffers[i].size >= sizes_[k] ? 1 : 0;
    widths_[k] = heaviest_antichain(problem_.lifetimes, problem_.index, weights).weight;
  }

  /// w does not rise: between equal ends it is known, elsewhere it is at least the later end's.
  void settle(std::size_t from, std::size_t until) {
    for (std::size_t k = from + 1; k < until; ++k) widths_[k] = widths_[until];
  }
  void split_later(std::size_t from, std::size_t until) {
    if (until - from < 2) return;
    if (widths_[from] == widths_[until]) return settle(from, until);
    open_.push(
        {(widths_[from] - widths_[until]) * (sizes_[until - 1] - sizes_[from]), from, until});
  }

  const PlanProblem& problem_;
  std::vector<std::uint32_t> counted_;
  std::vector<Bytes> sizes_;  ///< ascending, each once
  std::vector<Bytes> widths_;
  std::priority_queue<Stretch> open_;
};

}  // namespace

std::vector<Bytes> positional_maxima(const PlanProblem& problem) {
  return problem.lifetimes.intervals ? maxima_of_intervals(problem) : WidthCurve(problem).maxima();
}

Bytes shared_object_bound(const PlanProblem& problem) {
  const std::vector<Bytes> maxima = positional_maxima(problem);
  Bytes bound = std::accumulate(maxima.begin(), maxima.end(), Bytes{0});
  // A buffer that is never in use needs an object all the same.
  for (const PlanBuffer& b : problem.buffers) bound = std::max(bound, b.size);
  if (!problem.plain()) return bound;
  Bytes together = 0;
  for (const std::uint32_t i : problem.antichain) together += problem.buffers[i].size;
  return std::max(bound, together);
}

}  // namespace unna
