// Every random network x machine x partition x granularity computes what the reference computes,
// and the same bits again when intermediates share bytes and delays are random.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "memmgr/problem.h"
#include "tests/functional/run.h"
#include "tests/support/random_machine.h"
#include "workloads/random_graph.h"

namespace unna {
namespace {

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
  int fitted = 0, overflowed = 0;
  const char* more = std::getenv("UNNA_SEEDS");  // a longer search, by hand
  const std::uint64_t last = first + (more != nullptr ? std::strtoull(more, nullptr, 10) : 50);
  for (std::uint64_t seed = first; seed < last; ++seed) {
    SCOPED_TRACE(seed);
    const std::optional<Loaded> loaded = load_random(seed, type);
    if (!loaded) continue;
    ++fitted;
    const FunctionalRun alone = run(*loaded);
    Check check;
    try {
      check = check_against_reference(loaded->compiled, loaded->inputs, *alone.memory);
    } catch (const InputError&) {
      ++overflowed;  // where inputs are tiny, int8 may have no place for a bias
      continue;
    }
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
  EXPECT_LE(overflowed, fitted / 100);
}

INSTANTIATE_TEST_SUITE_P(Types, RandomValues,
                         ::testing::Combine(::testing::Values(DataType::int8, DataType::int16,
                                                              DataType::fp16, DataType::fp32),
                                            ::testing::Values(3000)),
                         [](const auto& types) {
                           return std::string(
                               kDataTypeNames[static_cast<std::size_t>(std::get<0>(types.param))]);
                         });

}  // namespace
}  // namespace unna
