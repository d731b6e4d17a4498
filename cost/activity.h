#pragma once

// What an instruction does to the core's parts, as counts without a unit of energy: operations of
// the NFU, words between the NFU and the buffers, bytes between the buffers and the DRAM. The
// dataflow behind them is that of docs/model.md, "Activity".

#include <cstdint>

#include "base/units.h"
#include "configs/machine.h"
#include "isa/instruction.h"

namespace unna {

/// Counts of one instruction, or of many: they add up.
struct Activity {
  std::int64_t instructions = 0;  ///< dispatched by the control processor

  // Operations
  std::int64_t multiplies = 0;  ///< of the PEs' multipliers
  std::int64_t adds = 0;  ///< of their trees and accumulators, comparisons of pooling included
  std::int64_t elementwise = 0;  ///< of the element-wise stages
  std::int64_t special = 0;      ///< of the interpolation table

  // Words between buffers and NFU: elements, or accumulators of partial sums
  std::int64_t neurons = 0;          ///< elements read from NBin; broadcast to all PEs: once
  std::int64_t selected = 0;         ///< elements that the indexing module picks for a PE
  std::int64_t synapses = 0;         ///< elements read from SB
  Bytes packed_synapses = 0;         ///< the same step-indexed or in groups: all of their bytes
  std::int64_t expanded = 0;         ///< synapses in groups: a product with the scale each
  std::int64_t biases = 0;           ///< accumulators read from SB
  std::int64_t results_read = 0;     ///< elements read from NBout
  std::int64_t results_written = 0;  ///< elements written to NBout
  std::int64_t sums_read = 0;        ///< accumulators read from NBout
  std::int64_t sums_written = 0;     ///< accumulators written to NBout
  Bytes moved = 0;                   ///< NBin to NBout, by `move`

  // DMA
  Bytes loaded_neurons = 0;   ///< DRAM to NBin
  Bytes loaded_synapses = 0;  ///< DRAM to SB
  Bytes stored = 0;           ///< NBout to DRAM

  Activity& operator+=(const Activity& other);
  friend bool operator==(const Activity&, const Activity&) = default;
};

/// Of any instruction; throws InputError for dimensions beyond counting.
Activity activity(const Instruction& instruction, const CoreConfig& core);

/// Cycles that the ports of NBin and NBout need for the words of `a`: no compute instruction is
/// faster. Biases come with the start-up; SB's port is part of dense_row_cycles() and
/// window_cycles() (cost/timing.h).
Cycle port_cycles(const Activity& a, const CoreConfig& core);

}  // namespace unna
