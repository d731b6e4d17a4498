#pragma once

// What must hold for every run, whatever the compiler and the simulator did: nothing computed
// twice or forgotten, no byte that moves unseen, no machine faster than its peak.

#include <string>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"
#include "isa/object.h"
#include "sim/simulate.h"
#include "workloads/graph.h"

namespace unna {

/// The roofline model (Williams, Waterman, Patterson, CACM 2009) for one run of a network.
struct Roofline {
  Macs macs = 0;               ///< of the graph, without those that the program skips
  Bytes compulsory_bytes = 0;  ///< inputs, weights, outputs: bytes touched, each once
  Cycle compute_cycles = 0;    ///< macs at all multipliers of all cores
  Cycle bandwidth_cycles = 0;  ///< those at the DRAM's peak bandwidth, but what a cache may keep

  /// No correct run takes fewer cycles.
  Cycle bound() const {
    return compute_cycles > bandwidth_cycles ? compute_cycles : bandwidth_cycles;
  }
  bool compute_bound() const { return compute_cycles >= bandwidth_cycles; }
};

/// Compulsory bytes are those of the object's input, weight and output buffers that the program
/// touches: with batch norms folded, and in the machine's data type.
Roofline roofline(const Graph& graph, const Object& object, const MachineConfig& machine);

/// Bytes that the instructions say they move.
struct Traffic {
  Bytes read = 0;
  Bytes written = 0;
};
Traffic instruction_traffic(const Object& object);

/// One line a breach: MACs executed and skipped = MACs of the graph (and of each layer), those
/// skipped = those of pruned synapses, DRAM bytes = those of the instructions and not below the
/// compulsory ones, every output byte stored, every multiplier slot of the compute engines
/// accounted for, cycles not below the roofline bound.
std::vector<std::string> conservation_breaches(const Graph& graph, const Object& object,
                                               const MachineConfig& machine,
                                               const SimResult& result);

}  // namespace unna
