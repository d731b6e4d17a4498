// Random networks x random walk plans x random machines: the program computes what the reference
// computes, survives sharing and delays, and needs every signal that it has.

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/lines.h"
#include "compiler/walk.h"
#include "configs/presets.h"
#include "isa/instruction.h"
#include "isa/object.h"
#include "memmgr/problem.h"
#include "tests/functional/run.h"
#include "tests/support/random_machine.h"
#include "workloads/random_graph.h"

namespace unna {
namespace {

/// Contiguous walks of up to six kernels in up to eight steps.
WalkPlan random_plan(const LoweredGraph& graph, Rng& rng) {
  WalkPlan plan;
  for (std::size_t k = 0; k < graph.kernels.size();) {
    Walk& walk = plan.walks.emplace_back();
    const std::int64_t count = rng.between(1, 6);
    for (std::int64_t i = 0; i < count && k < graph.kernels.size(); ++i, ++k)
      walk.kernels.push_back(KernelId(k));
    walk.steps = rng.between(1, 8);
    walk.division = static_cast<Division>(rng.below(std::size(kDivisionNames)));
    walk.sync = static_cast<Sync>(rng.below(3));
    walk.skew = rng.between(0, 2);
    if (rng.below(4) == 0) walk.synapses = Synapses::reload;
  }
  return plan;
}

struct WalkCase {
  Loaded loaded;
  WalkPlan plan;
};
std::optional<WalkCase> random_walks(std::uint64_t seed, DataType type) {
  Rng rng(seed);
  const MachineConfig machine = random_machine(rng, type);
  Graph graph = random_graph(seed);
  CompileOptions options;
  options.granularity = rng.below(4) == 0 ? Granularity::tensor : Granularity::lifetime;
  try {
    const LoweredGraph lowered = lower_network(graph, machine);
    const WalkPlan plan = random_plan(lowered, rng);
    options.walks = std::make_shared<const WalkPlan>(plan);
    return WalkCase{load(std::move(graph), machine, options, seed), plan};
  } catch (const CapacityError&) {
    return std::nullopt;  // a single tile does not fit the random buffers
  }
}

class RandomWalks : public ::testing::TestWithParam<DataType> {};

TEST_P(RandomWalks, AreTheReferencesAndSurviveSharing) {
  int fitted = 0;
  for (std::uint64_t seed = 7000; seed < 7040; ++seed) {
    SCOPED_TRACE(seed);
    const std::optional<WalkCase> walks = random_walks(seed, GetParam());
    if (!walks) continue;
    const Loaded& loaded = walks->loaded;
    const FunctionalRun alone = run(loaded);
    Check check;
    try {
      check = check_against_reference(loaded.compiled, loaded.inputs, *alone.memory);
    } catch (const InputError&) {
      continue;  // where inputs are tiny, int8 may have no place for a bias
    }
    ++fitted;
    EXPECT_FALSE(check.difference) << *check.difference;
    const Executed executed = execute(loaded.compiled);
    const PlanProblem problem = problem_of(loaded.compiled, executed, LivenessKind::instruction);
    Planned planned = plan_memory(loaded.compiled, executed, problem, "greedy-by-size", {});
    EXPECT_GE(planned.plan.peak, problem.lower_bound);
    // Throws where the checker, the owners of all bytes or random delays find a fault.
    validate(loaded.compiled, executed, problem, planned, {2, seed});
    const FunctionalRun shared = run(loaded, planned.layout, seed, {.poison_dead = true});
    EXPECT_EQ(output_bytes(loaded.compiled, *shared.memory),
              output_bytes(loaded.compiled, *alone.memory));
  }
  EXPECT_GT(fitted, 25);
}

INSTANTIATE_TEST_SUITE_P(Types, RandomWalks,
                         ::testing::Values(DataType::int8, DataType::int16, DataType::fp16,
                                           DataType::fp32),
                         [](const auto& type) {
                           return std::string(kDataTypeNames[static_cast<std::size_t>(type.param)]);
                         });

struct LessSignal {
  Object object;
  CoreId signaller;
};
/// The program without signal number `which` and its wait.
LessSignal without_signal(const Object& object, std::size_t which) {
  LessSignal less{object, {}};
  auto& streams = less.object.streams;
  std::size_t seen = 0;
  for (std::size_t core = 0; core < streams.size(); ++core) {
    std::map<std::uint32_t, std::size_t> sent;  // to each core
    for (std::size_t pc = 0; pc < streams[core].size(); ++pc) {
      if (streams[core][pc].opcode != Opcode::signal) continue;
      const std::uint32_t to = streams[core][pc].get(Operand::core);
      if (seen++ != which) {
        ++sent[to];
        continue;
      }
      // The wait that takes it: the same number of this signaller's on the other core.
      std::size_t waits = 0;
      std::erase_if(streams[to], [&](const Instruction& i) {
        return i.opcode == Opcode::wait && i.get(Operand::core) == core && waits++ == sent[to];
      });
      streams[core].erase(streams[core].begin() + static_cast<std::ptrdiff_t>(pc));
      less.signaller = CoreId(core);
      return less;
    }
  }
  return less;
}

std::size_t signals_of(const Object& object) {
  std::size_t count = 0;
  for (const auto& stream : object.streams)
    for (const Instruction& i : stream) count += i.opcode == Opcode::signal ? 1U : 0U;
  return count;
}

/// Whether verification, or a replay with the owners of all bytes, finds fault where `late` is so
/// slow that the others run ahead as far as nothing holds them.
bool caught(const Object& object, const MachineConfig& machine, CoreId late) {
  try {
    verify(object);
  } catch (const InputError&) {
    return true;
  }
  const auto shared = std::make_shared<const Object>(object);
  const Image image = link(shared, identity_layout(object, 64), Bytes{1} << 40);
  SimOptions options;
  options.shadow = true;
  options.perturb = 1;
  options.perturb_cycles = 10'000'000;
  options.perturb_core = late;
  return !simulate(image, machine, options).violations.empty();
}

TEST(Walks, SignalsAreNeeded) {
  std::size_t tried = 0, needed = 0;
  for (std::uint64_t seed = 7000; seed < 7400 && tried < 40; ++seed) {
    const std::optional<WalkCase> walks = random_walks(seed, DataType::int16);
    // An acknowledgement keeps lifetimes short: what it holds back is no fault.
    if (!walks || std::ranges::any_of(walks->plan.walks,
                                      [](const Walk& w) { return w.sync == Sync::acknowledged; }))
      continue;
    const Object& object = *walks->loaded.compiled.object;
    const std::size_t signals = signals_of(object);
    const MachineConfig& machine = walks->loaded.compiled.machine.config;
    for (std::size_t s = 0; s < signals && s < 2; ++s, ++tried) {
      const LessSignal less = without_signal(object, s);
      EXPECT_FALSE(caught(object, machine, less.signaller));
      needed += caught(less.object, machine, less.signaller) ? 1U : 0U;
    }
  }
  EXPECT_GE(tried, 40U);
  // Regions are hulls: of views that step over elements, some units seem to read what they don't.
  EXPECT_GE(needed, tried * 4 / 5);
}

/// A layer, then a convolution by channels and a pool walked in steps of two lines, then a layer.
Loaded walked(std::int64_t cores, const Walk& walk) {
  const Graph graph = parse_workload(R"(
name: drift
inputs: {input: [1, 3, 16, 16]}
ops:
  - {op: conv, name: a, channels: 32, kernel: 3, pad: 1}
  - {op: conv, name: b, channels: 48, kernel: 3, pad: 1}
  - {op: max_pool, name: c, kernel: 2}
  - {op: conv, name: d, channels: 16, kernel: 3, pad: 1}
)",
                                     "drift.yaml");
  const MachineConfig machine = preset_machine(cores);
  WalkPlan plan = layer_by_layer(lower_network(graph, machine));
  Walk two = walk;
  two.kernels = {KernelId(1), KernelId(2)};
  two.steps = 8;
  two.division = Division::channels;
  plan.walks = {plan.walks[0], two, plan.walks[3]};
  CompileOptions options;
  options.granularity = Granularity::lifetime;
  options.walks = std::make_shared<const WalkPlan>(plan);
  return load(graph, machine, options, 1);
}

TEST(Walks, SynapsesThatStayAreLoadedOnce) {
  const auto loaded = [](Synapses synapses) {
    Walk walk;
    walk.synapses = synapses;
    const Loaded l = walked(1, walk);
    Bytes bytes = 0;
    for (const Instruction& i : l.compiled.object->streams[0])
      if (i.opcode == Opcode::load_s && l.compiled.object->layers[i.op.index()].name == "b")
        bytes += Strided::of(i).total();
    return bytes;
  };
  // 48 x 32 x 3 x 3 synapses of 2 bytes are more than half of SB, but all that the walk needs.
  const Bytes once = 48 * 32 * 9 * 2 + 48 * 4;
  ASSERT_GE(preset_machine(1).core.sb_bytes, once);
  EXPECT_EQ(loaded(Synapses::stay), once);
  EXPECT_EQ(loaded(Synapses::reload), 8 * once);
}

/// By channels, no core reads what another one makes in the walk, but all read the same lines:
/// nothing holds them together but acknowledgements or barriers.
TEST(Walks, CoresThatReadTheSameLinesStayTogether) {
  const auto bound = [](Sync sync) {
    Walk walk;
    walk.sync = sync;
    const Loaded l = walked(4, walk);
    const Executed executed = execute(l.compiled);
    return problem_of(l.compiled, executed, LivenessKind::instruction).lower_bound;
  };
  const Bytes apart = bound(Sync::signals);
  EXPECT_LT(bound(Sync::acknowledged), apart);
  EXPECT_LT(bound(Sync::barriers), apart);
}

}  // namespace
}  // namespace unna
