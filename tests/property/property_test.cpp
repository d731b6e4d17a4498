// Every random network x machine x partition x granularity compiles, verifies, runs, conserves, and
// its plans validate. A failure names the seed; PropertyCase(seed) is all there is to it.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "cli/pipeline.h"
#include "workloads/random_graph.h"

namespace unna {
namespace {

template <class T>
T pick(Rng& rng, std::initializer_list<T> values) {
  return *(values.begin() + rng.below(values.size()));
}

struct PropertyCase {
  explicit PropertyCase(std::uint64_t seed) : rng(seed) {
    graph_options.ops = rng.between(3, 14);
    machine.cores = pick<std::int64_t>(rng, {1, 2, 3, 4, 7, 16});
    machine.data_type = pick(rng, {DataType::int8, DataType::int16, DataType::fp32});
    machine.core.pes = pick<std::int64_t>(rng, {4, 16, 32});
    machine.core.multipliers = pick<std::int64_t>(rng, {3, 16});
    machine.core.nbin_bytes = pick<Bytes>(rng, {8 * kKiB, 16 * kKiB});
    machine.core.nbout_bytes = pick<Bytes>(rng, {8 * kKiB, 16 * kKiB});
    machine.core.sb_bytes = pick<Bytes>(rng, {16 * kKiB, 32 * kKiB});
    machine.core.queue_depth = pick<std::int64_t>(rng, {1, 4, 16});
    machine.core.dma_outstanding = pick<std::int64_t>(rng, {1, 4});
    machine.dram.bandwidth_gbps = pick(rng, {3.2, 38.4});
    machine.dram.alignment_bytes = pick<Bytes>(rng, {1, 64});
    options.compile.granularity =
        pick(rng, {Granularity::tensor, Granularity::slice, Granularity::band});
    options.compile.partition = pick(rng, {Partition::automatic, Partition::channels,
                                           Partition::rows, Partition::batch, Partition::branches});
    options.compile.bands = rng.between(1, 5);
    options.planner = pick<std::string>(rng, {"greedy-by-size", "bfc", "naive"});
  }

  std::string text() const {
    return fmt::format(
        "{} ops, {} cores, {} granularity, {} partition, {}", graph_options.ops, machine.cores,
        kGranularityNames[static_cast<std::size_t>(options.compile.granularity)],
        kPartitionNames[static_cast<std::size_t>(options.compile.partition)], options.planner);
  }

  Rng rng;
  RandomGraphOptions graph_options;
  MachineConfig machine;
  RunOptions options;
};

class Property : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Property, a_random_network_on_a_random_machine_runs_and_its_plan_validates) {
  const PropertyCase c(GetParam());
  SCOPED_TRACE(c.text());
  const Compiled compiled = compile_graph(random_graph(GetParam(), c.graph_options),
                                          {c.machine, std::nullopt}, c.options.compile);
  ASSERT_EQ(assemble(disassemble(*compiled.object), "program.asm"), *compiled.object);
  ASSERT_EQ(decode_object(encode_object(*compiled.object), "program.uno"), *compiled.object);
  const Executed executed = execute(compiled);
  const PlanProblem problem = problem_of(compiled, executed, LivenessKind::instruction);
  Planned planned = plan_memory(compiled, executed, problem, c.options.planner, c.options.plan);
  EXPECT_GE(planned.plan.peak, planned.plan.lower_bound);
  EXPECT_LE(planned.plan.lower_bound, executed.without_sharing);
  EXPECT_EQ(validate(compiled, executed, problem, planned, 2, GetParam()).perturbed, 2);
}

TEST_P(Property, the_same_input_gives_the_same_bytes) {
  const PropertyCase c(GetParam());
  SCOPED_TRACE(c.text());
  const ChosenMachine machine{c.machine, std::nullopt};
  const Compiled one =
      compile_graph(random_graph(GetParam(), c.graph_options), machine, c.options.compile);
  const Compiled two =
      compile_graph(random_graph(GetParam(), c.graph_options), machine, c.options.compile);
  EXPECT_EQ(encode_object(*one.object), encode_object(*two.object));
  EXPECT_EQ(format_trace(execute(one).trace), format_trace(execute(two).trace));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Property, ::testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace unna
