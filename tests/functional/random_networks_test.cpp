// Every random network x machine x partition x granularity computes what the reference computes,
// and the same bits again when intermediates share bytes and delays are random.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/rng.h"
#include "tests/functional/run.h"
#include "workloads/random_graph.h"

namespace unna {
namespace {

MachineConfig random_machine(Rng& rng, DataType type) {
  constexpr std::int64_t kCores[] = {1, 2, 3, 4, 5, 8, 16};
  MachineConfig m;
  m.cores = kCores[rng.below(std::size(kCores))];
  m.core.pes = 1 << rng.below(5);
  m.core.multipliers = 1 << rng.below(5);
  m.core.nbin_bytes = 1024 << rng.below(5);
  m.core.nbout_bytes = 1024 << rng.below(5);
  m.core.sb_bytes = 4096 << rng.below(5);
  m.core.queue_depth = rng.between(1, 16);
  m.core.dma_outstanding = rng.between(1, 4);
  m.core.fraction_bits = rng.between(5, 11);
  m.core.table_bits = rng.between(2, 6);
  m.data_type = type;
  if (type == DataType::int16 && rng.chance(1, 4)) m.core.accumulator_bytes = 8;
  return m;
}

CompileOptions random_options(Rng& rng) {
  CompileOptions o;
  o.granularity = static_cast<Granularity>(rng.below(3));
  o.partition = static_cast<Partition>(rng.below(5));
  o.bands = rng.between(1, 8);
  return o;
}

std::optional<Loaded> load_random(std::uint64_t seed, DataType type) {
  Rng rng(seed);
  const MachineConfig machine = random_machine(rng, type);
  const CompileOptions options = random_options(rng);
  try {
    return load(random_graph(seed), machine, options, seed);
  } catch (const CapacityError&) {
    return std::nullopt;  // a single tile does not fit the random buffers
  }
}

class RandomValues : public ::testing::TestWithParam<std::tuple<DataType, std::uint64_t>> {};

TEST_P(RandomValues, AreTheReferencesAndSurviveSharing) {
  const auto [type, first] = GetParam();
  int fitted = 0;
  const char* more = std::getenv("UNNA_SEEDS");  // a longer search, by hand
  const std::uint64_t last = first + (more != nullptr ? std::strtoull(more, nullptr, 10) : 50);
  for (std::uint64_t seed = first; seed < last; ++seed) {
    SCOPED_TRACE(seed);
    const std::optional<Loaded> loaded = load_random(seed, type);
    if (!loaded) continue;
    ++fitted;
    const FunctionalRun alone = run(*loaded);
    const Check check = check_against_reference(loaded->compiled, loaded->inputs, *alone.memory);
    EXPECT_GT(check.tensors, 0U);
    EXPECT_FALSE(check.difference) << *check.difference;

    const Executed executed = execute(loaded->compiled);
    EXPECT_EQ(alone.result.cycles, executed.result.cycles);
    const PlanProblem problem = problem_of(loaded->compiled, executed, LivenessKind::instruction);
    const Planned planned = plan_memory(loaded->compiled, executed, problem, "greedy-by-size", {});
    const FunctionalRun shared = run(*loaded, planned.layout, seed, {.poison_dead = true});
    EXPECT_EQ(output_bytes(loaded->compiled, *shared.memory),
              output_bytes(loaded->compiled, *alone.memory));
  }
  EXPECT_GT(fitted, 40);
}

INSTANTIATE_TEST_SUITE_P(
    Types, RandomValues,
    ::testing::Combine(::testing::Values(DataType::int16, DataType::fp16, DataType::fp32),
                       ::testing::Values(3000)),
    [](const auto& types) {
      return std::string(kDataTypeNames[static_cast<std::size_t>(std::get<0>(types.param))]);
    });

}  // namespace
}  // namespace unna
