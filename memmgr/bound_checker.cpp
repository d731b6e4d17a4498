// Nothing here calls liveness, index or planners: lifetimes are read as data.

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

/// The bound's buffers, laid one behind the other: a valid plan of theirs needs all that room.
class BoundChecker {
 public:
  explicit BoundChecker(const PlanProblem& problem) : problem_(problem) {}

  std::vector<Violation> run(std::size_t limit) {
    if (problem_.antichain_bytes.size() != problem_.antichain.size())
      return {{"the bound says not of each of its buffers what it needs"}};
    check_pairs();
    check_value();
    if (problem_.lifetimes.intervals)
      check_time();
    else
      check_order();
    if (found_.size() > limit) found_.resize(limit);
    return std::move(found_);
  }

 private:
  const std::string& name(std::size_t k) const {
    return problem_.buffers[problem_.antichain[k]].name;
  }

  void check_pairs() {
    const std::set<std::uint32_t> members(problem_.antichain.begin(), problem_.antichain.end());
    if (members.size() != problem_.antichain.size()) found_.push_back({"a buffer counts twice"});
    for (const BufferPair pair : problem_.in_place)
      if (members.contains(pair.first) && members.contains(pair.second))
        found_.push_back(
            {fmt::format("{} may be in place of {}, yet both count",
                         problem_.buffers[pair.second].name, problem_.buffers[pair.first].name)});
  }

  /// The number that follows from the buffers that are said to make the bound.
  Bytes value() const {
    const std::vector<std::uint32_t>& makers = problem_.bound_buffers;
    Bytes sum = 0;
    switch (problem_.bound_kind) {
      case BoundKind::together:
        for (const Bytes b : problem_.antichain_bytes) sum += b;
        break;
      case BoundKind::apart:
        for (const std::uint32_t i : makers) sum += problem_.buffers[i].size;
        break;
      case BoundKind::single: {
        const PlanBuffer& b = problem_.buffers[makers.front()];
        Bytes at = 0;
        for (const ByteRange& r : problem_.reserved)
          if (at < r.end && r.begin < at + b.size)
            at = (r.end + b.alignment - 1) / b.alignment * b.alignment;
        return at + b.size;
      }
      case BoundKind::fixed:
        return problem_.buffers[makers.front()].fixed.value_or(0) +
               problem_.buffers[makers.front()].size;
    }
    for (const ByteRange& r : problem_.reserved)
      if (r.begin < sum) sum += r.end - r.begin;
    return sum;
  }

  void check_value() {
    if (problem_.lower_bound == 0) return;
    const Bytes follows = value();
    if (problem_.lower_bound > follows)
      found_.push_back({fmt::format("the bound of {} bytes does not follow: its buffers need {}",
                                    problem_.lower_bound, follows)});
  }

  /// Some time must be within all; it may as well be one at which some buffer starts to need bytes.
  void check_time() {
    std::map<std::int64_t, std::int64_t> change;
    for (std::size_t k = 0; k < problem_.antichain.size(); ++k)
      for (const Interval& time : times_of(k)) {
        ++change[time.lower];
        --change[time.upper];
      }
    std::int64_t there = 0;
    std::int64_t most = 0;
    for (const auto& [time, step] : change) most = std::max(most, there += step);
    if (most != static_cast<std::int64_t>(problem_.antichain.size()))
      found_.push_back(
          {fmt::format("only {} of the bound's {} buffers need their bytes at one time", most,
                       problem_.antichain.size())});
  }

  /// When the k-th needs at least the bytes that it counts for, in one piece each.
  std::vector<Interval> times_of(std::size_t k) const {
    const std::uint32_t i = problem_.antichain[k];
    const Bytes bytes = problem_.antichain_bytes[k];
    const Interval life = (*problem_.lifetimes.intervals)[i];
    std::vector<Interval> times;
    std::int64_t from = life.lower;
    const auto add = [&](std::int64_t lower, std::int64_t upper, Bytes needed) {
      if (lower < upper && needed >= bytes) times.push_back({lower, upper});
    };
    if (!problem_.lifetimes.gaps.empty())
      for (const Gap& gap : problem_.lifetimes.gaps[i]) {
        add(from, gap.time.lower, problem_.buffers[i].size);
        add(gap.time.lower, gap.time.upper, gap.kept_end - gap.kept_begin);
        from = gap.time.upper;
      }
    add(from, life.upper, problem_.buffers[i].size);
    // A buffer that nothing but itself is held against needs its bytes, used or not.
    if (times.empty() && problem_.antichain.size() == 1) times.push_back({0, 1});
    return times;
  }

  void check_order() {
    const ChainOrder& order = *problem_.lifetimes.order;
    // Whose last use of a chain is behind all that any of them knows of it is before none. Only the
    // others are held against each one.
    std::vector<std::uint32_t> most(order.chains(), 0);
    for (const std::uint32_t i : problem_.antichain)
      for (std::size_t c = 0; c < most.size(); ++c) most[c] = std::max(most[c], order.first(i)[c]);
    for (std::size_t a = 0; a < problem_.antichain.size(); ++a) {
      const std::uint32_t i = problem_.antichain[a];
      if (problem_.antichain_bytes[a] > problem_.buffers[i].size)
        found_.push_back({fmt::format("{} counts for more than its size", name(a))});
      if (std::ranges::any_of(order.last(i), [&](const ChainOrder::Mark& last) {
            return last.position > most[last.chain];
          }))
        continue;
      for (std::size_t b = 0; b < problem_.antichain.size(); ++b)
        if (b != a && precedes(order, i, problem_.antichain[b]))
          found_.push_back({fmt::format("{} and {} both count, but one comes before the other",
                                        name(std::min(a, b)), name(std::max(a, b)))});
    }
  }
  static bool precedes(const ChainOrder& order, std::uint32_t a, std::uint32_t b) {
    return std::ranges::all_of(order.last(a), [&](const ChainOrder::Mark& last) {
      return last.position <= order.first(b)[last.chain];
    });
  }

  const PlanProblem& problem_;
  std::vector<Violation> found_;
};

}  // namespace

std::vector<Violation> check_bound(const PlanProblem& problem, std::size_t limit) {
  return BoundChecker(problem).run(limit);
}

}  // namespace unna
