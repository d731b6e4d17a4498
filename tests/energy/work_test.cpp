// What a program does is what its instructions do.

#include "energy/work.h"

#include <gtest/gtest.h>

#include "cost/timing.h"
#include "energy/model.h"

namespace unna {
namespace {

using enum Operand;

Instruction matmul(std::uint32_t layer, std::int64_t outputs) {
  Instruction i(Opcode::matmul, OpId(layer));
  return i.set_count(rows, 2).set_count(in_c, 16).set_count(out_c, outputs).set_real(gamma, 1);
}

Instruction load(std::uint32_t layer, Bytes bytes) {
  Instruction i(Opcode::load_n, OpId(layer));
  Strided copy;
  copy.run = bytes;
  copy.put(i);
  return i;
}

Object program() {
  Object object;
  object.layers = {{"a", "gemm", 0, 0}, {"b", "gemm", 0, 0}};
  object.streams = {{load(0, 64), matmul(0, 16), matmul(1, 5), Instruction(Opcode::halt, OpId(0))},
                    {matmul(1, 40), Instruction(Opcode::halt, OpId(0))}};
  return object;
}

TEST(Work, instructions_belong_to_their_layer_and_core_and_halts_to_none) {
  const Work work = work_of(program(), CoreConfig{});
  EXPECT_EQ(work.cores[0][0].activity.loaded_neurons, 64);
  EXPECT_EQ(work.cores[0][0].activity.multiplies, 2 * 16 * 16);
  EXPECT_EQ(work.cores[0][1].activity.multiplies, 2 * 16 * 5);
  EXPECT_EQ(work.cores[1][0], LayerWork{});
  EXPECT_EQ(work.cores[1][1].activity.multiplies, 2 * 16 * 40);
  EXPECT_EQ(work.control.instructions, 2);
}

TEST(Work, totals_are_sums_over_layers_in_counts_and_in_energy) {
  const MachineConfig machine;
  const EnergyTable table = default_energy();
  const Work work = work_of(program(), machine.core);
  EXPECT_EQ(work.activity().instructions, 6);
  ByPart sum = activity_energy(work.control, machine, table);
  for (const auto& core : work.cores)
    for (const LayerWork& layer : core) sum += activity_energy(layer.activity, machine, table);
  const ByPart total = activity_energy(work.activity(), machine, table);
  for (std::size_t p = 0; p < kParts; ++p)
    EXPECT_NEAR(sum.value[p], total.value[p], 1e-9 * total.total()) << kPartNames[p];
  EXPECT_GT(total.total(), 0);
}

TEST(Work, slots_are_the_busy_cycles_of_all_multipliers) {
  const CoreConfig core;
  Cycle busy = 0;
  for (const auto& stream : program().streams)
    for (const Instruction& i : stream) busy += compute_cycles(i, core);
  EXPECT_EQ(work_of(program(), core).slots().total(), busy * 256);
}

}  // namespace
}  // namespace unna
