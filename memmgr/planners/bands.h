#pragma once

// Partial orders as bands: chains of buffers whose sets of predecessors are nested.

#include <cstdint>
#include <vector>

#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// A chain as an interval order of its own: member k is in use in life[k], a half-open range of
/// levels, and two members conflict exactly where these overlap.
struct Band {
  std::vector<std::uint32_t> members;  ///< by index of the problem
  std::vector<Interval> lives;         ///< by member
  Bytes live = 0;                      ///< greatest sum in use
};

/// Whether the problem can be cut: a plain partial order without fixed offsets, reserved ranges and
/// buffers kept apart.
bool can_be_banded(const PlanProblem& problem);

/// All buffers in few bands, chosen so that their live sums are small: each buffer goes behind one
/// whose predecessors it has, too, preferably nearly all of its own, those without predecessors
/// last where they add least; then buffers move between bands as long as that lowers the sum, for
/// at most so many looks (memmgr/exact/capacity_search.h).
std::vector<Band> cut_into_bands(const PlanProblem& problem, std::uint64_t most_work);

/// The bands' plans (offsets by member) on top of one another, then pressed down.
std::vector<Bytes> stack_bands(const PlanProblem& problem, const std::vector<Band>& bands,
                               const std::vector<std::vector<Bytes>>& offsets);

/// A band as a problem of intervals.
PlanProblem band_problem(const PlanProblem& problem, const Band& band);

}  // namespace unna
