// Programs that were timed well and computed wrong until values told.

#include <gtest/gtest.h>

#include "tests/functional/run.h"
#include "workloads/random_graph.h"

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
  // In some of these, waiting for other cores made steps choose different divisions.
  RandomGraphOptions lstms;
  lstms.kinds = {OpKind::lstm, OpKind::binary, OpKind::slice, OpKind::softmax};
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    MachineConfig machine = preset_machine(2 + static_cast<std::int64_t>(seed % 7));
    machine.core.pes = 1 << seed % 5;
    const Loaded loaded = load(random_graph(seed, lstms), machine, {}, 1);
    const FunctionalRun r = run(loaded);
    const Check check = check_against_reference(loaded.compiled, loaded.inputs, *r.memory);
    EXPECT_FALSE(check.difference) << *check.difference;
  }
}

}  // namespace
}  // namespace unna
