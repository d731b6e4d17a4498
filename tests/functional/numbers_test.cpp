// Numbers that are none, masks, and rows that do not fit the buffers.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compiler/rows.h"
#include "flow/conformance.h"
#include "reference/reference.h"
#include "tests/functional/run.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

MachineConfig machine_of(DataType type, std::int64_t cores = 1) {
  MachineConfig m = preset_machine(cores);
  m.data_type = type;
  return m;
}

constexpr const char* kMasked = R"(
name: net
inputs: {scores: [1, 8, 16], mask: [1, 8, 16], v: [1, 16, 4]}
ops:
  - {op: binary, fn: add, name: masked, from: [scores, mask]}
  - {op: softmax, name: p}
  - {op: matmul, name: y, from: [p, v]}
)";

/// kMasked with `value` in the mask's right half.
Loaded masked(const MachineConfig& machine, float value) {
  Graph graph = parse_workload(kMasked, "net.yaml");
  Loaded l;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (graph.tensors[i].kind != TensorKind::input) continue;
    std::vector<float>& values = l.inputs[TensorId(i)] = random_input(graph, TensorId(i), 1);
    for (std::size_t k = 0; k < values.size() && graph.tensors[i].name == "mask"; ++k)
      values[k] = k % 16 < 8 ? 0 : value;
  }
  if (machine.data_type == DataType::int8) l.exact = calibrate(graph, l.inputs);
  l.compiled = compile_graph(std::move(graph), {machine, {}}, {});
  l.memory = initial_memory(l.compiled, l.inputs);
  return l;
}

TEST(Finite, an_overflow_of_the_type_is_named_with_its_layer) {
  const Loaded l = masked(machine_of(DataType::fp16), -3.4e38F);
  const FunctionalRun r = run(l);
  try {
    check_against_reference(l.compiled, l.inputs, *r.memory);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("mask has -inf"), std::string::npos) << error.what();
  }
}

TEST(Finite, an_infinity_that_is_given_may_be_handed_on) {
  const Loaded l = masked(machine_of(DataType::fp32), -std::numeric_limits<float>::infinity());
  const FunctionalRun r = run(l);
  const Check check = check_against_reference(l.compiled, l.inputs, *r.memory);
  EXPECT_FALSE(check.difference) << *check.difference;
}

TEST(Calibrate, leaves_mask_sentinels_out_of_the_scales) {
  for (const float value : {-1e4F, -3.4e38F, -std::numeric_limits<float>::infinity()}) {
    const Loaded l = masked(machine_of(DataType::int8), value);
    const FunctionalRun r = run(l);
    std::map<TensorId, std::vector<double>> got;
    for (const PlacedTensor& place : l.compiled.placement.tensors)
      if (l.exact.contains(place.tensor))
        got[place.tensor] = read_tensor(l.compiled, *r.memory, place);
    const Fidelity f = fidelity(l.compiled.graph, l.exact, got);
    ASSERT_TRUE(f.sqnr_db);
    EXPECT_GT(*f.sqnr_db, 25) << value;
  }
}

constexpr const char* kMean = "reduce, fn: mean, axes: [1]";
constexpr const char* kMax = "reduce, fn: max, axes: [1]";

/// Largest error of an output that a number type may have, where outputs are about 1.
double allowed(DataType type) {
  switch (type) {
    case DataType::fp32:
      return 1e-4;
    case DataType::fp16:
      return 1e-2;
    case DataType::int16:
      return 2.0 / 256;
    case DataType::int8:
      return 0.05;
  }
  return 0;
}

/// A graph with rows in pieces on the machine against the whole one in double precision.
void expect_as_whole(Graph whole, const MachineConfig& machine, std::optional<float> constant) {
  fill_weights(whole, 1);
  InputValues inputs;
  for (std::size_t i = 0; i < whole.tensors.size(); ++i) {
    if (whole.tensors[i].kind != TensorKind::input) continue;
    std::vector<float>& values = inputs[TensorId(i)] = random_input(whole, TensorId(i), 1);
    if (constant) std::ranges::fill(values, *constant);
  }
  std::vector<double> exact;
  run_reference(whole, inputs, std::nullopt, [&](TensorId id, std::span<double> values) {
    if (whole.tensor(id).name == "y") exact.assign(values.begin(), values.end());
  });
  Graph graph = with_short_rows(whole, machine);
  const bool split = graph.ops.size() > 1;
  Loaded l;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i)
    for (const auto& [id, values] : inputs)
      if (graph.tensors[i].name == whole.tensor(id).name) l.inputs[TensorId(i)] = values;
  if (machine.data_type == DataType::int8) l.exact = calibrate(graph, l.inputs);
  l.compiled = compile_graph(std::move(graph), {machine, {}}, {});
  EXPECT_TRUE(split || std::ranges::any_of(l.compiled.object->streams[0], [](const Instruction& i) {
                return i.opcode == Opcode::stats;
              }));
  l.memory = initial_memory(l.compiled, l.inputs);
  const FunctionalRun r = expect_reference_values(l);
  std::size_t compared = 0;
  for (const PlacedTensor& place : l.compiled.placement.tensors) {
    if (l.compiled.graph.tensor(place.tensor).name != "y") continue;
    const std::vector<double> got = read_tensor(l.compiled, *r.memory, place);
    ASSERT_EQ(got.size(), exact.size());
    double largest = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double error = std::fabs(got[i] - exact[i]);
      ASSERT_FALSE(std::isnan(error)) << i;
      largest = std::max(largest, error);
    }
    EXPECT_LE(largest, allowed(machine.data_type));
    ++compared;
  }
  EXPECT_EQ(compared, 1U);
}

class LongRows : public ::testing::TestWithParam<std::tuple<DataType, const char*>> {};

TEST_P(LongRows, are_computed_in_pieces) {
  const auto& [type, op] = GetParam();
  const MachineConfig machine = machine_of(type, 2);
  for (const int row : {5000, 4097, 20011}) {  // 4097 is 17 x 241, 20011 is prime
    const std::string text =
        fmt::format("name: net\ninputs: {{x: [2, {}]}}\nops: [{{op: {}, name: y}}]\n", row, op);
    for (const std::optional<float> constant : {std::optional<float>(), std::optional(1.0F)}) {
      SCOPED_TRACE(fmt::format("row of {} elements, {}", row, constant ? "all 1" : "random"));
      expect_as_whole(parse_workload(text, "net.yaml"), machine, constant);
    }
  }
}

TEST(LongMeans, do_not_overflow_where_the_sum_would) {
  for (const DataType type : {DataType::fp16, DataType::int16})
    for (const int row : {20011, 100'003}) {
      SCOPED_TRACE(row);
      const std::string text = fmt::format(
          "name: net\ninputs: {{x: [2, {}]}}\nops: [{{op: {}, name: y}}]\n", row, kMean);
      expect_as_whole(parse_workload(text, "net.yaml"), machine_of(type), 4.0F);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Types, LongRows,
    ::testing::Values(std::tuple(DataType::fp32, "softmax"),
                      std::tuple(DataType::fp32, "layer_norm"), std::tuple(DataType::fp32, kMean),
                      std::tuple(DataType::fp16, kMax), std::tuple(DataType::fp16, kMean),
                      std::tuple(DataType::int16, kMax), std::tuple(DataType::int16, kMean),
                      std::tuple(DataType::int8, kMean)));

TEST(ShortRows, that_fit_stay_as_they_are) {
  const Graph graph = parse_workload(
      "name: net\ninputs: {x: [2, 1024]}\nops: [{op: softmax, name: y}]\n", "net.yaml");
  EXPECT_EQ(with_short_rows(graph, machine_of(DataType::fp32)).ops.size(), 1U);
}

/// Models of the shared data with the outputs that ONNX Runtime has computed.
TEST(SharedCases, have_the_outputs_of_another_runtime) {
  const char* set = std::getenv("UNNA_SHARED");  // NOLINT(concurrency-mt-unsafe)
  const fs::path shared =
      set != nullptr ? fs::path(set) : fs::path(UNNASIM_SOURCE_DIR).parent_path() / "shared";
  if (!fs::is_directory(shared / "cases/onnx")) GTEST_SKIP() << "no shared cases";
  const std::int64_t cores[] = {1, 4};
  for (const fs::path& directory : find_conformance_cases(shared / "cases/onnx")) {
    const ConformanceCase result = run_conformance_case(directory, cores);
    EXPECT_TRUE(result.verdict == Verdict::passed || result.verdict == Verdict::at_import)
        << result.name << ": " << result.reason;
  }
}

}  // namespace
}  // namespace unna
