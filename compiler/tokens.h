#pragma once

// Synchronisation inside a core, derived from what the instructions touch.

#include <vector>

#include "base/units.h"
#include "isa/instruction.h"

namespace unna {

/// Sets `wait` and `signal` of one core's stream so that every pair of instructions on different
/// engines that touch the same on-chip bytes or the same bytes of a DRAM buffer, at least one of
/// them writing, keeps its program order. A load.s of computed data also comes after the waits
/// before it, which hold the load-neuron engine only. An edge that follows from others (same
/// engine, earlier tokens, barriers) gets no token. Tokens balance, and none is taken before it is
/// given in program order.
void insert_tokens(std::vector<Instruction>& stream, Bytes element, Bytes accumulator,
                   const std::vector<bool>& constant_buffers);

/// Moves loads of constants (load.s of `constant_buffers`) that stand behind a barrier before it,
/// so that they run while the core waits; those that come before the stretch's first compute
/// instruction and before any other load.s.
void hoist_constant_loads(std::vector<Instruction>& stream,
                          const std::vector<bool>& constant_buffers);

}  // namespace unna
