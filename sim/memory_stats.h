#pragma once

// What the memory system counted in a run with `dram.model: banked` (docs/metrics.md).

#include <cstdint>
#include <vector>

#include "base/units.h"

namespace unna {

/// DRAM commands and bursts of all channels.
struct DramStats {
  std::int64_t reads = 0;          ///< bursts
  std::int64_t writes = 0;         ///< bursts
  std::int64_t row_hits = 0;       ///< bursts that found their row open
  std::int64_t row_misses = 0;     ///< ... found the bank closed
  std::int64_t row_conflicts = 0;  ///< ... found another row open
  std::int64_t activates = 0;
  std::int64_t refreshes = 0;
  std::int64_t forwarded = 0;  ///< reads answered from the write queue; not among `reads`
};

/// Of the shared cache, in lines; a transfer accesses each line it touches once a packet.
struct CacheCounts {
  std::int64_t reads = 0, read_hits = 0;
  std::int64_t writes = 0, write_hits = 0;

  std::int64_t accesses() const { return reads + writes; }
  std::int64_t hits() const { return read_hits + write_hits; }
};
struct CacheStats {
  CacheCounts total;
  std::int64_t merged = 0;  ///< misses to a line that was on its way; among neither hits nor fills
  std::int64_t fills = 0;   ///< lines read from the DRAM
  std::int64_t writebacks = 0;         ///< dirty lines written to it
  std::vector<CacheCounts> by_buffer;  ///< by BufferId
};

/// A core's share of the crossbar.
struct PortStats {
  std::int64_t packets = 0;
  Bytes bytes = 0;          ///< of bursts
  Cycle request_wait = 0;   ///< sum over packets: arrived at the slice, not yet accepted
  Cycle response_wait = 0;  ///< sum over answers: data ready, a port taken by others
  Cycle latency = 0;        ///< sum over bursts: from the core's port to the answer
  Cycle occupied = 0;       ///< cycles with at least one packet under way
};

struct MemoryStats {
  DramStats dram;
  Bytes burst_bytes = 0;         ///< size of a burst
  CacheStats cache;              ///< zeros where there is none
  std::vector<PortStats> ports;  ///< by core

  /// Jain's index (Jain, Chiu, Hawe, 1984) of the speed at which the cores' bursts were served,
  /// 1 / mean latency, whatever they asked for: 1 where all waited alike, 1/n where one of n had no
  /// wait to speak of. 1 where none used memory.
  double fairness() const;
  /// On the DRAM's data buses.
  Bytes dram_bytes() const { return (dram.reads + dram.writes) * burst_bytes; }
};

inline double MemoryStats::fairness() const {
  double sum = 0, squares = 0, n = 0;
  for (const PortStats& port : ports) {
    if (port.latency == 0) continue;
    const double rate = static_cast<double>(port.bytes) / static_cast<double>(port.latency);
    sum += rate;
    squares += rate * rate;
    ++n;
  }
  return n == 0 ? 1 : sum * sum / (n * squares);
}

}  // namespace unna
