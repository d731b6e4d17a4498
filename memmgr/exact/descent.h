#pragma once

// The optimum between a bound from below and the best plan known.

#include <cstdint>
#include <memory>
#include <vector>

#include "memmgr/exact/capacity_search.h"
#include "memmgr/problem.h"

namespace unna {

/// Narrows [bound, peak] by capacity searches: at the bound first, since there most optima lie,
/// then at capacities between. A capacity that is proved impossible raises the bound, a layout
/// lowers the peak; one that neither was shown for in its share of time moves the next closer to
/// the peak.
class Descent {
 public:
  /// `offsets` is a plan to start from. Plain problems with stored lists only.
  Descent(const PlanProblem& problem, std::vector<Bytes> offsets, std::uint64_t seed);

  Bytes bound() const { return bound_; }
  Bytes peak() const { return peak_; }
  const std::vector<Bytes>& offsets() const { return offsets_; }
  bool closed() const { return peak_ <= std::max(bound_, goal_); }

  /// A peak of `goal` is as good as any other.
  void aim_at(Bytes goal) { goal_ = goal; }
  /// A better plan from elsewhere; one that is not better is ignored.
  void offer(const std::vector<Bytes>& offsets);
  /// A search at the bound that has not ended: other capacities have their turns first.
  void go_on_with(std::unique_ptr<CapacitySearch> at_bound);
  /// Goes on until it is closed or the budget is spent.
  void run(Budget& budget);

 private:
  Bytes next_capacity() const;
  void raise_bound(Bytes impossible);
  void step(std::uint64_t work, Budget& budget);

  const PlanProblem& problem_;
  std::uint64_t seed_;
  std::vector<Bytes> offsets_;
  Bytes peak_ = 0;
  Bytes bound_ = 0;
  Bytes goal_ = 0;
  Bytes unit_ = 1;   ///< divides the peak of every layout that is pressed down
  int caution_ = 1;  ///< the next capacity lies the 2^-caution-th part below the peak
  std::uint64_t turn_ = 0;
  std::unique_ptr<CapacitySearch> at_bound_;
};

}  // namespace unna
