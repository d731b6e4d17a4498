// The cost model: docs/model.md, "Compute", explains each formula and where it comes from.

#include "isa/timing.h"

#include <algorithm>

#include "isa/activity.h"
#include "isa/dimensions.h"

namespace unna {
namespace {

using enum Operand;

/// `rows` reductions of `cols` elements in the element-wise stage: either each lane keeps the sum
/// of a row, or all lanes and their tree work on one row; the sequencer takes the faster.
Cycle reduce_cycles(std::int64_t reductions, std::int64_t length, const CoreConfig& core) {
  const std::int64_t lanes = core.elementwise_lanes;
  return std::min(product({ceil_div(reductions, lanes), length}),
                  product({reductions, ceil_div(length, lanes)}));
}

/// The stage behind the tree works on finished sums while the tree goes on.
Cycle product_cycles(const Instruction& i, const CoreConfig& core) {
  return std::max(sum_cycles(i, products_per_cycle(core), core), output_stage_cycles(i, core));
}

/// Where gamma is 0 each finished sum is divided by its own number of positions.
Cycle pool_cycles(const Instruction& i, const CoreConfig& core) {
  const Reduction r = *reduction(i);
  const bool divides =
      i.fn(fn) != Function::max && !has_flag(i, kPartial) && i.real(Operand::gamma) == 0;
  return std::max(window_cycles(r.positions, r.channels, r.length(), false, core),
                  elementwise_cycles(product({r.positions, r.channels}),
                                     divides ? Function::div : Function::none, core));
}

/// Greatest element; exponentials, summed as they come; one reciprocal a row, and the scaling by
/// it.
Cycle softmax_cycles(const Instruction& i, const CoreConfig& core) {
  const std::int64_t n = product(i, {rows, cols});
  const Cycle reduction = reduce_cycles(i.count(rows), i.count(cols), core);
  return reduction + std::max(elementwise_cycles(n, Function::exp, core), reduction) +
         elementwise_cycles(i.count(rows), Function::reciprocal, core) +
         elementwise_cycles(n, Function::mul, core);
}

/// Mean; variance (subtract and square before the sum); one square root and reciprocal a row; two
/// passes for (x - mean) * 1/deviation and * gamma + beta.
Cycle norm_cycles(const Instruction& i, const CoreConfig& core) {
  const std::int64_t n = product(i, {rows, cols});
  return 2 * reduce_cycles(i.count(rows), i.count(cols), core) +
         elementwise_cycles(i.count(rows), Function::sqrt, core) +
         elementwise_cycles(i.count(rows), Function::reciprocal, core) +
         2 * elementwise_cycles(n, Function::mul, core);
}

/// One pipeline: sums of squares in the PEs, the power by table, the product with x.
Cycle lrn_cycles(const Instruction& i, const CoreConfig& core) {
  const std::int64_t n = product(i, {rows, cols});
  return std::max({window_cycles(i.count(rows), i.count(cols), i.count(kw), false, core),
                   elementwise_cycles(n, Function::pow, core),
                   elementwise_cycles(n, Function::mul, core)});
}

/// Bilinear: four multiply-adds an output.
Cycle resize_cycles(const Instruction& i, const CoreConfig& core) {
  const Cycle pass = elementwise_cycles(product(i, {out_h, out_w, in_c}), Function::none, core);
  return i.fn(fn) == Function::mean ? 4 * pass : pass;
}

/// A lane takes one 16-bit word a cycle from anywhere (the indexing module's gather).
Cycle move_cycles(const Instruction& i, const CoreConfig& core) {
  const Strided copy = Strided::of(i);
  return ceil_div(product({ceil_div(copy.run, kLaneBytes), copy.n[0], copy.n[1], copy.n[2]}),
                  core.elementwise_lanes);
}

/// Sigmoid of i, o, f, tanh of g and of the new state; the products i * g, f * c (with the sum) and
/// o * tanh(c).
Cycle lstm_cycles(const Instruction& i, const CoreConfig& core) {
  const std::int64_t n = product(i, {rows, cols});
  return 5 * elementwise_cycles(n, Function::sigmoid, core) +
         3 * elementwise_cycles(n, Function::mul, core);
}

/// Two stages in a row work at the same time; a single one takes turns.
Cycle ewise_cycles(std::int64_t n, Function first, Function second, const CoreConfig& core) {
  const Cycle a = elementwise_cycles(n, first, core);
  const Cycle b = elementwise_cycles(n, second, core);
  const bool shared = second != Function::none && !is_special(first) && !is_special(second);
  return shared && core.elementwise_stages < 2 ? a + b : std::max(a, b);
}

Cycle work_cycles(const Instruction& i, const CoreConfig& core) {
  switch (i.opcode) {
    case Opcode::conv:
    case Opcode::dwconv:
    case Opcode::matmul:
      return product_cycles(i, core);
    case Opcode::pool:
      return pool_cycles(i, core);
    case Opcode::ewise: {
      const std::int64_t n = product(i, {rows, cols});
      return ewise_cycles(n, i.fn(fn), i.fn(post), core);
    }
    case Opcode::act:
      return elementwise_cycles(product(i, {rows, cols}), i.fn(fn), core);
    case Opcode::reduce:
      return reduce_cycles(i.count(rows), i.count(cols), core);
    case Opcode::softmax:
      return softmax_cycles(i, core);
    case Opcode::norm:
      return norm_cycles(i, core);
    case Opcode::lrn:
      return lrn_cycles(i, core);
    case Opcode::resize:
      return resize_cycles(i, core);
    case Opcode::move:
      return move_cycles(i, core);
    case Opcode::lstm:
      return lstm_cycles(i, core);
    case Opcode::quant:
      return 1;
    case Opcode::halt:
    case Opcode::barrier:
    case Opcode::signal:
    case Opcode::wait:
    case Opcode::load_n:
    case Opcode::load_s:
    case Opcode::store:
      break;
  }
  throw InternalError("no compute instruction");
}

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
      if (has_flag(i, kIndexed))
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
      if (has_flag(i, kIndexed))
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
    case Opcode::lrn:
      ranges.read(in, n);
      return ranges.write(out, n);
    case Opcode::lstm:
      ranges.read(in, product({4, n}));
      ranges.read(in2, n);
      ranges.write(out, n);
      return ranges.write(out2, n);
    default:
      return;
  }
}

}  // namespace

bool is_special(Function fn) {
  switch (fn) {
    case Function::none:
    case Function::relu:
    case Function::clip:
    case Function::leaky_relu:
    case Function::abs:
    case Function::neg:
    case Function::add:
    case Function::sub:
    case Function::mul:
    case Function::max:
    case Function::min:
    case Function::mean:
    case Function::sum:
      return false;
    case Function::sigmoid:
    case Function::tanh:
    case Function::hard_sigmoid:
    case Function::hard_swish:
    case Function::gelu:
    case Function::silu:
    case Function::exp:
    case Function::sqrt:
    case Function::reciprocal:
    case Function::erf:
    case Function::pow:
    case Function::log:
    case Function::div:
      return true;
  }
  throw InternalError("unknown function");
}

std::int64_t products_per_cycle(const CoreConfig& core) {
  return std::min({core.multipliers, core.sb_read_elements, core.nbin_read_elements});
}

Cycle window_group_cycles(std::int64_t channels, std::int64_t window, bool synapses,
                          const CoreConfig& core) {
  const std::int64_t products =
      synapses ? std::min(core.multipliers, core.sb_read_elements) : core.multipliers;
  const std::int64_t neurons = product({std::min(channels, core.pes), window});
  return std::max(ceil_div(window, products), ceil_div(neurons, core.nbin_read_elements));
}

Cycle window_cycles(std::int64_t pixels, std::int64_t channels, std::int64_t window, bool synapses,
                    const CoreConfig& core) {
  return product({pixels, ceil_div(channels, core.pes),
                  window_group_cycles(channels, window, synapses, core)});
}

Cycle elementwise_cycles(std::int64_t elements, Function fn, const CoreConfig& core) {
  return ceil_div(elements, is_special(fn) ? core.special_lanes : core.elementwise_lanes);
}

Cycle compute_cycles(const Instruction& instruction, const CoreConfig& core) {
  if (engine_of(instruction.opcode) != Engine::compute) return 0;
  return pipeline_cycles(core) +
         std::max(work_cycles(instruction, core), port_cycles(activity(instruction, core), core));
}

Cycle output_stage_cycles(const Instruction& i, const CoreConfig& core) {
  const Reduction r = *reduction(i);
  const Function stage = has_flag(i, kPartial) ? Function::none : i.fn(post);
  return elementwise_cycles(product({r.positions, r.channels}), stage, core);
}

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

Cycle row_cycles(std::int64_t inputs, std::int64_t taps, std::int64_t products, Indexing indexing) {
  if (indexing == Indexing::none) return product({taps, ceil_div(inputs, products)});
  return ceil_div(product({taps, inputs}), products);
}

Cycle dense_row_cycles(std::int64_t inputs, std::int64_t taps, const CoreConfig& core) {
  return row_cycles(inputs, taps, products_per_cycle(core), core.indexing);
}

Cycle sum_cycles(const Instruction& i, std::int64_t products, const CoreConfig& core) {
  const Reduction r = *reduction(i);
  if (r.own_inputs) return window_cycles(r.positions, r.channels, r.length(), true, core);
  if (has_flag(i, kIndexed)) return product({r.positions, i.count(pe_cycles)});
  return product({r.positions, ceil_div(r.channels, core.pes),
                  row_cycles(r.inputs, r.taps, products, core.indexing)});
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
