#include "memmgr/pools/pool_assignment.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace unna {

PoolAssignment::PoolAssignment(const PlanProblem& problem)
    : problem_(&problem), choices_(problem.size()), offset_(problem.size(), 0) {
  std::vector<std::uint32_t> all(problem.pools.size());
  std::iota(all.begin(), all.end(), 0U);
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    const PlanBuffer& b = problem.buffers[i];
    choices_[i] = b.pools.empty() ? all : b.pools;
    weight_.push_back(b.weight.value_or(b.size));
    level_.push_back(choices_[i].size());
  }
}

bool PoolAssignment::place(std::uint32_t i, std::size_t from, std::size_t until) {
  const PlanBuffer& b = problem_->buffers[i];
  const auto neighbours = problem_->neighbours(i, scratch_);
  for (std::size_t level = from; level < until; ++level) {
    const std::uint32_t p = choices_[i][level];
    const MemoryPool& pool = problem_->pools[p];
    visits_ += neighbours.size() + 1;
    taken_.clear();
    for (const ByteRange& r : pool.reserved) taken_.push_back({r.begin, r.end});
    for (const std::uint32_t j : neighbours)
      if (j != i && placed(j) && this->pool(j) == p)
        problem_->for_each_forbidden(i, j, offset_[j], [&](Bytes lo, Bytes hi) {
          taken_.push_back({lo + b.size, hi});
        });
    const Bytes at = b.fixed ? *b.fixed : find_place(taken_, b.size, b.alignment, Fit::lowest);
    if (pool.capacity && at + b.size > *pool.capacity) continue;
    level_[i] = level;
    offset_[i] = at;
    return true;
  }
  return false;
}

void PoolAssignment::restore(std::uint32_t i, std::size_t level, Bytes offset) {
  level_[i] = level;
  offset_[i] = offset;
}

std::size_t PoolAssignment::homeless() const {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < level_.size(); ++i) count += placed(i) ? 0U : 1U;
  return count;
}

std::int64_t PoolAssignment::spilled() const {
  std::int64_t sum = 0;
  for (std::uint32_t i = 0; i < level_.size(); ++i)
    if (placed(i)) sum += static_cast<std::int64_t>(level_[i]) * weight_[i];
  return sum;
}

namespace {

/// Neighbours looked at, after which the search ends: a second or two.
constexpr std::uint64_t kEffort = 60'000'000;

bool better(const PoolAssignment& a, const PoolAssignment& b) {
  return std::pair(a.homeless(), a.spilled()) < std::pair(b.homeless(), b.spilled());
}

double lifetime(const PlanProblem& p, std::uint32_t i) {
  if (p.lifetimes.intervals)
    return static_cast<double>((*p.lifetimes.intervals)[i].upper -
                               (*p.lifetimes.intervals)[i].lower);
  return static_cast<double>(p.index.last_overlap(i) - p.index.position(i) + 1);
}

/// Orders to fill pools in: by what is lost for each byte and time that spilling gains, by what is
/// lost, by size; fixed ones and those that have no choice before.
std::vector<std::vector<std::uint32_t>> filling_orders(const PlanProblem& p,
                                                       const PoolAssignment& a) {
  const auto size = [&](std::uint32_t i) { return static_cast<double>(p.buffers[i].size) + 1; };
  const auto weight = [&](std::uint32_t i) { return static_cast<double>(a.weight(i)); };
  const std::function<double(std::uint32_t)> keys[] = {
      [&](std::uint32_t i) { return weight(i) / (size(i) * lifetime(p, i)); },
      [&](std::uint32_t i) { return weight(i) / size(i); }, weight, size,
      [&](std::uint32_t i) { return weight(i) / lifetime(p, i); }};
  std::vector<std::vector<std::uint32_t>> orders;
  for (const auto& key : keys) {
    std::vector<std::uint32_t> order = by_size(p);
    std::ranges::stable_sort(order, std::ranges::greater{}, key);
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::uint32_t i) {
      return p.buffers[i].fixed ? 2 : a.choices(i).size() == 1 ? 1 : 0;
    });
    orders.push_back(std::move(order));
  }
  return orders;
}

class PoolSearch {
 public:
  PoolSearch(const PlanProblem& problem, PoolAssignment& best)
      : problem_(problem), best_(best), limit_(best.visits() + kEffort) {}

  void run() {
    for (bool improved = true; improved && in_time();) {
      improved = false;
      for (const std::uint32_t i : by_cost()) improved = (in_time() && improve(i)) || improved;
      improved = (in_time() && pack_again()) || improved;
    }
  }

 private:
  bool in_time() const { return best_.visits() < limit_; }

  /// Those that don't live where they want to, the costliest first.
  std::vector<std::uint32_t> by_cost() const {
    std::vector<std::uint32_t> result;
    for (const std::uint32_t i : by_size(problem_))
      if (best_.level(i) > 0) result.push_back(i);
    std::ranges::stable_sort(result, std::ranges::greater{}, [&](std::uint32_t i) {
      return std::pair(!best_.placed(i),
                       best_.weight(i) * static_cast<std::int64_t>(best_.level(i)));
    });
    return result;
  }

  bool improve(std::uint32_t i) {
    if (best_.level(i) == 0) return false;
    if (best_.place(i, 0, best_.level(i))) return true;
    std::vector<std::uint32_t> scratch;
    const auto span = problem_.neighbours(i, scratch);
    std::vector<std::uint32_t> neighbours(span.begin(), span.end());
    std::ranges::stable_sort(neighbours, {}, [&](std::uint32_t j) { return best_.weight(j); });
    return std::ranges::any_of(neighbours,
                               [&](std::uint32_t j) { return in_time() && exchange(i, j); });
  }

  /// Buffer i takes a better place that j gives up; j goes where there is room.
  bool exchange(std::uint32_t i, std::uint32_t j) {
    if (!best_.placed(j) || problem_.buffers[j].fixed || problem_.buffers[i].fixed) return false;
    const std::size_t before_i = best_.level(i);
    const std::size_t before_j = best_.level(j);
    const Bytes at_i = best_.offset(i);
    const Bytes at_j = best_.offset(j);
    const auto cost = [&] { return std::pair(missing(i) + missing(j), price(i) + price(j)); };
    const auto before = cost();
    best_.remove(j);
    if (best_.place(i, 0, before_i)) {
      best_.place(j, 0, best_.choices(j).size());
      if (cost() < before) return true;
    }
    best_.restore(i, before_i, at_i);
    best_.restore(j, before_j, at_j);
    return false;
  }
  int missing(std::uint32_t i) const { return best_.placed(i) ? 0 : 1; }
  std::int64_t price(std::uint32_t i) const {
    return best_.placed(i) ? best_.weight(i) * static_cast<std::int64_t>(best_.level(i)) : 0;
  }

  /// Everyone is placed once more, those that live where they want to first, by size or from below:
  /// room that was scattered comes together.
  bool pack_again() {
    const auto by = [&](auto&& key) {
      std::vector<std::uint32_t> order = by_size(problem_);
      std::ranges::stable_sort(order, {}, key);
      std::ranges::stable_sort(order, {}, [&](std::uint32_t i) {
        return std::pair(!problem_.buffers[i].fixed, best_.level(i));
      });
      PoolAssignment next = best_;
      for (const std::uint32_t i : order) next.remove(i);
      for (const std::uint32_t i : order) next.place(i, 0, next.choices(i).size());
      const bool improved = better(next, best_);
      if (improved) best_ = std::move(next);
      return improved;
    };
    return by([&](std::uint32_t i) { return best_.offset(i); }) ||
           by([&](std::uint32_t i) { return -problem_.buffers[i].size; }) ||
           by([&](std::uint32_t i) { return -lifetime(problem_, i); });
  }

  const PlanProblem& problem_;
  PoolAssignment& best_;
  std::uint64_t limit_;
};

}  // namespace

PoolAssignment assign_pools(const PlanProblem& problem) {
  std::optional<PoolAssignment> best;
  for (const auto& order : filling_orders(problem, PoolAssignment(problem))) {
    PoolAssignment next(problem);
    for (const std::uint32_t i : order) next.place(i, 0, next.choices(i).size());
    PoolSearch(problem, next).run();
    if (!best || better(next, *best)) best.emplace(std::move(next));
    if (best->homeless() == 0 && best->spilled() == 0) break;
  }
  return std::move(*best);
}

}  // namespace unna
