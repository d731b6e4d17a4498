#pragma once

// What an instruction costs and touches, as pure functions of the instruction and the machine. The
// simulator charges these cycles; the compiler chooses by them. docs/model.md explains each.

#include <optional>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"
#include "isa/instruction.h"
#include "isa/object.h"

namespace unna {

/// Cycles that the compute engine is busy with a compute instruction, start-up included. Zero for
/// other instructions: DMA time is the DRAM's, control time the control processor's.
Cycle compute_cycles(const Instruction& instruction, const CoreConfig& core);

// The formulas behind compute_cycles, for the compiler's cost estimates (without start-up).

/// `pixels` outputs of `out_c` channels, each a sum of `k` products: a PE takes one output channel
/// and `multipliers` products a cycle, so ceil(out_c / pes) * ceil(k / multipliers) cycles a pixel.
Cycle mac_cycles(std::int64_t pixels, std::int64_t out_c, std::int64_t k, const CoreConfig& core);
/// Depthwise and pooling: each PE reduces a window of one channel.
Cycle window_cycles(std::int64_t pixels, std::int64_t channels, std::int64_t window,
                    const CoreConfig& core);
/// `elements` results of one element-wise stage, or of the special functions' stage.
Cycle elementwise_cycles(std::int64_t elements, Function fn, const CoreConfig& core);
/// Whether `fn` goes through the interpolation table instead of an element-wise stage.
bool is_special(Function fn);

/// Multiplier and shift behind an output channel's bias, 4 bytes each (numbers/quantised.h).
inline constexpr Bytes kScaleBytes = 8;
/// Constants of an output channel in SB: a bias, and in int8, the type of one byte, its scale.
constexpr Bytes channel_bytes(Bytes element, Bytes accumulator) {
  return accumulator + (element == 1 ? kScaleBytes : 0);
}

/// Multiply-accumulates that an instruction executes (conv, dwconv, matmul; 0 for others).
Macs macs(const Instruction& instruction);

/// Bytes between DRAM and chip, and which: every DMA instruction has exactly one.
struct DramAccess {
  BufferId buffer;
  Bytes begin = 0;  ///< first byte touched, relative to the buffer
  Bytes end = 0;    ///< past the last byte touched (the hull of a strided access)
  Bytes bytes = 0;  ///< bytes moved
  bool write = false;
};
std::optional<DramAccess> dram_access(const Instruction& instruction);

/// Half-open range of an on-chip memory that an instruction reads or writes.
struct LocalAccess {
  Memory memory = Memory::nbin;
  Bytes begin = 0;
  Bytes end = 0;
  bool write = false;
  Operand operand = Operand::in;
};
/// All of them; `element` is the size of a neuron or synapse, `accumulator` of a partial sum.
std::vector<LocalAccess> local_accesses(const Instruction& instruction, Bytes element,
                                        Bytes accumulator);

}  // namespace unna
