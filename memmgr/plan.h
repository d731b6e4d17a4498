#pragma once

// What a planner gives back: offsets, and what is proved about them.

#include <cstdint>
#include <numeric>
#include <optional>
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

  Bytes fragmentation() const { return peak - lower_bound; }
};

/// Offsets by BufferId (members of a LiveBuffer side by side, each aligned).
std::vector<Bytes> member_offsets(const PlanProblem& problem, const Plan& plan,
                                  std::size_t buffer_count, const std::vector<BufferInfo>& buffers,
                                  Bytes alignment);

}  // namespace unna
