#include "memmgr/planners/objects.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/features.h"

namespace unna {

ObjectPool::ObjectPool(const PlanProblem& problem, std::string_view planner)
    : problem_(problem), object_(problem.size()) {
  refuse(problem, planner, {Feature::fixed});
}

void ObjectPool::look_for(std::uint32_t i) {
  ++mark_;
  for (const std::uint32_t j : problem_.neighbours(i, scratch_))
    if (object_[j]) busy_[*object_[j]] = mark_;
}

std::optional<ObjectPool::Object> ObjectPool::smallest(Bytes least, Bytes most) const {
  for (auto it = by_size_.lower_bound({least, 0}); it != by_size_.end(); ++it) {
    if (it->first > most) break;
    if (is_free(it->second)) return it->second;
  }
  return std::nullopt;
}

std::optional<ObjectPool::Object> ObjectPool::largest_below(Bytes below, Bytes least) const {
  for (auto it = by_size_.lower_bound({below, 0}); it != by_size_.begin();) {
    --it;
    if (it->first < least) break;
    if (is_free(it->second)) return smallest(it->first, it->first);
  }
  return std::nullopt;
}

void ObjectPool::assign(std::uint32_t i, Object object) {
  object_[i] = object;
  members_[object].push_back(i);
  const Bytes size = problem_.buffers[i].size;
  if (size <= sizes_[object]) return;
  by_size_.erase({sizes_[object], object});
  sizes_[object] = size;
  by_size_.insert({size, object});
}

ObjectPool::Object ObjectPool::open(std::uint32_t i) {
  const auto object = static_cast<Object>(sizes_.size());
  sizes_.push_back(problem_.buffers[i].size);
  members_.emplace_back();
  busy_.push_back(0);
  by_size_.insert({sizes_.back(), object});
  assign(i, object);
  return object;
}

void ObjectPool::assign_best(std::uint32_t i) {
  look_for(i);
  const Bytes size = problem_.buffers[i].size;
  auto object = smallest(size);
  if (!object) object = largest_below(size);
  if (object)
    assign(i, *object);
  else
    open(i);
}

std::vector<Bytes> ObjectPool::lay_out() const {
  std::vector<Bytes> alignment(objects(), 1);
  for (Object object = 0; object < objects(); ++object)
    for (const std::uint32_t i : members_[object])
      alignment[object] = std::lcm(alignment[object], problem_.buffers[i].alignment);
  std::vector<Object> order(objects());
  std::iota(order.begin(), order.end(), Object{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](Object o) { return alignment[o]; });
  std::vector<Bytes> base(objects());
  Bytes end = 0;
  for (const Object object : order) {
    std::vector<Taken> taken = {{0, end}};
    for (const ByteRange& r : problem_.reserved) taken.push_back({r.begin, r.end});
    base[object] = find_place(taken, sizes_[object], alignment[object], Fit::lowest);
    end = std::max(end, base[object] + sizes_[object]);
  }
  return base;
}

Plan ObjectPool::plan() const {
  Plan plan;
  SharedObjects shared;
  const std::vector<Bytes> base = lay_out();
  for (const auto& object : object_) {
    invariant(object.has_value(), "a buffer without an object");
    shared.object.push_back(*object);
    plan.offsets.push_back(base[*object]);
  }
  shared.sizes = sizes_;
  plan.objects = std::move(shared);
  return plan;
}

}  // namespace unna
