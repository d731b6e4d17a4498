// Equal blocks compiled and simulated once, against all of them: what docs/generate.md states of
// `--equal-blocks once`.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "flow/generate.h"

namespace unna {
namespace {

constexpr double kMostOfCycles = 0.02;
constexpr double kMostOfShortSteps = 0.035;  ///< of a model whose steps take 60,000 cycles

using Dims = std::map<std::string, std::int64_t, std::less<>>;

struct BlocksCase {
  const char* name;
  const char* network;
  Dims dims;
  std::int64_t cores;
  std::vector<std::string> settings;
};
std::ostream& operator<<(std::ostream& out, const BlocksCase& c) {
  return out << c.name;
}

const Dims kSmallGpt{{"layers", 9}, {"width", 128}, {"heads", 4}, {"vocabulary", 300}};
const Dims kSmallLlama{{"layers", 8},  {"groups", 2},  {"shared", 2},      {"head", 32},
                       {"inner", 384}, {"length", 40}, {"vocabulary", 500}};

const BlocksCase kBlocksCases[] = {
    {"gpt_on_1_core", "gpt2_cached", kSmallGpt, 1, {}},
    {"gpt_on_4_cores", "gpt2_cached", kSmallGpt, 4, {}},
    {"gpt_on_4_banked_cores", "gpt2_cached", kSmallGpt, 4, {"dram.model=banked"}},
    {"llama_on_4_cores", "llama3_8b", kSmallLlama, 4, {}},
    {"llama_on_16_cores", "llama3_8b", kSmallLlama, 16, {}},
    {"resnet50_on_4_cores", "resnet50", {}, 4, {}},
    {"mobilenet_v1_on_16_cores", "mobilenet_v1", {}, 16, {}},
};

class EqualBlocksRun : public ::testing::TestWithParam<BlocksCase> {
 protected:
  static NetworkChoice network() {
    NetworkChoice choice{
        fmt::format(UNNASIM_SOURCE_DIR "/workloads/{}.yaml", GetParam().network), {}, {}, 1};
    choice.onnx.dims = GetParam().dims;
    return choice;
  }
  static ChosenMachine machine() {
    MachineChoice choice;
    choice.cores = GetParam().cores;
    choice.set = GetParam().settings;
    return choose_machine(choice);
  }
};

TEST_P(EqualBlocksRun, SaysOfTheWholeNetworkWhatRunningItSays) {
  RunOptions options;
  options.perturbed = 0;
  options.concurrent = false;
  const RunReport every = run_network(network(), machine(), options, false).report;
  EXPECT_FALSE(every.whole);
  options.blocks = Blocks::once;
  const RunReport once = run_network(network(), machine(), options, false).report;
  ASSERT_TRUE(once.whole);
  const WholeNetwork& whole = *once.whole;
  EXPECT_LT(once.layers, every.layers);
  EXPECT_EQ(whole.layers, static_cast<double>(every.layers));
  EXPECT_EQ(whole.macs, static_cast<double>(every.result.macs));
  EXPECT_EQ(whole.dram_read, static_cast<double>(every.result.dram_read));
  EXPECT_EQ(whole.dram_written, static_cast<double>(every.result.dram_written));
  EXPECT_EQ(whole.total, every.memory.total);
  EXPECT_EQ(whole.without_sharing, every.memory.without_sharing);
  EXPECT_EQ(once.memory.peak, every.memory.peak);
  const auto cycles = static_cast<double>(every.result.cycles);
  EXPECT_NEAR(whole.cycles, cycles, kMostOfCycles * cycles);
  const double joules = energy(every).total();
  EXPECT_NEAR(whole.energy_pj, joules, kMostOfCycles * joules);
  RecordProperty("cycles", fmt::format("{:+.5f}", whole.cycles / cycles - 1));
}

INSTANTIATE_TEST_SUITE_P(Cases, EqualBlocksRun, ::testing::ValuesIn(kBlocksCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(EqualBlocksLayers, AreNotThoseOfOperatorsWithLongerNames) {
  GraphBuilder builder("chain");
  TensorId x = builder.input("x", {1, 4, 8, 8});
  for (int i = 0; i < 6; ++i) {
    const std::string name = fmt::format("conv{}", i);
    x = builder.op(OpKind::conv, name, {x, builder.weight(name + ".w", {4, 4, 1, 1})},
                   ConvAttrs{})[0];
  }
  x = builder.op(OpKind::softmax, "conv1.of_all", {x}, {})[0];
  builder.mark_output(x);
  MachineChoice choice;
  choice.cores = 1;
  const Compiled once =
      compile_graph(builder.finish(), choose_machine(choice), CompileOptions{}, Blocks::once);
  ASSERT_EQ(once.left_out.size(), 1U);
  EXPECT_EQ(once.left_out[0].blocks, 6U);
  ASSERT_EQ(once.left_out[0].layers.size(), 1U);
  EXPECT_EQ(once.object->layers[once.left_out[0].layers[0]].name, "conv1");
}

TEST(EqualBlocksGenerate, SaysOfEachStepWhatRunningAllBlocksSays) {
  NetworkChoice network{UNNASIM_SOURCE_DIR "/workloads/gpt2_cached.yaml", {}, {}, 1};
  network.onnx.dims = kSmallGpt;
  MachineChoice choice;
  choice.cores = 4;
  const ChosenMachine machine = choose_machine(choice);
  GenerateOptions options;
  options.prompt = 24;
  options.tokens = 5;
  options.tolerance = 0;
  const GenerateReport every = generate(network, machine, options, false);
  options.run.blocks = Blocks::once;
  const GenerateReport once = generate(network, machine, options, false);
  ASSERT_EQ(once.left_out.size(), 1U);
  EXPECT_EQ(once.left_out[0].blocks, 9U);
  EXPECT_EQ(once.left_out[0].simulated, 3U);
  EXPECT_TRUE(every.left_out.empty());
  EXPECT_EQ(once.footprint.weights, every.footprint.weights);
  EXPECT_EQ(once.footprint.states, every.footprint.states);
  EXPECT_EQ(once.footprint.intermediates, every.footprint.intermediates);
  EXPECT_EQ(once.footprint.inputs_outputs, every.footprint.inputs_outputs);
  EXPECT_EQ(once.footprint.total, every.footprint.total);
  const auto expect_like = [](const StepFigures& a, const StepFigures& b) {
    EXPECT_EQ(a.macs, b.macs);
    EXPECT_EQ(a.dram_read, b.dram_read);
    EXPECT_EQ(a.dram_written, b.dram_written);
    EXPECT_NEAR(a.cycles, b.cycles, kMostOfShortSteps * b.cycles);
    EXPECT_NEAR(a.energy_pj, b.energy_pj, kMostOfShortSteps * b.energy_pj);
    EXPECT_NEAR(a.work_pj, b.work_pj, 1e-3 * b.work_pj);  // barriers and halts are no layer's
  };
  expect_like(once.prefill, every.prefill);
  ASSERT_EQ(once.steps.size(), every.steps.size());
  for (std::size_t i = 0; i < once.steps.size(); ++i) expect_like(once.steps[i], every.steps[i]);
}

TEST(EqualBlocksGenerate, CountsWeightsAndCachesThatWouldNotFit) {
  NetworkChoice network{UNNASIM_SOURCE_DIR "/workloads/gpt2_cached.yaml", {}, {}, 1};
  network.onnx.dims = {{"layers", 2000}, {"width", 256}, {"heads", 4}, {"vocabulary", 300}};
  MachineChoice choice;
  choice.cores = 1;
  choice.set = {"dram.capacity_bytes=1GiB"};
  GenerateOptions options;
  options.prompt = 4;
  options.tokens = 2;
  options.run.blocks = Blocks::once;
  EXPECT_THROW(run_network(network, choose_machine(choice), options.run, false), CapacityError);
  EXPECT_THROW(generate(network, choose_machine(choice), options, false), CapacityError);
  choice.set = {"dram.capacity_bytes=8GiB"};
  const GenerateReport report = generate(network, choose_machine(choice), options, false);
  EXPECT_GT(report.footprint.total, Bytes{3} * 1000 * 1000 * 1000);
}

}  // namespace
}  // namespace unna
