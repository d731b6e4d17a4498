// Programs that were timed well and computed wrong until values told.

#include <gtest/gtest.h>

#include "tests/functional/run.h"

namespace unna {
namespace {

void expect_right(const char* network, std::int64_t cores, Partition partition) {
  CompileOptions options;
  options.partition = partition;
  const Loaded loaded =
      load(parse_workload(network, "net.yaml"), preset_machine(cores), options, 1);
  const FunctionalRun r = run(loaded);
  const Check check = check_against_reference(loaded.compiled, loaded.inputs, *r.memory);
  EXPECT_GT(check.tensors, 0U);
  EXPECT_FALSE(check.difference) << *check.difference;
}

TEST(Resize, of_several_images_makes_all_of_them) {
  expect_right(R"(
name: net
inputs: {x: [3, 4, 3, 3]}
ops: [{op: resize, mode: bilinear, size: 5}]
)",
               1, Partition::automatic);
}

TEST(BatchNorm, behind_another_one_is_not_lost) {
  expect_right(R"(
name: net
inputs: {x: [1, 4, 5, 5]}
ops:
  - {op: conv, channels: 4, kernel: 3, batch_norm: true}
  - {op: batch_norm}
)",
               1, Partition::automatic);
}

TEST(Lstm, steps_that_share_synapses_take_them_in_one_order) {
  for (const std::int64_t cores : {2, 4, 8})
    for (const Partition partition : {Partition::automatic, Partition::branches})
      expect_right(R"(
name: net
inputs: {x: [5, 3, 12], y: [5, 1, 3, 40]}
ops:
  - {op: lstm, name: r, from: x, hidden: 40}
  - {op: slice, name: first, starts: [0, 0, 0, 0], ends: [1, 1, 3, 40], from: r}
  - {op: softmax, name: s, from: first}
  - {op: binary, fn: mul, name: m, from: [s, r]}
  - {op: binary, fn: add, from: [m, y]}
)",
                   cores, partition);
}

}  // namespace
}  // namespace unna
