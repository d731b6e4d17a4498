#pragma once

// Other layouts of the same buffers, for who chooses by more than the peak (flow/candidates.h). All
// are valid plans of any problem. Same arguments, same result.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/rng.h"
#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// Upside down: what was lowest is highest. None where that is no plan: fixed offsets, reserved
/// ranges, offsets that miss their alignment, pairs and gaps that go by offsets.
std::optional<std::vector<Bytes>> mirrored(const PlanProblem& problem,
                                           std::span<const Bytes> offsets);

/// `moves` times a random buffer goes to a random place that the others leave it: to either end of
/// a gap, or anywhere in it. The peak is at most `limit`, or what it was where that is more.
std::vector<Bytes> moved(const PlanProblem& problem, std::vector<Bytes> offsets, Bytes limit,
                         std::size_t moves, Rng& rng);

/// Placed anew from the lowest to the highest, each at the lowest free offset, after `swaps` random
/// exchanges in that order; may be higher.
std::vector<Bytes> reordered(const PlanProblem& problem, std::span<const Bytes> offsets,
                             std::size_t swaps, Rng& rng);

/// The same without exchanges, with every offset a multiple of `alignment` as well as of the
/// buffer's own: buffers begin in other banks or rows, with padding between them. May be higher.
std::vector<Bytes> realigned(const PlanProblem& problem, std::span<const Bytes> offsets,
                             Bytes alignment);

/// In execution order, each over the buffer that was placed last among those that leave it room
/// below `limit`, so that it takes over bytes a cache may still have; else at the lowest free
/// offset, which may be higher.
std::vector<Bytes> most_recent(const PlanProblem& problem, Bytes limit);

}  // namespace unna
