#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// Of each buffer: how many it conflicts with (its degree), and how many bytes these have.
struct ConflictSums {
  std::vector<std::uint64_t> degree;
  std::vector<Bytes> pressure;
};

/// With `threads` (one number a buffer, or empty) only buffers of the same thread count. Where the
/// lists of neighbours are not stored, gaps are not looked at, and nothing is enumerated: buffers
/// that overlap a given one and come later are a range of each chain.
ConflictSums conflict_sums(const PlanProblem& problem, std::span<const std::uint32_t> threads = {});

}  // namespace unna
