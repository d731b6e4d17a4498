// Steps of a model that generates, those that are interpolated against the same ones simulated:
// what docs/generate.md states of them.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "flow/generate.h"

namespace unna {
namespace {

constexpr double kMostOfAStep = 0.02;
constexpr double kMostOfAllSteps = 0.005;

struct AccuracyCase {
  const char* name;
  const char* network;
  std::map<std::string, std::int64_t, std::less<>> dims;
  std::int64_t cores, prompt, tokens;
  std::optional<std::int64_t> batch;
  std::vector<std::string> settings;
  bool sampled;  ///< its steps are neither so short nor so rough that all are simulated
};
std::ostream& operator<<(std::ostream& out, const AccuracyCase& c) {
  return out << c.name;
}

const std::map<std::string, std::int64_t, std::less<>> kTiny{
    {"layers", 1}, {"width", 64}, {"heads", 2}, {"vocabulary", 100}};
const std::map<std::string, std::int64_t, std::less<>> kDeep{
    {"layers", 2}, {"width", 128}, {"heads", 4}, {"vocabulary", 200}};
const std::map<std::string, std::int64_t, std::less<>> kWide{
    {"layers", 1}, {"width", 256}, {"heads", 2}, {"vocabulary", 1000}};
const std::map<std::string, std::int64_t, std::less<>> kHeads{
    {"layers", 1}, {"width", 256}, {"heads", 4}, {"vocabulary", 500}};
const std::map<std::string, std::int64_t, std::less<>> kDeeper{
    {"layers", 4}, {"width", 256}, {"heads", 4}, {"vocabulary", 500}};
const std::map<std::string, std::int64_t, std::less<>> kLlama{{"layers", 1},   {"groups", 4},
                                                              {"shared", 2},   {"head", 64},
                                                              {"inner", 1024}, {"vocabulary", 500}};

// Of those that are sampled each has jumps or rough stretches where its tiles, its division over
// the cores or its bursts change.
const AccuracyCase kCases[] = {
    {"tiny_on_4_cores", "gpt2_cached", kTiny, 4, 16, 44, {}, {}, false},
    {"tiny_on_1_banked_core", "gpt2_cached", kTiny, 1, 40, 40, {}, {"dram.model=banked"}, false},
    {"deep_batch_on_16_cores", "gpt2_cached", kDeep, 16, 20, 28, 3, {}, false},
    {"wide_on_1_core", "gpt2_cached", kWide, 1, 40, 64, {}, {}, true},
    {"wide_on_4_cores", "gpt2_cached", kWide, 4, 40, 64, {}, {}, true},
    {"wide_on_16_cores", "gpt2_cached", kWide, 16, 40, 24, {}, {}, false},
    {"wide_on_4_banked_cores", "gpt2_cached", kWide, 4, 90, 40, {}, {"dram.model=banked"}, true},
    {"wide_in_fp32", "gpt2_cached", kWide, 4, 90, 40, {}, {"data_type=fp32"}, true},
    {"wide_without_indexing", "gpt2_cached", kWide, 4, 90, 40, {}, {"core.indexing=none"}, true},
    {"small_buffers",
     "gpt2_cached",
     kWide,
     4,
     90,
     40,
     {},
     {"core.nbin_bytes=4KiB", "core.nbout_bytes=4KiB", "core.sb_bytes=16KiB"},
     true},
    {"batch_of_4_on_16_cores", "gpt2_cached", kHeads, 16, 100, 18, 4, {}, false},
    {"deeper_on_16_cores", "gpt2_cached", kDeeper, 16, 60, 20, {}, {}, true},
    {"llama_on_16_cores", "llama3_8b", kLlama, 16, 200, 20, {}, {}, true},
};

class StepAccuracy : public ::testing::TestWithParam<AccuracyCase> {
 protected:
  static GenerateReport run(const GenerateOptions& options) {
    const AccuracyCase& c = GetParam();
    NetworkChoice network{
        fmt::format(UNNASIM_SOURCE_DIR "/workloads/{}.yaml", c.network), {}, {}, 1};
    network.onnx.dims = c.dims;
    MachineChoice machine;
    machine.cores = c.cores;
    machine.set = c.settings;
    return generate(network, choose_machine(machine), options, false);
  }
};

TEST_P(StepAccuracy, IsWithinTwoPercentOfEveryStepAndHalfAPercentOfAll) {
  GenerateOptions options;
  options.prompt = GetParam().prompt;
  options.tokens = GetParam().tokens;
  options.batch = GetParam().batch;
  options.run.perturbed = 0;
  const GenerateReport some = run(options);
  options.tolerance = 0;
  const GenerateReport all = run(options);
  EXPECT_EQ(all.simulated, all.steps.size());
  EXPECT_EQ(some.simulated < some.steps.size(), GetParam().sampled) << some.simulated;
  double cycles = 0, cycles_of_all = 0, worst = 0;
  for (std::size_t i = 0; i < all.steps.size(); ++i) {
    const StepFigures& s = some.steps[i];
    const StepFigures& a = all.steps[i];
    worst = std::max(worst, std::fabs(s.cycles - a.cycles) / a.cycles);
    EXPECT_NEAR(s.cycles, a.cycles, kMostOfAStep * a.cycles) << "past " << a.past;
    EXPECT_NEAR(s.energy_pj, a.energy_pj, kMostOfAStep * a.energy_pj) << "past " << a.past;
    EXPECT_EQ(s.dram_read, a.dram_read) << "past " << a.past;
    EXPECT_EQ(s.dram_written, a.dram_written) << "past " << a.past;
    EXPECT_EQ(s.macs, a.macs) << "past " << a.past;
    cycles += s.cycles;
    cycles_of_all += a.cycles;
  }
  EXPECT_NEAR(cycles, cycles_of_all, kMostOfAllSteps * cycles_of_all);
  RecordProperty("simulated", fmt::format("{} of {}", some.simulated, some.steps.size()));
  RecordProperty("worst_step", fmt::format("{:.4f}", worst));
  RecordProperty("total", fmt::format("{:.5f}", cycles / cycles_of_all - 1));
}

INSTANTIATE_TEST_SUITE_P(Cases, StepAccuracy, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace unna
