#pragma once

// When buffers are in use, as a relation "every access of a happens before every access of b".
// Theory: docs/planning.md, "Liveness".

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/units.h"
#include "isa/object.h"
#include "isa/trace.h"

namespace unna {

enum class LivenessKind : std::uint8_t {
  intervals,    ///< given from outside as half-open intervals
  topology,     ///< whole tensors over the operator graph
  instruction,  ///< happens-before of the instructions executed
  observed,     ///< time stamps of one simulation: proves nothing, never used for a valid layout
  edges,        ///< given from outside as edges of a partial order
};
inline constexpr std::string_view kLivenessNames[] = {"intervals", "topology", "instruction",
                                                      "observed", "edges"};

/// Half-open: in use at every t with lower <= t < upper.
struct Interval {
  std::int64_t lower = 0;
  std::int64_t upper = 0;

  friend bool operator==(Interval, Interval) = default;
};

/// A time within a buffer's interval at which it does not need all of its bytes.
struct Gap {
  Interval time;
  /// Bytes of the buffer that it keeps all the same, relative to its start; none where empty.
  Bytes kept_begin = 0;
  Bytes kept_end = 0;

  bool keeps() const { return kept_begin < kept_end; }
  friend bool operator==(const Gap&, const Gap&) = default;
};

/// Two buffers by index.
struct BufferPair {
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  friend auto operator<=>(BufferPair, BufferPair) = default;
};

/// Something that needs bytes for a while: a buffer, or all buffers of a tensor side by side.
struct LiveBuffer {
  std::string name;
  Bytes size = 0;
  /// The buffers of the Object or Trace that it stands for, in address order, and their sizes;
  /// empty when the lifetimes came from outside.
  std::vector<BufferId> members;
  std::vector<Bytes> member_sizes;
};

/// A strict partial order a < b over dense indices, kept sparse. A chain is something in which uses
/// follow one another (an engine of a core; a path of operators); positions are 1, 2, ... along it.
class ChainOrder {
 public:
  /// An element's last use of a chain.
  struct Mark {
    std::uint32_t chain = 0;
    std::uint32_t position = 0;

    friend bool operator==(Mark, Mark) = default;
  };
  /// In first(): before an element that is never used, everything is complete.
  static constexpr std::uint32_t kAll = 0xffffffffU;

  ChainOrder() = default;
  explicit ChainOrder(std::size_t chains) : chains_(chains) {}

  std::size_t size() const { return row_.size() - 1; }
  std::size_t chains() const { return chains_; }

  /// Appends an element: L, its last use of each chain that it uses, and F, one number a chain: the
  /// last position known to be complete before each of its uses.
  void add(std::span<const Mark> last, std::span<const std::uint32_t> first);

  std::span<const Mark> last(std::size_t i) const {
    return std::span(last_).subspan(row_[i], row_[i + 1] - row_[i]);
  }
  std::span<const std::uint32_t> first(std::size_t i) const {
    return std::span(first_).subspan(i * chains_, chains_);
  }
  /// An element without any use: it has a size, but conflicts with nothing.
  bool unused(std::size_t i) const { return row_[i] == row_[i + 1]; }

  /// Every use of a happens before every use of b: L_a <= F_b component-wise.
  bool before(std::size_t a, std::size_t b) const;

 private:
  std::size_t chains_ = 0;
  std::vector<std::uint32_t> first_;  ///< dense: a row an element
  std::vector<std::size_t> row_{0};
  std::vector<Mark> last_;
};

/// Exactly one of `intervals` and `order` is set, with an entry for each buffer.
struct Lifetimes {
  LivenessKind kind = LivenessKind::intervals;
  std::vector<LiveBuffer> buffers;
  std::optional<std::vector<Interval>> intervals;
  /// Only with intervals, and empty when no buffer has any: for each buffer, ascending and
  /// disjoint. What it does not keep is lost there.
  std::vector<std::vector<Gap>> gaps;
  std::optional<ChainOrder> order;
  /// Of each buffer who uses it first (a core); empty where nobody knows. Planners may go by it;
  /// what is valid does not depend on it.
  std::vector<std::uint32_t> threads;
  std::vector<std::uint32_t> chain_threads;  ///< whose each chain of `order` is; as `threads`

  std::size_t size() const { return buffers.size(); }
  /// Every use of a comes before every use of b.
  bool before(std::size_t a, std::size_t b) const;
  /// May not share bytes.
  bool conflict(std::size_t a, std::size_t b) const;
};

/// Bytes [begin, end) of a buffer, relative to its start, that it needs for a while.
struct LivePiece {
  Interval time;
  Bytes begin = 0;
  Bytes end = 0;
};

/// What buffer i needs when: all of its `size` bytes outside gaps, in a gap those that it keeps.
/// By time, disjoint, none empty. Only with intervals.
std::vector<LivePiece> live_pieces(const Lifetimes& lifetimes, std::size_t i, Bytes size);

/// The times at which buffer i needs bytes: its interval without the gaps that keep none. Only with
/// intervals.
std::vector<Interval> live_segments(const Lifetimes& lifetimes, std::size_t i);

/// Whole tensors, from the operator that writes to the last that reads. Operators that all cores
/// execute in one order give intervals of positions in that order; with Object::parallel_layers,
/// tensor a comes before b only where every operator that uses a reaches every operator that uses b
/// through data-flow edges.
Lifetimes topology_liveness(const Object& object);

/// The partial order of `size` elements that `edges` span ("first before second"), transitively
/// closed: the elements are cut into paths, one chain each. Throws InputError where they run in a
/// circle; see find_cycle().
ChainOrder order_of_edges(std::size_t size, std::span<const BufferPair> edges);
/// The elements of one circle of edges, each before the next and the last before the first, from
/// the one of the smallest index on; empty where there is none.
std::vector<std::uint32_t> find_cycle(std::size_t size, std::span<const BufferPair> edges);

/// Happens-before from engine order, tokens, barriers and signals by vector clocks (Mattern 1989,
/// Fidge 1988), one component an engine of a core. Time stamps are not looked at. Throws InputError
/// where the trace can't be executed (a token never given, a barrier that never meets), naming the
/// event. An intermediate that is never accessed conflicts with nothing.
Lifetimes instruction_liveness(const Trace& trace);

/// What tells lives that overlap in every run from lives that nothing orders. Some use of b happens
/// before some use of a, so that b starts before a ends, iff on a chain the first use of b is at or
/// below what a use of a knows of it.
struct UseClocks {
  std::size_t chains = 0;
  /// Of each intermediate and chain, a row an intermediate: the last position that is complete
  /// before some use of it.
  std::vector<std::uint32_t> known;
  std::vector<std::vector<ChainOrder::Mark>> first_use;  ///< of each chain that it uses
};
/// In the order of buffers and chains of instruction_liveness().
UseClocks use_clocks(const Trace& trace);

/// From the first start to the last end by time stamps of this one run. Unsafe; for comparison.
Lifetimes observed_liveness(const Trace& trace);

}  // namespace unna
