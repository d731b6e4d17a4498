// Linear scan register allocation with addresses for registers: buffers as they come into use;
// those whose life is over give their range of addresses back, free ranges that touch become one,
// and the lowest that is large enough is taken. That buffers have sizes makes it the interval case
// of Sethi's problem, for which nothing better than a heuristic is to be expected.

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "memmgr/plan.h"
#include "memmgr/planners/features.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/sequence_axis.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

class FreeRanges {
 public:
  explicit FreeRanges(std::span<const ByteRange> reserved) {
    Bytes floor = 0;
    for (const ByteRange& r : reserved) {
      if (floor < r.begin) ends_[floor] = r.begin;
      floor = std::max(floor, r.end);
    }
    ends_[floor] = std::numeric_limits<Bytes>::max();
  }

  Bytes take_lowest(Bytes size, Bytes alignment) {
    for (auto it = ends_.begin(); it != ends_.end(); ++it) {
      const auto [begin, end] = *it;
      const Bytes at = round_up(begin, alignment);
      if (at > end || end - at < size) continue;
      ends_.erase(it);
      if (begin < at) ends_[begin] = at;
      if (at + size < end) ends_[at + size] = end;
      return at;
    }
    throw InternalError("the endless range is gone");
  }

  void give_back(Bytes begin, Bytes end) {
    auto next = ends_.lower_bound(begin);
    if (next != ends_.begin() && std::prev(next)->second == begin) begin = std::prev(next)->first;
    if (next != ends_.end() && next->first == end) {
      end = next->second;
      ends_.erase(next);
    }
    ends_[begin] = end;
  }

 private:
  std::map<Bytes, Bytes> ends_;  ///< by begin
};

}  // namespace

Plan plan_linear_scan(const PlanProblem& problem, const PlanOptions&) {
  refuse(problem, "linear-scan", {Feature::fixed, Feature::apart});
  const std::vector<Interval> life = safe_intervals(problem);
  FreeRanges free(problem.reserved);
  std::multimap<std::int64_t, std::uint32_t> active;  // by end
  Plan plan;
  plan.offsets.resize(problem.size());
  for (const std::uint32_t i : problem.sequence()) {
    const bool used = life[i].lower < life[i].upper;
    while (used && !active.empty() && active.begin()->first <= life[i].lower) {
      const std::uint32_t over = active.begin()->second;
      free.give_back(plan.offsets[over], plan.offsets[over] + problem.buffers[over].size);
      active.erase(active.begin());
    }
    const PlanBuffer& b = problem.buffers[i];
    plan.offsets[i] = free.take_lowest(b.size, b.alignment);
    if (b.size == 0) continue;
    if (used)
      active.emplace(life[i].upper, i);
    else
      free.give_back(plan.offsets[i], plan.offsets[i] + b.size);
  }
  return plan;
}

}  // namespace unna
