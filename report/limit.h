#pragma once

// What a run's compute engines did with their cycles, and from it what limits the run
// (docs/metrics.md, "What limits a run").

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "configs/machine.h"
#include "sim/simulate.h"

namespace unna {

enum class Limit : std::uint8_t { compute, bandwidth, latency, synchronisation };
inline constexpr std::array<std::string_view, 4> kLimitNames = {"compute", "bandwidth", "latency",
                                                                "synchronisation"};

/// Shares of the cycles of all cores' compute engines, from cycle 0 to the run's end; they add up
/// to 1 (to 0 for a run of no cycles).
struct ComputeShares {
  double busy = 0;      ///< executing
  double waiting = 0;   ///< for tokens, for instructions, or for own engines to drain
  double awaiting = 0;  ///< other cores: at barriers, in waits, and after their own end
};
ComputeShares compute_shares(const SimResult& result);

/// A memory that is busy nearly all the time is what limits, whatever the engines wait for, unless
/// they compute nearly all the time as well. Else the largest share says: waiting is for bandwidth
/// where the memory is busy at least half of the time, else for latency. `memory_busy`: share of
/// the time.
Limit limit(const ComputeShares& shares, double memory_busy);

}  // namespace unna
