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

/// A lane of the NFU is one 16-bit word wide.
inline constexpr Bytes kLaneBytes = 2;

/// Cycles that the compute engine is busy with a compute instruction, start-up and drain included.
/// Zero for other instructions: DMA time is the DRAM's, control time the control processor's.
Cycle compute_cycles(const Instruction& instruction, const CoreConfig& core);

/// Of a compute instruction, before its first operands and after its last.
inline Cycle pipeline_cycles(const CoreConfig& core) {
  return core.startup_cycles + core.drain_cycles;
}

// The formulas behind compute_cycles, for the compiler's cost estimates (without start-up).

/// Elements of a sum that a PE takes a cycle where all PEs get the same neurons: its multipliers,
/// as far as the ports of SB and NBin feed them.
std::int64_t products_per_cycle(const CoreConfig& core);
/// `pixels` outputs of `out_c` channels, each a sum of `k` products: a PE takes one output channel,
/// so ceil(out_c / pes) * ceil(k / products_per_cycle) cycles a pixel.
Cycle mac_cycles(std::int64_t pixels, std::int64_t out_c, std::int64_t k, const CoreConfig& core);
/// Depthwise and pooling: each PE reduces a window of one of up to `pes` of `channels`, out of
/// neurons of its own; `synapses`: and synapses. Cycles of one group of channels at one position.
Cycle window_group_cycles(std::int64_t channels, std::int64_t window, bool synapses,
                          const CoreConfig& core);
Cycle window_cycles(std::int64_t pixels, std::int64_t channels, std::int64_t window, bool synapses,
                    const CoreConfig& core);
/// `elements` results of one element-wise stage, or of the special functions' stage.
Cycle elementwise_cycles(std::int64_t elements, Function fn, const CoreConfig& core);
/// Whether `fn` goes through the interpolation table instead of an element-wise stage.
bool is_special(Function fn);

/// The sums that conv, dwconv, matmul and pool compute: for each of `positions` x `channels` one of
/// `length` elements.
struct Reduction {
  std::int64_t positions = 0;
  std::int64_t channels = 0;
  std::int64_t length = 0;
  bool own_inputs = false;  ///< every channel sums neurons of its own (depthwise, pooling)
};
std::optional<Reduction> reduction(const Instruction& instruction);

/// Cycles of the stage behind the adder tree for all sums of a conv, dwconv or matmul: it rounds,
/// or applies `post`; partial sums pass through it unchanged.
Cycle output_stage_cycles(const Instruction& instruction, const CoreConfig& core);

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
