#include "workloads/random_values.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace unna {
namespace {

double variance(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const float v : values) {
    sum += static_cast<double>(v);
    squares += static_cast<double>(v) * static_cast<double>(v);
  }
  const auto n = static_cast<double>(values.size());
  return squares / n - sum / n * (sum / n);
}

Graph network() {
  return parse_workload(R"(
name: net
inputs: {x: [1, 64, 8, 8]}
ops:
  - {op: conv, name: a, channels: 64, kernel: 3, pad: 1, batch_norm: true, act: relu}
  - {op: conv, name: b, channels: 64, kernel: 3, pad: 1}
  - {op: binary, fn: add, from: [a, b]}
  - {op: conv, name: c, channels: 64, kernel: 3}
)",
                        "net.yaml");
}

const std::vector<float>& values(const Graph& graph, const std::string& name) {
  const auto at = std::ranges::find(graph.tensors, name, &GraphTensor::name);
  return *at->values;
}

TEST(RandomValues, weights_scale_with_fan_in_and_with_what_follows) {
  Graph graph = network();
  fill_weights(graph, 7);
  const double fan_in = 64 * 9;
  EXPECT_NEAR(variance(values(graph, "a.weight")) * fan_in, 2, 0.1);
  EXPECT_NEAR(variance(values(graph, "b.weight")) * fan_in, 0.25, 0.0125);
  EXPECT_NEAR(variance(values(graph, "c.weight")) * fan_in, 1, 0.05);
  for (const GraphTensor& t : graph.tensors) {
    if (t.name.find("variance") == std::string::npos) continue;
    EXPECT_GT(*std::ranges::min_element(*t.values), 0.49F);
  }
  EXPECT_NEAR(variance(random_input(graph, TensorId(0), 7)), 1, 0.1);
}

TEST(RandomValues, are_the_seeds_and_leave_given_ones_alone) {
  Graph a = network(), b = network(), c = network();
  for (GraphTensor& t : c.tensors)
    if (t.name == "a.weight")
      t.values = std::make_shared<const std::vector<float>>(static_cast<std::size_t>(t.elements()));
  fill_weights(a, 7);
  fill_weights(b, 8);
  fill_weights(c, 7);
  EXPECT_NE(values(a, "b.weight"), values(b, "b.weight"));
  EXPECT_EQ(values(a, "b.weight"), values(c, "b.weight"));
  EXPECT_EQ(variance(values(c, "a.weight")), 0);
}

}  // namespace
}  // namespace unna
