#pragma once

// What is to be planned: buffers, when they are in use, and what else a layout has to keep.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"
#include "memmgr/certificate.h"
#include "memmgr/lifetimes.h"
#include "memmgr/order_index.h"

namespace unna {

struct PlanBuffer {
  std::string name;
  Bytes size = 0;
  Bytes alignment = 1;
  std::optional<Bytes> fixed;  ///< must be placed exactly here
  /// Pools that it may live in, in order of preference; empty: all, as the problem lists them.
  std::vector<std::uint32_t> pools = {};
  /// What it costs to live one pool further down its list; none: its size.
  std::optional<std::int64_t> weight = {};
};

/// Two buffers that had better not share a byte: where they do, one engine has to wait for another.
struct AvoidPair {
  BufferPair pair;
  std::int64_t weight = 1;  ///< what it costs, however many bytes they share; not negative

  friend auto operator<=>(const AvoidPair&, const AvoidPair&) = default;
};

inline constexpr std::int64_t kMostAvoidWeight = std::int64_t{1} << 60U;  ///< of all pairs together

/// Whether two buffers at these offsets share a byte.
inline bool share_bytes(Bytes offset, Bytes size, Bytes other_offset, Bytes other_size) {
  return offset < other_offset + other_size && other_offset < offset + size;
}

/// Half-open range of bytes.
struct ByteRange {
  Bytes begin = 0;
  Bytes end = 0;

  friend bool operator==(ByteRange, ByteRange) = default;
};

/// A memory of several (on-chip, DRAM, ...).
struct MemoryPool {
  std::string name;
  std::optional<Bytes> capacity = {};    ///< none: as large as needed
  std::vector<ByteRange> reserved = {};  ///< bytes that no buffer may use; ascending, disjoint
};

/// Conflicting pairs up to which neighbour lists are stored (8 bytes a pair); beyond, they are
/// enumerated from the index each time. docs/planning.md, "Sizes".
inline constexpr std::uint64_t kStoredPairs = 12'000'000;

struct PlanProblem {
  std::vector<PlanBuffer> buffers;
  Lifetimes lifetimes;              ///< entry i belongs to buffers[i]
  std::optional<Bytes> capacity;    ///< asked for by the user
  std::vector<ByteRange> reserved;  ///< bytes that no buffer may use; ascending, disjoint
  /// Never share bytes, whatever their lifetimes; ascending, first < second.
  std::vector<BufferPair> apart;
  /// `second` may take over the bytes of `first`, from its offset on, though both are in use at
  /// once (an element-wise operator that writes where it reads); it is not larger. Ascending.
  std::vector<BufferPair> in_place;
  /// Should not share bytes; ascending, first < second. Plans are valid whatever they cost
  /// (memmgr/planners/waits.h).
  std::vector<AvoidPair> avoid;
  /// Where there are several memories: plan_pools() (memmgr/pools/pools.h) makes a problem of each,
  /// and `capacity` and `reserved` are those of a pool. The planners know one memory.
  std::vector<MemoryPool> pools;
  OrderIndex index;  ///< of the lifetimes
  /// The lists of neighbours(), as compressed rows; empty where there are too many pairs.
  std::vector<std::uint64_t> row;
  std::vector<std::uint32_t> column;
  Bytes lower_bound = 0;  ///< no plan has a smaller peak
  BoundKind bound_kind = BoundKind::together;
  std::vector<std::uint32_t> bound_buffers;  ///< those that make it
  /// The heaviest buffers of which no two may share bytes (memmgr/bound.h).
  std::vector<std::uint32_t> antichain;
  std::vector<Bytes> antichain_bytes;  ///< what each of them needs then

  std::size_t size() const { return buffers.size(); }
  /// Buffers that conflict must be disjoint, others may overlap: nothing depends on where exactly
  /// (no in-place pair, no gap that keeps some bytes).
  bool plain() const { return in_place.empty() && pieces_.empty(); }
  /// Calls body(lo, hi) for each open range of offsets that buffer i may not have, lo < offset <
  /// hi, while buffer j, one of its neighbours, lies at `at`. Ranges may overlap and come in any
  /// order.
  template <class Body>
  void for_each_forbidden(std::size_t i, std::size_t j, Bytes at, Body&& body) const {
    if (plain())
      body(at - buffers[i].size, at + buffers[j].size);
    else
      for (const ByteRange& r : forbidden_differences(i, j)) body(at + r.begin, at + r.end);
  }
  /// Execution order: every buffer comes after those that precede it in the order.
  std::span<const std::uint32_t> sequence() const { return index.sequence(); }
  /// May not share bytes.
  bool conflict(std::size_t a, std::size_t b) const {
    return a != b && (in_use_together(a, b) || kept_apart(a, b));
  }
  bool kept_apart(std::size_t a, std::size_t b) const;
  /// `b` may take over the bytes of `a`, or the other way round.
  bool shared_in_place(std::size_t a, std::size_t b) const;
  /// Buffers that are kept apart from buffer i.
  std::span<const BufferPair> apart_from(std::size_t i) const;
  bool lists_stored() const { return !row.empty(); }
  /// Conflicting buffers of buffer i, in no particular order; `scratch` is used where lists are not
  /// stored, and the answer is good until it changes.
  std::span<const std::uint32_t> neighbours(std::size_t i,
                                            std::vector<std::uint32_t>& scratch) const;
  /// Sizes added up: what is needed without sharing.
  Bytes total() const;
  /// Of buffer i; only where some gap keeps bytes.
  std::span<const LivePiece> pieces(std::size_t i) const { return pieces_[i]; }
  bool keeps_in_gaps() const { return !pieces_.empty(); }

 private:
  friend void complete_problem(PlanProblem& problem);

  bool in_use_together(std::size_t a, std::size_t b) const {
    return index.overlap(a, b) && (lifetimes.gaps.empty() || lifetimes.conflict(a, b));
  }
  /// Offset of i less that of j: open ranges that are forbidden.
  std::vector<ByteRange> forbidden_differences(std::size_t i, std::size_t j) const;
  template <class Body>
  void for_each_conflict(std::uint32_t i, Body&& body) const;
  void index_pairs();
  void store_neighbours();

  std::vector<BufferPair> apart_both_;          ///< (a, b) and (b, a), ascending
  std::vector<std::vector<LivePiece>> pieces_;  ///< empty where no gap keeps bytes
};

}  // namespace unna
