// What becomes of values that a number type has no number for.

#include "flow/given_numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/functional/run.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TensorId tensor_of(const Graph& graph, std::string_view name) {
  for (std::size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].name == name) return TensorId(i);
  throw InternalError("no such tensor");
}

struct Given {
  Graph graph;
  InputValues inputs;

  Given(std::vector<float> x, std::vector<float> w, const std::string& fn = "add")
      : graph(parse_workload("name: net\ninputs: {x: [1, 4]}\nweights: {w: [1, 4]}\n"
                             "ops: [{op: binary, fn: " +
                                 fn + ", name: y, from: [x, w]}]\n",
                             "net.yaml")) {
    inputs[tensor_of(graph, "x")] = std::move(x);
    graph.tensors[tensor_of(graph, "w").index()].values =
        std::make_shared<const std::vector<float>>(std::move(w));
  }

  std::string refusal(DataType type) const {
    return input_error([&] { check_given_numbers(graph, inputs, type); });
  }
  /// What calibration says.
  std::string calibration() {
    return input_error([&] { calibrate(graph, inputs); });
  }
  std::vector<SaturatedTensor> saturated(DataType type) {
    MachineConfig machine = preset_machine(1);
    machine.data_type = type;
    if (type == DataType::int8) calibrate(graph, inputs);
    return saturated_tensors(compile_graph(graph, {machine, {}}, {}), inputs);
  }
};

TEST(GivenNumbers, FixedPointHasNoNan) {
  const Given given({1, 2, 3, 4}, {0, kNan, 0, 0});
  EXPECT_EQ(given.refusal(DataType::int16),
            "net: w has nan at element 1, which int16 has no number for, expected one");
  EXPECT_NE(given.refusal(DataType::int8), "");
  EXPECT_EQ(given.refusal(DataType::fp16), "");
}

TEST(GivenNumbers, NoScaleHoldsInfinityButMasksAreCut) {
  EXPECT_EQ(Given({1, 2, kInf, 4}, {0, 0, 0, 0}).refusal(DataType::int8),
            "net: x has inf at element 2, which int8 has no number for, expected one");
  EXPECT_EQ(Given({1, 2, -kInf, 4}, {0, -kInf, 0, 0}).refusal(DataType::int8), "");
  EXPECT_EQ(Given({1, 2, -kInf, 4}, {0, -kInf, 0, 0}).calibration(), "");
  EXPECT_EQ(Given({1, 2, -kInf, 4}, {-1, -1, -1, -1}, "mul").calibration(),
            "net: y is infinite at element 2, which int8 has no number for");
  EXPECT_EQ(Given({1, 2, kInf, 4}, {0, 0, 0, 0}).refusal(DataType::int16), "");
}

TEST(GivenNumbers, CalibrationNeedsResultsThatAScaleHolds) {
  Given large({3e38F, 0, 0, 0}, {3e38F, 0, 0, 0});
  EXPECT_EQ(large.calibration(), "");
  Given larger({3e38F, 0, 0, 0}, {1e5F, 0, 0, 0}, "mul");
  EXPECT_EQ(larger.calibration(),
            "net: y reaches 3e+43, more than a scale of int8 in single precision holds");
  Given nan({-kInf, 0, 0, 0}, {0, 0, 0, 0}, "mul");
  EXPECT_NE(nan.calibration().find("y of binary has"), std::string::npos) << nan.calibration();
}

TEST(GivenNumbers, WhatSaturatesAsGivenIsCounted) {
  // 127.998046875 is rounded up, to one more than there is.
  Given given({127.998046875F, 127.998F, -128.001953125F, -kInf}, {-500, 500, 1, 2});
  const std::vector<SaturatedTensor> found = given.saturated(DataType::int16);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].tensor, "x");
  EXPECT_EQ(found[0].values, 1);
  EXPECT_EQ(found[1].tensor, "w");
  EXPECT_EQ(found[1].values, 2);
  EXPECT_TRUE(given.saturated(DataType::fp32).empty());
  EXPECT_TRUE(given.saturated(DataType::fp16).empty());
  EXPECT_TRUE(given.saturated(DataType::int8).empty());
  EXPECT_EQ(
      Given({65519, 65520, -65520, -65519}, {0, 0, 0, 0}).saturated(DataType::fp16).at(0).values,
      2);
}

}  // namespace
}  // namespace unna
