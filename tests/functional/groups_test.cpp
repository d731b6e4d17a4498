// Weights of few bits: machines that keep them in groups compute what those compute that store them
// expanded, and what the reference does, from fewer bytes.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/functional/run.h"
#include "workloads/random_graph.h"
#include "workloads/weight_groups.h"

namespace unna {
namespace {

constexpr const char* kFewBits = R"(
name: net
inputs: {x: [2, 20, 11, 9]}
ops:
  - {op: conv, name: a, channels: 40, kernel: 3, stride: 2, pad: 1, act: relu, weight_bits: 4}
  - {op: conv, name: b, channels: 24, kernel: [1, 5], pad: [0, 2], groups: 2, weight_bits: 8}
  - {op: conv, name: c, channels: 48, kernel: 1, weight_bits: 4, weight_group: 8}
  - {op: reshape, shape: [2, -1]}
  - {op: gemm, name: fc1, features: 100, act: tanh, weight_bits: 4, weight_group: 32, weight_zeros: true}
  - {op: gemm, name: fc2, features: 10, bias: false, weight_bits: 8, weight_group: 64}
)";

std::int64_t grouped(const Object& object) {
  std::int64_t count = 0;
  for (const auto& stream : object.streams)
    for (const Instruction& i : stream)
      count += i.has(Operand::wt_bits) && i.get(Operand::wt_bits) != 0 ? 1 : 0;
  return count;
}

Bytes weight_bytes(const Object& object) {
  Bytes bytes = 0;
  for (const BufferInfo& b : object.buffers)
    if (b.kind == BufferKind::weight) bytes += b.size;
  return bytes;
}

Loaded loaded_with(Graph graph, MachineConfig machine, Expansion expansion, std::uint64_t seed,
                   const CompileOptions& options = {}) {
  machine.core.expansion = expansion;
  fill_weights(graph, seed);
  settle_groups(graph, element_bytes(machine.data_type));
  return load(std::move(graph), machine, options, seed);
}

class Grouped : public ::testing::TestWithParam<std::tuple<DataType, std::int64_t>> {};

TEST_P(Grouped, networks_compute_what_expanded_ones_and_the_reference_compute) {
  const auto [type, cores] = GetParam();
  MachineConfig machine = preset_machine(cores);
  machine.data_type = type;
  const Graph graph = parse_workload(kFewBits, "net.yaml");
  const Loaded packed = loaded_with(graph, machine, Expansion::groups, 1);
  const Loaded wide = loaded_with(graph, machine, Expansion::none, 1);
  EXPECT_GT(grouped(*packed.compiled.object), 0);
  EXPECT_EQ(grouped(*wide.compiled.object), 0);
  EXPECT_LT(weight_bytes(*packed.compiled.object), weight_bytes(*wide.compiled.object));
  expect_reference_values(packed);
  expect_reference_values(wide);
  // Sums of floating point depend on the tiles.
  if (type == DataType::fp16 || type == DataType::fp32) return;
  EXPECT_EQ(output_bytes(packed.compiled, *run(packed).memory),
            output_bytes(wide.compiled, *run(wide).memory));
}

INSTANTIATE_TEST_SUITE_P(Types, Grouped,
                         ::testing::Combine(::testing::Values(DataType::int8, DataType::int16,
                                                              DataType::fp16, DataType::fp32),
                                            ::testing::Values(1, 4)),
                         [](const auto& c) {
                           return fmt::format(
                               "{}_{}",
                               kDataTypeNames[static_cast<std::size_t>(std::get<0>(c.param))],
                               std::get<1>(c.param));
                         });

/// A product of a language model: one token, 4 bits in groups of 32.
TEST(GroupedProduct, moves_its_codes_and_scales_and_nothing_else) {
  const Graph graph = parse_workload(R"(
name: net
inputs: {x: [1, 1024]}
ops: [{op: gemm, name: y, features: 512, bias: false, weight_bits: 4, weight_group: 32}]
)",
                                     "net.yaml");
  MachineConfig machine = preset_machine(1);
  machine.data_type = DataType::fp16;
  const Loaded packed = loaded_with(graph, machine, Expansion::groups, 1);
  const Bytes weights = 512 * (1024 / 2 + 1024 / 32 * 2);
  EXPECT_EQ(weight_bytes(*packed.compiled.object), weights);
  EXPECT_EQ(execute(packed.compiled).result.dram_read, weights + 1024 * 2);
  const Loaded wide = loaded_with(graph, machine, Expansion::none, 1);
  EXPECT_EQ(execute(wide.compiled).result.dram_read, 512 * 1024 * 2 + 1024 * 2);
}

TEST(GroupedProduct, says_what_it_does_in_energy_and_bytes) {
  Instruction i(Opcode::matmul, OpId(0));
  i.set_count(Operand::rows, 3).set_count(Operand::in_c, 64).set_count(Operand::out_c, 16);
  i.set(Operand::acc, kGrouped).set_count(Operand::wt_bits, 4).set_count(Operand::wt_group, 32);
  i.set_count(Operand::wt_bytes, 16 * (32 + 2 * 2)).set_real(Operand::gamma, 1);
  const Activity a = activity(i, CoreConfig{});
  EXPECT_EQ(a.synapses, 0);
  EXPECT_EQ(a.packed_synapses, 3 * 16 * (32 + 2 * 2));
  EXPECT_EQ(a.expanded, 3 * 64 * 16);
  EXPECT_EQ(a.multiplies, 3 * 64 * 16);
}

TEST(RandomGrouped, networks_compute_what_the_reference_computes) {
  RandomGraphOptions products;
  products.kinds = {OpKind::conv, OpKind::gemm, OpKind::binary, OpKind::concat, OpKind::reshape};
  int fitted = 0;
  int packed = 0;
  for (std::uint64_t seed = 9000; seed < 9080; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    Graph graph = random_graph(seed, products);
    for (const GraphOp& op : graph.ops) {
      if (op.kind != OpKind::conv && op.kind != OpKind::gemm) continue;
      const GraphTensor& w = graph.tensor(op.inputs[1]);
      if (w.kind != TensorKind::weight || (op.kind == OpKind::conv && w.shape[1] == 1)) continue;
      const bool window = element_count(w.shape) > w.shape[0] * w.shape[1];
      const std::int64_t size = window || rng.below(2) == 0 ? 0 : 8 << rng.below(3);
      set_weight_format(graph, op, {rng.below(2) == 0 ? 4 : 8, size, rng.below(2) == 0});
    }
    MachineConfig machine;
    machine.cores = rng.between(1, 5);
    machine.core.pes = 1 << rng.below(5);
    machine.core.multipliers = 1 << rng.below(5);
    machine.core.nbin_bytes = 512 << rng.below(5);
    machine.core.sb_bytes = 512 << rng.below(7);
    machine.data_type =
        std::array{DataType::int8, DataType::int16, DataType::fp16, DataType::fp32}[rng.below(4)];
    CompileOptions options;
    options.partition = static_cast<Partition>(rng.below(5));
    try {
      const Loaded loaded =
          loaded_with(std::move(graph), machine, Expansion::groups, seed, options);
      expect_reference_values(loaded);
      ++fitted;
      packed += grouped(*loaded.compiled.object) > 0 ? 1 : 0;
    } catch (const CapacityError&) {
      continue;  // a single tile does not fit the random buffers
    }
  }
  EXPECT_GT(fitted, 40);
  EXPECT_GT(packed, 30);
}

std::string message(const std::string& op) {
  try {
    parse_workload("name: n\ninputs: {x: [1, 4, 5, 5]}\nops: [" + op + "]\n", "net.yaml");
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

TEST(WeightFormat, is_refused_where_it_says_nothing) {
  EXPECT_EQ(message("{op: conv, channels: 4, kernel: 1, weight_bits: 5}"),
            "net.yaml:3:55: weight_bits is 5, expected 4 or 8");
  EXPECT_EQ(message("{op: conv, channels: 4, kernel: 1, weight_group: 32}"),
            "net.yaml:3:56: weight_group without weight_bits, expected both");
  EXPECT_EQ(
      message("{op: conv, name: c, channels: 4, kernel: 3, weight_bits: 4, weight_group: 32}"),
      "net.yaml:3:7: weight_group is 32 in a window of 9 taps, expected none: one group an "
      "output channel");
}

/// No code is farther from its weight than half a step.
TEST(WeightGroups, are_the_nearest_codes) {
  for (const bool zeros : {false, true}) {
    Graph graph = parse_workload(
        fmt::format("name: n\ninputs: {{x: [1, 70]}}\nops: [{{op: gemm, name: y, features: 3, "
                    "weight_bits: 4, weight_group: 16, weight_zeros: {}}}]\n",
                    zeros),
        "net.yaml");
    fill_weights(graph, 3);
    const TensorId w = graph.ops[0].inputs[1];
    const std::vector<float> before = *graph.tensor(w).values;
    settle_groups(graph, 4);
    const GraphTensor& t = graph.tensor(w);
    ASSERT_EQ(t.groups->scales.size(), 3U * 5);
    for (std::size_t i = 0; i < before.size(); ++i)
      EXPECT_LE(std::fabs((*t.values)[i] - before[i]),
                (zeros ? 1.01F : 0.51F) * t.groups->scales[i / 70 * 5 + i % 70 / 16]);
    const std::vector<float> once = *t.values;
    settle_groups(graph, 4);
    EXPECT_EQ(*graph.tensor(w).values, once);
  }
}

}  // namespace
}  // namespace unna
