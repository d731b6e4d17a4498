// Nothing here calls liveness, index or planners: lifetimes are read as data.

#include "memmgr/checker.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/error.h"

namespace unna {
namespace {

class PlanChecker {
 public:
  PlanChecker(const PlanProblem& problem, const Plan& plan, std::size_t limit)
      : problem_(problem), plan_(plan), limit_(limit) {}

  std::vector<Violation> run() {
    if (plan_.offsets.size() != problem_.buffers.size()) {
      report(fmt::format("plan has {} offsets for {} buffers", plan_.offsets.size(),
                         problem_.buffers.size()));
      return std::move(found_);
    }
    for (std::size_t i = 0; i < plan_.offsets.size(); ++i) check_buffer(i);
    if (problem_.lifetimes.intervals)
      sweep_time();
    else
      check_pairs();
    return std::move(found_);
  }

 private:
  Bytes begin(std::size_t i) const { return plan_.offsets[i]; }
  Bytes end(std::size_t i) const { return plan_.offsets[i] + problem_.buffers[i].size; }
  bool full() const { return found_.size() >= limit_; }
  void report(std::string message) {
    if (!full()) found_.push_back({std::move(message)});
  }

  void check_buffer(std::size_t i) {
    const PlanBuffer& b = problem_.buffers[i];
    if (begin(i) < 0) report(fmt::format("{} is at negative offset {}", b.name, begin(i)));
    if (begin(i) % b.alignment != 0)
      report(fmt::format("{} is at {}, not a multiple of its alignment {}", b.name, begin(i),
                         b.alignment));
    if (b.fixed && begin(i) != *b.fixed)
      report(fmt::format("{} is at {}, expected its fixed offset {}", b.name, begin(i), *b.fixed));
    if (end(i) > plan_.peak)
      report(fmt::format("{} ends at {}, above the plan's peak {}", b.name, end(i), plan_.peak));
    if (problem_.capacity && end(i) > *problem_.capacity)
      report(
          fmt::format("{} ends at {}, above the capacity {}", b.name, end(i), *problem_.capacity));
  }

  void report_pair(std::size_t a, std::size_t b, const std::string& lives) {
    report(fmt::format("{} and {} share bytes [{}, {}): {}", problem_.buffers[a].name,
                       problem_.buffers[b].name, std::max(begin(a), begin(b)),
                       std::min(end(a), end(b)), lives));
  }

  /// Walks through time with the live buffers sorted by address: whoever enters may touch neither
  /// of its neighbours. As long as nothing is wrong the live ones are disjoint, so that suffices.
  void sweep_time() {
    struct Event {
      std::int64_t time;
      bool enters;
      std::size_t buffer;
    };
    std::vector<Event> events;
    for (std::size_t i = 0; i < problem_.buffers.size(); ++i) {
      if (problem_.buffers[i].size == 0) continue;
      std::int64_t from = (*problem_.lifetimes.intervals)[i].lower;
      const std::int64_t until = (*problem_.lifetimes.intervals)[i].upper;
      const auto enter = [&](std::int64_t lower, std::int64_t upper) {
        if (lower >= upper) return;
        events.push_back({lower, true, i});
        events.push_back({upper, false, i});
      };
      if (!problem_.lifetimes.gaps.empty()) {
        for (const Gap& gap : problem_.lifetimes.gaps[i]) {
          if (gap.keeps()) continue;
          enter(from, gap.time.lower);
          from = gap.time.upper;
        }
      }
      enter(from, until);
    }
    std::ranges::sort(events, {},
                      [](const Event& e) { return std::tuple(e.time, e.enters, e.buffer); });
    std::multimap<Bytes, std::size_t> live;
    for (const Event& e : events) {
      if (full()) return;
      if (!e.enters) {
        const auto [first, last] = live.equal_range(begin(e.buffer));
        live.erase(std::find_if(first, last, [&](const auto& x) { return x.second == e.buffer; }));
        continue;
      }
      const auto next = live.lower_bound(begin(e.buffer));
      const auto meets = [&](std::size_t other) {
        report_pair(e.buffer, other, fmt::format("both are in use at time {}", e.time));
      };
      if (next != live.end() && next->first < end(e.buffer)) meets(next->second);
      if (next != live.begin() && end(std::prev(next)->second) > begin(e.buffer))
        meets(std::prev(next)->second);
      live.emplace(begin(e.buffer), e.buffer);
    }
  }

  /// Why a is not before b: a use of a that b's uses need not wait for.
  std::optional<std::string> not_before(std::size_t a, std::size_t b) const {
    const ChainOrder& order = *problem_.lifetimes.order;
    for (const auto& last : order.last(a)) {
      const std::uint32_t known = order.first(b)[last.chain];
      if (last.position <= known) continue;
      return fmt::format("{} is used at place {} of chain {}, {} waits only for place {}",
                         problem_.buffers[a].name, last.position, last.chain,
                         problem_.buffers[b].name, known);
    }
    return std::nullopt;
  }

  void check_pairs() {
    const std::size_t n = problem_.buffers.size();
    for (std::size_t a = 0; a < n && !full(); ++a) {
      for (std::size_t b = a + 1; b < n && !full(); ++b) {
        if (begin(a) >= end(b) || begin(b) >= end(a)) continue;
        if (problem_.buffers[a].size == 0 || problem_.buffers[b].size == 0) continue;
        const auto forth = not_before(a, b);
        if (!forth) continue;
        const auto back = not_before(b, a);
        if (back) report_pair(a, b, *forth + "; " + *back);
      }
    }
  }

  const PlanProblem& problem_;
  const Plan& plan_;
  std::size_t limit_;
  std::vector<Violation> found_;
};

}  // namespace

std::vector<Violation> check_plan(const PlanProblem& problem, const Plan& plan, std::size_t limit) {
  std::vector<Violation> found = PlanChecker(problem, plan, limit).run();
  if (found.empty() && plan.objects) found = check_objects(problem, plan, limit);
  return found;
}

}  // namespace unna
