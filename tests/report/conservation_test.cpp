#include "report/conservation.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

/// x[1,16] -> gemm of 4 -> y: 64 MACs; a program that only moves its bytes.
class Conservation : public ::testing::Test {
 protected:
  Conservation() : graph_(make_graph()) {
    object_.buffers = {{"x", BufferKind::input, 32, "x"},
                       {"w", BufferKind::weight, 128, "w"},
                       {"y", BufferKind::output, 8, "y"},
                       {"t", BufferKind::intermediate, 1000, "t"}};
    object_.layers = {{"fc", "gemm", 64, 168}};
    object_.streams = {{load(0, 32), load(1, 128), store(2, 8)}};
    result_.cycles = 100;
    result_.macs = result_.dense_macs = 64;
    result_.dram_read = 160;
    result_.dram_written = 8;
    result_.cores.resize(1);
    result_.cores[0].layers.resize(1);
    result_.cores[0].layers[0].macs = result_.cores[0].layers[0].dense_macs = 64;
  }

  static Graph make_graph() {
    GraphBuilder builder("net");
    const TensorId x = builder.input("x", {1, 16});
    const TensorId w = builder.weight("w", {4, 16});
    builder.mark_output(builder.op(OpKind::gemm, "fc", {x, w}, {}).front());
    return builder.finish();
  }

  static Instruction transfer(Opcode opcode, std::uint32_t buffer, Bytes bytes) {
    Instruction instruction(opcode, OpId(0));
    instruction.set(Operand::buf, buffer);
    Strided copy;
    copy.run = bytes;
    copy.put(instruction);
    return instruction;
  }
  static Instruction load(std::uint32_t buffer, Bytes bytes) {
    return transfer(Opcode::load_n, buffer, bytes);
  }
  static Instruction store(std::uint32_t buffer, Bytes bytes) {
    return transfer(Opcode::store, buffer, bytes);
  }

  std::vector<std::string> breaches() const {
    return conservation_breaches(graph_, object_, machine_, result_);
  }

  Graph graph_;
  Object object_;
  MachineConfig machine_;
  SimResult result_;
};

TEST_F(Conservation, a_run_that_adds_up_has_no_breach) {
  EXPECT_EQ(breaches(), std::vector<std::string>());
}

TEST_F(Conservation, compulsory_bytes_leave_out_intermediates) {
  const Roofline bound = roofline(graph_, object_, machine_);
  EXPECT_EQ(bound.compulsory_bytes, 168);
  EXPECT_EQ(bound.compute_cycles, 1);    // 64 MACs at 256 a cycle
  EXPECT_EQ(bound.bandwidth_cycles, 5);  // 168 bytes at 38.4 a cycle
  EXPECT_FALSE(bound.compute_bound());
}

TEST_F(Conservation, a_mac_too_few_or_too_many_is_found_with_its_layer) {
  LayerStats& layer = result_.cores[0].layers[0];
  result_.macs = result_.dense_macs = layer.macs = layer.dense_macs = 65;
  const auto found = breaches();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], "65 MACs were executed or skipped, the graph has 64");
  EXPECT_EQ(found[1], "65 MACs were executed or skipped for layer fc, it has 64");
  EXPECT_EQ(found[2], "65 MACs were executed for layer fc, it has 64");
}

TEST_F(Conservation, skipped_macs_are_those_of_pruned_synapses) {
  auto kept = std::make_shared<Bitmap>(64);
  for (std::int64_t i = 0; i < 16; ++i) kept->insert(i);
  graph_.tensors[1].kept = kept;
  object_.layers[0].pruned_macs = 48;
  result_.macs = result_.cores[0].layers[0].macs = 16;
  EXPECT_TRUE(breaches().empty());
  EXPECT_EQ(roofline(graph_, object_, machine_).macs, 16);

  result_.macs = result_.cores[0].layers[0].macs = 15;  // one synapse is lost
  ASSERT_EQ(breaches().size(), 1U);
  EXPECT_EQ(breaches()[0], "15 MACs were executed for layer fc, it has 16");

  object_.layers[0].pruned_macs = 49;  // and the compiler says so
  ASSERT_EQ(breaches().size(), 1U);
  EXPECT_EQ(breaches()[0], "layer fc skips 49 MACs, its pruned synapses have 48");
}

TEST_F(Conservation, a_byte_that_no_instruction_moves_is_found) {
  ++result_.dram_read;
  EXPECT_EQ(breaches().size(), 1U);
}

TEST_F(Conservation, a_multiplier_slot_that_nobody_accounts_for_is_found) {
  result_.cores[0].layers[0].compute_busy = 2;
  ASSERT_EQ(breaches().size(), 1U);
  EXPECT_EQ(breaches()[0],
            "layer fc on core 0 kept multipliers busy for 512 slots, 0 are accounted for");
}

TEST_F(Conservation, compulsory_bytes_are_those_touched_each_once) {
  object_.streams[0].push_back(load(1, 128));  // again
  EXPECT_EQ(roofline(graph_, object_, machine_).compulsory_bytes, 168);
  object_.streams[0][0] = load(0, 20);  // 12 bytes of the input are never looked at
  EXPECT_EQ(roofline(graph_, object_, machine_).compulsory_bytes, 156);
}

TEST_F(Conservation, a_dram_that_moved_less_than_compulsory_is_found) {
  result_.dram_read = 32;
  ASSERT_EQ(breaches().size(), 2U);
  EXPECT_EQ(breaches()[1], "the DRAM moved 40 bytes, 168 are compulsory");
}

TEST_F(Conservation, an_output_byte_that_nobody_stores_is_found) {
  object_.streams[0][2] = store(2, 7);
  result_.dram_written = 7;
  ASSERT_EQ(breaches().size(), 1U);
  EXPECT_EQ(breaches()[0], "7 of the 8 bytes of output y are stored");
}

TEST_F(Conservation, the_bound_is_reachable_and_not_beatable) {
  result_.cycles = 5;
  EXPECT_TRUE(breaches().empty());
  result_.cycles = 4;
  ASSERT_EQ(breaches().size(), 1U);
  EXPECT_EQ(breaches()[0], "4 cycles are fewer than the roofline bound of 5");
}

}  // namespace
}  // namespace unna
