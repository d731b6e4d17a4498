// Cycles of every opcode, reckoned by hand from docs/model.md for 16 PEs x 16 multipliers.

#include "cost/timing.h"

#include <gtest/gtest.h>

#include "cost/dimensions.h"
#include "cost/slots.h"

namespace unna {
namespace {

using enum Operand;

CoreConfig core_without_startup() {
  CoreConfig core;
  core.startup_cycles = 0;
  core.drain_cycles = 0;
  core.special_lanes = 4;
  return core;
}
const CoreConfig kCore = core_without_startup();

Cycle cycles(const Instruction& i) {
  return compute_cycles(i, kCore);
}

Instruction conv(std::int64_t h, std::int64_t w, std::int64_t ic, std::int64_t oc,
                 std::int64_t kernel) {
  Instruction i(Opcode::conv, OpId(0));
  i.set_count(out_h, h).set_count(out_w, w).set_count(in_c, ic).set_count(out_c, oc);
  return i.set_count(kh, kernel).set_count(kw, kernel);
}

Instruction matrix(Opcode opcode, std::int64_t n_rows, std::int64_t n_cols,
                   Function f = Function::none) {
  Instruction i(opcode, OpId(0));
  i.set_count(rows, n_rows).set_count(cols, n_cols);
  if (i.has(fn)) i.set_fn(fn, f);
  return i;
}

TEST(Timing, ConvFillsPesWithChannelsAndMultipliersWithProducts) {
  EXPECT_EQ(cycles(conv(1, 1, 16, 16, 1)), 1);
  EXPECT_EQ(cycles(conv(1, 1, 17, 16, 1)), 2);  // one product over
  EXPECT_EQ(cycles(conv(1, 1, 16, 17, 1)), 2);  // one channel over
  EXPECT_EQ(cycles(conv(7, 5, 16, 16, 1)), 35);
  EXPECT_EQ(cycles(conv(2, 2, 64, 64, 3)), 4 * 4 * 36);
  EXPECT_EQ(cycles(conv(1, 1, 3, 16, 7)), 10);  // ceil(147 / 16): the window is gathered
}

Instruction indexed(Instruction i, std::int64_t nz, Cycle cycles, Cycle wait) {
  return i.set(acc, kIndexed)
      .set_count(wt_nz, nz)
      .set_count(pe_cycles, cycles)
      .set_count(pe_wait, wait);
}

TEST(Timing, IndexedSynapsesTakeTheCyclesOfTheSlowestPeAtEachPosition) {
  const Instruction i = indexed(conv(7, 5, 64, 16, 3), 1000, 9, 20);  // dense: 36
  EXPECT_EQ(cycles(i), 35 * 9);
  EXPECT_EQ(macs(i), 35 * 1000);
  EXPECT_EQ(dense_macs(i), 35 * 16 * 64 * 9);
  EXPECT_EQ(slot_use(i, kCore).imbalance, 35 * 20 * 16);
  EXPECT_EQ(slot_use(conv(7, 5, 64, 16, 3), kCore).imbalance, 0);
  // The output stage is no faster for it.
  EXPECT_EQ(cycles(indexed(conv(1, 1, 64, 16, 1), 10, 1, 0).set_fn(post, Function::sigmoid)), 4);
}

TEST(Timing, WithoutIndexingModuleEachKernelPositionBeginsAnew) {
  CoreConfig core = kCore;
  core.indexing = Indexing::none;
  EXPECT_EQ(compute_cycles(conv(1, 1, 3, 16, 7), core), 49);
  EXPECT_EQ(compute_cycles(conv(2, 2, 64, 64, 3), core), 4 * 4 * 36);
  EXPECT_EQ(compute_cycles(conv(1, 1, 17, 16, 3), core), 18);  // 10 where they are packed
}

TEST(Timing, StartupAndDrainAreAddedOnce) {
  CoreConfig core = kCore;
  core.startup_cycles = 5;
  core.drain_cycles = 3;
  EXPECT_EQ(compute_cycles(conv(7, 5, 16, 16, 1), core), 35 + 8);
}

TEST(Timing, OutputStageOverlapsAndCountsWhereItIsSlower) {
  EXPECT_EQ(cycles(conv(1, 1, 64, 16, 1).set_fn(post, Function::sigmoid)), 4);  // 16 / 4 lanes
  EXPECT_EQ(cycles(conv(1, 1, 16, 16, 1).set_fn(post, Function::sigmoid)), 4);  // slower than 1
  EXPECT_EQ(cycles(conv(1, 1, 16, 16, 1).set_fn(post, Function::relu)), 1);
  // Partial sums do not pass the function.
  EXPECT_EQ(cycles(conv(1, 1, 16, 16, 1).set_fn(post, Function::sigmoid).set(acc, kPartial)), 1);
}

TEST(Timing, OutputStageIsNeverFree) {
  CoreConfig narrow = kCore;
  narrow.elementwise_lanes = 2;
  EXPECT_EQ(compute_cycles(conv(1, 1, 16, 16, 1), narrow), 8);
  EXPECT_EQ(compute_cycles(conv(1, 1, 16, 16, 1).set(acc, kPartial), narrow), 8);
}

TEST(Timing, DepthwiseUsesOnePeAChannel) {
  Instruction i(Opcode::dwconv, OpId(0));
  i.set_count(out_h, 4).set_count(out_w, 4).set_count(in_c, 32).set_count(kh, 3).set_count(kw, 3);
  EXPECT_EQ(cycles(i), 16 * 2);
  EXPECT_EQ(cycles(i.set_count(kh, 5).set_count(kw, 5)), 16 * 2 * 2);
}

TEST(Timing, MatmulIsAConvolutionOfRows) {
  Instruction i(Opcode::matmul, OpId(0));
  i.set_count(rows, 10).set_count(in_c, 100).set_count(out_c, 40);
  EXPECT_EQ(cycles(i), 10 * 7 * 3);
  EXPECT_EQ(macs(i), 10 * 100 * 40);
}

TEST(Timing, PoolReducesWindows) {
  Instruction i(Opcode::pool, OpId(0));
  i.set_count(out_h, 2).set_count(out_w, 2).set_count(in_c, 16).set_count(kh, 3).set_count(kw, 3);
  i.set_fn(fn, Function::max);
  EXPECT_EQ(cycles(i), 4);
  i.set_fn(fn, Function::sum).set_real(Operand::gamma, 0.25F);
  EXPECT_EQ(cycles(i), 4);
  i.set_real(Operand::gamma, 0);  // divided by the positions that took part: 64 / 4 lanes
  EXPECT_EQ(cycles(i), 16);
  i.set(acc, kPartial);
  EXPECT_EQ(cycles(i), 4);
}

TEST(Timing, ElementwiseTakesTheLanesOfItsFunction) {
  EXPECT_EQ(cycles(matrix(Opcode::ewise, 4, 16, Function::add)), 4);
  EXPECT_EQ(cycles(matrix(Opcode::ewise, 1, 17, Function::add)), 2);
  EXPECT_EQ(cycles(matrix(Opcode::ewise, 4, 16, Function::div)), 16);
  EXPECT_EQ(cycles(matrix(Opcode::ewise, 4, 16, Function::add).set_fn(post, Function::gelu)), 16);
  EXPECT_EQ(cycles(matrix(Opcode::act, 4, 16, Function::relu)), 4);
  EXPECT_EQ(cycles(matrix(Opcode::act, 4, 16, Function::tanh)), 16);
}

TEST(Timing, ReduceTakesTheBetterOfLanesPerRowAndRowPerLane) {
  EXPECT_EQ(cycles(matrix(Opcode::reduce, 1, 64, Function::sum)), 4);
  EXPECT_EQ(cycles(matrix(Opcode::reduce, 16, 3, Function::sum)), 3);
  EXPECT_EQ(cycles(matrix(Opcode::reduce, 3, 17, Function::sum)), 6);
}

TEST(Timing, SoftmaxPassesThreeTimes) {
  // 2 rows of 32: maximum 4; 64 exponentials on 4 lanes 16; 2 reciprocals 1; scaling 4.
  EXPECT_EQ(cycles(matrix(Opcode::softmax, 2, 32)), 4 + 16 + 1 + 4);
}

TEST(Timing, NormPassesForMeanVarianceAndResult) {
  // 2 rows of 32: mean 4, variance 4, root and reciprocal 1 each, two passes of 4.
  EXPECT_EQ(cycles(matrix(Opcode::norm, 2, 32)), 4 + 4 + 1 + 1 + 8);
}

TEST(Timing, RowsInPiecesPassOnceAnInstruction) {
  // 2 rows of 32: largest 4, 64 exponentials on 4 lanes 16; then 16 again and 2 reciprocals.
  EXPECT_EQ(cycles(matrix(Opcode::stats, 2, 32, Function::max)), 4);
  EXPECT_EQ(cycles(matrix(Opcode::stats, 2, 32, Function::exp)), 16);
  EXPECT_EQ(cycles(matrix(Opcode::stats, 2, 32, Function::mul)), 4);
  EXPECT_EQ(cycles(matrix(Opcode::softmax, 2, 32).set(acc, kStates)), 16 + 1);
  EXPECT_EQ(cycles(matrix(Opcode::norm, 2, 32).set(acc, kStates)), 1 + 1 + 8);
}

TEST(Timing, LrnIsBoundByItsPowers) {
  EXPECT_EQ(cycles(matrix(Opcode::lrn, 2, 32).set_count(kw, 5)), 16);   // 64 / 4
  EXPECT_EQ(cycles(matrix(Opcode::lrn, 2, 16).set_count(kw, 80)), 10);  // windows of 5 cycles
}

TEST(Timing, ResizeBilinearCostsFourNearest) {
  Instruction i(Opcode::resize, OpId(0));
  i.set_count(out_h, 4).set_count(out_w, 4).set_count(in_c, 8);
  EXPECT_EQ(cycles(i), 8);
  EXPECT_EQ(cycles(i.set_fn(fn, Function::mean)), 32);
}

TEST(Timing, MoveTakesAWordALane) {
  Instruction i(Opcode::move, OpId(0));
  Strided copy;
  copy.run = 64;
  copy.put(i);
  EXPECT_EQ(cycles(i), 2);  // 32 words
  copy.run = 1;             // an odd byte takes a lane of its own
  copy.n = {33, 1, 1};
  copy.put(i);
  EXPECT_EQ(cycles(i), 3);
}

TEST(Timing, LstmPaysItsFunctionsAndProducts) {
  EXPECT_EQ(cycles(matrix(Opcode::lstm, 2, 32)), 5 * 16 + 3 * 4);
}

TEST(Timing, EveryComputeOpcodeCostsAndNoOtherDoes) {
  CoreConfig core;
  for (const OpcodeInfo& row : kOpcodes) {
    Instruction i(row.opcode, OpId(0));
    if (row.opcode == Opcode::quant) {
      EXPECT_EQ(compute_cycles(i, core), pipeline_cycles(core) + 1);
      continue;
    }
    const Cycle expected = row.unit == Unit::compute ? pipeline_cycles(core) : 0;
    EXPECT_EQ(compute_cycles(i, core), expected) << row.mnemonic;  // of nothing: the start-up
    for (const auto& operand : row.operands)
      if (operand && info(*operand).kind == OperandKind::count) i.set_count(*operand, 16);
    if (row.unit == Unit::compute) {
      EXPECT_GT(compute_cycles(i, core), expected) << row.mnemonic;
    }
  }
}

TEST(Timing, MacsCountEveryProduct) {
  EXPECT_EQ(macs(conv(7, 5, 3, 10, 3)), 7 * 5 * 3 * 10 * 9);
  Instruction dw(Opcode::dwconv, OpId(0));
  dw.set_count(out_h, 4).set_count(out_w, 3).set_count(in_c, 8).set_count(kh, 5).set_count(kw, 2);
  EXPECT_EQ(macs(dw), 4 * 3 * 8 * 5 * 2);
  EXPECT_EQ(macs(matrix(Opcode::softmax, 4, 4)), 0);
}

TEST(Timing, FunctionsAreSpecialIfTheyNeedTheTable) {
  EXPECT_TRUE(is_special(Function::exp));
  EXPECT_TRUE(is_special(Function::div));
  EXPECT_FALSE(is_special(Function::mul));
  EXPECT_FALSE(is_special(Function::leaky_relu));
}

TEST(Timing, DimensionsBeyondCountingAreRefused) {
  EXPECT_THROW(cycles(conv(0xffffffff, 0xffffffff, 1, 1, 1)), InputError);
  EXPECT_THROW(macs(conv(0xffffffff, 0xffffffff, 0xffffffff, 1, 1)), InputError);
}

TEST(Timing, ACoreReckonsWithItsShareAndItsPort) {
  MachineConfig machine;
  machine.dram.bandwidth_gbps = 128;  // bytes a cycle at 1 GHz
  machine.interconnect.width_bytes = 32;
  EXPECT_EQ(core_dram_rate_q16(machine, 1), 128 << 16);
  EXPECT_EQ(core_dram_rate_q16(machine, 8), 16 << 16);
  EXPECT_EQ(dram_burst_bytes(machine), 1);
  machine.dram.model = DramModel::bandwidth;
  const std::int64_t peak = dram_bytes_per_cycle_q16(machine);
  const std::int64_t few = std::max<std::int64_t>(1, peak / (16 << 16));
  EXPECT_EQ(core_dram_rate_q16(machine, 2 * few), peak / (2 * few));
  // An engine's window is two thirds of what the latency hides, and the DRAM is nearly idle.
  machine.interconnect.width_bytes = 4096;
  machine.dram.layout.channels = 64;
  machine.interconnect.window = 2 * dram_latency(machine) / 3;
  const Bytes burst = machine.dram.device.burst_bytes();
  EXPECT_NEAR(static_cast<double>(engine_dram_rate_q16(machine, 1)),
              65536.0 * static_cast<double>(machine.interconnect.window * burst) /
                  static_cast<double>(dram_latency(machine)),
              0.05 * 65536 * static_cast<double>(burst));
  EXPECT_LT(engine_dram_rate_q16(machine, 8), engine_dram_rate_q16(machine, 1));
  EXPECT_LT(engine_dram_rate_q16(machine, 8), core_dram_rate_q16(machine, 8));
  machine.interconnect.width_bytes = 1;
  EXPECT_EQ(core_dram_rate_q16(machine, 1), 1 << 16);
  EXPECT_EQ(dram_burst_bytes(machine), machine.dram.device.burst_bytes());
}

}  // namespace
}  // namespace unna
