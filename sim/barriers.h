#pragma once

#include <cstdint>
#include <map>

#include "base/id.h"

namespace unna {

/// Which cores have arrived at which barrier. A barrier is known by its set of cores; a core is at
/// one at a time.
class Barriers {
 public:
  /// True when `core` was the last of `mask`: the barrier is then open again for its next use.
  bool arrive(CoreId core, std::uint64_t mask) {
    std::uint64_t& here = arrived_[mask];
    here |= std::uint64_t{1} << core.value;
    if (here != mask) return false;
    arrived_.erase(mask);
    return true;
  }
  /// Cores of `mask` that are awaited.
  std::uint64_t missing(std::uint64_t mask) const {
    const auto found = arrived_.find(mask);
    return found == arrived_.end() ? mask : mask & ~found->second;
  }

 private:
  std::map<std::uint64_t, std::uint64_t> arrived_;
};

}  // namespace unna
