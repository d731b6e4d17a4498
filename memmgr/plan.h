#pragma once

// What a planner gives back: offsets, and what is proved about them.

#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"
#include "isa/object.h"
#include "memmgr/problem.h"

namespace unna {

/// Memory as a set of objects (textures, pooled tensors) that buffers share one after another,
/// always from the object's start: the "shared objects" of Pisarchyk & Lee (MLSys 2020, section 4).
/// This is a problem of its own: its bound is higher than that of offsets,
/// since a large object can't hold two small buffers at once.
struct SharedObjects {
  std::vector<std::uint32_t> object;  ///< by buffer
  std::vector<Bytes> sizes;           ///< by object: the size of its largest buffer
  Bytes lower_bound = 0;              ///< shared_object_bound() of the problem

  Bytes total() const { return std::accumulate(sizes.begin(), sizes.end(), Bytes{0}); }
  /// No assignment to objects needs less. Says nothing about plans by offsets.
  bool proved_optimal() const { return total() == lower_bound; }
};

/// What a plan makes the program wait for: pairs to avoid (PlanProblem::avoid) that share bytes.
struct PlanWaits {
  std::int64_t cost = 0;         ///< their weights added up
  std::int64_t lower_bound = 0;  ///< no plan up to the same peak or capacity costs less

  bool proved_optimal() const { return cost == lower_bound; }
};

struct Plan {
  std::string planner;
  std::vector<Bytes> offsets;  ///< by index of the problem's buffers
  Bytes peak = 0;              ///< highest end of a buffer (bfc: of the memory it took)
  /// Proved: the problem's bound, or a higher one that the planner found by exhaustive search.
  Bytes lower_bound = 0;
  bool proved_optimal = false;  ///< peak == lower_bound
  std::uint64_t seed = 0;
  double seconds = 0;
  std::string note;  ///< how the search ended, one line; may be empty
  /// By a planner of shared objects: what it is about. The offsets are those of the objects laid
  /// side by side; peak, bound and proof above are of the plan by offsets, objects have their own.
  std::optional<SharedObjects> objects;
  std::optional<PlanWaits> waits;  ///< where the problem has pairs to avoid

  Bytes fragmentation() const { return peak - lower_bound; }
};

/// The pairs to avoid that share a byte all the same, in the problem's order.
std::vector<AvoidPair> paid_pairs(const PlanProblem& problem, std::span<const Bytes> offsets);
/// Fills in `waits` from the offsets: the cost, and 0 for the bound. Nothing where the problem has
/// no pairs to avoid.
void judge_waits(const PlanProblem& problem, Plan& plan);

/// Offsets by BufferId (members of a LiveBuffer side by side, each aligned).
std::vector<Bytes> member_offsets(const PlanProblem& problem, const Plan& plan,
                                  std::size_t buffer_count, const std::vector<BufferInfo>& buffers,
                                  Bytes alignment);

}  // namespace unna
