#pragma once

#include <cstdint>

#include "configs/machine.h"
#include "isa/instruction.h"

namespace unna {

/// What became of each multiplier in each cycle of a compute instruction: the parts add up to
/// compute_cycles() x PEs x multipliers. docs/metrics.md, "Multiplier slots".
struct SlotUse {
  std::int64_t macs = 0;      ///< useful products
  std::int64_t channels = 0;  ///< PEs without an output channel
  std::int64_t inputs =
      0;  ///< multipliers of a PE beyond the end of its sum, or at padding of the index
  std::int64_t imbalance = 0;  ///< PEs that wait for the slowest of their group (indexed synapses)
  std::int64_t output_stage = 0;  ///< the stage behind the tree is slower
  std::int64_t ports = 0;         ///< a port of NBin, SB or NBout is slower still
  std::int64_t startup = 0;       ///< start-up and drain
  std::int64_t other_ops = 0;     ///< all slots of instructions without products

  std::int64_t total() const;
  SlotUse& operator+=(const SlotUse& other);
  friend bool operator==(const SlotUse&, const SlotUse&) = default;
};

/// All zero for instructions of other engines.
SlotUse slot_use(const Instruction& instruction, const CoreConfig& core);

}  // namespace unna
