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
};

/// Half-open range of bytes.
struct ByteRange {
  Bytes begin = 0;
  Bytes end = 0;

  friend bool operator==(ByteRange, ByteRange) = default;
};

/// Two buffers by index.
struct BufferPair {
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  friend auto operator<=>(BufferPair, BufferPair) = default;
};

/// A memory of several (on-chip, DRAM, ...).
struct MemoryPool {
  std::string name;
  std::optional<Bytes> capacity;  ///< none: as large as needed
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
  /// once (an element-wise operator that writes where it reads); it is not larger.
  std::vector<BufferPair> in_place;
  OrderIndex index;  ///< of the lifetimes
  /// The lists of neighbours(), as compressed rows; empty where there are too many pairs.
  std::vector<std::uint64_t> row;
  std::vector<std::uint32_t> column;
  Bytes lower_bound = 0;                 ///< no plan has a smaller peak
  std::vector<std::uint32_t> antichain;  ///< buffers that make the bound: pairwise in conflict

  std::size_t size() const { return buffers.size(); }
  /// Buffers that conflict must be disjoint, others may overlap: nothing depends on where exactly
  /// (no in-place pair, no gap that keeps some bytes).
  bool plain() const;
  /// Execution order: every buffer comes after those that precede it in the order.
  std::span<const std::uint32_t> sequence() const { return index.sequence(); }
  /// May not share bytes.
  bool conflict(std::size_t a, std::size_t b) const {
    return a != b && index.overlap(a, b) && (lifetimes.gaps.empty() || lifetimes.conflict(a, b));
  }
  bool lists_stored() const { return !row.empty(); }
  /// Conflicting buffers of buffer i, in no particular order; `scratch` is used where lists are not
  /// stored, and the answer is good until it changes.
  std::span<const std::uint32_t> neighbours(std::size_t i,
                                            std::vector<std::uint32_t>& scratch) const;
  /// Sizes added up: what is needed without sharing.
  Bytes total() const;
};

/// Sizes are rounded up to `alignment`; computes index, neighbours and bound. Refuses
/// (InternalError) `observed` lifetimes unless `unsafe` says that the result is only for
/// comparison.
PlanProblem make_problem(Lifetimes lifetimes, Bytes alignment, bool unsafe = false);

/// Index, neighbours and bound of a problem whose buffers and lifetimes are set.
void complete_problem(PlanProblem& problem);

/// The maximum-weight antichain of the order (maximum live sum for intervals), by min-flow
/// (memmgr/antichain.h).
Bytes max_weight_antichain(const Lifetimes& lifetimes, std::span<const Bytes> weights);

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

/// MiniMalloc's CSV (Moffitt, ASPLOS 2023): columns by name in any order, `id` (`buffer`,
/// `buffer_id`), `lower` (`start`, `begin`), `upper` (exclusive) or `end` (inclusive), `size`;
/// optional `alignment`, `hint` (checked, not used), `offset` (fixed), `gaps` (`lo-hi`, separated
/// by spaces). Quoted fields, CRLF and a byte order mark are understood, empty lines skipped.
/// Throws InputError with line and column.
PlanProblem parse_plan_csv(const std::string& text, const std::string& file);
/// `id,lower,upper,size[,alignment][,gaps],offset`. Only for interval lifetimes.
std::string format_plan_csv(const PlanProblem& problem, const Plan& plan);

}  // namespace unna
