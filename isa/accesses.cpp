#include "isa/accesses.h"

#include <utility>

#include "isa/dimensions.h"

namespace unna {
namespace {

using enum Operand;

/// Collects the ranges of one instruction; empty ones are left out.
class RangeList {
 public:
  RangeList(const Instruction& instruction, Bytes element, Bytes accumulator)
      : i_(instruction), element_(element), accumulator_(accumulator) {}

  void bytes(Operand o, Bytes size, bool write) {
    const LocalAddress at = i_.local(o);
    if (size > 0) list_.push_back({at.memory, at.offset, at.offset + size, write, o});
  }
  void read(Operand o, std::int64_t elements) { bytes(o, product({elements, element_}), false); }
  void write(Operand o, std::int64_t elements) { bytes(o, product({elements, element_}), true); }
  /// A tile of rows x cols elements at any strides: the hull.
  void read_strided(Operand o, std::int64_t n_rows, Operand rs, std::int64_t n_cols, Operand cs) {
    if (n_rows == 0 || n_cols == 0) return;
    read(o, product({n_rows - 1, i_.count(rs)}) + product({n_cols - 1, i_.count(cs)}) + 1);
  }
  void read_bias(std::int64_t channels) {
    bytes(Operand::bias, product({channels, accumulator_}), false);
  }
  /// What a product reads of its channels' constants: biases, or records of them.
  void read_channels(std::int64_t channels) {
    const bool scales = has_flag(i_, kScale);
    if (!has_flag(i_, kBias) && (!scales || has_flag(i_, kPartial))) return;
    bytes(Operand::bias, product({channels, accumulator_ + (scales ? kScaleBytes : 0)}), false);
  }
  /// The result tile as the acc flags say.
  void accumulate(std::int64_t elements) {
    if (has_flag(i_, kAccumulate)) bytes(out, product({elements, accumulator_}), false);
    bytes(out, product({elements, has_flag(i_, kPartial) ? accumulator_ : element_}), true);
  }
  std::vector<LocalAccess> take() { return std::move(list_); }

 private:
  const Instruction& i_;
  Bytes element_;
  Bytes accumulator_;
  std::vector<LocalAccess> list_;
};

void mac_accesses(const Instruction& i, RangeList& ranges) {
  switch (i.opcode) {
    case Opcode::conv:
      ranges.read(in, product(i, {in_h, in_w, in_c}));
      if (has_flag(i, kIndexed) || has_flag(i, kGrouped))
        ranges.bytes(wt, i.count(wt_bytes), false);
      else
        ranges.read(wt, product(i, {out_c, kh, kw, in_c}));
      ranges.read_channels(i.count(out_c));
      return ranges.accumulate(product(i, {out_h, out_w, out_c}));
    case Opcode::dwconv:
      ranges.read(in, product(i, {in_h, in_w, in_c}));
      ranges.read(wt, product(i, {in_c, kh, kw}));
      ranges.read_channels(i.count(in_c));
      return ranges.accumulate(product(i, {out_h, out_w, in_c}));
    case Opcode::matmul:
      ranges.read(in, product(i, {rows, in_c}));
      if (has_flag(i, kIndexed) || has_flag(i, kGrouped))
        ranges.bytes(wt, i.count(wt_bytes), false);
      else
        ranges.read_strided(wt, i.count(out_c), wt_rs, i.count(in_c), wt_cs);
      ranges.read_channels(i.count(out_c));
      return ranges.accumulate(product(i, {rows, out_c}));
    default:
      return;
  }
}

void elementwise_accesses(const Instruction& i, RangeList& ranges) {
  switch (i.opcode) {
    case Opcode::ewise:
      ranges.read_strided(in, i.count(rows), a_rs, i.count(cols), a_cs);
      ranges.read_strided(in2, i.count(rows), b_rs, i.count(cols), b_cs);
      return ranges.write(out, product(i, {rows, cols}));
    case Opcode::act:
      ranges.read_strided(in, i.count(rows), a_rs, i.count(cols), a_cs);
      return ranges.write(out, product(i, {rows, cols}));
    case Opcode::reduce:
      ranges.read_strided(in, i.count(rows), a_rs, i.count(cols), a_cs);
      return ranges.accumulate(i.count(rows));
    case Opcode::resize:
      ranges.read(in, product(i, {in_h, in_w, in_c}));
      return ranges.write(out, product(i, {out_h, out_w, in_c}));
    default:
      return;
  }
}

void special_accesses(const Instruction& i, RangeList& ranges) {
  const std::int64_t n = product(i, {rows, cols});
  switch (i.opcode) {
    case Opcode::norm:
      ranges.read(wt, i.count(cols));
      ranges.read_bias(i.count(cols));
      [[fallthrough]];
    case Opcode::softmax:
      if (has_flag(i, kStates)) ranges.bytes(in2, product({i.count(rows), kRowStateBytes}), false);
      [[fallthrough]];
    case Opcode::lrn:
      ranges.read(in, n);
      return ranges.write(out, n);
    case Opcode::lstm:
      ranges.read(in, product({4, n}));
      ranges.read(in2, n);
      ranges.write(out, n);
      return ranges.write(out2, n);
    case Opcode::stats: {
      const Bytes states = product({i.count(rows), kRowStateBytes});
      ranges.read(in, n);
      if (has_flag(i, kAccumulate)) ranges.bytes(out, states, false);
      return ranges.bytes(out, states, true);
    }
    default:
      return;
  }
}

}  // namespace

std::optional<DramAccess> dram_access(const Instruction& instruction) {
  if (info(instruction.opcode).timing != TimingClass::dma) return std::nullopt;
  const Strided copy = Strided::of(instruction);
  const bool write = instruction.opcode == Opcode::store;
  const Bytes begin = instruction.count(off);
  const Bytes extent = write ? copy.destination_extent() : copy.source_extent();
  return DramAccess{BufferId(instruction.get(buf)), begin, begin + extent, copy.total(), write};
}

std::vector<LocalAccess> local_accesses(const Instruction& instruction, Bytes element,
                                        Bytes accumulator) {
  RangeList ranges(instruction, element, accumulator);
  switch (info(instruction.opcode).timing) {
    case TimingClass::control:
      break;
    case TimingClass::dma:
    case TimingClass::move: {
      const Strided copy = Strided::of(instruction);
      if (instruction.has(in)) ranges.bytes(in, copy.source_extent(), false);
      if (instruction.has(out)) ranges.bytes(out, copy.destination_extent(), true);
      break;
    }
    case TimingClass::mac:
      mac_accesses(instruction, ranges);
      break;
    case TimingClass::pool:
      ranges.read(in, product(instruction, {in_h, in_w, in_c}));
      ranges.accumulate(product(instruction, {out_h, out_w, in_c}));
      break;
    case TimingClass::elementwise:
      elementwise_accesses(instruction, ranges);
      break;
    case TimingClass::special:
      special_accesses(instruction, ranges);
      break;
  }
  return ranges.take();
}

}  // namespace unna
