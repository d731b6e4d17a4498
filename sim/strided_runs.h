#pragma once

#include <algorithm>
#include <cstddef>

#include "base/units.h"
#include "isa/instruction.h"

namespace unna {

/// The DRAM bytes of a DMA instruction, exactly: runs of contiguous bytes, nested three deep.
class StridedRuns {
 public:
  StridedRuns() = default;
  StridedRuns(Bytes base, const Strided& copy, bool destination)
      : base_(base), runs_(copy.side(destination)) {}

  Bytes begin() const { return base_; }
  Bytes end() const { return base_ + extent(runs_.levels); }

  /// f(begin, end) for each run; stops early where f returns false.
  template <class F>
  void for_each(F&& f) const {
    if (runs_.run > 0) visit(runs_.levels, base_, f);
  }

  /// Whether a run has a byte in [begin, end).
  bool touches(Bytes begin, Bytes end) const {
    return runs_.run > 0 && begin < end && touches(runs_.levels, base_, begin, end);
  }
  bool touches(const StridedRuns& other) const {
    if (begin() >= other.end() || other.begin() >= end()) return false;
    bool meets = false;
    for_each([&](Bytes b, Bytes e) { return !(meets = other.touches(b, e)); });
    return meets;
  }

 private:
  Bytes extent(std::size_t levels) const {
    Bytes bytes = runs_.run;
    for (std::size_t l = 0; l < levels; ++l) bytes += (runs_.n[l] - 1) * runs_.stride[l];
    return bytes;
  }
  template <class F>
  bool visit(std::size_t level, Bytes at, F& f) const {
    if (level == 0) return f(at, at + runs_.run);
    for (std::int64_t k = 0; k < runs_.n[level - 1]; ++k)
      if (!visit(level - 1, at + k * runs_.stride[level - 1], f)) return false;
    return true;
  }
  bool touches(std::size_t level, Bytes at, Bytes begin, Bytes end) const {
    if (at >= end || at + extent(level) <= begin) return false;
    if (level == 0) return true;
    const Bytes stride = runs_.stride[level - 1];
    const Bytes inner = extent(level - 1);
    std::int64_t first = 0;
    std::int64_t last = runs_.n[level - 1] - 1;
    if (stride > 0) {
      if (begin > at + inner) first = ceil_div(begin - at - inner + 1, stride);
      last = std::min(last, (end - 1 - at) / stride);
    } else {
      last = 0;
    }
    for (std::int64_t k = first; k <= last; ++k)
      if (touches(level - 1, at + k * stride, begin, end)) return true;
    return false;
  }

  Bytes base_ = 0;
  StridedSide runs_;
};

}  // namespace unna
