#include "memmgr/placement/placement.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "memmgr/placement/gap_search.h"
#include "memmgr/placement/scan_placement.h"

namespace unna {

namespace {

/// Few neighbours are sorted; many are picked out of all that is placed, which is kept sorted.
/// Reserved ranges are placed from the start, as a neighbour of everyone.
class NeighbourPlacer : public Placer {
 public:
  explicit NeighbourPlacer(const PlanProblem& problem)
      : problem_(problem),
        offsets_(problem.size(), 0),
        marked_(problem.size() + 1, 0),
        placed_(problem.size(), 0),
        keep_sorted_(problem.plain() &&
                     32 * problem.index.pairs() >= problem.size() * problem.size()) {
    for (const ByteRange& r : problem.reserved)
      sorted_.push_back({r.begin, r.end, static_cast<std::uint32_t>(problem.size())});
  }

  void put(std::uint32_t i, Bytes at) override {
    offsets_[i] = at;
    placed_[i] = 1;
    if (!keep_sorted_ || problem_.buffers[i].size == 0) return;
    const Entry entry{at, at + problem_.buffers[i].size, i};
    sorted_.insert(std::ranges::upper_bound(sorted_, at, {}, &Entry::begin), entry);
  }

  Bytes find(std::uint32_t i, Fit fit) override {
    const PlanBuffer& b = problem_.buffers[i];
    const auto neighbours = problem_.neighbours(i, scratch_);
    GapSearch search(b.size, b.alignment, fit);
    if (!keep_sorted_ || neighbours.size() * 16 < sorted_.size()) {
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
      if (placed_[j] != 0 && problem_.buffers[j].size > 0)
        problem_.for_each_forbidden(i, j, offsets_[j], [&](Bytes lo, Bytes hi) {
          taken_.push_back({lo + problem_.buffers[i].size, hi});
        });
  }

  const PlanProblem& problem_;
  std::vector<Bytes> offsets_;
  std::vector<std::uint32_t> marked_;  ///< neighbours of the buffer being placed, by its number
  std::uint32_t mark_ = 0;
  std::vector<char> placed_;
  bool keep_sorted_;           ///< otherwise everyone has few neighbours
  std::vector<Entry> sorted_;  ///< by begin
  std::vector<Taken> taken_;
  std::vector<std::uint32_t> scratch_;
};

/// In looks; a scan sees the rectangles near in time, but no more than all. Of a partial order, it
/// asks whom they overlap.
std::uint64_t scan_work(const PlanProblem& problem) {
  const std::uint64_t n = problem.size();
  const std::uint64_t pairs = problem.index.pairs();
  if (problem.lifetimes.order)
    return n * n / 16 + 4 * pairs + (32 + 8 * problem.index.chains()) * n;
  return std::min(n * n / 16, pairs / 2) + 32 * n;
}

/// Scanning what is placed, rather than looking up neighbours.
bool scan_is_faster(const PlanProblem& problem) {
  constexpr std::size_t kMany = 3000;
  return problem.size() > kMany && placed_by_scan(problem) &&
         scan_work(problem) < 8 * problem.index.pairs();
}

}  // namespace

Bytes find_place(std::vector<Taken>& taken, Bytes size, Bytes alignment, Fit fit) {
  std::ranges::sort(taken, {}, &Taken::begin);
  GapSearch search(size, alignment, fit);
  for (const Taken& t : taken)
    if (search.pass(t.begin, t.end)) break;
  return search.place();
}

std::vector<Bytes> place_without_sharing(const PlanProblem& problem) {
  std::vector<ByteRange> taken = problem.reserved;
  for (const PlanBuffer& b : problem.buffers)
    if (b.fixed) taken.push_back({*b.fixed, *b.fixed + b.size});
  std::ranges::sort(taken, {}, &ByteRange::begin);
  std::vector<Bytes> offsets;
  auto next = taken.begin();
  Bytes end = 0;
  for (const PlanBuffer& b : problem.buffers) {
    if (b.fixed) {
      offsets.push_back(*b.fixed);
      continue;
    }
    Bytes at = round_up(end, b.alignment);
    for (; next != taken.end() && next->begin < at + b.size; ++next)
      at = std::max(at, round_up(next->end, b.alignment));
    offsets.push_back(at);
    end = at + b.size;
  }
  return offsets;
}

void place_aside(const PlanProblem& problem, std::span<const std::uint32_t> aside,
                 std::vector<Bytes>& offsets) {
  std::vector<char> placed(problem.size(), 1);
  for (const std::uint32_t i : aside) placed[i] = 0;
  std::vector<std::uint32_t> scratch;
  std::vector<Taken> taken;
  for (const std::uint32_t i : aside) {
    taken.clear();
    for (const ByteRange& r : problem.reserved) taken.push_back({r.begin, r.end});
    for (const std::uint32_t j : problem.neighbours(i, scratch))
      if (placed[j] != 0) taken.push_back({offsets[j], offsets[j] + problem.buffers[j].size});
    offsets[i] =
        find_place(taken, problem.buffers[i].size, problem.buffers[i].alignment, Fit::lowest);
    placed[i] = 1;
  }
}

std::uint64_t placement_work(const PlanProblem& problem) {
  return scan_is_faster(problem) ? scan_work(problem) : 8 * problem.index.pairs() + problem.size();
}

std::vector<Bytes> place_in_order(const PlanProblem& problem, std::span<const std::uint32_t> order,
                                  Fit fit, const Deadline& deadline, Bytes below) {
  return attempt_in_order(problem, order, fit, deadline, below).offsets;
}

Attempt attempt_in_order(const PlanProblem& problem, std::span<const std::uint32_t> order, Fit fit,
                         const Deadline& deadline, Bytes below, const Known& known) {
  const std::uint64_t whole = placement_work(problem);
  std::unique_ptr<Placer> placer;
  if (scan_is_faster(problem))
    placer = scan_placer(problem);
  else
    placer = std::make_unique<NeighbourPlacer>(problem);
  std::vector<Bytes> offsets(problem.size(), 0);
  std::vector<char> placed(problem.size(), 0);
  const auto put = [&](std::uint32_t i, Bytes at) {
    placer->put(i, at);
    offsets[i] = at;
    placed[i] = 1;
  };
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (problem.buffers[i].fixed) put(i, *problem.buffers[i].fixed);
  for (std::size_t k = 0; k < known.count; ++k)
    if (placed[order[k]] == 0) put(order[k], known.offsets[order[k]]);
  DeadlineWatch watch(deadline);
  std::uint64_t looked_for = 0;
  const auto work = [&] {
    return whole * looked_for / std::max<std::size_t>(order.size(), 1) + problem.size();
  };
  for (const std::uint32_t i : order.subspan(known.count)) {
    if (placed[i] != 0) continue;
    ++looked_for;
    const Bytes at = placer->find(i, fit);
    if (at + problem.buffers[i].size >= below || watch.passed()) return {{}, work()};
    put(i, at);
  }
  return {std::move(offsets), work()};
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
