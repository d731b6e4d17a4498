#include "memmgr/planners/waits.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/rng.h"
#include "memmgr/complete_problem.h"
#include "memmgr/exact/capacity_search.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/constructive.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/search_budget.h"

namespace unna {
namespace {

/// Where a buffer may go, and what that adds to the cost.
struct Place {
  std::int64_t cost = 0;
  Bytes at = 0;
};

/// A layout in which some buffers are not placed, and its cost.
class PartLayout {
 public:
  PartLayout(const PlanProblem& problem, Bytes limit)
      : problem_(problem), limit_(limit), at_(problem.size(), 0), placed_(problem.size(), 0) {
    row_.assign(problem.size() + 1, 0);
    for (const AvoidPair& a : problem.avoid) {
      ++row_[a.pair.first + 1];
      ++row_[a.pair.second + 1];
    }
    std::partial_sum(row_.begin(), row_.end(), row_.begin());
    partners_.resize(row_.back());
    std::vector<std::size_t> fill(row_.begin(), row_.end() - 1);
    for (const AvoidPair& a : problem.avoid) {
      partners_[fill[a.pair.first]++] = {a.pair.second, a.weight};
      partners_[fill[a.pair.second]++] = {a.pair.first, a.weight};
    }
  }

  std::int64_t cost() const { return cost_; }
  std::uint64_t work() const { return work_; }
  const std::vector<Bytes>& offsets() const { return at_; }
  bool meet(std::uint32_t i, std::uint32_t j) const {
    return placed_[i] != 0 && placed_[j] != 0 && at_[i] < at_[j] + size(j) &&
           at_[j] < at_[i] + size(i);
  }
  void put(std::uint32_t i, Bytes at) {
    cost_ += added(i, at);
    at_[i] = at;
    placed_[i] = 1;
  }
  void take_out(std::uint32_t i) {
    placed_[i] = 0;
    cost_ -= added(i, at_[i]);
  }
  /// The place that adds least to the cost, the lowest among equals; none below the limit.
  std::optional<Place> cheapest(std::uint32_t i);
  std::span<const std::uint32_t> neighbours(std::uint32_t i) {
    return problem_.neighbours(i, scratch_);
  }

 private:
  struct Partner {
    std::uint32_t buffer = 0;
    std::int64_t weight = 0;
  };

  Bytes size(std::uint32_t i) const { return problem_.buffers[i].size; }
  std::span<const Partner> partners(std::uint32_t i) const {
    return std::span(partners_).subspan(row_[i], row_[i + 1] - row_[i]);
  }
  std::int64_t added(std::uint32_t i, Bytes at) const {
    std::int64_t cost = 0;
    for (const Partner& p : partners(i))
      if (placed_[p.buffer] != 0 && at < at_[p.buffer] + size(p.buffer) &&
          at_[p.buffer] < at + size(i))
        cost += p.weight;
    return cost;
  }
  void collect(std::uint32_t i);
  bool forbidden(Bytes at) const {
    return std::ranges::any_of(ranges_,
                               [&](const ByteRange& r) { return r.begin < at && at < r.end; });
  }

  const PlanProblem& problem_;
  Bytes limit_;
  std::vector<Bytes> at_;
  std::vector<char> placed_;
  std::int64_t cost_ = 0;
  std::uint64_t work_ = 0;
  std::vector<std::size_t> row_;
  std::vector<Partner> partners_;
  std::vector<ByteRange> ranges_;  ///< open: offsets strictly within are forbidden
  std::vector<Bytes> places_;
  std::vector<std::uint32_t> scratch_;
};

/// Forbidden ranges, and the offsets at which a buffer would rest against something.
void PartLayout::collect(std::uint32_t i) {
  const Bytes alignment = problem_.buffers[i].alignment;
  const Bytes highest = limit_ - size(i);
  ranges_.clear();
  places_.assign(1, 0);
  const auto both_ends = [&](Bytes below, Bytes above) {
    if (below >= 0 && below <= highest) places_.push_back(below / alignment * alignment);
    if (above >= 0 && round_up(above, alignment) <= highest)
      places_.push_back(round_up(above, alignment));
  };
  const auto forbid = [&](Bytes lo, Bytes hi) {
    ranges_.push_back({lo, hi});
    both_ends(lo, hi);
  };
  if (highest >= 0) places_.push_back(highest / alignment * alignment);
  for (const ByteRange& r : problem_.reserved) forbid(r.begin - size(i), r.end);
  for (const std::uint32_t j : problem_.neighbours(i, scratch_))
    if (placed_[j] != 0) problem_.for_each_forbidden(i, j, at_[j], forbid);
  for (const Partner& p : partners(i))
    if (placed_[p.buffer] != 0) both_ends(at_[p.buffer] - size(i), at_[p.buffer] + size(p.buffer));
}

std::optional<Place> PartLayout::cheapest(std::uint32_t i) {
  if (problem_.buffers[i].fixed) places_.assign(1, *problem_.buffers[i].fixed);
  collect(i);
  if (problem_.buffers[i].fixed) places_.assign(1, *problem_.buffers[i].fixed);
  std::ranges::sort(places_);
  places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
  std::optional<Place> best;
  for (const Bytes at : places_) {
    work_ += ranges_.size() + 8;
    if (at + size(i) > limit_ || forbidden(at)) continue;
    work_ += partners(i).size();
    const std::int64_t cost = added(i, at);
    if (!best || cost < best->cost) best = Place{cost, at};
    if (cost == 0) break;
  }
  return best;
}

class FewWaits {
 public:
  FewWaits(const PlanProblem& problem, std::vector<Bytes> offsets, Bytes limit,
           const PlanOptions& options)
      : problem_(problem),
        limit_(limit),
        options_(options),
        rng_(options.seed),
        budget_(search_budget(options)),
        best_(std::move(offsets)),
        cost_(layout_of_best().cost()) {}

  std::vector<Bytes> run() {
    if (cost_ > 0) greedy();
    if (cost_ > 0) all_apart();
    if (cost_ > 0) improve();
    return std::move(best_);
  }

 private:
  PartLayout layout_of_best() const;
  void keep(const PartLayout& layout);
  void greedy();
  void all_apart();
  void improve();
  std::vector<std::uint32_t> around_a_wait(const PartLayout& layout);
  bool place_all(PartLayout& layout, std::span<const std::uint32_t> order);

  const PlanProblem& problem_;
  Bytes limit_;
  const PlanOptions& options_;
  Rng rng_;
  Budget budget_;
  std::vector<Bytes> best_;
  std::int64_t cost_;
};

PartLayout FewWaits::layout_of_best() const {
  PartLayout layout(problem_, limit_);
  for (std::uint32_t i = 0; i < problem_.size(); ++i) layout.put(i, best_[i]);
  return layout;
}

void FewWaits::keep(const PartLayout& layout) {
  if (layout.cost() >= cost_) return;
  best_ = layout.offsets();
  cost_ = layout.cost();
}

bool FewWaits::place_all(PartLayout& layout, std::span<const std::uint32_t> order) {
  for (const std::uint32_t i : order) {
    const auto place = layout.cheapest(i);
    if (!place) return false;
    layout.put(i, place->at);
  }
  return true;
}

/// Fixed buffers first.
void FewWaits::greedy() {
  for (ConstructiveOrder& order : constructive_orders(problem_)) {
    std::ranges::stable_partition(
        order.order, [&](std::uint32_t i) { return problem_.buffers[i].fixed.has_value(); });
    PartLayout layout(problem_, limit_);
    const bool whole = place_all(layout, order.order);
    budget_.work -= std::min(budget_.work, layout.work());
    if (whole) keep(layout);
    if (cost_ == 0 || budget_.work == 0 || budget_.out_of_time()) return;
  }
}

/// A quarter of what may be spent is for the question whether no pair need be given up.
void FewWaits::all_apart() {
  PlanProblem apart = problem_;
  for (const AvoidPair& a : problem_.avoid)
    if (a.weight > 0 && !problem_.shared_in_place(a.pair.first, a.pair.second))
      apart.apart.push_back(a.pair);
  apart.avoid.clear();
  apart.capacity = limit_;
  complete_problem(apart);
  if (apart.lower_bound > limit_) return;
  PlanOptions options = options_;
  options.effort = std::max<std::int64_t>(1, options.effort / 4);
  if (options.time_limit) *options.time_limit /= 4;
  const Plan plan = plan_auto(apart, options);
  if (peak_of(problem_, plan.offsets) > limit_) return;
  PartLayout layout(problem_, limit_);
  for (std::uint32_t i = 0; i < problem_.size(); ++i) layout.put(i, plan.offsets[i]);
  keep(layout);
}

/// Both buffers of a pair that costs, and some that are near one of them.
std::vector<std::uint32_t> FewWaits::around_a_wait(const PartLayout& layout) {
  std::vector<AvoidPair> paid;
  for (const AvoidPair& a : problem_.avoid)
    if (a.weight > 0 && layout.meet(a.pair.first, a.pair.second)) paid.push_back(a);
  const BufferPair chosen = paid[rng_.below(paid.size())].pair;
  std::vector<std::uint32_t> out{chosen.first, chosen.second};
  const std::size_t more = rng_.below(10);
  std::vector<std::uint32_t> scratch;
  for (std::size_t k = 0; k < more; ++k) {
    const std::uint32_t centre = out[rng_.below(out.size())];
    const auto near = problem_.neighbours(centre, scratch);
    if (near.empty() || rng_.chance(1, 8))
      out.push_back(static_cast<std::uint32_t>(rng_.below(problem_.size())));
    else
      out.push_back(near[rng_.below(near.size())]);
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  std::erase_if(out, [&](std::uint32_t i) { return problem_.buffers[i].fixed.has_value(); });
  rng_.shuffle(out);
  return out;
}

void FewWaits::improve() {
  constexpr std::uint64_t kLeastPatience = 4000;
  const std::uint64_t patience = std::max<std::uint64_t>(kLeastPatience, 40 * problem_.size());
  PartLayout layout = layout_of_best();
  std::uint64_t spent = layout.work();
  for (std::uint64_t idle = 0; idle < patience && budget_.work > 0; ++idle) {
    if (idle % 16 == 0 && budget_.out_of_time()) return;
    const std::vector<std::uint32_t> out = around_a_wait(layout);
    std::vector<Bytes> before;
    const std::int64_t cost = layout.cost();
    for (const std::uint32_t i : out) before.push_back(layout.offsets()[i]);
    for (const std::uint32_t i : out) layout.take_out(i);
    std::size_t placed = 0;
    for (; placed < out.size() && layout.cost() <= cost; ++placed) {
      const auto place = layout.cheapest(out[placed]);
      if (!place) break;
      layout.put(out[placed], place->at);
    }
    if (placed < out.size() || layout.cost() > cost) {
      for (std::size_t k = 0; k < placed; ++k) layout.take_out(out[k]);
      for (std::size_t k = 0; k < out.size(); ++k) layout.put(out[k], before[k]);
    } else if (layout.cost() < cost_) {
      keep(layout);
      idle = 0;
      if (cost_ == 0) return;
    }
    budget_.work -= std::min(budget_.work, layout.work() - spent + 64);
    spent = layout.work();
  }
}

}  // namespace

std::vector<Bytes> with_few_waits(const PlanProblem& problem, std::vector<Bytes> offsets,
                                  Bytes limit, const PlanOptions& options) {
  invariant(offsets.size() == problem.size(), "offsets of {} buffers, expected {}", offsets.size(),
            problem.size());
  if (problem.avoid.empty() || peak_of(problem, offsets) > limit) return offsets;
  return FewWaits(problem, std::move(offsets), limit, options).run();
}

}  // namespace unna
