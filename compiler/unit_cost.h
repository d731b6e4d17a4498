#pragma once

// What bands of kernels cost on all cores together, estimated from their tiles: what walks are
// searched by. What is chosen in the end is compiled and simulated.

#include <map>
#include <tuple>

#include "compiler/compile.h"
#include "compiler/partition.h"
#include "compiler/walk.h"

namespace unna {

/// Estimated; sums over bands are estimates of programs.
struct BandCost {
  Cycle time = 0;     ///< of the slowest core, with filling, draining and waiting for others
  Bytes traffic = 0;  ///< DRAM bytes of all cores

  BandCost& operator+=(const BandCost& other) {
    time += other.time;
    traffic += other.traffic;
    return *this;
  }
  BandCost operator*(std::int64_t times) const { return {time * times, traffic * times}; }
};

class UnitCosts {
 public:
  UnitCosts(const LoweredGraph& graph, const MachineConfig& machine, Partition partition);

  /// `lines` lines of a kernel in a walk.
  BandCost band(KernelId kernel, std::int64_t lines, Division division);
  /// The whole kernel layer by layer.
  BandCost layer(KernelId kernel);

 private:
  BandCost cost(KernelId kernel, const std::vector<UnitOfWork>& units);
  Cycle loading(KernelId kernel, const std::vector<UnitOfWork>& units, Division division);

  const LoweredGraph& graph_;
  const MachineConfig& machine_;
  Partitioner partitioner_;
  std::map<std::tuple<KernelId, std::int64_t, Division>, BandCost> bands_;
  std::map<KernelId, BandCost> layers_;
};

}  // namespace unna
