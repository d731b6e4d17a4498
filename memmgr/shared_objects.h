#pragma once

// Memory as a set of objects (textures, pooled tensors) that buffers share one after another,
// always from the object's start: the "shared objects" of Pisarchyk & Lee (MLSys 2020, section 4).

#include <cstdint>
#include <numeric>
#include <vector>

#include "base/units.h"

namespace unna {

struct PlanProblem;

/// Who shares which object. This is a problem of its own: its bound is higher than that of offsets,
/// since a large object can't hold two small buffers at once.
struct SharedObjects {
  std::vector<std::uint32_t> object;  ///< by buffer
  std::vector<Bytes> sizes;           ///< by object: the size of its largest buffer
  Bytes lower_bound = 0;              ///< shared_object_bound() of the problem

  Bytes total() const { return std::accumulate(sizes.begin(), sizes.end(), Bytes{0}); }
  /// No assignment to objects needs less. Says nothing about plans by offsets.
  bool proved_optimal() const { return total() == lower_bound; }
};

/// The i-th of them is the largest i-th largest buffer of any set of buffers that conflict pair by
/// pair: in whatever way objects are shared, the i-th largest object is no smaller. Descending.
///
/// Intervals: the sets are those in use at one time (Pisarchyk & Lee, section 4.1). Partial orders:
/// all antichains. With w(s) the largest number of buffers of s bytes or more that conflict pair by
/// pair, a maximum antichain (antichain.h), the i-th positional maximum is the greatest s with
/// w(s) >= i. Where there are many sizes and buffers, w is looked up at some sizes only; what comes
/// of it is smaller and still valid. A buffer that may take over another's bytes is left out.
std::vector<Bytes> positional_maxima(const PlanProblem& problem);

/// What any assignment to objects needs in total: the sum of the positional maxima, or of the
/// problem's heaviest antichain where that is more (as it can be on large orders).
Bytes shared_object_bound(const PlanProblem& problem);

}  // namespace unna
