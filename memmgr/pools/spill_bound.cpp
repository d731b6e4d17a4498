#include "memmgr/pools/spill_bound.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "memmgr/pools/pool_problem.h"

namespace unna {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// Items by cost a byte, ascending; takes or leaves them one by one.
class LeastCost {
 public:
  explicit LeastCost(std::span<const SpillItem> items) : items_(items.begin(), items.end()) {
    std::erase_if(items_, [](const SpillItem& i) { return i.bytes <= 0; });
    std::ranges::stable_sort(items_, [](const SpillItem& a, const SpillItem& b) {
      return static_cast<long double>(a.cost) * static_cast<long double>(b.bytes) <
             static_cast<long double>(b.cost) * static_cast<long double>(a.bytes);
    });
  }

  std::int64_t solve(Bytes over) {
    const std::int64_t in_part = relaxed(0, over);
    if (in_part == kNever) return kNever;
    search(0, 0, over);
    return steps_ < kMostSteps ? best_ : in_part;
  }

 private:
  static constexpr int kMostSteps = 100'000;

  /// The cost of `over` bytes from the k-th item on, the last one in part, rounded up.
  std::int64_t relaxed(std::size_t k, Bytes over) const {
    long double cost = 0;
    for (; k < items_.size() && over > 0; ++k) {
      const Bytes part = std::min(over, items_[k].bytes);
      cost += static_cast<long double>(items_[k].cost) * static_cast<long double>(part) /
              static_cast<long double>(items_[k].bytes);
      over -= part;
    }
    if (over > 0) return kNever;
    constexpr long double kRounding = 1e-6L;
    return static_cast<std::int64_t>(cost - kRounding) + (cost > kRounding ? 1 : 0);
  }

  void search(std::size_t k, std::int64_t cost, Bytes over) {
    if (steps_ == kMostSteps) return;
    ++steps_;
    if (over <= 0) {
      best_ = std::min(best_, cost);
      return;
    }
    const std::int64_t rest = relaxed(k, over);
    if (rest == kNever || cost + rest >= best_) return;
    search(k + 1, cost + items_[k].cost, over - items_[k].bytes);
    search(k + 1, cost, over);
  }

  std::vector<SpillItem> items_;
  std::int64_t best_ = kNever;
  int steps_ = 0;
};

}  // namespace

Bytes usable_bytes(const MemoryPool& pool) {
  Bytes bytes = *pool.capacity;
  for (const ByteRange& r : pool.reserved)
    bytes -= std::max<Bytes>(std::min(r.end, *pool.capacity) - r.begin, 0);
  return bytes;
}

std::int64_t least_cost_to_free(std::span<const SpillItem> items, Bytes over) {
  return over <= 0 ? 0 : LeastCost(items).solve(over);
}

std::int64_t spill_bound(const PlanProblem& problem, std::uint32_t pool) {
  constexpr int kMostSets = 16;
  const MemoryPool& memory = problem.pools[pool];
  if (!memory.capacity) return 0;
  std::vector<std::uint32_t> rest;
  std::vector<char> stays(problem.size(), 0);
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    const auto& choice = problem.buffers[i].pools;
    if (choice.empty() ? pool != 0 : choice.front() != pool) continue;
    const std::size_t choices = choice.empty() ? problem.pools.size() : choice.size();
    stays[i] = choices == 1 ? 1 : 0;
    rest.push_back(i);
  }
  std::int64_t bound = 0;
  for (int set = 0; set < kMostSets && !rest.empty(); ++set) {
    const PlanProblem p = pool_problem(problem, pool, rest);
    std::vector<SpillItem> items;
    Bytes over = -usable_bytes(memory);
    std::vector<char> counted(problem.size(), 0);
    for (std::size_t k = 0; k < p.antichain.size(); ++k) {
      const std::uint32_t i = rest[p.antichain[k]];
      over += p.antichain_bytes[k];
      if (stays[i] != 0) continue;
      counted[i] = 1;
      const PlanBuffer& b = problem.buffers[i];
      items.push_back({b.weight.value_or(b.size), p.antichain_bytes[k]});
    }
    const std::int64_t more = least_cost_to_free(items, over);
    if (over <= 0 || more == kNever) break;  // never: nothing fits, and nobody asks
    bound += more;
    std::erase_if(rest, [&](std::uint32_t i) { return counted[i] != 0; });
  }
  return bound;
}

}  // namespace unna
