#pragma once

// When buffers are in use, as a relation "every access of a happens before every access of b".
// Theory: docs/architecture.md, "Liveness".

#include <cstdint>
#include <optional>
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
};
inline constexpr std::string_view kLivenessNames[] = {"intervals", "topology", "instruction",
                                                      "observed"};

/// Half-open: in use at every t with lower <= t < upper.
struct Interval {
  std::int64_t lower = 0;
  std::int64_t upper = 0;

  friend bool operator==(Interval, Interval) = default;
};

/// Something that needs bytes for a while: a buffer, or all buffers of a tensor side by side.
struct LiveBuffer {
  std::string name;
  Bytes size = 0;
  /// The buffers of the Object or Trace that it stands for, in address order; empty when the
  /// lifetimes came from outside.
  std::vector<BufferId> members;
};

/// A strict partial order a < b over dense indices, kept sparse: chains (engines) and, for each
/// element, the first later position on each chain. See instruction_liveness().
struct ChainOrder {
  /// One use of a chain by an element: positions are 1, 2, ... along the chain.
  struct Mark {
    std::uint32_t chain = 0;
    std::uint32_t position = 0;
  };
  std::uint32_t chains = 0;
  std::vector<std::vector<Mark>> last;  ///< L_a: a's last access on each chain it uses
  std::vector<std::vector<Mark>> first; ///< F_a: per chain, how far it is known complete before
                                        ///< every access of a (only non-zero entries)

  /// Every access of a happens before every access of b: L_a <= F_b component-wise.
  bool before(std::size_t a, std::size_t b) const;
};

/// Exactly one of `intervals` and `order` is set, with an entry for each buffer.
struct Lifetimes {
  LivenessKind kind = LivenessKind::intervals;
  std::vector<LiveBuffer> buffers;
  std::optional<std::vector<Interval>> intervals;
  std::optional<ChainOrder> order;

  /// May not share bytes.
  bool conflict(std::size_t a, std::size_t b) const;
};

/// Whole tensors, from the operator that writes to the last that reads. With one core, or operators
/// that all cores execute together, positions in the operator order; with branches on different
/// cores, ordered by graph reachability only.
Lifetimes topology_liveness(const Object& object);

/// Happens-before from engine order, tokens, barriers and signals by vector clocks, one component an
/// engine of a core. Time stamps are not looked at. Throws InputError where the trace can't be
/// executed (a token never given, a barrier that never meets), naming the event.
Lifetimes instruction_liveness(const Trace& trace);

/// From the first start to the last end by time stamps of this one run. Unsafe; for comparison.
Lifetimes observed_liveness(const Trace& trace);

}  // namespace unna
