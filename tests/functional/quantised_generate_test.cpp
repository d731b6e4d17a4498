// A language model that comes quantised to 8 bits and generates on an int8 machine: its steps have
// the model's own scales (docs/adr/0021), and its caches a byte an element.

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "flow/generate.h"
#include "flow/step_programs.h"
#include "tests/support/committed.h"
#include "tests/workloads/onnx_builder.h"

namespace unna {
namespace {

using onnx_test::Builder;

constexpr std::int64_t kWidth = 32;

void name_dim(Builder& b, const std::string& input, int dim, const std::string& name) {
  for (::onnx::ValueInfoProto& info : *b.proto().mutable_graph()->mutable_input())
    if (info.name() == input)
      info.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(dim)->set_dim_param(
          name);
}

/// x rounded to the model's steps: quantised and back.
std::string in_steps(Builder& b, const std::string& x, const std::string& grid) {
  b.node("QuantizeLinear", {x, grid + ".s", grid + ".z"}, {x + ".q"});
  b.node("DequantizeLinear", {x + ".q", grid + ".s", grid + ".z"}, {x + ".d"});
  return x + ".d";
}

/// x times weights of eight bits.
std::string product(Builder& b, const std::string& x, const std::string& name) {
  std::vector<int> weights;
  for (int i = 0; i < kWidth * kWidth; ++i) weights.push_back(i * 37 % 255 - 127);
  b.eights(name + ".w", {kWidth, kWidth}, weights, Builder::Eight::with_sign);
  b.reals(name + ".ws", {}, {0.004F});
  b.eights(name + ".wz", {}, {0}, Builder::Eight::with_sign);
  b.node("DequantizeLinear", {name + ".w", name + ".ws", name + ".wz"}, {name + ".wd"});
  b.node("MatMul", {x, name + ".wd"}, {name});
  return in_steps(b, name, "act");
}

/// A layer of attention with caches of keys and values.
std::filesystem::path quantised_decoder() {
  Builder b;
  b.reals("act.s", {}, {0.05F}).eights("act.z", {}, {117});
  b.reals("prob.s", {}, {1.0F / 256}).eights("prob.z", {}, {0});
  b.input("x", {1, -1, kWidth});
  name_dim(b, "x", 1, "sequence");
  const std::string x = in_steps(b, "x", "act");
  for (const std::string part : {"key", "value"}) {
    const std::string past = "past_key_values.0." + part;
    b.input(past, {1, -1, kWidth});
    name_dim(b, past, 1, "past_sequence");
    b.node("Concat", {past, product(b, x, part)}, {"present.0." + part}).i("axis", 1);
    b.output("present.0." + part);
  }
  b.node("Transpose", {in_steps(b, "present.0.key", "act")}, {"keys"}).is("perm", {0, 2, 1});
  b.node("MatMul", {product(b, x, "query"), "keys"}, {"scores"});
  b.node("Softmax", {in_steps(b, "scores", "act")}, {"probabilities"}).i("axis", -1);
  b.node("MatMul", {in_steps(b, "probabilities", "prob"), in_steps(b, "present.0.value", "act")},
         {"context"});
  b.node("Identity", {product(b, in_steps(b, "context", "act"), "last")}, {"logits"});
  b.output("logits");
  const auto file = std::filesystem::path(testing::TempDir()) / "quantised_decoder.onnx";
  write_file(file, b.bytes());
  return file;
}

ChosenMachine machine_of(std::int64_t cores, DataType type) {
  ChosenMachine machine{preset_machine(cores), {}};
  machine.config.data_type = type;
  return machine;
}

TEST(QuantisedGenerate, RunsInTheModelsSteps) {
  const NetworkChoice network{quantised_decoder(), {}, {}, 1};
  GenerateOptions options;
  options.prompt = 12;
  options.tokens = 9;
  for (const std::int64_t cores : {1, 4}) {
    const ChosenMachine machine = machine_of(cores, DataType::int8);
    const GenerateReport report = generate(network, machine, options, false);
    ASSERT_EQ(report.steps.size(), 8U);
    EXPECT_EQ(report.proved, 9U);
    EXPECT_EQ(report.footprint.states, 2 * 20 * kWidth) << "keys and values of a byte an element";
    EXPECT_LT(report.footprint.weights, 6 * kWidth * kWidth)
        << "four matrices of bytes, and how to scale their channels";
    for (const StepFigures& step : report.steps)
      EXPECT_EQ(step.macs, static_cast<double>(4 * kWidth * kWidth + 2 * (step.past + 1) * kWidth));
  }
}

/// What rounds to the model's steps is an operator of its own in other number types only. One that
/// rounds a cache would read and write all of it in every step.
TEST(QuantisedGenerate, RoundsWhereResultsAreMade) {
  const NetworkChoice network{quantised_decoder(), {}, {}, 1};
  const RunOptions run;
  const auto step = [&](DataType type) {
    const ChosenMachine machine = machine_of(1, type);
    return *StepPrograms(network, machine, run, 20).compiled({12, 1, {}}).object;
  };
  EXPECT_LT(step(DataType::int8).layers.size(), step(DataType::fp32).layers.size());
  const Object object = step(DataType::int8);
  EXPECT_TRUE(std::ranges::none_of(object.layers,
                                   [](const LayerInfo& layer) { return layer.kind == "unary"; }));
  EXPECT_TRUE(std::ranges::any_of(object.streams[0],
                                  [](const Instruction& i) { return i.opcode == Opcode::quant; }));
}

TEST(QuantisedGenerate, RefusesValues) {
  const NetworkChoice network{quantised_decoder(), {}, {}, 1};
  GenerateOptions options;
  options.prompt = 4;
  options.tokens = 2;
  options.functional = true;
  EXPECT_EQ(
      input_error([&] { generate(network, machine_of(1, DataType::int8), options, false); }),
      "unnasim generate: --functional: scales of int8 would differ from step to step, expected "
      "another data_type");
}

}  // namespace
}  // namespace unna
