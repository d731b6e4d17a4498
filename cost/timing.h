#pragma once

// What an instruction costs, as pure functions of the instruction and the machine. The
// simulator charges these cycles; the compiler chooses by them. docs/model.md explains each.

#include "base/units.h"
#include "configs/machine.h"
#include "isa/instruction.h"

namespace unna {

/// Cycles that the compute engine is busy with a compute instruction, start-up and drain included.
/// Zero for other instructions: DMA time is the DRAM's, control time the control processor's.
Cycle compute_cycles(const Instruction& instruction, const CoreConfig& core);

/// Of a compute instruction, before its first operands and after its last.
inline Cycle pipeline_cycles(const CoreConfig& core) {
  return core.startup_cycles + core.drain_cycles;
}

/// From a DMA's request for a burst to its end on an idle machine, as the compiler reckons with it:
/// dram.latency_cycles of the ideal model; otherwise the way there and back, and the burst of a
/// bank whose row has to be opened.
Cycle dram_latency(const MachineConfig& machine);

/// Bytes a cycle, in units of 2^-16, that a core may reckon with while `sharers` cores use the
/// DRAM: its share of the channels' peak; through a crossbar no more than its port moves.
std::int64_t core_dram_rate_q16(const MachineConfig& machine, std::int64_t sharers);

/// The same for one DMA engine of the core. Its window of bursts under way limits it to window /
/// latency where the DRAM is idle; between that and the share of a busy one lies the root of the
/// sum of both times' squares, which is near what is simulated where weights are streamed.
std::int64_t engine_dram_rate_q16(const MachineConfig& machine, std::int64_t sharers);

/// What the DRAM moves at least: a burst; of the ideal model a byte.
Bytes dram_burst_bytes(const MachineConfig& machine);

// The formulas behind compute_cycles, for the compiler's cost estimates (without start-up).

/// Depthwise and pooling: each PE reduces a window of one of up to `pes` of `channels`, out of
/// neurons of its own; `synapses`: and synapses. Cycles of one group of channels at one position.
Cycle window_group_cycles(std::int64_t channels, std::int64_t window, bool synapses,
                          const CoreConfig& core);
Cycle window_cycles(std::int64_t pixels, std::int64_t channels, std::int64_t window, bool synapses,
                    const CoreConfig& core);
/// `elements` results of one element-wise stage, or of the special functions' stage.
Cycle elementwise_cycles(std::int64_t elements, Function fn, const CoreConfig& core);
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

}  // namespace unna
