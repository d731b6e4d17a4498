#include "workloads/sparsity.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "workloads/npy.h"
#include "workloads/random_values.h"

namespace unna {
namespace {

TEST(RandomMask, leaves_exactly_the_share) {
  EXPECT_EQ(random_mask(1000, 0.35, 1, "w")->count(), 350);
  EXPECT_EQ(random_mask(10, 0.25, 1, "w")->count(), 3);  // 2.5, away from zero
  EXPECT_EQ(random_mask(10, 0.24, 1, "w")->count(), 2);
  EXPECT_EQ(random_mask(10, 0.001, 1, "w")->count(), 1);  // at least one
  EXPECT_EQ(random_mask(77, 1, 1, "w")->count(), 77);
}

TEST(RandomMask, depends_on_seed_and_name_alone) {
  EXPECT_EQ(*random_mask(1000, 0.3, 1, "w"), *random_mask(1000, 0.3, 1, "w"));
  EXPECT_NE(*random_mask(1000, 0.3, 1, "w"), *random_mask(1000, 0.3, 2, "w"));
  EXPECT_NE(*random_mask(1000, 0.3, 1, "w"), *random_mask(1000, 0.3, 1, "v"));
}

TEST(RandomMask, is_spread_evenly) {
  const auto mask = random_mask(16000, 0.25, 7, "w");
  for (std::int64_t part = 0; part < 16; ++part) {
    int count = 0;
    for (std::int64_t i = 0; i < 1000; ++i) count += (*mask)[part * 1000 + i] ? 1 : 0;
    EXPECT_NEAR(count, 250, 5 * 14);  // five standard deviations
  }
}

const GraphTensor& named(const Graph& graph, const std::string& name) {
  for (const GraphTensor& t : graph.tensors)
    if (t.name == name) return t;
  throw InputError("no tensor " + name);
}

constexpr const char* kNetwork = R"(
name: net
inputs: {x: [1, 8, 6, 6]}
ops:
  - {op: conv, name: a, channels: 8, kernel: 3, weight_density: 0.5, weight_seed: 3}
  - {op: conv, name: d, groups: depthwise, kernel: 3}
  - {op: reshape, shape: [1, -1]}
  - {op: gemm, name: fc, features: 10}
)";

TEST(Densities, are_read_from_the_network) {
  const Graph graph = parse_workload(kNetwork, "net.yaml");
  EXPECT_EQ(nonzeros(named(graph, "a.weight")), 8 * 8 * 9 / 2);
  EXPECT_EQ(named(graph, "fc.weight").kept, nullptr);
  EXPECT_EQ(*named(graph, "a.weight").kept, *random_mask(576, 0.5, 3, "a.weight"));
}

TEST(Densities, from_the_command_line_win_and_leave_depthwise_alone) {
  Graph graph = parse_workload(kNetwork, "net.yaml");
  set_densities(graph, {{std::nullopt, 0.25}, {"fc", 0.1}}, 1);
  EXPECT_EQ(nonzeros(named(graph, "a.weight")), 144);
  EXPECT_EQ(named(graph, "d.weight").kept, nullptr);
  EXPECT_EQ(nonzeros(named(graph, "fc.weight")), 32);
  EXPECT_THROW(set_densities(graph, {{"none", 0.1}}, 1), InputError);
  EXPECT_THROW(set_densities(graph, {{"d", 0.1}}, 1), InputError);
}

TEST(PrunedWeights, are_zero_and_no_others) {
  Graph graph = parse_workload(kNetwork, "net.yaml");
  fill_weights(graph, 1);
  const GraphTensor& w = named(graph, "a.weight");
  for (std::int64_t i = 0; i < w.elements(); ++i)
    EXPECT_TRUE((*w.kept)[i] || (*w.values)[static_cast<std::size_t>(i)] == 0) << i;
  const auto zeros = std::count((*w.values).begin(), (*w.values).end(), 0.0F);
  EXPECT_LT(zeros, w.elements() / 2 + 8);
}

TEST(FoundZeros, become_a_mask) {
  GraphBuilder builder("net");
  const TensorId x = builder.input("x", {1, 3});
  const TensorId w = builder.weight(
      "w", {2, 3}, {},
      std::make_shared<const std::vector<float>>(std::vector<float>{1, 0, 2, 0, 0, 3}));
  builder.mark_output(builder.op(OpKind::gemm, "fc", {x, w}, {}).front());
  Graph graph = builder.finish();
  find_zeros(graph);
  ASSERT_NE(graph.tensor(w).kept, nullptr);
  EXPECT_EQ(nonzeros(graph.tensor(w)), 3);
  EXPECT_TRUE((*graph.tensor(w).kept)[2]);
  EXPECT_FALSE((*graph.tensor(w).kept)[1]);
}

TEST(MaskFile, is_found_beside_the_network) {
  const std::filesystem::path folder = ::testing::TempDir();
  write_file(folder / "mask.npy", npy_bytes({{2, 3}, {1, 0, 0, 0.5F, 0, 0}}));
  write_file(folder / "masked.yaml", R"(
name: masked
inputs: {x: [1, 3]}
ops: [{op: gemm, name: fc, features: 2, weight_mask: mask.npy}]
)");
  const Graph graph = load_workload(folder / "masked.yaml");
  EXPECT_EQ(nonzeros(named(graph, "fc.weight")), 2);
  EXPECT_TRUE((*named(graph, "fc.weight").kept)[3]);

  write_file(folder / "mask.npy", npy_bytes({{3, 2}, {1, 0, 0, 0.5F, 0, 0}}));
  EXPECT_THROW(load_workload(folder / "masked.yaml"), InputError);
}

std::string message(const std::string& op) {
  try {
    parse_workload("name: net\ninputs: {x: [1, 8, 6, 6]}\nops: [" + op + "]\n", "net.yaml");
  } catch (const InputError& e) {
    return e.what();
  }
  return "no error";
}

TEST(MalformedPruning, is_named) {
  EXPECT_EQ(message("{op: conv, channels: 4, kernel: 1, weight_density: 0}"),
            "net.yaml:3:58: weight_density is 0, out of range, expected 1e-06 to 1");
  EXPECT_EQ(message("{op: conv, channels: 4, kernel: 1, weight_seed: 1}"),
            "net.yaml:3:55: weight_seed without weight_density, expected both");
  EXPECT_EQ(message("{op: conv, channels: 4, kernel: 1, weight_density: 1, weight_mask: m.npy}"),
            "net.yaml:3:74: weight_mask and weight_density, expected one of them");
  EXPECT_EQ(
      message("{op: conv, name: d, kernel: 1, groups: depthwise, weight_density: 0.5}"),
      "net.yaml:3:7: conv 'd' has no synapses to prune, expected a conv that is not depthwise, "
      "a gemm or an lstm with weights");
}

}  // namespace
}  // namespace unna
