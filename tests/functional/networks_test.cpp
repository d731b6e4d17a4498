// The shipped networks compute what the reference computes, and sharing memory does not change a
// bit of their outputs. The large ones only with UNNA_LONG set (`./dev test-long`).

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "tests/functional/run.h"

namespace unna {
namespace {

Loaded load_shipped(const std::string& name, std::int64_t cores, DataType type = DataType::int16) {
  MachineConfig machine = preset_machine(cores);
  machine.data_type = type;
  return load(load_workload(fmt::format("{}/workloads/{}.yaml", UNNASIM_SOURCE_DIR, name)), machine,
              {}, 1);
}

Layout planned_layout(const Loaded& loaded, const Executed& executed, const std::string& planner) {
  const PlanProblem problem = problem_of(loaded.compiled, executed, LivenessKind::instruction);
  PlanOptions options;
  options.time_limit = 1;  // of planners that search; any layout will do
  return plan_memory(loaded.compiled, executed, problem, planner, options).layout;
}

class ShippedNetwork : public ::testing::TestWithParam<const char*> {};

TEST_P(ShippedNetwork, computes_as_the_reference_and_survives_sharing) {
  for (const std::int64_t cores : {1, 4, 16}) {
    SCOPED_TRACE(cores);
    const Loaded loaded = load_shipped(GetParam(), cores);
    const FunctionalRun alone = run(loaded);
    const Executed executed = execute(loaded.compiled);
    EXPECT_EQ(alone.result.cycles, executed.result.cycles);
    if (cores == 4) {
      const Check check = check_against_reference(loaded.compiled, loaded.inputs, *alone.memory);
      EXPECT_GT(check.tensors, 5U);
      EXPECT_FALSE(check.difference) << *check.difference;
    }
    const Layout layout = planned_layout(loaded, executed, "bfc");
    const FunctionalRun shared = run(loaded, layout, 1, {.poison_dead = true});
    EXPECT_EQ(output_bytes(loaded.compiled, *shared.memory),
              output_bytes(loaded.compiled, *alone.memory));
  }
}

TEST_P(ShippedNetwork, computes_as_the_reference_in_int8) {
  for (const std::int64_t cores : {1, 4, 16}) {
    SCOPED_TRACE(cores);
    const Loaded loaded = load_shipped(GetParam(), cores, DataType::int8);
    const FunctionalRun alone = run(loaded);
    const Check check = check_against_reference(loaded.compiled, loaded.inputs, *alone.memory);
    EXPECT_GT(check.tensors, 5U);
    EXPECT_FALSE(check.difference) << *check.difference;
  }
}

const auto case_name = [](const auto& network) { return std::string(network.param); };

INSTANTIATE_TEST_SUITE_P(Small, ShippedNetwork,
                         ::testing::Values("blazeface", "lenet5_pruned", "lstm", "mobilenet_v2",
                                           "squeezenet1_1", "transformer_encoder"),
                         case_name);

std::vector<const char*> large_networks() {
  if (std::getenv("UNNA_LONG") == nullptr) return {};
  return {"alexnet",   "alexnet_pruned", "deeplab_v3",   "densenet121",
          "googlenet", "inception_v3",   "mobilenet_v1", "posenet",
          "resnet18",  "resnet50",       "swin_tiny",    "vgg16"};
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ShippedNetwork);
INSTANTIATE_TEST_SUITE_P(Large, ShippedNetwork, ::testing::ValuesIn(large_networks()), case_name);

/// ONNX models of other exporters, beside the source tree; without them, and without UNNA_LONG,
/// there are no tests.
std::vector<std::string> shared_models() {
  std::vector<std::string> files;
  if (std::getenv("UNNA_LONG") == nullptr) return files;
  const char* set = std::getenv("UNNA_SHARED");
  const std::filesystem::path shared =
      set != nullptr ? std::filesystem::path(set)
                     : std::filesystem::path(UNNASIM_SOURCE_DIR).parent_path() / "shared";
  for (const char* folder : {"onnx", "public"}) {
    const std::filesystem::path path = shared / "models" / folder;
    if (!std::filesystem::is_directory(path)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (entry.path().extension() == ".onnx") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

class SharedModel : public ::testing::TestWithParam<std::string> {};

TEST_P(SharedModel, computes_as_the_reference) {
  constexpr std::pair<DataType, std::int64_t> kMachines[] = {
      {DataType::fp32, 4}, {DataType::int16, 16}, {DataType::int8, 4}};
  for (const auto& [type, cores] : kMachines) {
    SCOPED_TRACE(kDataTypeNames[static_cast<std::size_t>(type)]);
    MachineConfig machine = preset_machine(cores);
    machine.data_type = type;
    const Loaded loaded = load(import_onnx(GetParam()).graph, machine, {}, 1);
    const FunctionalRun r = run(loaded);
    const Check check = check_against_reference(loaded.compiled, loaded.inputs, *r.memory);
    EXPECT_GT(check.tensors, 0U);
    EXPECT_FALSE(check.difference) << *check.difference;
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SharedModel);
INSTANTIATE_TEST_SUITE_P(Large, SharedModel, ::testing::ValuesIn(shared_models()),
                         [](const auto& file) {
                           std::string name = std::filesystem::path(file.param).stem().string();
                           std::ranges::replace_if(
                               name, [](char c) { return !std::isalnum(c) && c != '_'; }, '_');
                           return name;
                         });

TEST(LayoutProof, holds_for_every_planner_under_random_delays) {
  const Loaded loaded = load_shipped("blazeface", 4);
  const Executed executed = execute(loaded.compiled);
  const std::vector<std::byte> expected = output_bytes(loaded.compiled, *run(loaded).memory);
  for (const PlannerInfo& planner : planners()) {
    SCOPED_TRACE(planner.name);
    const Layout layout = planned_layout(loaded, executed, std::string(planner.name));
    for (const std::uint64_t seed : {1, 2})
      EXPECT_EQ(
          output_bytes(loaded.compiled, *run(loaded, layout, seed, {.poison_dead = true}).memory),
          expected);
  }
}

Loaded small_network() {
  return load(parse_workload(R"(
name: small
inputs: {x: [1, 16, 16, 16]}
ops:
  - {op: conv, name: a, channels: 16, kernel: 3, pad: 1, act: relu}
  - {op: conv, name: b, channels: 16, kernel: 3, pad: 1, act: relu}
  - {op: binary, fn: add, from: [a, b]}
  - {op: conv, name: c, channels: 8, kernel: 1}
)",
                             "small.yaml"),
              preset_machine(2), {}, 1);
}

TEST(LayoutProof, fails_where_buffers_that_live_together_share_bytes) {
  const Loaded loaded = small_network();
  const Object& object = *loaded.compiled.object;
  const std::vector<Bytes> zeros(object.buffers.size());
  const FunctionalRun bad = run(loaded, layout_from_offsets(object, zeros, 64));
  EXPECT_NE(output_bytes(loaded.compiled, *bad.memory),
            output_bytes(loaded.compiled, *run(loaded).memory));
}

TEST(LayoutProof, poisons_what_is_dead) {
  const Loaded loaded = small_network();
  const FunctionalRun r =
      run(loaded, identity_layout(*loaded.compiled.object, 64), {}, {.poison_dead = true});
  for (std::size_t b = 0; b < loaded.compiled.object->buffers.size(); ++b) {
    const auto bytes = r.memory->buffer(BufferId(b));
    const bool poisoned = std::ranges::all_of(bytes, [](std::byte v) { return v == kPoison; });
    EXPECT_EQ(poisoned, loaded.compiled.object->buffers[b].kind == BufferKind::intermediate) << b;
  }
}

/// The program without the tokens from one engine to another.
Loaded without_tokens(Loaded loaded, Engine from, Engine to) {
  Object object = *loaded.compiled.object;
  for (auto& stream : object.streams)
    for (Instruction& i : stream) {
      const auto engine = engine_of(i.opcode);
      if (engine == from) i.signal = static_cast<EngineMask>(i.signal & ~engine_bit(to));
      if (engine == to) i.wait = static_cast<EngineMask>(i.wait & ~engine_bit(from));
    }
  loaded.compiled.object = std::make_shared<const Object>(std::move(object));
  return loaded;
}

TEST(FunctionalRun, shows_data_that_are_taken_too_early) {
  const Loaded good = small_network();
  const std::vector<std::byte> expected = output_bytes(good.compiled, *run(good).memory);
  for (const auto& [from, to] : {std::pair(Engine::load_neuron, Engine::compute),
                                 std::pair(Engine::compute, Engine::store)}) {
    const Loaded bad = without_tokens(good, from, to);
    bool shown = false;
    const Layout layout = identity_layout(*bad.compiled.object, 64);
    for (std::uint64_t seed = 0; seed < 8; ++seed)
      shown = shown || output_bytes(bad.compiled, *run(bad, layout, seed).memory) != expected;
    EXPECT_TRUE(shown) << static_cast<int>(from) << static_cast<int>(to);
  }
}

TEST(Check, names_the_first_tensor_that_differs) {
  Loaded loaded = small_network();
  const FunctionalRun r = run(loaded);
  // The reference is asked about other weights than those that ran.
  for (GraphTensor& t : loaded.compiled.graph.tensors)
    if (t.name == "b.weight")
      t.values = std::make_shared<const std::vector<float>>(t.values->size());
  const Check check = check_against_reference(loaded.compiled, loaded.inputs, *r.memory);
  ASSERT_TRUE(check.difference);
  EXPECT_TRUE(check.difference->starts_with("b.relu[0,")) << *check.difference;
}

}  // namespace
}  // namespace unna
