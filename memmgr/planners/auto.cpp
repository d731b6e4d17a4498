// A portfolio: what is cheap first, and as soon as a plan meets its bound it is done.

#include <algorithm>
#include <chrono>

#include "base/host.h"
#include "base/parallel.h"
#include "memmgr/exact/capacity_search.h"
#include "memmgr/exact/descent.h"
#include "memmgr/exact/perfect_instance.h"
#include "memmgr/exact/repair.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/all_orders.h"
#include "memmgr/planners/bands.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/order_climb.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/search_budget.h"
#include "memmgr/planners/starts.h"
#include "memmgr/planners/threads.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

class Portfolio {
 public:
  Portfolio(const PlanProblem& problem, const PlanOptions& options)
      : problem_(problem), options_(options), budget_(search_budget(options)) {}

  Plan run();

 private:
  Bytes goal() const { return std::max(bound_, problem_.capacity.value_or(0)); }
  /// Also where the capacity asked for is refuted: nothing that fits will be found.
  bool done() const {
    return peak_ <= goal() || (problem_.capacity && bound_ > *problem_.capacity) ||
           budget_.work == 0 || budget_.out_of_time();
  }
  void keep(const std::vector<Bytes>& offsets, std::string_view by);
  void descend(std::uint64_t work);
  void pack_perfectly();
  void repair(std::uint64_t work);
  void climb(std::uint64_t work);
  void evolve(std::uint64_t work);

  void band();
  bool stack_bands_of_many();
  void plan_threads();
  void try_all_orders();
  void search();
  Budget slice(std::uint64_t work) const {
    return {std::min(work, budget_.work), budget_.deadline, budget_.threads};
  }
  double seconds_left() const {
    const std::chrono::duration<double> left = *budget_.deadline - std::chrono::steady_clock::now();
    return std::max(left.count(), 0.0);
  }
  void spend(std::uint64_t work) { budget_.work -= std::min(budget_.work, work); }

  const PlanProblem& problem_;
  const PlanOptions& options_;
  Budget budget_;
  std::unique_ptr<CapacitySearch> at_bound_;  ///< until the descent goes on with it
  std::unique_ptr<Descent> descent_;
  std::vector<Repair> islands_;
  std::unique_ptr<OrderClimb> climb_;
  std::vector<Bytes> best_;
  Bytes peak_ = 0;
  Bytes bound_ = 0;
  std::uint64_t turn_ = 0;
  std::string_view by_ = "a greedy order";
};

void Portfolio::keep(const std::vector<Bytes>& offsets, std::string_view by) {
  const Bytes peak = peak_of(problem_, offsets);
  if (peak >= peak_) return;
  best_ = offsets;
  peak_ = peak;
  by_ = by;
}

void Portfolio::descend(std::uint64_t work) {
  if (!descent_) {
    descent_ = std::make_unique<Descent>(problem_, best_, options_.seed);
    if (problem_.capacity) descent_->aim_at(*problem_.capacity);
    if (at_bound_) descent_->go_on_with(std::move(at_bound_));
  }
  descent_->offer(best_);
  Budget share = slice(work);
  const std::uint64_t given = share.work;
  descent_->run(share);
  spend(given - share.work);
  bound_ = std::max(bound_, descent_->bound());
  keep(descent_->offsets(), "branch and bound");
}

/// Where the buffers fill their bound at all times, and no more is asked for.
void Portfolio::pack_perfectly() {
  if (done() || goal() != bound_ || !problem_.lists_stored()) return;
  if (!perfect_instance(problem_, bound_)) return;
  at_bound_ = std::make_unique<CapacitySearch>(problem_, bound_, options_.seed);
  Budget share = slice(budget_.work / 4 * 3);
  if (budget_.deadline)
    share.deadline = *budget_.deadline - std::chrono::duration_cast<std::chrono::nanoseconds>(
                                             std::chrono::duration<double>(seconds_left() / 4));
  const std::uint64_t given = share.work;
  const SearchEnd end = at_bound_->go_on(share);
  spend(given - share.work);
  if (end == SearchEnd::found) keep(at_bound_->offsets(), "a perfect packing");
  if (end == SearchEnd::impossible) bound_ = std::min(peak_, bound_ + 1);
}

/// Islands go their own ways for a while, then all start from the best.
void Portfolio::repair(std::uint64_t work) {
  constexpr std::size_t kIslands = 4;
  if (islands_.empty())
    for (std::size_t k = 0; k < kIslands; ++k)
      islands_.emplace_back(problem_, best_, options_.seed * 31 + k);
  std::vector<std::uint64_t> spent(kIslands, 0);
  parallel_for(kIslands, options_.threads, [&](std::size_t k) {
    islands_[k].offer(best_);
    Budget share = slice(work / kIslands);
    const std::uint64_t given = share.work;
    islands_[k].run(goal(), share);
    spent[k] = given - share.work;
  });
  for (std::size_t k = 0; k < kIslands; ++k) {
    spend(std::max<std::uint64_t>(spent[k], problem_.size()));  // a turn looks at them all
    keep(islands_[k].offsets(), "repair");
  }
}

void Portfolio::climb(std::uint64_t work) {
  if (!climb_) climb_ = std::make_unique<OrderClimb>(problem_, options_.seed);
  climb_->offer(best_);
  Budget share = slice(work);
  const std::uint64_t given = share.work;
  climb_->run(goal(), share);
  spend(std::max<std::uint64_t>(given - share.work, problem_.size()));
  keep(climb_->offsets(), "a climb from the best order");
}

/// Only where there is time for some generations.
void Portfolio::evolve(std::uint64_t work) {
  constexpr std::uint64_t kLeastDecodings = 64;
  if (work / (2 * problem_.index.pairs() + 1) < kLeastDecodings) return;
  PlanOptions options = options_;
  options.seed = options_.seed + turn_ * 7919;
  options.tetris.effort = static_cast<std::int64_t>(std::min(work, budget_.work) / 1'000'000);
  if (budget_.deadline) options.time_limit = seconds_left();
  keep(plan_tetris(problem_, options).offsets, "tetris");
  spend(work);
}

/// Chains of nested predecessors, each planned as intervals and stacked: the best where threads
/// hardly wait for one another, and not even tried where the chains need much more together.
void Portfolio::band() {
  if (done() || !can_be_banded(problem_) || problem_.index.chains() < 2) return;
  constexpr std::uint64_t kMillion = 1'000'000;
  const std::uint64_t moves =
      std::min<std::uint64_t>(400, static_cast<std::uint64_t>(options_.effort) * 2 / 5) * kMillion;
  const std::vector<Band> bands = cut_into_bands(problem_, moves);
  Bytes together = 0;
  for (const Band& b : bands) together += b.live;
  spend(64 * problem_.size());
  if (together > peak_ + peak_ / 4) return;
  PlanOptions options = options_;
  // What bands that meet their bound leave is for the others; most of all where that is the
  // optimum.
  std::uint64_t millions = std::min<std::uint64_t>(budget_.work, 1000 * kMillion) / kMillion;
  millions = together <= bound_ ? millions / 4 * 3 : millions / 2;
  const double seconds = budget_.deadline ? seconds_left() * (together <= bound_ ? 0.75 : 0.5) : 0;
  const Stopwatch watch;
  std::vector<std::vector<Bytes>> offsets;
  for (const Band& b : bands) {
    const PlanProblem part = band_problem(problem_, b);
    const std::uint64_t left = bands.size() - offsets.size();
    const std::uint64_t effort = std::max<std::uint64_t>(1, millions / left);
    options.effort = static_cast<std::int64_t>(effort);
    if (budget_.deadline)
      options.time_limit = std::max(seconds - watch.seconds(), 0.0) / static_cast<double>(left);
    const Plan planned = plan_auto(part, options);
    offsets.push_back(planned.offsets);
    if (peak_of(part, planned.offsets) <= part.lower_bound) {
      spend(64 * part.size());
      continue;
    }
    spend(effort * kMillion);
    millions -= std::min(millions, effort);
  }
  keep(stack_bands(problem_, bands, offsets), "bands");
}

/// Where hardly any buffers are ordered one placement looks at too many pairs, and threads that do
/// not wait for one another are likely: whether their bands, stacked, are near the bound.
bool Portfolio::stack_bands_of_many() {
  if (problem_.index.pairs() <= kManyPairs) return false;
  best_ = place_without_sharing(problem_);
  peak_ = peak_of(problem_, best_);
  band();
  return by_ == "bands" && peak_ <= bound_ + bound_ / 10;
}

void Portfolio::plan_threads() {
  if (done()) return;
  PlanOptions options = options_;
  const std::uint64_t work = std::min<std::uint64_t>(budget_.work, 1'000'000'000) / 4;
  options.effort = std::max<std::int64_t>(1, static_cast<std::int64_t>(work / 1'000'000));
  if (budget_.deadline) options.time_limit = seconds_left() / 4;
  const auto [offsets, met] = plan_threads_alone(problem_, options);
  if (offsets.empty()) return;
  keep(offsets, "threads planned alone");
  spend(met ? 2 * placement_work(problem_) : work);
}

void Portfolio::try_all_orders() {
  if (done() || problem_.plain() || problem_.size() > kAllOrders) return;
  if (const auto offsets = best_of_all_orders(problem_, peak_)) keep(*offsets, "all orders");
  spend(1'000'000);
}

void Portfolio::search() {
  const bool small = problem_.lists_stored() && problem_.size() <= 4000 &&
                     (problem_.lifetimes.intervals ? problem_.index.pairs() < 2'000'000
                                                   : problem_.index.pairs() < 100'000);
  // Permutations are the better tool where the order is not one of time (or where it matters where
  // exactly buffers lie); branch and bound and repair on intervals.
  const bool orders =
      problem_.lists_stored() && !(problem_.lifetimes.intervals && problem_.plain());
  try_all_orders();
  band();
  plan_threads();
  pack_perfectly();
  const std::uint64_t n = problem_.size();
  // A search at the bound takes looks with the square of the buffers.
  const std::uint64_t least =
      small ? std::max<std::uint64_t>(130'000'000, 90 * n * n) : 130'000'000;
  for (std::uint64_t work = least; !done(); work += work / 2) {
    if (small && problem_.plain()) descend(work);
    if (!done() && problem_.plain())
      repair(small && problem_.lifetimes.intervals ? work / 4 : work);
    if (!done() && problem_.lifetimes.order) climb(2 * work);
    if (!done() && orders) evolve(problem_.lifetimes.order && problem_.plain() ? work : 2 * work);
    if (!problem_.plain() && !orders && !problem_.lifetimes.order) break;
    ++turn_;
  }
}

Plan Portfolio::run() {
  Plan plan;
  if (problem_.size() == 0) return plan;
  bound_ = problem_.lower_bound;
  if (!stack_bands_of_many()) {
    best_ = best_constructive(problem_, budget_);
    peak_ = peak_of(problem_, best_);
    search();
  }
  plan.offsets = std::move(best_);
  plan.lower_bound = bound_;
  plan.note = fmt::format("by {}{}", by_,
                          peak_ <= goal()         ? ""
                          : budget_.out_of_time() ? ", time limit"
                                                  : ", effort spent");
  return plan;
}

}  // namespace

Plan plan_auto(const PlanProblem& problem, const PlanOptions& options) {
  return Portfolio(problem, options).run();
}

}  // namespace unna
