#pragma once

#include <algorithm>

#include "base/units.h"
#include "memmgr/placement/fit.h"

namespace unna {

/// Finds a place among taken bytes that come by ascending begin.
class GapSearch {
 public:
  GapSearch(Bytes size, Bytes alignment, Fit fit) : size_(size), alignment_(alignment), fit_(fit) {}

  /// True when the place is found and the rest need not be seen.
  bool pass(Bytes begin, Bytes end) {
    const Bytes gap = begin - floor_;
    if (gap >= size_ && (!found_ || gap < smallest_)) {
      const Bytes at = round_up(floor_, alignment_);
      if (at + size_ <= begin) {
        found_ = true;
        place_ = at;
        smallest_ = gap;
        if (fit_ == Fit::lowest) return true;
      }
    }
    floor_ = std::max(floor_, end);
    return false;
  }
  Bytes place() const { return found_ ? place_ : round_up(floor_, alignment_); }

 private:
  Bytes size_;
  Bytes alignment_;
  Fit fit_;
  Bytes floor_ = 0;  // everything below is taken, or a gap that was looked at
  bool found_ = false;
  Bytes place_ = 0;
  Bytes smallest_ = 0;
};

}  // namespace unna
