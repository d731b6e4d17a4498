// MXNet's memory planner as it can be observed (src/nnvm/plan_memory.cc, MXPlanMemory, with the
// default NNVM_EXEC_MATCH_RANGE of 16): storages are requested as the graph is walked, those of one
// operator by size, descending.
//
// - In place: an output takes over the storage of an input of the same size that nobody else needs.
//   Which may is said by the problem's in-place pairs.
// - Co-share: else it takes the smallest free storage of at least its size and at most 16 times
//   that, else the largest of at least a 16th, which grows, else a new one.
//
// Among storages of one size MXNet takes the one released first or last; here it is the oldest.

#include <algorithm>

#include "memmgr/plan.h"
#include "memmgr/planners/features.h"
#include "memmgr/planners/objects.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

constexpr Bytes kMatchRange = 16;

/// Buffers as they come into use; of those that do at the same time the largest first.
std::vector<std::uint32_t> request_order(const PlanProblem& p) {
  std::vector<std::uint32_t> order(p.sequence().begin(), p.sequence().end());
  if (!p.lifetimes.intervals) return order;
  const auto start = [&](std::uint32_t i) { return (*p.lifetimes.intervals)[i].lower; };
  for (auto first = order.begin(); first != order.end();) {
    const auto last = std::find_if(first, order.end(),
                                   [&](std::uint32_t i) { return start(i) != start(*first); });
    std::stable_sort(first, last, [&](std::uint32_t a, std::uint32_t b) {
      return p.buffers[a].size > p.buffers[b].size;
    });
    first = last;
  }
  return order;
}

/// The object of a buffer that i may take over: all else in that object must be done with it.
std::optional<ObjectPool::Object> in_place_object(const ObjectPool& pool, std::uint32_t i) {
  const PlanProblem& p = pool.problem();
  for (const BufferPair& pair : p.in_place) {
    if (pair.second != i || p.buffers[pair.first].size != p.buffers[i].size) continue;
    const auto object = pool.object_of(pair.first);
    if (!object) continue;
    const bool others_done = std::ranges::none_of(pool.members(*object), [&](std::uint32_t j) {
      return j != pair.first && p.conflict(i, j);
    });
    if (others_done) return object;
  }
  return std::nullopt;
}

std::optional<ObjectPool::Object> co_shared_object(ObjectPool& pool, std::uint32_t i) {
  const Bytes size = pool.problem().buffers[i].size;
  pool.look_for(i);
  if (const auto larger = pool.smallest(size, size * kMatchRange)) return larger;
  return pool.largest_below(size, size / kMatchRange);
}

}  // namespace

Plan plan_mxnet(const PlanProblem& problem, const PlanOptions&) {
  ObjectPool pool(problem, "mxnet");
  for (const std::uint32_t i : request_order(problem)) {
    auto object = in_place_object(pool, i);
    if (!object) object = co_shared_object(pool, i);
    if (object)
      pool.assign(i, *object);
    else
      pool.open(i);
  }
  return pool.plan();
}

}  // namespace unna
