// XLA's GlobalDecreasingSizeBestFitHeap (spatial order): unlike greedy-by-size, the chunk between
// the topmost neighbour and the present end of the heap counts as free memory like any gap, and the
// smallest chunk is taken. Only where none fits, the heap grows from its topmost neighbour on.

#include <algorithm>

#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/sequence_axis.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

/// By size, descending, then by length of life, descending, then by index.
std::vector<std::uint32_t> heap_order(const PlanProblem& problem) {
  const std::vector<Interval> life = safe_intervals(problem);
  std::vector<std::uint32_t> order = by_size(problem);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const auto length = [&](std::uint32_t i) { return life[i].upper - life[i].lower; };
    if (problem.buffers[a].size != problem.buffers[b].size)
      return problem.buffers[a].size > problem.buffers[b].size;
    return length(a) > length(b);
  });
  return order;
}

class Heap {
 public:
  explicit Heap(const PlanProblem& problem)
      : problem_(problem), offsets_(problem.size(), 0), placed_(problem.size(), 0) {}

  void place(std::uint32_t i) {
    const PlanBuffer& b = problem_.buffers[i];
    collect_taken(i);
    taken_.push_back({end_, end_});  // closes the chunk on top
    Bytes at = find_place(taken_, b.size, b.alignment, Fit::best);
    if (at >= end_) {
      std::erase_if(taken_, [](const Taken& t) { return t.begin == t.end; });
      at = find_place(taken_, b.size, b.alignment, Fit::best);
    }
    put(i, at);
  }
  void put(std::uint32_t i, Bytes at) {
    offsets_[i] = at;
    placed_[i] = 1;
    end_ = std::max(end_, at + problem_.buffers[i].size);
  }
  bool is_placed(std::uint32_t i) const { return placed_[i] != 0; }
  std::vector<Bytes> take_offsets() { return std::move(offsets_); }

 private:
  void collect_taken(std::uint32_t i) {
    taken_.clear();
    for (const ByteRange& r : problem_.reserved) taken_.push_back({r.begin, r.end});
    for (const std::uint32_t j : problem_.neighbours(i, scratch_))
      if (placed_[j] != 0 && problem_.buffers[j].size > 0)
        taken_.push_back({offsets_[j], offsets_[j] + problem_.buffers[j].size});
  }

  const PlanProblem& problem_;
  std::vector<Bytes> offsets_;
  std::vector<char> placed_;
  Bytes end_ = 0;
  std::vector<Taken> taken_;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace

Plan plan_xla(const PlanProblem& problem, const PlanOptions&) {
  Heap heap(problem);
  for (std::uint32_t i = 0; i < problem.size(); ++i)
    if (problem.buffers[i].fixed) heap.put(i, *problem.buffers[i].fixed);
  for (const std::uint32_t i : heap_order(problem))
    if (!heap.is_placed(i)) heap.place(i);
  Plan plan;
  plan.offsets = heap.take_offsets();
  return plan;
}

}  // namespace unna
