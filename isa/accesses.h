#pragma once

// Which bytes an instruction touches, on chip and in DRAM.

#include <optional>
#include <vector>

#include "base/units.h"
#include "isa/instruction.h"
#include "isa/object.h"

namespace unna {

/// Multiplier and shift behind an output channel's bias, 4 bytes each (numbers/quantised.h).
inline constexpr Bytes kScaleBytes = 8;
/// The state of a row that comes in pieces (opcode `stats`; numbers/fixed.h, RowState).
inline constexpr Bytes kRowStateBytes = 24;
/// Constants of an output channel in SB: a bias, and in int8, the type of one byte, its scale.
constexpr Bytes channel_bytes(Bytes element, Bytes accumulator) {
  return accumulator + (element == 1 ? kScaleBytes : 0);
}

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
