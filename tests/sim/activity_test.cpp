// What instructions do, and what becomes of the multipliers' cycles: by hand, for each timing
// class.

#include "cost/activity.h"

#include <gtest/gtest.h>

#include "cost/dimensions.h"
#include "cost/slots.h"
#include "cost/timing.h"

namespace unna {
namespace {

using enum Operand;

const CoreConfig kDefaultCore;  // 16 PEs x 16 multipliers, 4 + 4 cycles of start-up and drain
constexpr std::int64_t kSlots = 256;

/// 3 x 2 positions, 20 channels of sums of 18.
Instruction conv() {
  Instruction i(Opcode::conv, OpId(0));
  i.set_count(out_h, 3).set_count(out_w, 2).set_count(out_c, 20);
  return i.set_count(kh, 3).set_count(kw, 3).set_count(in_c, 2);
}

Instruction product(Opcode opcode, std::int64_t n_rows, std::int64_t n_cols) {
  Instruction i(opcode, OpId(0));
  return i.set_count(rows, n_rows).set_count(cols, n_cols);
}

TEST(Activity, ConvReadsANeuronOnceForAllPesAndASynapseForEachProduct) {
  Activity expected;
  expected.instructions = 1;
  expected.multiplies = expected.adds = expected.synapses = 6 * 20 * 18;
  expected.selected = 6 * 20 * 18;  // 2 inputs at 9 kernel positions: packed for 16 multipliers
  expected.neurons = 6 * 2 * 18;    // two groups of channels
  expected.results_written = 6 * 20;
  EXPECT_EQ(activity(conv(), kDefaultCore), expected);

  expected.biases = 20;
  expected.elementwise = 120;
  EXPECT_EQ(activity(conv().set(acc, kBias).set_fn(post, Function::relu), kDefaultCore), expected);
}

TEST(Activity, OnlyPackedPositionsNeedTheIndexingModule) {
  EXPECT_EQ(activity(conv().set_count(in_c, 32), kDefaultCore).selected, 0);
  EXPECT_EQ(activity(conv().set_count(kh, 1).set_count(kw, 1), kDefaultCore).selected, 0);
  CoreConfig without = kDefaultCore;
  without.indexing = Indexing::none;
  EXPECT_EQ(activity(conv(), without).selected, 0);
}

TEST(Activity, IndexedSynapsesAreReadAsStoredAndSeeAWindowEachCycle) {
  const Instruction i = conv()
                            .set_count(in_c, 64)
                            .set(acc, kIndexed)
                            .set_count(wt_bytes, 999)
                            .set_count(wt_nz, 300)
                            .set_count(pe_cycles, 7);
  const Activity a = activity(i, kDefaultCore);
  EXPECT_EQ(a.multiplies, 6 * 300);
  EXPECT_EQ(a.selected, 6 * 300);
  EXPECT_EQ(a.synapses, 0);
  EXPECT_EQ(a.packed_synapses, 6 * 999);
  EXPECT_EQ(a.neurons, 6 * 7 * 256);  // of 576
}

TEST(Activity, PartialSumsGoThroughNbout) {
  const Activity a =
      activity(conv().set(acc, kAccumulate | kPartial).set_fn(post, Function::tanh), kDefaultCore);
  EXPECT_EQ(a.sums_read, 120);
  EXPECT_EQ(a.sums_written, 120);
  EXPECT_EQ(a.results_written, 0);
  EXPECT_EQ(a.special, 0);  // the function waits for the last part
}

TEST(Activity, DepthwiseChannelsHaveNeuronsOfTheirOwn) {
  Instruction i(Opcode::dwconv, OpId(0));
  i.set_count(out_h, 3).set_count(out_w, 2).set_count(in_c, 20).set_count(kh, 3).set_count(kw, 3);
  const Activity a = activity(i, kDefaultCore);
  EXPECT_EQ(a.multiplies, 6 * 20 * 9);
  EXPECT_EQ(a.neurons, 6 * 20 * 9);
  EXPECT_EQ(a.synapses, 6 * 20 * 9);
}

TEST(Activity, PoolAddsWithoutSynapses) {
  Instruction i(Opcode::pool, OpId(0));
  i.set_count(out_h, 3).set_count(out_w, 2).set_count(in_c, 20).set_count(kh, 2).set_count(kw, 2);
  Activity expected;
  expected.instructions = 1;
  expected.neurons = expected.adds = 6 * 20 * 4;
  expected.results_written = 120;
  EXPECT_EQ(activity(i.set_fn(fn, Function::max), kDefaultCore), expected);
  expected.special = 120;  // gamma 0: a division each
  EXPECT_EQ(activity(i.set_fn(fn, Function::sum), kDefaultCore), expected);
  expected.special = 0;
  expected.elementwise = 120;
  EXPECT_EQ(activity(i.set_real(gamma, 0.25F), kDefaultCore), expected);
}

TEST(Activity, ElementwiseCountsBothOperandsAndBothFunctions) {
  const Activity a = activity(
      product(Opcode::ewise, 4, 10).set_fn(fn, Function::add).set_fn(post, Function::sigmoid),
      kDefaultCore);
  EXPECT_EQ(a.neurons, 80);
  EXPECT_EQ(a.elementwise, 40);
  EXPECT_EQ(a.special, 40);
  EXPECT_EQ(a.results_written, 40);
}

TEST(Activity, SoftmaxPassesItsExponentialsThroughNbout) {
  const Activity a = activity(product(Opcode::softmax, 4, 10), kDefaultCore);
  EXPECT_EQ(a.neurons, 80);          // maximum; exponentials
  EXPECT_EQ(a.special, 40 + 4);      // exponentials; a reciprocal a row
  EXPECT_EQ(a.elementwise, 120);     // maximum, sum, scaling
  EXPECT_EQ(a.results_written, 80);  // exponentials; results
  EXPECT_EQ(a.results_read, 40);
}

TEST(Activity, RowsInPiecesCountEachPassAndTheirStates) {
  const auto look = [](Function function) {
    return activity(product(Opcode::stats, 4, 10).set_fn(fn, function).set(acc, kAccumulate),
                    kDefaultCore);
  };
  for (const Function function : {Function::max, Function::exp, Function::sum, Function::mul}) {
    const Activity a = look(function);
    EXPECT_EQ(a.neurons, 40);
    EXPECT_EQ(a.special, function == Function::exp ? 40 : 0);
    EXPECT_EQ(a.sums_read, 4 * 6);
    EXPECT_EQ(a.sums_written, 4 * 6);
    EXPECT_EQ(a.results_written, 0);
  }
  EXPECT_EQ(look(Function::max).elementwise, 40);
  EXPECT_EQ(look(Function::mul).elementwise, 120);  // difference, square, sum
  const Activity results =
      activity(product(Opcode::softmax, 4, 10).set(acc, kStates), kDefaultCore);
  EXPECT_EQ(results.neurons, 40);
  EXPECT_EQ(results.special, 40 + 4);
  EXPECT_EQ(results.results_written, 40);
  EXPECT_EQ(results.sums_read, 4 * 6);
  const Activity normal = activity(product(Opcode::norm, 4, 10).set(acc, kStates), kDefaultCore);
  EXPECT_EQ(normal.elementwise, 160);
  EXPECT_EQ(normal.synapses, 40);
}

TEST(Activity, MovesAndTransfersCountTheirBytes) {
  Strided copy;
  copy.run = 6;
  copy.n = {5, 1, 1};
  const auto bytes = [&](Opcode opcode) {
    Instruction i(opcode, OpId(0));
    copy.put(i);
    return activity(i, kDefaultCore);
  };
  EXPECT_EQ(bytes(Opcode::move).moved, 30);
  EXPECT_EQ(bytes(Opcode::load_n).loaded_neurons, 30);
  EXPECT_EQ(bytes(Opcode::load_s).loaded_synapses, 30);
  EXPECT_EQ(bytes(Opcode::store).stored, 30);
  EXPECT_EQ(activity(Instruction(Opcode::halt, OpId(0)), kDefaultCore).instructions, 1);
}

TEST(Slots, EachSlotOfAProductHasOneReason) {
  const SlotUse use = slot_use(conv(), kDefaultCore);
  // 6 positions x 2 groups x 2 steps = 24 cycles of 256 multipliers, and 8 of start-up and drain.
  EXPECT_EQ(use.macs, 6 * 20 * 18);
  EXPECT_EQ(use.channels, 6 * 12 * 32);  // 12 of 32 PEs
  EXPECT_EQ(use.inputs, 6 * 20 * 14);    // 14 of 32 multipliers
  EXPECT_EQ(use.startup, 8 * kSlots);
  EXPECT_EQ(use.output_stage + use.ports + use.other_ops, 0);
  EXPECT_EQ(use.total(), (24 + 8) * kSlots);
}

TEST(Slots, ASlowOutputStageIsToldFromASlowPort) {
  CoreConfig core;
  core.special_lanes = 2;  // 120 results: 60 cycles instead of 24
  const Instruction i = conv().set_fn(post, Function::tanh);
  EXPECT_EQ(slot_use(i, core).output_stage, 36 * kSlots);
  EXPECT_EQ(slot_use(i, core).ports, 0);
  core.nbout_port_elements = 1;  // 120 cycles
  EXPECT_EQ(slot_use(i, core).output_stage, 36 * kSlots);
  EXPECT_EQ(slot_use(i, core).ports, 60 * kSlots);
}

TEST(Slots, NarrowPortsSlowTheProductsDown) {
  CoreConfig core;
  core.sb_read_elements = 8;  // ceil(18 / 8) = 3 steps instead of 2
  EXPECT_EQ(compute_cycles(conv(), core), 6 * 2 * 3 + 8);
  EXPECT_EQ(slot_use(conv(), core).ports, 12 * kSlots);
  core = {};
  core.nbin_read_elements = 8;
  EXPECT_EQ(compute_cycles(conv(), core), 6 * 2 * 3 + 8);

  Instruction dw(Opcode::dwconv, OpId(0));
  dw.set_count(out_h, 1).set_count(out_w, 1).set_count(in_c, 16).set_count(kh, 3).set_count(kw, 3);
  EXPECT_EQ(compute_cycles(dw, {}), 1 + 8);
  core.nbin_read_elements = 72;  // 16 channels x 9 neurons
  EXPECT_EQ(compute_cycles(dw, core), 2 + 8);
}

TEST(Slots, OtherOperationsLoseAllTheirSlots) {
  const Instruction i = product(Opcode::act, 4, 16).set_fn(fn, Function::relu);
  SlotUse expected;
  expected.other_ops = (4 + 8) * kSlots;
  EXPECT_EQ(slot_use(i, kDefaultCore), expected);
  EXPECT_EQ(slot_use(Instruction(Opcode::store, OpId(0)), kDefaultCore), SlotUse{});
}

/// Of every opcode, on cores of odd widths: nothing is lost twice or forgotten.
TEST(Slots, AlwaysAddUpToTheBusyCycles) {
  for (const std::int64_t width : {1, 3, 7, 16, 100}) {
    CoreConfig core;
    core.special_lanes = width;
    core.elementwise_lanes = 17 - width % 16;
    core.nbin_read_elements = 101 - width;
    core.sb_read_elements = width;
    core.nbout_port_elements = width;
    for (const OpcodeInfo& row : kOpcodes) {
      Instruction i(row.opcode, OpId(0));
      for (const auto& operand : row.operands)
        if (operand && info(*operand).kind == OperandKind::count) i.set_count(*operand, 5);
      if (i.has(post)) i.set_fn(post, Function::gelu);
      const SlotUse use = slot_use(i, core);
      EXPECT_EQ(use.total(), compute_cycles(i, core) * kSlots) << row.mnemonic << ' ' << width;
      EXPECT_GE(use.ports, 0);
      EXPECT_EQ(use.macs, macs(i));
    }
  }
}

TEST(Slots, DefaultPortsNeverLimit) {
  for (const OpcodeInfo& row : kOpcodes)
    for (const std::int64_t size : {1, 2, 3, 7, 16, 17, 40}) {
      Instruction i(row.opcode, OpId(0));
      for (const auto& operand : row.operands)
        if (operand && info(*operand).kind == OperandKind::count) i.set_count(*operand, size);
      if (row.unit != Unit::compute) continue;
      CoreConfig wide;
      wide.nbin_read_elements = wide.sb_read_elements = wide.nbout_port_elements = 1 << 20;
      EXPECT_EQ(compute_cycles(i, kDefaultCore), compute_cycles(i, wide))
          << row.mnemonic << ' ' << size;
    }
}

TEST(Timing, OneElementwiseStageTakesTurnsForTwoFunctions) {
  CoreConfig core;
  core.elementwise_stages = 1;
  Instruction i = product(Opcode::ewise, 4, 16).set_fn(fn, Function::add);
  EXPECT_EQ(compute_cycles(i, core), 4 + 8);
  EXPECT_EQ(compute_cycles(i.set_fn(post, Function::relu), core), 8 + 8);
  EXPECT_EQ(compute_cycles(i, kDefaultCore), 4 + 8);
  EXPECT_EQ(compute_cycles(i.set_fn(post, Function::exp), core), 4 + 8);  // the table is apart
}

}  // namespace
}  // namespace unna
