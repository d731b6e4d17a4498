// Nothing here calls liveness, index or planners: lifetimes are read as data.

#include <algorithm>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

class ObjectChecker {
 public:
  ObjectChecker(const PlanProblem& problem, const Plan& plan, std::size_t limit)
      : problem_(problem),
        plan_(plan),
        objects_(*plan.objects),
        limit_(limit),
        members_(objects_.sizes.size()) {}

  std::vector<Violation> run() {
    if (objects_.object.size() != problem_.size() || plan_.offsets.size() != problem_.size()) {
      report(fmt::format("{} buffers are assigned to objects and {} placed, expected {}",
                         objects_.object.size(), plan_.offsets.size(), problem_.size()));
      return std::move(found_);
    }
    for (std::uint32_t i = 0; i < problem_.size(); ++i) check_member(i);
    check_apart();
    for (std::uint32_t object = 0; object < members_.size(); ++object) {
      if (problem_.lifetimes.intervals)
        sweep_time(object);
      else
        check_pairs(object);
    }
    check_places();
    return std::move(found_);
  }

 private:
  const std::string& name(std::uint32_t i) const { return problem_.buffers[i].name; }
  bool full() const { return found_.size() >= limit_; }
  void report(std::string message) {
    if (!full()) found_.push_back({std::move(message)});
  }

  void check_member(std::uint32_t i) {
    const std::uint32_t object = objects_.object[i];
    if (object >= members_.size()) {
      report(fmt::format("{} is in object {} of {}", name(i), object, members_.size()));
      return;
    }
    members_[object].push_back(i);
    if (problem_.buffers[i].size > objects_.sizes[object])
      report(fmt::format("{} of {} bytes is in object {} of {}", name(i), problem_.buffers[i].size,
                         object, objects_.sizes[object]));
    const std::uint32_t first = members_[object].front();
    if (plan_.offsets[i] != plan_.offsets[first])
      report(fmt::format("{} and {} share object {} but start at {} and {}", name(first), name(i),
                         object, plan_.offsets[first], plan_.offsets[i]));
  }

  void check_apart() {
    for (const BufferPair& pair : problem_.apart)
      if (objects_.object[pair.first] == objects_.object[pair.second])
        report(fmt::format("{} and {} are kept apart but share object {}", name(pair.first),
                           name(pair.second), objects_.object[pair.first]));
  }

  bool in_place(std::uint32_t a, std::uint32_t b) const {
    return std::ranges::any_of(problem_.in_place, [&](const BufferPair& p) {
      return (p.first == a && p.second == b) || (p.first == b && p.second == a);
    });
  }
  void report_pair(std::uint32_t object, std::uint32_t a, std::uint32_t b, const std::string& why) {
    if (!in_place(a, b))
      report(fmt::format("{} and {} share object {}: {}", name(a), name(b), object, why));
  }

  /// Members by the time they come into use; whoever is still in use then is in conflict.
  void sweep_time(std::uint32_t object) {
    struct Use {
      Interval time;
      std::uint32_t buffer;
    };
    std::vector<Use> uses;
    for (const std::uint32_t i : members_[object])
      for (const Interval& t : live_segments(problem_.lifetimes, i))
        if (problem_.buffers[i].size > 0) uses.push_back({t, i});
    std::ranges::sort(uses, {}, [](const Use& u) { return std::pair(u.time.lower, u.buffer); });
    std::vector<Use> live;
    for (const Use& use : uses) {
      if (full()) return;
      std::erase_if(live, [&](const Use& u) { return u.time.upper <= use.time.lower; });
      for (const Use& u : live)
        report_pair(object, u.buffer, use.buffer,
                    fmt::format("both are in use at time {}", use.time.lower));
      live.push_back(use);
    }
  }

  /// Some use of a need not be over before b is used.
  bool may_come_late(std::uint32_t a, std::uint32_t b) const {
    const ChainOrder& order = *problem_.lifetimes.order;
    return std::ranges::any_of(order.last(a), [&](const ChainOrder::Mark& m) {
      return m.position > order.first(b)[m.chain];
    });
  }
  void check_pairs(std::uint32_t object) {
    const auto& members = members_[object];
    for (std::size_t x = 0; x < members.size() && !full(); ++x) {
      for (std::size_t y = x + 1; y < members.size(); ++y) {
        const bool empty =
            problem_.buffers[members[x]].size == 0 || problem_.buffers[members[y]].size == 0;
        if (!empty && may_come_late(members[x], members[y]) &&
            may_come_late(members[y], members[x]))
          report_pair(object, members[x], members[y], "neither has to be over before the other");
      }
    }
  }

  /// Objects side by side.
  void check_places() {
    struct Place {
      Bytes begin;
      Bytes end;
      std::uint32_t object;
    };
    std::vector<Place> places;
    for (std::uint32_t object = 0; object < members_.size(); ++object) {
      if (members_[object].empty() || objects_.sizes[object] == 0) continue;
      const Bytes begin = plan_.offsets[members_[object].front()];
      places.push_back({begin, begin + objects_.sizes[object], object});
    }
    std::ranges::sort(places, {}, &Place::begin);
    for (std::size_t k = 1; k < places.size(); ++k)
      if (places[k].begin < places[k - 1].end)
        report(fmt::format("objects {} and {} overlap at byte {}", places[k - 1].object,
                           places[k].object, places[k].begin));
  }

  const PlanProblem& problem_;
  const Plan& plan_;
  const SharedObjects& objects_;
  std::size_t limit_;
  std::vector<std::vector<std::uint32_t>> members_;
  std::vector<Violation> found_;
};

}  // namespace

std::vector<Violation> check_objects(const PlanProblem& problem, const Plan& plan,
                                     std::size_t limit) {
  invariant(plan.objects.has_value(), "a plan without objects");
  return ObjectChecker(problem, plan, limit).run();
}

}  // namespace unna
