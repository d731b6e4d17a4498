#pragma once

// Large neighbourhood search: what sticks out of a plan is planned anew with what is around it.

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "memmgr/exact/capacity_search.h"
#include "memmgr/problem.h"

namespace unna {

/// Lowers the peak of a plan: buffers that end above a target are freed together with buffers near
/// them, all others stay where they are, and a depth-first search looks for a place for the freed
/// ones below the target. (Shaw, "Using constraint programming and local search methods", CP 1998.)
class Repair {
 public:
  Repair(const PlanProblem& problem, std::vector<Bytes> offsets, std::uint64_t seed);

  const std::vector<Bytes>& offsets() const { return offsets_; }
  Bytes peak() const { return peak_; }
  /// A better plan from elsewhere.
  void offer(const std::vector<Bytes>& offsets);
  /// Goes on until the peak is at most `goal` or the budget is spent.
  void run(Bytes goal, Budget& budget);

 private:
  void find_sticking_out(Bytes target);
  std::vector<std::uint32_t> around(std::uint32_t buffer, std::size_t wanted, Bytes target);
  bool replan(const std::vector<std::uint32_t>& free, Bytes target, Budget& budget);

  const PlanProblem& problem_;
  std::vector<Bytes> offsets_;
  Bytes peak_ = 0;
  Rng rng_;
  std::size_t reach_ = 24;  ///< buffers freed at a time
  int caution_ = 2;
  std::vector<std::uint32_t> out_;  ///< end above the target
  std::vector<char> is_free_;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace unna
