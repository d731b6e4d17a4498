#pragma once

// The parts of plan_pools(): buffers placed in pools one by one, and the search over that.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "memmgr/placement/placement.h"
#include "memmgr/problem.h"

namespace unna {

/// Where buffers lie, each in a pool below its capacity; some may have no place yet.
class PoolAssignment {
 public:
  explicit PoolAssignment(const PlanProblem& problem);

  /// The pools that a buffer may live in, by preference.
  std::span<const std::uint32_t> choices(std::uint32_t i) const { return choices_[i]; }
  /// How far down its list it lives.
  std::size_t level(std::uint32_t i) const { return level_[i]; }
  bool placed(std::uint32_t i) const { return level_[i] != choices_[i].size(); }
  std::uint32_t pool(std::uint32_t i) const { return choices_[i][level_[i]]; }
  Bytes offset(std::uint32_t i) const { return offset_[i]; }
  std::int64_t weight(std::uint32_t i) const { return weight_[i]; }

  /// The lowest place in the first pool of its list from `from` until `until` that has room.
  bool place(std::uint32_t i, std::size_t from, std::size_t until);
  void remove(std::uint32_t i) { level_[i] = choices_[i].size(); }
  /// Puts back what remove() took away.
  void restore(std::uint32_t i, std::size_t level, Bytes offset);

  std::size_t homeless() const;
  std::int64_t spilled() const;
  std::uint64_t visits() const { return visits_; }

 private:
  const PlanProblem* problem_;
  std::vector<std::vector<std::uint32_t>> choices_;
  std::vector<std::int64_t> weight_;
  std::vector<std::size_t> level_;  ///< the length of its list: nowhere
  std::vector<Bytes> offset_;
  std::vector<Taken> taken_;
  std::vector<std::uint32_t> scratch_;
  std::uint64_t visits_ = 0;  ///< neighbours looked at
};

/// The best assignment found. Buffers that must go first (fixed, or with one pool only) do.
PoolAssignment assign_pools(const PlanProblem& problem);

}  // namespace unna
