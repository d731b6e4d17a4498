#include "flow/joint_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/planners/registry.h"

namespace unna {

Trace order_of(const Object& object) {
  Trace trace;
  trace.network = object.network;
  trace.cores = static_cast<std::int64_t>(object.streams.size());
  trace.buffers = object.buffers;
  for (const LayerInfo& layer : object.layers) trace.layers.push_back(layer.name);
  for (std::size_t core = 0; core < object.streams.size(); ++core)
    for (std::size_t pc = 0; pc < object.streams[core].size(); ++pc)
      trace.events.push_back(
          trace_event(object.streams[core][pc], CoreId(core), static_cast<std::uint32_t>(pc)));
  return trace;
}

bool JointMemory::add(const Object& object) {
  bool changed = false;
  for (const BufferInfo& buffer : object.buffers) {
    auto [at, added] = places_.try_emplace(buffer.name);
    Place& place = at->second;
    invariant(added || place.kind == buffer.kind, "buffer '{}' is of two kinds", buffer.name);
    changed = changed || place.size < buffer.size;
    place.size = std::max(place.size, buffer.size);
    if (!added) continue;
    place.kind = buffer.kind;
    auto& order = buffer.kind == BufferKind::intermediate ? intermediates_ : others_;
    place.index = static_cast<std::uint32_t>(order.size());
    order.push_back(buffer.name);
  }
  Lifetimes lifetimes = instruction_liveness(order_of(object));
  std::vector<std::uint32_t> index;
  for (const LiveBuffer& b : lifetimes.buffers) index.push_back(places_.find(b.name)->second.index);
  for (std::uint32_t a = 0; a < index.size(); ++a)
    for (std::uint32_t b = a + 1; b < index.size(); ++b)
      if (lifetimes.conflict(a, b))
        changed |=
            conflicts_.insert({std::min(index[a], index[b]), std::max(index[a], index[b])}).second;
  if (first_.buffers.empty()) first_ = std::move(lifetimes);
  return changed;
}

void JointMemory::plan(const std::string& planner, const PlanOptions& options) {
  Lifetimes lifetimes = first_;
  lifetimes.threads.clear();  // those of later programs are not known
  const std::vector<std::uint32_t> unknown(lifetimes.order->chains(), ChainOrder::kAll);
  for (std::size_t i = lifetimes.size(); i < intermediates_.size(); ++i) {
    // Of a later program only: in use with what `conflicts_` says.
    lifetimes.buffers.push_back({intermediates_[i], 0, {}, {}});
    lifetimes.order->add({}, unknown);
  }
  for (LiveBuffer& b : lifetimes.buffers) {
    b.size = places_.find(b.name)->second.size;
    b.members.clear();
    b.member_sizes.clear();
  }
  PlanProblem problem = make_problem(std::move(lifetimes), alignment_);
  for (const BufferPair& pair : conflicts_)
    if (!problem.conflict(pair.first, pair.second)) problem.apart.push_back(pair);
  complete_problem(problem);
  plan_ = run_planner(planner, problem, options);
  const auto wrong = check_plan(problem, plan_);
  if (!wrong.empty())
    throw InternalError(fmt::format("the plan is not valid: {}", wrong.front().message));
  for (std::size_t i = 0; i < intermediates_.size(); ++i)
    places_.find(intermediates_[i])->second.base = plan_.offsets[i];
  Bytes cursor = plan_.peak;
  for (const std::string& name : others_) {
    Place& place = places_.find(name)->second;
    place.base = round_up(cursor, alignment_);
    cursor = place.base + place.size;
  }
  total_ = cursor;
}

bool JointMemory::fits(const Object& object) const {
  return std::ranges::all_of(object.buffers, [&](const BufferInfo& b) {
    const auto at = places_.find(b.name);
    return at != places_.end() && at->second.kind == b.kind && at->second.size >= b.size;
  });
}

Layout JointMemory::layout(const Object& object) const {
  Layout layout;
  layout.arena_bytes = plan_.peak;
  layout.total_bytes = total_;
  for (const BufferInfo& b : object.buffers)
    layout.base.push_back(places_.find(b.name)->second.base);
  return layout;
}

Bytes JointMemory::bytes(BufferKind kind) const {
  Bytes sum = 0;
  for (const auto& [name, place] : places_)
    if (place.kind == kind) sum += place.size;
  return sum;
}

}  // namespace unna
