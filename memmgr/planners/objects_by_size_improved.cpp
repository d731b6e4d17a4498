// Pisarchyk & Lee, section 4.4, with the details of TFLite's GPU delegate
// (GreedyBySizeDistPriorityAssignment): buffers in steps of size that the positional maxima set. In
// a step, the pair of a buffer and a free object goes first that leaves the object idle for the
// shortest time between the buffer and its nearest member; of equal ones the largest buffer.
// Buffers without a free object come last in a step, the largest first, and open one.

#include <algorithm>
#include <limits>

#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/objects.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/sequence_axis.h"
#include "memmgr/problem.h"
#include "memmgr/shared_objects.h"

namespace unna {
namespace {

/// Beyond, the quadratic search for gaps takes too long.
constexpr std::size_t kImprovedBuffers = 20'000;

constexpr std::int64_t kNoGap = std::numeric_limits<std::int64_t>::max();

/// A buffer that waits for an object, and the free one that would be idle the shortest.
struct Waiting {
  std::uint32_t buffer = 0;
  std::int64_t gap = kNoGap;  ///< kNoGap: no object is free
  ObjectPool::Object object = 0;
};

class StepwiseAssignment {
 public:
  StepwiseAssignment(const PlanProblem& problem, ObjectPool& pool)
      : problem_(problem), pool_(pool), life_(safe_intervals(problem)) {}

  /// `step`: by size, descending.
  void assign(std::span<const std::uint32_t> step) {
    waiting_.clear();
    for (const std::uint32_t i : step) waiting_.push_back(nearest(i));
    while (!waiting_.empty()) {
      // The first among equals: they are by size.
      const auto next = std::ranges::min_element(waiting_, {}, &Waiting::gap);
      const Waiting chosen = *next;
      waiting_.erase(next);
      ObjectPool::Object object = chosen.object;
      if (chosen.gap == kNoGap)
        object = pool_.open(chosen.buffer);
      else
        pool_.assign(chosen.buffer, object);
      for (Waiting& w : waiting_) update(w, chosen.buffer, object);
    }
  }

 private:
  /// Time between two lives; 0 where only the safe intervals meet.
  std::int64_t gap(std::uint32_t a, std::uint32_t b) const {
    return std::max<std::int64_t>(
        {life_[a].lower - life_[b].upper, life_[b].lower - life_[a].upper, 0});
  }
  std::int64_t gap_to(std::uint32_t i, ObjectPool::Object object) const {
    std::int64_t least = kNoGap;
    for (const std::uint32_t j : pool_.members(object)) least = std::min(least, gap(i, j));
    return least;
  }
  bool fits(std::uint32_t i, ObjectPool::Object object) const {
    return std::ranges::none_of(pool_.members(object),
                                [&](std::uint32_t j) { return problem_.conflict(i, j); });
  }

  Waiting nearest(std::uint32_t i) {
    Waiting w{i};
    pool_.look_for(i);
    for (ObjectPool::Object o = 0; o < pool_.objects(); ++o) {
      if (!pool_.is_free(o)) continue;
      const std::int64_t g = gap_to(i, o);
      if (g < w.gap) w = {i, g, o};
    }
    return w;
  }

  /// After `joined` went into `object`.
  void update(Waiting& w, std::uint32_t joined, ObjectPool::Object object) {
    const bool was_best = w.gap != kNoGap && w.object == object;
    if (problem_.conflict(w.buffer, joined)) {
      if (was_best) w = nearest(w.buffer);
      return;
    }
    const std::int64_t g = gap(w.buffer, joined);
    if (g < w.gap && (was_best || fits(w.buffer, object))) w = {w.buffer, g, object};
  }

  const PlanProblem& problem_;
  ObjectPool& pool_;
  std::vector<Interval> life_;
  std::vector<Waiting> waiting_;
};

}  // namespace

Plan plan_objects_by_size_improved(const PlanProblem& problem, const PlanOptions&) {
  ObjectPool pool(problem, "objects-by-size-improved");
  const std::vector<std::uint32_t> order = by_size(problem);
  if (order.size() > kImprovedBuffers) {
    for (const std::uint32_t i : order) pool.assign_best(i);
    Plan plan = pool.plan();
    plan.note = fmt::format("more than {} buffers: as objects-by-size", kImprovedBuffers);
    return plan;
  }
  StepwiseAssignment assignment(problem, pool);
  const std::vector<Bytes> maxima = positional_maxima(problem);
  const auto step_of = [&](std::uint32_t i) {
    return std::ranges::partition_point(maxima,
                                        [&](Bytes m) { return m >= problem.buffers[i].size; });
  };
  for (auto first = order.begin(); first != order.end();) {
    const auto last = std::find_if(first, order.end(),
                                   [&](std::uint32_t i) { return step_of(i) != step_of(*first); });
    assignment.assign({first, last});
    first = last;
  }
  return pool.plan();
}

}  // namespace unna
