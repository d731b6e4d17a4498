#include "memmgr/planners/waits.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/rng.h"
#include "memmgr/complete_problem.h"
#include "memmgr/exact/capacity_search.h"
#include "memmgr/placement/paid_layout.h"
#include "memmgr/placement/placement.h"
#include "memmgr/planners/constructive.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/search_budget.h"

namespace unna {
namespace {

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
        cost_(layout_of(best_).cost()) {}

  void run() {
    if (!closed()) all_apart();
    if (!closed()) greedy();
    if (!closed()) improve();
    if (problem_.capacity && !budget_.out_of_time()) press_down();
  }
  const std::vector<Bytes>& offsets() const { return best_; }
  PlanWaits waits() const { return {cost_, bound_}; }

 private:
  PaidLayout layout_of(const std::vector<Bytes>& offsets) const;
  bool closed() const { return cost_ <= bound_; }
  double seconds_left() const {
    const std::chrono::duration<double> left = *budget_.deadline - std::chrono::steady_clock::now();
    return std::max(left.count(), 0.0);
  }
  void keep(const PaidLayout& layout);
  /// The problem with these pairs kept apart, and a plan of it with a part of what may be spent.
  PlanProblem kept_apart(const std::vector<AvoidPair>& pairs) const;
  Plan plan_of(const PlanProblem& apart, int part) const;
  void all_apart();
  void greedy();
  void improve();
  void press_down();
  void exchange(PaidLayout& layout, const std::vector<std::uint32_t>& out);
  std::size_t place_anew(PaidLayout& layout, std::span<const std::uint32_t> out,
                         std::int64_t most) const;
  std::vector<std::uint32_t> around_a_wait(const PaidLayout& layout);

  const PlanProblem& problem_;
  Bytes limit_;
  const PlanOptions& options_;
  Rng rng_;
  Budget budget_;
  std::vector<Bytes> best_;
  std::int64_t cost_;
  std::int64_t bound_ = 0;
};

PaidLayout FewWaits::layout_of(const std::vector<Bytes>& offsets) const {
  PaidLayout layout(problem_, limit_);
  for (std::uint32_t i = 0; i < problem_.size(); ++i) layout.put(i, offsets[i]);
  return layout;
}

void FewWaits::keep(const PaidLayout& layout) {
  if (layout.cost() >= cost_) return;
  best_ = layout.offsets();
  cost_ = layout.cost();
}

PlanProblem FewWaits::kept_apart(const std::vector<AvoidPair>& pairs) const {
  PlanProblem apart = problem_;
  for (const AvoidPair& a : pairs)
    if (a.weight > 0 && !problem_.shared_in_place(a.pair.first, a.pair.second))
      apart.apart.push_back(a.pair);
  apart.avoid.clear();
  complete_problem(apart);
  return apart;
}

Plan FewWaits::plan_of(const PlanProblem& apart, int part) const {
  PlanOptions options = options_;
  options.few_waits = false;
  options.effort = std::max<std::int64_t>(1, options.effort / part);
  if (options.time_limit)
    *options.time_limit = std::min(*options.time_limit / part, seconds_left());
  return plan_auto(apart, options);
}

void FewWaits::all_apart() {
  PlanProblem apart = kept_apart(problem_.avoid);
  apart.capacity = limit_;
  Bytes bound = apart.lower_bound;
  if (bound <= limit_) {
    const Plan plan = plan_of(apart, 4);
    if (peak_of(problem_, plan.offsets) <= limit_) return keep(layout_of(plan.offsets));
    bound = std::max(bound, plan.lower_bound);
  }
  if (bound <= limit_) return;
  bound_ = std::numeric_limits<std::int64_t>::max();
  for (const AvoidPair& a : problem_.avoid)
    if (a.weight > 0) bound_ = std::min(bound_, a.weight);
}

/// Fixed buffers first.
void FewWaits::greedy() {
  std::vector<ConstructiveOrder> orders = constructive_orders(problem_);
  orders.push_back({"offset", {}});
  for (std::uint32_t i = 0; i < problem_.size(); ++i) orders.back().order.push_back(i);
  std::ranges::stable_sort(orders.back().order, {}, [&](std::uint32_t i) { return best_[i]; });
  for (ConstructiveOrder& order : orders) {
    std::stable_partition(order.order.begin(), order.order.end(),
                          [&](std::uint32_t i) { return problem_.buffers[i].fixed.has_value(); });
    PaidLayout layout(problem_, limit_);
    const bool whole = place_anew(layout, order.order, cost_) == order.order.size();
    budget_.work -= std::min(budget_.work, layout.work());
    if (whole) keep(layout);
    if (closed() || budget_.work == 0 || budget_.out_of_time()) return;
  }
}

/// How many were placed: fewer than all where one fits nowhere, or costs more than `most` then.
std::size_t FewWaits::place_anew(PaidLayout& layout, std::span<const std::uint32_t> out,
                                 std::int64_t most) const {
  for (std::size_t k = 0; k < out.size(); ++k) {
    if (k % 64 == 63 && budget_.out_of_time()) return k;
    const auto place = layout.cheapest(out[k]);
    if (!place || layout.cost() + place->cost > most) return k;
    layout.put(out[k], place->at);
  }
  return out.size();
}

/// Both buffers of a pair that costs, and some that are near one of them.
std::vector<std::uint32_t> FewWaits::around_a_wait(const PaidLayout& layout) {
  std::vector<AvoidPair> paid = paid_pairs(problem_, layout.offsets());
  std::erase_if(paid, [](const AvoidPair& a) { return a.weight == 0; });
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

/// Takes buffers out and places them anew, at no more cost, or back where they were.
void FewWaits::exchange(PaidLayout& layout, const std::vector<std::uint32_t>& out) {
  const std::int64_t cost = layout.cost();
  std::vector<Bytes> before;
  for (const std::uint32_t i : out) {
    before.push_back(layout.offsets()[i]);
    layout.take_out(i);
  }
  if (place_anew(layout, out, cost) == out.size()) return;
  for (std::size_t k = 0; k < out.size(); ++k) {
    layout.take_out(out[k]);
    layout.put(out[k], before[k]);
  }
}

/// What is taken out may come back at equal cost in other places, so that the search drifts.
void FewWaits::improve() {
  constexpr std::uint64_t kLeastPatience = 4000;
  const std::uint64_t patience = std::max<std::uint64_t>(kLeastPatience, 40 * problem_.size());
  PaidLayout layout = layout_of(best_);
  for (std::uint64_t idle = 0; idle < patience && budget_.work > 0; ++idle) {
    if (idle % 16 == 0 && budget_.out_of_time()) return;
    const std::uint64_t before = layout.work();
    exchange(layout, around_a_wait(layout));
    if (layout.cost() < cost_) {
      keep(layout);
      idle = 0;
      if (closed()) return;
    }
    budget_.work -= std::min(budget_.work, layout.work() - before + problem_.avoid.size());
  }
}

/// Below a capacity all plans are equal for the search so far: the lowest that costs no more.
void FewWaits::press_down() {
  std::vector<AvoidPair> unpaid = problem_.avoid;
  const std::vector<AvoidPair> paid = paid_pairs(problem_, best_);
  std::erase_if(unpaid, [&](const AvoidPair& a) { return std::ranges::binary_search(paid, a); });
  PlanProblem apart = kept_apart(unpaid);
  apart.capacity.reset();
  const std::vector<Bytes> lower = plan_of(apart, 4).offsets;
  if (peak_of(problem_, lower) < peak_of(problem_, best_) && layout_of(lower).cost() <= cost_)
    best_ = lower;
}

}  // namespace

void reduce_waits(const PlanProblem& problem, Plan& plan, const PlanOptions& options) {
  invariant(plan.offsets.size() == problem.size(), "offsets of {} buffers, expected {}",
            plan.offsets.size(), problem.size());
  if (problem.avoid.empty()) return;
  if (plan.objects)
    throw InputError(fmt::format(
        "{} shares whole objects, expected a planner of offsets for few waits", plan.planner));
  const Bytes given = peak_of(problem, plan.offsets);
  FewWaits search(problem, plan.offsets, std::max(given, problem.capacity.value_or(given)),
                  options);
  search.run();
  if (plan.offsets != search.offsets()) plan.note = "placed anew for few waits";
  plan.offsets = search.offsets();
  plan.peak = peak_of(problem, plan.offsets);
  plan.proved_optimal = plan.peak == plan.lower_bound;
  plan.waits = search.waits();
}

}  // namespace unna
