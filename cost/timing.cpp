#include "cost/timing.h"

#include "cost/activity.h"
#include "cost/dimensions.h"
#include "isa/dimensions.h"
// The cost model: docs/model.md, "Compute", explains each formula and where it comes from.

#include <algorithm>
#include <cmath>

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

/// One pass over a piece of rows: what it looks for, summed or compared as it comes.
Cycle stats_cycles(const Instruction& i, const CoreConfig& core) {
  const Function pass = i.fn(fn) == Function::exp ? Function::exp : Function::none;
  return std::max(reduce_cycles(i.count(rows), i.count(cols), core),
                  elementwise_cycles(product(i, {rows, cols}), pass, core));
}

/// Greatest element; exponentials, summed as they come; one reciprocal a row, and the scaling by
/// it.
Cycle softmax_cycles(const Instruction& i, const CoreConfig& core) {
  const std::int64_t n = product(i, {rows, cols});
  if (has_flag(i, kStates))  // exponentials anew, scaled as they come
    return elementwise_cycles(n, Function::exp, core) +
           elementwise_cycles(i.count(rows), Function::reciprocal, core);
  const Cycle reduction = reduce_cycles(i.count(rows), i.count(cols), core);
  return reduction + std::max(elementwise_cycles(n, Function::exp, core), reduction) +
         elementwise_cycles(i.count(rows), Function::reciprocal, core) +
         elementwise_cycles(n, Function::mul, core);
}

/// Mean; variance (subtract and square before the sum); one square root and reciprocal a row; two
/// passes for (x - mean) * 1/deviation and * gamma + beta.
Cycle norm_cycles(const Instruction& i, const CoreConfig& core) {
  const std::int64_t n = product(i, {rows, cols});
  const Cycle reductions =
      has_flag(i, kStates) ? 0 : 2 * reduce_cycles(i.count(rows), i.count(cols), core);
  return reductions + elementwise_cycles(i.count(rows), Function::sqrt, core) +
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
    case Opcode::stats:
      return stats_cycles(i, core);
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

}  // namespace

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

Cycle dram_latency(const MachineConfig& machine) {
  const DramConfig& dram = machine.dram;
  if (dram.model == DramModel::ideal) return dram.latency_cycles;
  const DramTiming& t = dram.device.timing;
  const Cycle row = ceil_div((t.rcd_rd + t.cl + dram.device.burst_clocks()) * machine.clock_mhz,
                             dram.device.clock_mhz);
  const Cycle port = ceil_div(dram.device.burst_bytes(), machine.interconnect.width_bytes);
  return 2 * machine.interconnect.latency_cycles + dram.controller_cycles + row + port;
}

std::int64_t core_dram_rate_q16(const MachineConfig& machine, std::int64_t sharers) {
  const std::int64_t share = std::max<std::int64_t>(1, dram_bytes_per_cycle_q16(machine) / sharers);
  if (machine.dram.model == DramModel::ideal) return share;
  return std::min(share, std::int64_t{machine.interconnect.width_bytes} << 16);
}

std::int64_t engine_dram_rate_q16(const MachineConfig& machine, std::int64_t sharers) {
  const std::int64_t core = core_dram_rate_q16(machine, sharers);
  if (machine.dram.model == DramModel::ideal) return core;
  const auto window =
      static_cast<double>(machine.interconnect.window * machine.dram.device.burst_bytes());
  const double idle = static_cast<double>(dram_latency(machine)) / window;  // cycles a byte
  const double busy =
      static_cast<double>(sharers) * 65536 / static_cast<double>(dram_bytes_per_cycle_q16(machine));
  const auto rate = static_cast<std::int64_t>(65536 / std::sqrt(idle * idle + busy * busy));
  return std::clamp<std::int64_t>(rate, 1, core);
}

Bytes dram_burst_bytes(const MachineConfig& machine) {
  return machine.dram.model == DramModel::ideal ? 1 : machine.dram.device.burst_bytes();
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

}  // namespace unna
