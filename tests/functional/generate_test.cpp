// A model that generates, with caches in place: it computes what one run without cache computes,
// and every step writes its new rows only.

#include "flow/generate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "flow/functional_run.h"
#include "flow/joint_memory.h"

namespace unna {
namespace {

/// The shipped GPT-2, small.
NetworkChoice small_gpt2(std::int64_t layers, std::int64_t width, std::int64_t words) {
  NetworkChoice choice{UNNASIM_SOURCE_DIR "/workloads/gpt2_cached.yaml", {}, {}, 1};
  choice.onnx.dims = {{"layers", layers}, {"width", width}, {"heads", 2}, {"vocabulary", words}};
  return choice;
}

ChosenMachine cores_of(std::int64_t cores, DataType type) {
  ChosenMachine machine{preset_machine(cores), {}};
  machine.config.data_type = type;
  return machine;
}

GenerateOptions computing(std::int64_t prompt, std::int64_t tokens) {
  GenerateOptions options;
  options.prompt = prompt;
  options.tokens = tokens;
  options.functional = options.check = true;
  return options;
}

TEST(Generate, ComputesInFixedPointWhatOneRunWithoutCacheDoes) {
  const GenerateReport report =
      generate(small_gpt2(2, 64, 40), cores_of(4, DataType::int16), computing(5, 4), false);
  ASSERT_TRUE(report.functional);
  EXPECT_EQ(report.functional->whole_error, 0);
  EXPECT_EQ(report.functional->largest_error, 0);
  EXPECT_GT(report.functional->tensors, 4U * 25);
  EXPECT_EQ(report.proved, 4U);
  ASSERT_EQ(report.steps.size(), 3U);
  EXPECT_EQ(report.steps[0].past, 5);
  // Two layers, keys and values, 8 tokens of 64 elements of two bytes.
  EXPECT_EQ(report.footprint.states, 2 * 2 * 8 * 64 * 2);
}

TEST(Generate, ComputesInSinglePrecisionWhatOneRunWithoutCacheDoes) {
  const GenerateReport report =
      generate(small_gpt2(2, 64, 40), cores_of(1, DataType::fp32), computing(3, 3), false);
  EXPECT_LT(report.functional->whole_error, 1e-4);
}

TEST(Generate, SequencesOfABatchHaveCachesOfTheirOwn) {
  GenerateOptions options = computing(4, 3);
  options.batch = 3;
  const GenerateReport report =
      generate(small_gpt2(1, 64, 40), cores_of(4, DataType::int16), options, false);
  EXPECT_EQ(report.functional->whole_error, 0);
  EXPECT_EQ(report.footprint.states, 3 * 2 * 6 * 64 * 2);
}

TEST(Generate, ACacheInPlaceIsNeitherCopiedNorPlanned) {
  OnnxOptions options;
  options.dims = {{"layers", 1}, {"width", 64}, {"heads", 2},   {"vocabulary", 40},
                  {"past", 50},  {"length", 1}, {"context", 64}};
  const Graph graph = load_network(UNNASIM_SOURCE_DIR "/workloads/gpt2_cached.yaml", options).graph;
  ASSERT_EQ(graph.states.size(), 2U);
  const Compiled compiled = compile_graph(graph, cores_of(1, DataType::int16), {});
  Bytes states = 0, stored = 0;
  for (const BufferInfo& b : compiled.object->buffers)
    if (b.kind == BufferKind::state) {
      states += b.size;
      EXPECT_EQ(b.size, 64 * 64 * 2) << b.name;
    } else if (b.kind == BufferKind::intermediate) {
      EXPECT_LT(b.size, 51 * 64 * 2) << b.name << " is as large as a cache";
    }
  EXPECT_EQ(states, 2 * 64 * 64 * 2);
  for (const TraceEvent& e : order_of(*compiled.object).events)
    if (e.kind == TraceKind::write &&
        compiled.object->buffers[e.buffer.index()].kind == BufferKind::state)
      stored += e.end_byte - e.begin;
  EXPECT_LE(stored, 2 * 2 * (64 * 32 + 32) * 2);  // from the row of the first head to the last's
  EXPECT_EQ(execute(compiled).result.violations.size(), 0U);
}

TEST(JointMemory, KeepsApartWhatIsInUseTogetherInAnyProgram) {
  OnnxOptions options;
  options.dims = {{"layers", 1},      {"width", 64}, {"heads", 2},
                  {"vocabulary", 40}, {"length", 9}, {"context", 16}};
  const auto compiled = [&](std::int64_t past, std::int64_t length) {
    options.dims["past"] = past;
    options.dims["length"] = length;
    return compile_graph(
        load_network(UNNASIM_SOURCE_DIR "/workloads/gpt2_cached.yaml", options).graph,
        cores_of(4, DataType::int16), {});
  };
  const Compiled prompt = compiled(0, 9);
  const Compiled step = compiled(12, 1);
  JointMemory memory(64);
  EXPECT_TRUE(memory.add(*prompt.object));
  EXPECT_FALSE(memory.add(*prompt.object));
  memory.add(*step.object);
  memory.plan("auto", {});
  for (const Compiled* program : {&prompt, &step}) {
    ASSERT_TRUE(memory.fits(*program->object));
    const Layout layout = memory.layout(*program->object);
    EXPECT_TRUE(check_layout(order_of(*program->object), layout).empty());
    for (std::size_t b = 0; b < layout.base.size(); ++b)
      EXPECT_LE(layout.base[b] + program->object->buffers[b].size, memory.total());
  }
}

/// The step's keys and values are made side by side, on fewer cores than the prompt would take:
/// weights that are cut for these cannot be found there.
TEST(Generate, BranchesFindTheWeightsOfTheStep) {
  NetworkChoice llama{UNNASIM_SOURCE_DIR "/workloads/llama3_8b.yaml", {}, {}, 1};
  llama.onnx.dims = {{"layers", 1}, {"groups", 2},  {"shared", 2},
                     {"head", 128}, {"inner", 512}, {"vocabulary", 100}};
  const GenerateReport report =
      generate(llama, cores_of(16, DataType::int16), computing(32, 3), false);
  EXPECT_EQ(report.functional->whole_error, 0);
  EXPECT_EQ(report.footprint.states, 2 * 34 * 2 * 128 * 2);
}

/// An export of another tool, which makes logits of all tokens.
TEST(Generate, RunsAnExportedDecoder) {
  const char* set = std::getenv("UNNA_SHARED");  // NOLINT(concurrency-mt-unsafe)
  const std::filesystem::path shared =
      set != nullptr ? std::filesystem::path(set)
                     : std::filesystem::path(UNNASIM_SOURCE_DIR).parent_path() / "shared";
  const std::filesystem::path model = shared / "cases/onnx/decoder_kv/model.onnx";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "no shared cases";
  const GenerateReport report =
      generate({model, {}, {}, 1}, cores_of(4, DataType::int16), computing(6, 4), false);
  EXPECT_EQ(report.functional->whole_error, 0);
  // Two layers, keys and values, two heads of eight elements.
  EXPECT_EQ(report.footprint.states, 2 * 2 * 2 * 8 * 9 * 2);
}

/// Params for the batch and for the room of the caches may be left out.
TEST(Generate, ANetworkNeedsPastAndLengthOnly) {
  const auto file = std::filesystem::path(testing::TempDir()) / "memory.yaml";
  write_file(file,
             "name: memory\nparams: {past: 0, length: 4}\ninputs: {x: [1, $(length), 16]}\nops:\n"
             "  - {op: cache, name: seen, from: x, axis: 1, past: $(past), capacity: 12}\n"
             "  - {op: reduce, name: mean, fn: mean, axes: [1]}\n");
  const GenerateReport report =
      generate({file, {}, {}, 1}, cores_of(1, DataType::int16), computing(5, 4), false);
  EXPECT_EQ(report.functional->whole_error, 0);
  EXPECT_EQ(report.footprint.states, 12 * 16 * 2);
  EXPECT_THROW(generate({file, {}, {}, 1}, cores_of(1, DataType::int16), computing(10, 4), false),
               InputError);
}

TEST(Generate, RefusesNetworksWithoutCaches) {
  NetworkChoice choice{UNNASIM_SOURCE_DIR "/workloads/gpt2.yaml", {}, {}, 1};
  EXPECT_THROW(generate(choice, cores_of(1, DataType::int16), {}, false), InputError);
}

}  // namespace
}  // namespace unna
