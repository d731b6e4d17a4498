// ONNX models whose weights have few bits: their codes, scales and zero points reach the machine.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/adapt.h"
#include "flow/host.h"
#include "tests/functional/run.h"
#include "tests/workloads/onnx_builder.h"
#include "workloads/weight_groups.h"
#include "workloads/yaml_writer.h"

namespace unna {
namespace {

using onnx_test::Builder;

struct FewBits {
  Bytes weights = 0;         ///< of all weight buffers
  std::int64_t grouped = 0;  ///< instructions
  std::int32_t zero = 0;     ///< int8: the zero point of the synapses, of the last `quant`
};

Graph imported(const Builder& b) {
  OnnxOptions options;
  options.execute = reference_executor();
  return parse_onnx(b.bytes(), "model.onnx", options).graph;
}

/// Compiled and run with values, which are the reference's.
FewBits on_machine(const Builder& b, DataType type, Expansion expansion, double density = 1) {
  MachineConfig machine = preset_machine(1);
  machine.data_type = type;
  machine.core.expansion = expansion;
  Graph graph = adapted(imported(b), machine);
  if (density < 1) set_densities(graph, {{std::nullopt, density}}, 1);
  fill_weights(graph, 1);
  settle_groups(graph, element_bytes(type));
  const Loaded loaded = load(std::move(graph), machine, {}, 1);
  const FunctionalRun r = run(loaded);
  const Check check = check_against_reference(loaded.compiled, loaded.inputs, *r.memory);
  EXPECT_FALSE(check.difference) << *check.difference;
  FewBits few;
  for (const BufferInfo& buffer : loaded.compiled.object->buffers)
    if (buffer.kind == BufferKind::weight) few.weights += buffer.size;
  for (const Instruction& i : loaded.compiled.object->streams[0]) {
    few.grouped += i.has(Operand::wt_bits) && i.get(Operand::wt_bits) != 0 ? 1 : 0;
    if (i.opcode == Opcode::quant) few.zero = static_cast<std::int32_t>(i.get(Operand::z_in2));
  }
  return few;
}

std::vector<int> codes(std::size_t count, int below) {
  std::vector<int> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(static_cast<int>(i * 37 % 251) % below);
  return all;
}

/// Three outputs of 40 inputs in blocks of 16: the last block is short.
void nbits(Builder& b, bool zeros) {
  b.input("x", {2, 40}).output("y");
  b.eights("w", {3, 3, 8}, codes(72, 256));
  b.reals("s", {9}, {0.5F, 0.25F, 1, 0.125F, 2, 0.5F, 0.75F, 0.3F, 0.1F});
  if (zeros) b.eights("z", {6}, {0x53, 0x07, 0x98, 0x0f, 0x10, 0x02});
  std::vector<std::string> inputs = {"x", "w", "s"};
  if (zeros) inputs.push_back("z");
  b.node("MatMulNBits", inputs, {"y"}).i("K", 40).i("N", 3).i("bits", 4).i("block_size", 16);
}

TEST(OnnxGroups, of_matmul_nbits_stay_with_their_zero_points) {
  for (const bool zeros : {false, true})
    for (const DataType type : {DataType::int8, DataType::int16, DataType::fp16, DataType::fp32}) {
      SCOPED_TRACE(fmt::format("{} {}", zeros, kDataTypeNames[static_cast<std::size_t>(type)]));
      Builder b(20);
      nbits(b, zeros);
      const FewBits packed = on_machine(b, type, Expansion::groups);
      const FewBits wide = on_machine(b, type, Expansion::none);
      const Bytes row = grouped_row_bytes({4, 16, zeros}, 40, element_bytes(type));
      EXPECT_GT(packed.grouped, 0);
      EXPECT_EQ(wide.grouped, 0);
      EXPECT_EQ(wide.weights - packed.weights, 3 * (40 * element_bytes(type) - row));
    }
}

TEST(OnnxGroups, are_pruned_where_the_user_says_so) {
  Builder b(20);
  nbits(b, true);
  for (const Expansion expansion : {Expansion::none, Expansion::groups})
    for (const DataType type : {DataType::int8, DataType::int16, DataType::fp32})
      on_machine(b, type, expansion, 0.3);  // equal to the reference, which has zeros there
}

/// Scales for all, for each output, or none that lie along the rows of tiles.
void dequantised_product(Builder& b, const std::vector<float>& scales, std::int64_t axis,
                         int zero) {
  b.input("x", {2, 24}).output("y");
  b.eights("w", {24, 10}, codes(240, 256));
  b.reals("s", scales.size() == 1 ? Shape{} : Shape{static_cast<std::int64_t>(scales.size())},
          scales);
  b.eights("z", scales.size() == 1 ? Shape{} : Shape{static_cast<std::int64_t>(scales.size())},
           std::vector<int>(scales.size(), zero));
  b.node("DequantizeLinear", {"w", "s", "z"}, {"wd"}).i("axis", axis);
  b.node("MatMul", {"x", "wd"}, {"y"});
}

TEST(OnnxGroups, of_dequantised_products_stay_whatever_their_scales_count) {
  const std::vector<float> ten(10, 0.01F), all_inputs(24, 0.01F);
  struct Case {
    std::vector<float> scales;
    std::int64_t axis;
    bool stays;
  };
  for (const Case& c : {Case{{0.01F}, 1, true}, Case{ten, 1, true}, Case{all_inputs, 0, false}}) {
    SCOPED_TRACE(c.scales.size());
    Builder b(13);
    dequantised_product(b, c.scales, c.axis, 128);
    EXPECT_EQ(on_machine(b, DataType::fp16, Expansion::groups).grouped > 0, c.stays);
  }
}

TEST(OnnxGroups, of_8_bits_leave_int8_machines_the_zero_point_of_the_model) {
  Builder b(13);
  b.reals("one", {}, {0.05F}).eights("none", {}, {128});
  dequantised_product(b, {0.01F}, 1, 20);
  const FewBits few = on_machine(b, DataType::int8, Expansion::groups);
  EXPECT_EQ(few.grouped, 0);
  EXPECT_EQ(few.zero, 20 - 128);
}

TEST(OnnxGroups, are_written_as_a_network_that_can_be_read) {
  Builder b(20);
  nbits(b, true);
  const std::string yaml = write_workload(imported(b));
  EXPECT_NE(yaml.find("weight_bits: 4, weight_group: 16, weight_zeros: true"), std::string::npos)
      << yaml;
  const Graph graph = parse_workload(yaml, "net.yaml");
  EXPECT_EQ(graph.tensor(graph.ops[0].inputs[1]).groups->format, (GroupFormat{4, 16, true}));
  Builder depthwise(13);
  depthwise.input("x", {1, 2, 4, 4}).output("y");
  depthwise.eights("w", {2, 1, 3, 3}, codes(18, 256)).reals("s", {2}, {0.1F, 0.2F});
  depthwise.eights("z", {2}, {128, 128});
  depthwise.node("DequantizeLinear", {"w", "s", "z"}, {"wd"}).i("axis", 0);
  depthwise.node("Conv", {"x", "wd"}, {"y"}).i("group", 2);
  EXPECT_EQ(write_workload(imported(depthwise)).find("weight_bits"), std::string::npos);
}

}  // namespace
}  // namespace unna
