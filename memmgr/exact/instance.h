#pragma once

// What the branch and bound sees of a problem: buffers over sections.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// Lists of numbers, one a row.
class Rows {
 public:
  std::size_t size() const { return begin_.size() - 1; }
  std::span<const std::uint32_t> operator[](std::size_t row) const {
    return std::span(values_).subspan(begin_[row], begin_[row + 1] - begin_[row]);
  }
  void push(std::uint32_t value) { values_.push_back(value); }
  void close() { begin_.push_back(values_.size()); }
  /// Rows by the numbers that are in them: value v of row r becomes value r of row v.
  Rows transposed(std::size_t rows) const;

 private:
  std::vector<std::size_t> begin_{0};
  std::vector<std::uint32_t> values_;
};

/// Buffers to be packed into a height. A section is a set of buffers that conflict pairwise; every
/// conflicting pair is in a section together. (On intervals: the maximal live sets, in order of
/// time.) Indices are the instance's own.
struct PackingInstance {
  std::vector<std::uint32_t> buffer;  ///< index in the problem
  std::vector<Bytes> size;
  std::vector<Bytes> alignment;
  std::vector<std::optional<Bytes>> fixed;
  /// Bytes that a buffer may not use (ascending, disjoint), and that no buffer of a section may:
  /// reserved ones, and those of buffers that stay where they are. Empty where there are none.
  std::vector<std::vector<ByteRange>> blocked;
  std::vector<std::vector<ByteRange>> closed;
  /// For each range of `closed` the bytes of it and those above it.
  std::vector<std::vector<Bytes>> closed_from;
  Rows sections_of;  ///< by buffer, ascending
  Rows members;      ///< by section
  Rows neighbours;   ///< by buffer: in a section with it
  /// Equal numbers: same size, alignment and sections, so that they may be swapped.
  std::vector<std::uint32_t> twin_class;
  Bytes load = 0;  ///< of the heaviest section

  std::size_t count() const { return size.size(); }
  /// The lowest offset from `from` on that buffer k may have as far as it alone is concerned.
  Bytes allowed(std::uint32_t k, Bytes from) const {
    if (alignment[k] != 1) from = round_up(from, alignment[k]);
    return blocked.empty() ? from : beyond_blocked(k, from);
  }
  Bytes beyond_blocked(std::uint32_t k, Bytes from) const;
  /// Bytes of a section from `low` to `capacity` that are not closed; ranges end there.
  Bytes room(std::uint32_t section, Bytes low, Bytes capacity) const {
    return closed.empty() ? capacity - low : open_room(section, low, capacity);
  }
  Bytes open_room(std::uint32_t section, Bytes low, Bytes capacity) const;
};

/// Buffers `chosen` of a plain problem (those without bytes or use are left out), cut into
/// independent instances, the ones with the heaviest sections first.
std::vector<PackingInstance> packing_instances(const PlanProblem& problem,
                                               std::span<const std::uint32_t> chosen,
                                               Bytes capacity);

/// The same for buffers `free`, while all others stay at their `offsets`. `is_free` says for each
/// buffer of the problem whether it is listed.
std::vector<PackingInstance> packing_instances(const PlanProblem& problem,
                                               std::span<const std::uint32_t> free,
                                               const std::vector<char>& is_free,
                                               std::span<const Bytes> offsets, Bytes capacity);

/// Buffers that any layout of the others below `capacity` leaves room for, in an order in which
/// each finds it by lowest-offset placement behind those that come before it and all that are not
/// listed: a buffer whose neighbours can't block every offset, however they lie. (The
/// simplification of Chaitin's graph colouring, SIGPLAN 1982, with sizes.) Needs stored lists.
std::vector<std::uint32_t> always_placeable(const PlanProblem& problem, Bytes capacity);

}  // namespace unna
