#pragma once

// Element-wise, row-wise and copying kernels: how a tile of them sits on chip, and what it costs.

#include <array>

#include "compiler/plan.h"
#include "isa/instruction.h"

namespace unna {

/// On-chip element strides of an operand's tile: dense in the order of the roles, but for copies
/// and reductions, which keep the source's memory order so that DMA runs stay long.
Dims operand_chip(const Kernel& kernel, std::size_t input, const Dims& extents);

/// What a tile of `extents` outputs needs of operand `input`, at most.
Dims operand_extents(const Kernel& kernel, std::size_t input, const Dims& extents);
/// Elements of operand `input` that a tile of `extents` outputs needs, at most.
std::int64_t operand_elements(const Kernel& kernel, std::size_t input, const Dims& extents);

/// Opcode and size operands of the instruction that computes a tile of rows x cols; the caller adds
/// addresses and strides.
Instruction point_instruction(const Kernel& kernel, OpId layer, std::int64_t rows,
                              std::int64_t cols);

/// How a softmax or a norm takes rows in pieces: passes in this order, the last one makes results.
struct RowPass {
  Opcode opcode;
  Function fn;  ///< of `stats`
};
std::array<RowPass, 3> row_passes(KernelKind kind);

/// The largest tile that leaves two slots for every operand, contiguous dimensions first; a row
/// that has to be on chip as a whole and fits once only has one, and rows that are longer come in
/// pieces, one row at a time. Throws CapacityError where nothing fits.
PointTile choose_point_tile(const Kernel& kernel, const Dims& unit, const TileMachine& machine);

}  // namespace unna
