#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/units.h"
#include "isa/instruction.h"

namespace unna {

/// The DRAM bytes of a DMA instruction, exactly: runs of contiguous bytes, nested three deep.
class StridedRuns {
 public:
  StridedRuns() = default;
  StridedRuns(Bytes base, const Strided& copy, bool destination)
      : base_(base), run_(copy.total() == 0 ? 0 : copy.run) {
    const auto& stride = destination ? copy.destination : copy.source;
    for (std::size_t level = 0; level < 3; ++level) add_level(copy.n[level], stride[level]);
  }

  Bytes begin() const { return base_; }
  Bytes end() const { return base_ + extent(levels_); }

  /// f(begin, end) for each run; stops early where f returns false.
  template <class F>
  void for_each(F&& f) const {
    if (run_ > 0) visit(levels_, base_, f);
  }

  /// Whether a run has a byte in [begin, end).
  bool touches(Bytes begin, Bytes end) const {
    return run_ > 0 && begin < end && touches(levels_, base_, begin, end);
  }
  bool touches(const StridedRuns& other) const {
    if (begin() >= other.end() || other.begin() >= end()) return false;
    bool meets = false;
    for_each([&](Bytes b, Bytes e) { return !(meets = other.touches(b, e)); });
    return meets;
  }

 private:
  /// Levels that continue the run seamlessly become part of it.
  void add_level(std::int64_t n, Bytes stride) {
    if (n <= 1) return;
    if (levels_ == 0 && stride == run_) {
      run_ *= n;
      return;
    }
    n_[levels_] = n;
    stride_[levels_] = stride;
    ++levels_;
  }
  Bytes extent(std::size_t levels) const {
    Bytes bytes = run_;
    for (std::size_t l = 0; l < levels; ++l) bytes += (n_[l] - 1) * stride_[l];
    return bytes;
  }
  template <class F>
  bool visit(std::size_t level, Bytes at, F& f) const {
    if (level == 0) return f(at, at + run_);
    for (std::int64_t k = 0; k < n_[level - 1]; ++k)
      if (!visit(level - 1, at + k * stride_[level - 1], f)) return false;
    return true;
  }
  bool touches(std::size_t level, Bytes at, Bytes begin, Bytes end) const {
    if (at >= end || at + extent(level) <= begin) return false;
    if (level == 0) return true;
    const Bytes stride = stride_[level - 1];
    const Bytes inner = extent(level - 1);
    std::int64_t first = 0;
    std::int64_t last = n_[level - 1] - 1;
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
  Bytes run_ = 0;
  std::size_t levels_ = 0;
  std::array<std::int64_t, 3> n_{};
  std::array<Bytes, 3> stride_{};
};

}  // namespace unna
