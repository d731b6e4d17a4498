#include "cost/dimensions.h"

#include "isa/dimensions.h"

namespace unna {

using enum Operand;

std::optional<Reduction> reduction(const Instruction& i) {
  switch (i.opcode) {
    case Opcode::conv:
      return Reduction{product(i, {out_h, out_w}), i.count(out_c), product(i, {kh, kw}),
                       i.count(in_c), false};
    case Opcode::matmul:
      return Reduction{i.count(rows), i.count(out_c), 1, i.count(in_c), false};
    case Opcode::dwconv:
    case Opcode::pool:
      return Reduction{product(i, {out_h, out_w}), i.count(in_c), product(i, {kh, kw}), 1, true};
    default:
      return std::nullopt;
  }
}

Macs macs(const Instruction& instruction) {
  const bool product_of_synapses =
      instruction.opcode == Opcode::conv || instruction.opcode == Opcode::matmul;
  if (product_of_synapses && has_flag(instruction, kIndexed))
    return product({reduction(instruction)->positions, instruction.count(wt_nz)});
  return dense_macs(instruction);
}

Macs dense_macs(const Instruction& instruction) {
  switch (instruction.opcode) {
    case Opcode::conv:
      return product(instruction, {out_h, out_w, out_c, kh, kw, in_c});
    case Opcode::dwconv:
      return product(instruction, {out_h, out_w, in_c, kh, kw});
    case Opcode::matmul:
      return product(instruction, {rows, in_c, out_c});
    default:
      return 0;
  }
}

}  // namespace unna
