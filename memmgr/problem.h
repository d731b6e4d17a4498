#pragma once

// What a planner is given and what it gives back.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/units.h"
#include "memmgr/lifetimes.h"
#include "memmgr/order_index.h"
#include "memmgr/shared_objects.h"

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

/// What makes a lower bound.
enum class BoundKind : std::uint8_t {
  together,  ///< buffers that are in use at one time, or that nothing orders
  single,    ///< one buffer where it can lie lowest
  fixed,     ///< the end of a buffer at a fixed offset
  apart,     ///< two buffers that are kept apart, and what conflicts with both
};
inline constexpr std::string_view kBoundKindNames[] = {"together", "single", "fixed", "apart"};

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
  /// Where there are several memories: plan_pools() (memmgr/pools.h) makes a problem of each, and
  /// `capacity` and `reserved` are those of a pool. The planners know one memory.
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

/// Sizes are rounded up to `alignment`; computes index, neighbours and bound. Refuses
/// (InternalError) `observed` lifetimes unless `unsafe` says that the result is only for
/// comparison.
PlanProblem make_problem(Lifetimes lifetimes, Bytes alignment, bool unsafe = false);

/// Throw InputError, without a place, unless the pair is of two buffers, and for an in-place pair
/// the second is not larger. `what` is "apart from" or "in place of".
void check_pair(const PlanProblem& problem, BufferPair pair, std::string_view what);
void check_in_place(const PlanProblem& problem, BufferPair pair);

/// Index, neighbours and bound of a problem whose buffers, lifetimes, pairs and reserved ranges are
/// set; puts pairs and ranges in order. Throws InputError for sizes that add up to too much, and
/// for pairs that can't be: of one buffer, in place and apart, into a larger one.
void complete_problem(PlanProblem& problem);

/// Parameters of tetris, the genetic algorithm over allocation orders (after Chen et al., "Tetris",
/// JCST 37(6), 2022, whose operators and sizes are not public); loadable from YAML.
struct TetrisOptions {
  std::int64_t population = 48;
  std::int64_t generations = 100'000;
  std::int64_t elite = 4;              ///< survive unchanged, and are searched around
  std::int64_t tournament = 3;         ///< parents are the best of so many
  std::int64_t mutation_percent = 60;  ///< of the children
  std::int64_t patience = 400;         ///< generations without progress, after which it ends
  /// Millions of neighbours looked at by decoding, after which the search ends: a measure of time
  /// that is the same on every host.
  std::int64_t effort = 400;
  std::int64_t islands = 4;  ///< populations that evolve apart and exchange their best

  // What makes it more than a plain genetic algorithm, each to be switched off (0) for comparison.
  std::int64_t greedy_start = 1;  ///< the first population holds greedy orders
  std::int64_t reduce = 1;        ///< buffers that any layout leaves room for are taken out
  std::int64_t settle = 1;        ///< equivalent orders collapse to the order of offsets
  std::int64_t incremental = 1;   ///< placements of the prefix shared with the parent carry over
  std::int64_t local = 1;         ///< mutation in the tight region, around the elite

  friend bool operator==(const TetrisOptions&, const TetrisOptions&) = default;
};
/// Keys are the fields' names; missing ones keep their defaults. Throws InputError with line and
/// column for unknown keys and values out of range.
TetrisOptions parse_tetris_options(const std::string& yaml, const std::string& file);
TetrisOptions load_tetris_options(const std::string& path);

struct PlanOptions {
  std::uint64_t seed = 1;
  int threads = 1;
  /// Seconds; a planner that searches ends then with the best it has. The result then depends on
  /// the host; without a limit it depends only on the inputs and the seed.
  std::optional<double> time_limit;
  /// Millions of looks (memmgr/exact/capacity_search.h) that a search may spend where there is no
  /// time limit: about two seconds.
  std::int64_t effort = 1000;
  TetrisOptions tetris;
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

/// What a strategy looks at. Every plan is valid for whatever the problem is; this tells where it
/// may share less than the problem allows.
enum class PlannerView : std::uint8_t {
  conflicts,  ///< who conflicts with whom: any partial order, gaps
  sequence,   ///< buffers in execution order; on a partial order a linear extension of it
  intervals,  ///< lifetimes; on a partial order from a buffer's place in the sequence to the last
              ///< that it overlaps; gaps are not made use of
};
inline constexpr std::string_view kPlannerViewNames[] = {"conflicts", "sequence", "intervals"};

struct PlannerInfo {
  std::string_view name;
  std::string_view doc;        ///< one line
  std::string_view reference;  ///< paper, section
  Plan (*run)(const PlanProblem&, const PlanOptions&);
  PlannerView view = PlannerView::conflicts;
  bool shared_objects = false;  ///< its plans have Plan::objects
  bool seeded = false;          ///< other seeds may give other plans
};

/// The one table of planners.
std::span<const PlannerInfo> planners();
/// Throws InputError, listing the names, for an unknown one.
const PlannerInfo& planner(std::string_view name);
/// Runs it, times it, fills in peak, bounds and `proved_optimal`.
Plan run_planner(std::string_view name, const PlanProblem& problem, const PlanOptions& options);

/// Offsets by BufferId (members of a LiveBuffer side by side, each aligned).
std::vector<Bytes> member_offsets(const PlanProblem& problem, const Plan& plan,
                                  std::size_t buffer_count, const std::vector<BufferInfo>& buffers,
                                  Bytes alignment);

}  // namespace unna
