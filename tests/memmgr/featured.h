#pragma once

// Problems with every feature at random, and a dumb oracle of what a valid plan of them is.

#include <vector>

#include "base/rng.h"
#include "memmgr/problem.h"

namespace unna::test {

struct Featured {
  PlanProblem problem;
  std::vector<BufferPair> edges;  ///< of a partial order, as they were given
};

struct FeaturedShape {
  std::size_t buffers = 4;
  std::int64_t horizon = 6;
  Bytes max_size = 4;
  bool order = false;  ///< a partial order instead of intervals
};

/// Alignments, fixed offsets, reserved ranges, pairs apart and in place, gaps with and without kept
/// bytes: each with some chance.
Featured random_featured(Rng& rng, const FeaturedShape& shape);

/// Whether buffers i and j may lie there both, byte by byte and time by time.
bool may_lie(const Featured& f, std::uint32_t i, Bytes at_i, std::uint32_t j, Bytes at_j);
/// Whether buffer i may lie there at all.
bool may_lie(const Featured& f, std::uint32_t i, Bytes at);
/// The whole plan, pair by pair.
bool is_valid(const Featured& f, const std::vector<Bytes>& offsets);

/// The smallest peak of any plan, by trying all offsets.
Bytes exhaustive_optimum(const Featured& f);

}  // namespace unna::test
