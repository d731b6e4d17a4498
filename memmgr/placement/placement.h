#pragma once

// Placing buffers one after another among those that are placed already.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/units.h"
#include "memmgr/placement/deadline.h"
#include "memmgr/placement/fit.h"
#include "memmgr/problem.h"

namespace unna {

/// Bytes [begin, end) that are taken. That offsets between lo and hi are forbidden to a buffer is
/// the same as that [lo + size, hi) is taken, and is written so even where it ends before it
/// begins.
struct Taken {
  Bytes begin = 0;
  Bytes end = 0;
};

/// Where `size` bytes go among `taken` (any order; reordered); a multiple of `alignment`.
Bytes find_place(std::vector<Taken>& taken, Bytes size, Bytes alignment, Fit fit);

/// Places fixed buffers first, then the others in `order` (all buffers, or all but the fixed ones).
/// Honours all of the problem: reserved ranges, pairs, and gaps with what they keep. Empty where
/// the deadline passes before it is done, or an end rises to `below`: given up.
std::vector<Bytes> place_in_order(const PlanProblem& problem, std::span<const std::uint32_t> order,
                                  Fit fit, const Deadline& deadline = std::nullopt,
                                  Bytes below = std::numeric_limits<Bytes>::max());

/// The first `count` buffers of an order, and where they lie (offsets of all buffers).
struct Known {
  std::size_t count = 0;
  std::span<const Bytes> offsets = {};
};
/// The same with what it cost, in looks (memmgr/exact/capacity_search.h): the share of
/// placement_work() that the buffers for which a place was looked for are of all. What is known is
/// not looked for.
struct Attempt {
  std::vector<Bytes> offsets;
  std::uint64_t work = 0;
};
Attempt attempt_in_order(const PlanProblem& problem, std::span<const std::uint32_t> order, Fit fit,
                         const Deadline& deadline, Bytes below, const Known& known = {});

/// What is needed without sharing: each buffer above the one before it in the order given, at its
/// alignment; fixed buffers and reserved ranges are stepped over.
std::vector<Bytes> place_without_sharing(const PlanProblem& problem);

/// Gives buffers `aside` (always_placeable() of memmgr/exact/instance.h, in that order) the lowest
/// offsets that the others leave them.
void place_aside(const PlanProblem& problem, std::span<const std::uint32_t> aside,
                 std::vector<Bytes>& offsets);

/// With more conflicting pairs than these one placement on a partial order takes tens of seconds.
inline constexpr std::uint64_t kManyPairs = 1'000'000'000;
/// What placing all buffers costs, in looks (memmgr/exact/capacity_search.h).
std::uint64_t placement_work(const PlanProblem& problem);

/// Highest end of a buffer.
Bytes peak_of(const PlanProblem& problem, std::span<const Bytes> offsets);

/// Buffers by size, descending, ties by index.
std::vector<std::uint32_t> by_size(const PlanProblem& problem);

}  // namespace unna
