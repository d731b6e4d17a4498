// Operators in ways that random networks do not draw, in each number type.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/functional/run.h"

namespace unna {
namespace {

class Operators : public ::testing::TestWithParam<DataType> {
 protected:
  void expect_right(const char* network, std::int64_t cores) {
    MachineConfig machine = preset_machine(cores);
    machine.data_type = GetParam();
    const Loaded loaded = load(parse_workload(network, "net.yaml"), machine, {}, 1);
    const FunctionalRun r = run(loaded);
    const Check check = check_against_reference(loaded.compiled, loaded.inputs, *r.memory);
    EXPECT_GT(check.tensors, 0U);
    EXPECT_FALSE(check.difference) << *check.difference;
  }
};

TEST_P(Operators, lstm_starts_from_given_states) {
  for (const std::int64_t cores : {1, 4})
    expect_right(R"(
name: net
inputs: {x: [3, 2, 8]}
weights: {w: [2, 24, 8], r: [2, 24, 6], b: [2, 48], h: [2, 2, 6], c: [2, 2, 6]}
ops: [{op: lstm, hidden: 6, bidirectional: true, weights: [w, r, b, h, c]}]
)",
                 cores);
}

TEST_P(Operators, resize_is_right_at_the_last_column_of_a_wide_image) {
  for (const char* size : {"[1, 5000]", "[3, 2101]"})
    expect_right(fmt::format(R"(
name: net
inputs: {{x: [1, 1, 2, 33]}}
ops: [{{op: resize, mode: bilinear, size: {}}}]
)",
                             size)
                     .c_str(),
                 4);
}

TEST_P(Operators, round_is_to_the_nearest_multiple_of_a_step) {
  expect_right(R"(
name: net
inputs: {x: [4, 100]}
ops: [{op: unary, fn: round, step: 0.5}]
)",
               1);
}

TEST_P(Operators, slopes_that_single_precision_rounds) {
  expect_right(R"(
name: net
inputs: {x: [4, 100]}
ops: [{op: unary, fn: hard_sigmoid}, {op: unary, fn: hard_sigmoid, slope: 0.3, offset: 0.1}]
)",
               1);
}

TEST_P(Operators, log_softmax_and_gather_of_uneven_indices) {
  for (const std::int64_t cores : {1, 4})
    expect_right(R"(
name: net
inputs: {x: [4, 5, 20]}
ops:
  - {op: gather, axis: 1, indices: [4, 0, 0, 3]}
  - {op: log_softmax}
)",
                 cores);
}

INSTANTIATE_TEST_SUITE_P(Types, Operators,
                         ::testing::Values(DataType::int8, DataType::int16, DataType::fp16,
                                           DataType::fp32),
                         [](const auto& type) {
                           return std::string(kDataTypeNames[static_cast<std::size_t>(type.param)]);
                         });

}  // namespace
}  // namespace unna
