#include "memmgr/planners/placement.h"

#include <algorithm>
#include <numeric>

#include "memmgr/planners/gap_search.h"
#include "memmgr/planners/interval_placement.h"

namespace unna {

namespace {

/// What is placed already. Few neighbours are sorted; many are picked out of all that is placed,
/// which is kept sorted. Reserved ranges are placed from the start, as a neighbour of everyone.
class Placement {
 public:
  explicit Placement(const PlanProblem& problem)
      : problem_(problem),
        offsets_(problem.size(), 0),
        marked_(problem.size() + 1, 0),
        placed_(problem.size(), 0) {
    for (const ByteRange& r : problem.reserved)
      sorted_.push_back({r.begin, r.end, static_cast<std::uint32_t>(problem.size())});
  }

  bool is_placed(std::uint32_t i) const { return placed_[i] != 0; }

  void put(std::uint32_t i, Bytes at) {
    offsets_[i] = at;
    placed_[i] = 1;
    const Entry entry{at, at + problem_.buffers[i].size, i};
    sorted_.insert(std::ranges::upper_bound(sorted_, at, {}, &Entry::begin), entry);
  }

  Bytes find(std::uint32_t i, Fit fit) {
    const PlanBuffer& b = problem_.buffers[i];
    const auto neighbours = problem_.neighbours(i, scratch_);
    GapSearch search(b.size, b.alignment, fit);
    if (!problem_.plain() || neighbours.size() * 16 < sorted_.size()) {
      collect_taken(i, neighbours);
      std::ranges::sort(taken_, {}, &Taken::begin);
      for (const Taken& t : taken_)
        if (search.pass(t.begin, t.end)) break;
      return search.place();
    }
    ++mark_;
    for (const std::uint32_t j : neighbours) marked_[j] = mark_;
    marked_.back() = mark_;
    for (const Entry& e : sorted_)
      if (marked_[e.buffer] == mark_ && search.pass(e.begin, e.end)) break;
    return search.place();
  }

  std::vector<Bytes> take_offsets() { return std::move(offsets_); }

 private:
  struct Entry {
    Bytes begin = 0;
    Bytes end = 0;
    std::uint32_t buffer = 0;
  };

  void collect_taken(std::uint32_t i, std::span<const std::uint32_t> neighbours) {
    taken_.clear();
    for (const ByteRange& r : problem_.reserved) taken_.push_back({r.begin, r.end});
    for (const std::uint32_t j : neighbours)
      if (placed_[j] != 0)
        problem_.for_each_forbidden(i, j, offsets_[j], [&](Bytes lo, Bytes hi) {
          taken_.push_back({lo + problem_.buffers[i].size, hi});
        });
  }

  const PlanProblem& problem_;
  std::vector<Bytes> offsets_;
  std::vector<std::uint32_t> marked_;  ///< neighbours of the buffer being placed, by its number
  std::uint32_t mark_ = 0;
  std::vector<char> placed_;
  std::vector<Entry> sorted_;  ///< by begin
  std::vector<Taken> taken_;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace

Bytes find_place(std::vector<Taken>& taken, Bytes size, Bytes alignment, Fit fit) {
  std::ranges::sort(taken, {}, &Taken::begin);
  GapSearch search(size, alignment, fit);
  for (const Taken& t : taken)
    if (search.pass(t.begin, t.end)) break;
  return search.place();
}

std::vector<Bytes> place_in_order(const PlanProblem& problem, std::span<const std::uint32_t> order,
                                  Fit fit) {
  constexpr std::size_t kMany = 3000;  // from here on a scan beats the lists of neighbours
  if (problem.size() > kMany && placed_by_intervals(problem))
    return place_intervals(problem, order, fit);
  Placement placement(problem);
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (problem.buffers[i].fixed) placement.put(i, *problem.buffers[i].fixed);
  for (const std::uint32_t i : order)
    if (!placement.is_placed(i)) placement.put(i, placement.find(i, fit));
  return placement.take_offsets();
}

Bytes peak_of(const PlanProblem& problem, std::span<const Bytes> offsets) {
  Bytes peak = 0;
  for (std::size_t i = 0; i < offsets.size(); ++i)
    peak = std::max(peak, offsets[i] + problem.buffers[i].size);
  return peak;
}

std::vector<std::uint32_t> by_size(const PlanProblem& problem) {
  std::vector<std::uint32_t> order(problem.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::uint32_t i) { return problem.buffers[i].size; });
  return order;
}

}  // namespace unna
