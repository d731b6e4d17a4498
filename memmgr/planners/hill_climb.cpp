// TVM's USMP hill climb (src/tir/usmp/algo/hill_climb.cc): first fit in an order that starts by
// size, descending, then by number of conflicts; then, up to 500 times, of a buffer whose end is
// the peak a neighbour that stands before it changes places with a neighbour's neighbour. A worse
// order is kept with a chance that falls with the attempts and grows with what it is worse by, as
// TVM's formula has it. Unlike there the best order is the result, not the last one kept.

#include <algorithm>

#include "base/rng.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/search_budget.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

constexpr std::uint64_t kAttempts = 500;

class HillClimb {
 public:
  HillClimb(const PlanProblem& problem, const PlanOptions& options)
      : problem_(problem),
        budget_(search_budget(options)),
        rng_(options.seed),
        order_(problem.size()),
        place_(problem.size()) {
    sort_by_size_and_conflicts();
    // What first fit looks at in an attempt: neighbours, sorted, and what is placed already.
    const std::uint64_t n = problem.size();
    const std::uint64_t looks = 8 * problem.index.pairs() + n * n + 1;
    attempts_ = std::clamp<std::uint64_t>(budget_.work / looks, 1, kAttempts);
  }

  Plan run() {
    Plan plan;
    std::vector<Bytes> kept = plan.offsets = place_in_order(problem_, order_, Fit::lowest);
    Bytes kept_peak = peak_of(problem_, kept);
    Bytes best = kept_peak;
    std::uint64_t attempt = 1;
    for (; attempt < attempts_ && best > problem_.lower_bound && !budget_.out_of_time();
         ++attempt) {
      const auto [a, b] = pick_swap(kept, kept_peak);
      if (a == b) continue;
      swap(a, b);
      std::vector<Bytes> offsets = place_in_order(problem_, order_, Fit::lowest);
      const Bytes peak = peak_of(problem_, offsets);
      if (!accepted(peak, kept_peak, attempt)) {
        swap(a, b);
        continue;
      }
      kept = std::move(offsets);
      kept_peak = peak;
      if (peak >= best) continue;
      best = peak;
      plan.offsets = kept;
    }
    plan.note = fmt::format("{} orders tried", attempt);
    return plan;
  }

 private:
  void sort_by_size_and_conflicts() {
    std::vector<std::size_t> conflicts(problem_.size());
    for (std::uint32_t i = 0; i < problem_.size(); ++i)
      conflicts[i] = problem_.neighbours(i, scratch_).size();
    order_ = by_size(problem_);
    std::ranges::stable_sort(order_, [&](std::uint32_t a, std::uint32_t b) {
      const Bytes left = problem_.buffers[a].size;
      const Bytes right = problem_.buffers[b].size;
      return left != right ? left > right : conflicts[a] > conflicts[b];
    });
    for (std::uint32_t k = 0; k < order_.size(); ++k) place_[order_[k]] = k;
  }

  bool accepted(Bytes peak, Bytes kept_peak, std::uint64_t attempt) {
    if (peak < kept_peak) return true;
    const auto percent = static_cast<double>(peak - kept_peak) / static_cast<double>(peak) * 50;
    return rng_.below(100) < static_cast<std::uint64_t>(percent / static_cast<double>(attempt));
  }

  /// A neighbour of i that stands before it; i itself where there is none.
  std::uint32_t earlier_neighbour(std::uint32_t i) {
    std::vector<std::uint32_t> earlier;
    for (const std::uint32_t j : problem_.neighbours(i, scratch_))
      if (place_[j] < place_[i]) earlier.push_back(j);
    return pick(earlier, i);
  }
  std::uint32_t pick(const std::vector<std::uint32_t>& from, std::uint32_t otherwise) {
    return from.empty() ? otherwise : from[rng_.below(from.size())];
  }

  std::pair<std::uint32_t, std::uint32_t> pick_swap(std::span<const Bytes> offsets, Bytes peak) {
    std::vector<std::uint32_t> top;
    for (const std::uint32_t i : order_)
      if (offsets[i] + problem_.buffers[i].size == peak) top.push_back(i);
    const std::uint32_t highest = pick(top, order_.front());
    const std::uint32_t first = earlier_neighbour(highest);
    if (first == highest) return {highest, highest};
    const auto neighbours = problem_.neighbours(highest, scratch_);
    const std::uint32_t between = neighbours[rng_.below(neighbours.size())];
    const std::uint32_t second =
        rng_.below(100) > 25 ? earlier_neighbour(between) : earlier_neighbour(highest);
    return {first, second};
  }

  void swap(std::uint32_t a, std::uint32_t b) {
    std::swap(order_[place_[a]], order_[place_[b]]);
    std::swap(place_[a], place_[b]);
  }

  const PlanProblem& problem_;
  Budget budget_;
  Rng rng_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> place_;  ///< by buffer: where it stands in order_
  std::uint64_t attempts_ = 1;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace

Plan plan_hill_climb(const PlanProblem& problem, const PlanOptions& options) {
  if (problem.size() == 0) return {};
  return HillClimb(problem, options).run();
}

}  // namespace unna
