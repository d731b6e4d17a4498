// Pruned networks compute from step-indexed synapses what the reference computes from zeros.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/functional/run.h"
#include "workloads/random_graph.h"

namespace unna {
namespace {

constexpr const char* kNetwork = R"(
name: net
inputs: {x: [2, 20, 11, 9]}
ops:
  - {op: conv, name: a, channels: 40, kernel: 3, stride: 2, pad: 1, batch_norm: true, act: relu}
  - {op: conv, name: b, channels: 24, kernel: [1, 5], pad: [0, 2], groups: 2}
  - {op: conv, name: c, channels: 8, kernel: 3, dilation: 2, pad: 2, act: sigmoid}
  - {op: reshape, shape: [2, -1]}
  - {op: gemm, name: fc1, features: 100, act: tanh}
  - {op: gemm, name: fc2, features: 10, bias: false}
)";

bool has_indexed(const Object& object) {
  for (const auto& stream : object.streams)
    for (const Instruction& i : stream)
      if (i.has(Operand::pe_cycles) && (i.get(Operand::acc) & kIndexed) != 0) return true;
  return false;
}

class Pruned : public ::testing::TestWithParam<std::tuple<DataType, std::int64_t>> {};

TEST_P(Pruned, networks_compute_what_the_reference_computes) {
  const auto [type, cores] = GetParam();
  for (const double density : {0.02, 0.1, 0.4, 0.7, 1.0})
    for (const std::int64_t bits : {2, 4, 8}) {
      SCOPED_TRACE(fmt::format("density {}, {} bits", density, bits));
      Graph graph = parse_workload(kNetwork, "net.yaml");
      set_densities(graph, {{std::nullopt, density}}, 1);
      MachineConfig machine = preset_machine(cores);
      machine.data_type = type;
      machine.core.index_bits = bits;
      const Loaded loaded = load(std::move(graph), machine, {}, 1);
      EXPECT_TRUE(density > 0.1 || has_indexed(*loaded.compiled.object));
      EXPECT_FALSE(density == 1.0 && has_indexed(*loaded.compiled.object));
      expect_reference_values(loaded);
    }
}

INSTANTIATE_TEST_SUITE_P(Types, Pruned,
                         ::testing::Combine(::testing::Values(DataType::int8, DataType::int16,
                                                              DataType::fp16, DataType::fp32),
                                            ::testing::Values(1, 4)),
                         [](const auto& c) {
                           return fmt::format(
                               "{}_{}",
                               kDataTypeNames[static_cast<std::size_t>(std::get<0>(c.param))],
                               std::get<1>(c.param));
                         });

TEST(PrunedLstm, shares_its_indexed_synapses_between_steps) {
  Graph graph = parse_workload(R"(
name: net
inputs: {x: [4, 2, 40]}
ops: [{op: lstm, hidden: 48, bidirectional: true, weight_density: 0.1}]
)",
                               "net.yaml");
  const Loaded loaded = load(std::move(graph), preset_machine(2), {}, 1);
  EXPECT_TRUE(has_indexed(*loaded.compiled.object));
  expect_reference_values(loaded);
}

TEST(RandomPruned, networks_compute_what_the_reference_computes) {
  RandomGraphOptions products;
  products.kinds = {OpKind::conv,   OpKind::gemm,   OpKind::lstm,
                    OpKind::binary, OpKind::concat, OpKind::reshape};
  int fitted = 0;
  int indexed = 0;
  for (std::uint64_t seed = 7000; seed < 7060; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    Graph graph = random_graph(seed, products);
    set_densities(graph, {{std::nullopt, 0.02 + 0.01 * static_cast<double>(rng.below(60))}}, seed);
    MachineConfig machine;
    machine.cores = rng.between(1, 5);
    machine.core.pes = 1 << rng.below(5);
    machine.core.multipliers = 1 << rng.below(5);
    machine.core.sb_bytes = 2048 << rng.below(5);
    machine.core.index_bits = rng.between(1, 16);
    machine.core.index_window = 8 << rng.below(8);
    machine.data_type = std::array{DataType::int8, DataType::int16, DataType::fp32}[rng.below(3)];
    CompileOptions options;
    options.partition = static_cast<Partition>(rng.below(5));
    try {
      const Loaded loaded = load(std::move(graph), machine, options, seed);
      expect_reference_values(loaded);
      ++fitted;
      indexed += has_indexed(*loaded.compiled.object) ? 1 : 0;
    } catch (const CapacityError&) {
      continue;  // a single tile does not fit the random buffers
    }
  }
  EXPECT_GT(fitted, 50);
  EXPECT_GT(indexed, 20);
}

TEST(FoundZeros, of_real_weights_are_skipped) {
  Graph graph = parse_workload(R"(
name: net
inputs: {x: [1, 256]}
ops: [{op: gemm, name: fc, features: 64}]
)",
                               "net.yaml");
  for (GraphTensor& t : graph.tensors) {
    if (t.name != "fc.weight") continue;
    std::vector<float> values(static_cast<std::size_t>(t.elements()));
    for (std::size_t i = 0; i < values.size(); i += 10) values[i] = 0.5F;
    t.values = std::make_shared<const std::vector<float>>(std::move(values));
  }
  const Loaded loaded = load(std::move(graph), preset_machine(1), {}, 1);
  EXPECT_TRUE(has_indexed(*loaded.compiled.object));
  EXPECT_EQ(execute(loaded.compiled).result.macs, (256 * 64 + 9) / 10);
  expect_reference_values(loaded);
}

TEST(IndexedSynapses, that_cost_something_else_than_their_instruction_says_are_found) {
  for (const Operand operand : {Operand::pe_cycles, Operand::pe_wait, Operand::wt_nz}) {
    Graph graph = parse_workload(R"(
name: net
inputs: {x: [1, 256]}
ops: [{op: gemm, name: fc, features: 64, weight_density: 0.1}]
)",
                                 "net.yaml");
    Loaded loaded = load(std::move(graph), preset_machine(1), {}, 1);
    Object object = *loaded.compiled.object;
    for (Instruction& i : object.streams[0])
      if (i.opcode == Opcode::matmul)
        i.set(operand, operand == Operand::wt_nz ? 1 : i.get(operand) + 1);
    loaded.compiled.object = std::make_shared<const Object>(std::move(object));
    EXPECT_THROW(run(loaded), InternalError);
  }
}

}  // namespace
}  // namespace unna
