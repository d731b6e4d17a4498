#pragma once

// The upper side of a packing from below: heights over slots, in segments of equal height.

#include <cstdint>
#include <vector>

#include "base/units.h"

namespace unna {

/// Segments are named by their first slot; successive ones differ in height.
class Skyline {
 public:
  struct Segment {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    Bytes height = 0;
  };
  /// What a change took away: at most three segments, one after another.
  struct Undo {
    Segment old[3];
    std::uint32_t count = 0;

    std::uint32_t begin() const { return old[0].begin; }
    std::uint32_t end() const { return old[count - 1].end; }
  };

  /// Flat, at height 0. `ceiling` is above all heights; walls at both sides reach it.
  Skyline(std::uint32_t slots, Bytes ceiling);

  std::uint32_t end(std::uint32_t segment) const { return end_[segment]; }
  Bytes height(std::uint32_t segment) const { return height_[segment]; }
  Bytes left_wall(std::uint32_t segment) const {
    return segment == 0 ? ceiling_ : height_[before_[segment]];
  }
  Bytes right_wall(std::uint32_t segment) const {
    return end_[segment] == slots_ ? ceiling_ : height_[end_[segment]];
  }
  /// Lower than both neighbours: what comes to lie on it ends at its walls at the latest.
  bool is_niche(std::uint32_t segment) const {
    return left_wall(segment) > height_[segment] && right_wall(segment) > height_[segment];
  }

  /// Raises slots [begin, end), a part of `segment`, by some bytes. What is new lies within the
  /// slots of the result.
  Undo raise(std::uint32_t segment, std::uint32_t begin, std::uint32_t end, Bytes by);
  /// Takes the last change back.
  void restore(const Undo& undo);

 private:
  Segment at(std::uint32_t segment) const { return {segment, end_[segment], height_[segment]}; }
  /// Puts segments in a row, equal heights joined, behind `before`.
  void put(const Segment* segments, std::uint32_t count, std::uint32_t before);

  std::uint32_t slots_;
  Bytes ceiling_;
  // By first slot; the rest is stale.
  std::vector<std::uint32_t> end_, before_;
  std::vector<Bytes> height_;
};

}  // namespace unna
