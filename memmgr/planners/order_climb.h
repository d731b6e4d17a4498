#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "base/units.h"
#include "memmgr/exact/capacity_search.h"
#include "memmgr/problem.h"

namespace unna {

/// Climbs from the best order that buffers were placed in: those that end at the peak move to
/// earlier places, by random distances of a random scale, and what is not worse is gone on with
/// ("squeaky wheel", Joslin & Clements, JAIR 10, 1999, with the peak for the blame). For partial
/// orders of many buffers, where a search looks at too little at a time.
class OrderClimb {
 public:
  OrderClimb(const PlanProblem& problem, std::uint64_t seed) : problem_(problem), rng_(seed) {}

  /// A plan from elsewhere, to go on with where it is better than its own.
  void offer(const std::vector<Bytes>& offsets);
  /// Until the peak is at most `goal` or the budget is spent; may be gone on with.
  void run(Bytes goal, Budget& budget);

  /// None before offer().
  const std::vector<Bytes>& offsets() const { return offsets_; }
  Bytes peak() const { return peak_; }

 private:
  std::vector<std::uint32_t> with_peak_earlier();
  /// Whether it is not worse than what there is; then it is gone on with.
  bool try_order(std::vector<std::uint32_t> order, Budget& budget);

  const PlanProblem& problem_;
  Rng rng_;
  std::vector<std::uint32_t> order_;
  std::vector<Bytes> offsets_;
  Bytes peak_ = 0;
};

}  // namespace unna
