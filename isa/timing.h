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

/// Multiplier and shift behind an output channel's bias, 4 bytes each (numbers/quantised.h).
inline constexpr Bytes kScaleBytes = 8;
/// Constants of an output channel in SB: a bias, and in int8, the type of one byte, its scale.
constexpr Bytes channel_bytes(Bytes element, Bytes accumulator) {
  return accumulator + (element == 1 ? kScaleBytes : 0);
}

/// The sums that conv, dwconv, matmul and pool compute: for each of `positions` x `channels` one of
/// `taps` x `inputs` elements.
struct Reduction {
  std::int64_t positions = 0;
  std::int64_t channels = 0;
  std::int64_t taps = 0;    ///< kernel positions
  std::int64_t inputs = 0;  ///< elements at each
  bool own_inputs = false;  ///< every channel sums neurons of its own (depthwise, pooling)

  std::int64_t length() const { return taps * inputs; }
};
std::optional<Reduction> reduction(const Instruction& instruction);

/// Cycles of the adder trees for all sums of a conv, dwconv or matmul whose PEs take `products` a
/// cycle; indexed synapses take the cycles that their instruction says.
Cycle sum_cycles(const Instruction& instruction, std::int64_t products, const CoreConfig& core);

/// Cycles of the stage behind the adder tree for all sums of a conv, dwconv or matmul: it rounds,
/// or applies `post`; partial sums pass through it unchanged.
Cycle output_stage_cycles(const Instruction& instruction, const CoreConfig& core);

/// Products of `inputs` elements at `taps` kernel positions of which a PE takes `products` a cycle:
/// an indexing module packs them, without one each position begins anew.
Cycle row_cycles(std::int64_t inputs, std::int64_t taps, std::int64_t products, Indexing indexing);
/// The same as fast as the PE and the ports that feed it can.
Cycle dense_row_cycles(std::int64_t inputs, std::int64_t taps, const CoreConfig& core);

/// Multiply-accumulates that an instruction executes (conv, dwconv, matmul; 0 for others), and what
/// they would be with no synapse pruned.
Macs macs(const Instruction& instruction);
Macs dense_macs(const Instruction& instruction);

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
