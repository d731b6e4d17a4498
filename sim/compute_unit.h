#pragma once

// The meaning of the compute instructions: what each does to the contents of its core's buffers,
// in the machine's number type. Timing is elsewhere (cost/timing.h).

#include <cstdint>
#include <memory>

#include "configs/machine.h"
#include "isa/instruction.h"
#include "sim/core_memory.h"

namespace unna {

class ComputeUnit {
 public:
  virtual ~ComputeUnit() = default;
  /// Reads all it needs of NBin, SB and NBout, and writes NBout.
  virtual void execute(const Instruction& instruction, CoreMemory& memory) = 0;
  /// Results since the last call that were more than the number type holds: saturated in fixed
  /// point and int8, infinite in fp16 where the sum was not.
  virtual std::int64_t take_saturated() = 0;
};

/// Throws InputError for a number type, or a width of accumulators, that values are not simulated
/// with.
std::unique_ptr<ComputeUnit> make_compute_unit(const MachineConfig& machine);

}  // namespace unna
