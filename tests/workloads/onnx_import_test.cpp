// What the importer makes of inputs, weights, names and options.

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "base/error.h"
#include "base/file.h"
#include "tests/support/committed.h"
#include "tests/workloads/onnx_builder.h"
#include "workloads/onnx/import.h"
#include "workloads/yaml_writer.h"

namespace unna {
namespace {

using onnx_test::Builder;

OnnxImport import_of(const Builder& b, const OnnxOptions& options = {}) {
  return parse_onnx(b.bytes(), "net.onnx", options);
}
std::string error_of(const Builder& b, const OnnxOptions& options = {}) {
  return input_error([&] { import_of(b, options); });
}

void relu(Builder& b) {
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
}

TEST(OnnxInputs, a_dynamic_dimension_needs_a_shape) {
  Builder b;
  b.input("x", {-1, 3});
  relu(b);
  EXPECT_EQ(error_of(b),
            "net.onnx: input 'x' is ?x3, expected its shape: --input-shape x=... or --dim n=...");
  OnnxOptions options;
  options.input_shapes["x"] = parse_shape("5x3");
  EXPECT_EQ(import_of(b, options).graph.tensors[0].shape, (Shape{5, 3}));
  options.input_shapes["x"] = parse_shape("5x4");
  EXPECT_EQ(error_of(b, options),
            "net.onnx: input 'x' is ?x3, expected a shape that fits, not 5x4");
  options.input_shapes = {{"z", {1}}};
  EXPECT_EQ(error_of(b, options), "net.onnx: has no input 'z', expected one of: x");
}

TEST(OnnxInputs, a_shape_is_written_with_x_between_its_dimensions) {
  EXPECT_EQ(parse_shape("1x3x224x224"), (Shape{1, 3, 224, 224}));
  for (const char* text : {"", "x", "1x", "1,2", "1x-1", "9999999999"})
    EXPECT_EQ(input_error([&] { parse_shape(text); }),
              fmt::format("'{}' is no shape, expected one like 1x3x224x224", text));
}

TEST(OnnxInputs, one_that_no_output_depends_on_is_noted) {
  Builder b;
  b.input("x", {2}).input("z", {2});
  relu(b);
  const OnnxImport import = import_of(b);
  EXPECT_EQ(import.notes, std::vector<std::string>{"no output depends on input z"});
  EXPECT_EQ(import.graph.tensors.size(), 2U);
}

TEST(OnnxInputs, with_a_dimension_that_is_a_sum_have_it_of_the_terms) {
  Builder b;
  b.input("x", {1, -1}).input("z", {1, -1});
  const auto name = [&](int input, const char* dim) {
    b.proto()
        .mutable_graph()
        ->mutable_input(input)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(1)
        ->set_dim_param(dim);
  };
  name(0, "past");
  name(1, "past + length");
  b.node("Concat", {"x", "z"}, {"y"}).i("axis", 1);
  b.output("y");
  OnnxOptions options;
  options.dims = {{"past", 3}, {"length", 2}};
  const Graph graph = parse_onnx(b.bytes(), "net.onnx", options).graph;
  EXPECT_EQ(graph.tensor(graph.ops[0].outputs[0]).shape, (Shape{1, 8}));
  options.dims = {{"past", 3}};
  EXPECT_EQ(input_error([&] { parse_onnx(b.bytes(), "net.onnx", options); }),
            "net.onnx: input 'z' is 1x?, expected its shape: --input-shape z=... or "
            "--dim length=...");
  options.dims = {{"past", 3}, {"width", 2}};
  EXPECT_EQ(input_error([&] { parse_onnx(b.bytes(), "net.onnx", options); }),
            "net.onnx: has no dimension 'width', expected one of: past, past + length");
}

TEST(OnnxWeights, have_the_values_of_the_file) {
  Builder b;
  b.input("x", {1, 2}).reals("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y");
  const Graph graph = import_of(b).graph;
  const GraphTensor& w = graph.tensor(graph.ops[0].inputs[1]);
  EXPECT_EQ(w.shape, (Shape{3, 2}));
  ASSERT_NE(w.values, nullptr);
  EXPECT_EQ(*w.values, (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

/// x + w, where the test sets w.
std::shared_ptr<const std::vector<float>> values_of(
    const std::function<void(::onnx::TensorProto&)>& set) {
  Builder b;
  b.input("x", {2});
  ::onnx::TensorProto& w = *b.proto().mutable_graph()->add_initializer();
  w.set_name("w");
  w.add_dims(2);
  set(w);
  b.node("Add", {"x", "w"}, {"y"});
  b.output("y");
  const Graph graph = import_of(b).graph;
  return graph.tensor(graph.ops[0].inputs[1]).values;
}

TEST(OnnxWeights, are_read_from_every_element_type) {
  using T = ::onnx::TensorProto;
  const std::vector<float> expected = {1.5F, -2};
  const auto raw = [](const auto& values) {
    return std::string(reinterpret_cast<const char*>(values.data()),
                       values.size() * sizeof(values[0]));
  };
  EXPECT_EQ(*values_of([&](T& t) {
    t.set_data_type(T::FLOAT);
    t.set_raw_data(raw(expected));
  }),
            expected);
  EXPECT_EQ(*values_of([&](T& t) {
    t.set_data_type(T::DOUBLE);
    t.add_double_data(1.5);
    t.add_double_data(-2);
  }),
            expected);
  const std::vector<std::uint16_t> half = {0x3e00, 0xc000};
  EXPECT_EQ(*values_of([&](T& t) {
    t.set_data_type(T::FLOAT16);
    t.set_raw_data(raw(half));
  }),
            expected);
  EXPECT_EQ(*values_of([&](T& t) {
    t.set_data_type(T::FLOAT16);
    for (const auto bits : half) t.add_int32_data(bits);
  }),
            expected);
  EXPECT_EQ(*values_of([&](T& t) {
    t.set_data_type(T::BFLOAT16);
    t.add_int32_data(0x3fc0);
    t.add_int32_data(0xc000);
  }),
            expected);
}

TEST(OnnxWeights, may_stand_in_a_file_of_their_own_or_be_absent) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "onnx_external";
  const std::vector<float> expected = {1.5F, -2};
  Builder b;
  b.input("x", {2});
  ::onnx::TensorProto& w = *b.proto().mutable_graph()->add_initializer();
  w.set_name("w");
  w.add_dims(2);
  w.set_data_type(::onnx::TensorProto::FLOAT);
  w.set_data_location(::onnx::TensorProto::EXTERNAL);
  auto& location = *w.add_external_data();
  location.set_key("location");
  location.set_value("data.bin");
  auto& offset = *w.add_external_data();
  offset.set_key("offset");
  offset.set_value("4");
  b.node("Add", {"x", "w"}, {"y"});
  b.output("y");
  const auto import = [&] { return parse_onnx(b.bytes(), folder / "net.onnx"); };
  const OnnxImport absent = import();
  EXPECT_EQ(absent.notes, std::vector<std::string>{"1 weights have no values: no file data.bin"});
  EXPECT_EQ(absent.graph.tensor(absent.graph.ops[0].inputs[1]).values, nullptr);
  std::filesystem::create_directories(folder);
  write_file(folder / "data.bin",
             "1234" + std::string(reinterpret_cast<const char*>(expected.data()), 8));
  const OnnxImport present = import();
  EXPECT_EQ(*present.graph.tensor(present.graph.ops[0].inputs[1]).values, expected);
  write_file(folder / "data.bin", "1234567");
  EXPECT_EQ(input_error(import), (folder / "net.onnx").string() +
                                     ": tensor 'w' has 8 bytes at 4 of 'data.bin', expected them "
                                     "within its 7");
  location.set_value("../data.bin");
  EXPECT_EQ(input_error(import), (folder / "net.onnx").string() +
                                     ": tensor 'w' is in '../data.bin', expected a file beside the "
                                     "model");
  std::filesystem::remove_all(folder);
}

TEST(OnnxWeights, of_a_constant_shape_have_no_values_unless_computed_or_plain) {
  Builder b;
  b.input("x", {2, 3}).ints("shape", {2}, {2, 3});
  b.node("ConstantOfShape", {"shape"}, {"stand_in"}).tensor("value", {1}, {0.01F});
  b.node("Shape", {"x"}, {"s"});
  b.node("ConstantOfShape", {"s"}, {"computed"}).tensor("value", {1}, {0.01F});
  b.node("ConstantOfShape", {"shape"}, {"zeros"});
  b.node("Add", {"x", "stand_in"}, {"a"});
  b.node("Add", {"a", "computed"}, {"b"});
  b.node("Add", {"b", "zeros"}, {"y"});
  b.output("y");
  const Graph graph = import_of(b).graph;
  EXPECT_EQ(graph.tensor(graph.ops[0].inputs[1]).values, nullptr);
  EXPECT_EQ(*graph.tensor(graph.ops[1].inputs[1]).values, std::vector<float>(6, 0.01F));
  EXPECT_EQ(*graph.tensor(graph.ops[2].inputs[1]).values, std::vector<float>(6, 0));
}

TEST(OnnxNames, are_the_nodes_and_the_outputs_and_survive_the_network_language) {
  Builder b;
  const std::string odd = "a b\"'\\/:#{}[],&*!|>%@` ü $(z) \n\x01";
  b.input(odd, {2}).weight("495", {2}).weight("same", {2});
  b.node("Add", {odd, "495"}, {"t1"}, "same");
  b.node("Add", {"t1", "same"}, {"t2"}, "true");
  b.node("Split", {"t2"}, {"p", "q"}, "0x10");
  b.node("Add", {"p", "q"}, {"- out: 1"}, "ignored");
  b.output("- out: 1");
  const Graph graph = import_of(b).graph;
  EXPECT_EQ(graph.tensors[0].name, "a b\"'\\/:#{}[],&*!|>%@` ü _(z) __");
  EXPECT_EQ(graph.ops[0].name, "same");
  EXPECT_EQ(graph.tensor(graph.ops[1].inputs[1]).name, "same~2");
  EXPECT_EQ(graph.ops.back().name, "- out: 1");
  EXPECT_EQ(dump_graph(parse_workload(write_workload(graph), "net.yaml")), dump_graph(graph));
}

TEST(OnnxOutputs, may_be_an_input_a_part_or_the_same_value_twice) {
  Builder b;
  b.input("x", {4});
  b.node("Split", {"x"}, {"p", "q"}, "s");
  b.node("Identity", {"p"}, {"again"});
  for (const char* name : {"p", "again", "x"}) b.output(name);
  OnnxOptions unchecked;
  unchecked.check = false;
  const Graph graph = import_of(b, unchecked).graph;
  std::string outputs;
  for (const GraphTensor& t : graph.tensors)
    if (t.is_output) outputs += t.name + " ";
  EXPECT_EQ(outputs, "p again x~2 ");
}

TEST(OnnxErrors, list_everything_that_is_not_supported) {
  Builder b;
  b.input("x", {1, 4, 4, 4, 4}).weight("w", {4, 4, 3, 3, 3});
  b.node("Conv", {"x", "w"}, {"a"}, "first");
  b.node("NonMaxSuppression", {"a"}, {"b"}, "second");
  b.node("Relu", {"b"}, {"c"});
  b.node("MadeUp", {"c"}, {"d"});
  b.node("HardSigmoid", {"d"}, {"e"}, "fourth").f("gamma", 1);
  b.node("Resize", {"x"}, {"y"}, "fifth").s("mode", "cubic");
  b.output("y");
  EXPECT_EQ(error_of(b),
            "net.onnx: 4 of 6 operators are not supported: Conv 'first' (the input is 1x4x4x4x4, "
            "expected one or two spatial dimensions); NonMaxSuppression 'second' (unknown); MadeUp "
            "'d' (unknown); Resize 'fifth' (0 sizes of 1x4x4x4x4)");
}

TEST(OnnxErrors, say_what_is_wrong_with_the_model) {
  Builder old(5);
  old.input("x", {2});
  relu(old);
  EXPECT_EQ(error_of(old), "net.onnx: opset 5, expected 6 to 23");
  Builder twice;
  twice.input("x", {2});
  relu(twice);
  twice.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(
      error_of(twice),
      "net.onnx: 1 of 2 operators are not supported: Relu 'y' ('y' is defined twice, expected "
      "each name once)");
  Builder cycle;
  cycle.input("x", {2});
  cycle.node("Add", {"x", "y"}, {"y"}, "n");
  cycle.output("y");
  EXPECT_EQ(
      error_of(cycle),
      "net.onnx: operators need one another's results in a circle: 'n', 'n', expected each to "
      "need only those of earlier ones");
  Builder constant;
  constant.input("x", {2}).weight("y", {2});
  constant.output("y");
  EXPECT_EQ(error_of(constant),
            "net.onnx: output 'y' is a constant, expected the result of an operator");
}

TEST(OnnxErrors, of_the_schema_come_from_libonnx) {
  Builder b;
  b.input("x", {2});
  b.node("Relu", {"x", "x"}, {"y"}, "n");
  b.output("y");
  EXPECT_NE(error_of(b).find("refused by libonnx's checker"), std::string::npos) << error_of(b);
  OnnxOptions unchecked;
  unchecked.check = false;
  EXPECT_EQ(error_of(b, unchecked), "");
}

TEST(LoadNetwork, tells_models_from_networks_by_name_or_content) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "load_network";
  Builder b;
  b.input("x", {2});
  relu(b);
  std::filesystem::create_directories(folder);
  write_file(folder / "net.onnx", b.bytes());
  write_file(folder / "model.bin", b.bytes());
  write_file(folder / "net.yaml", "name: n\ninputs: {x: [2]}\nops: [{op: unary, fn: relu}]\n");
  EXPECT_EQ(load_network(folder / "net.onnx").graph.name, "net");
  EXPECT_EQ(load_network(folder / "model.bin").graph.name, "model");
  EXPECT_EQ(load_network(folder / "net.yaml").graph.name, "n");
  OnnxOptions shaped;
  shaped.input_shapes["x"] = {2};
  EXPECT_EQ(input_error([&] { load_network(folder / "net.yaml", shaped); }),
            (folder / "net.yaml").string() + ": has its shapes, expected no --input-shape");
  OnnxOptions cut;
  cut.outputs = {"y"};
  EXPECT_EQ(input_error([&] { load_network(folder / "net.yaml", cut); }),
            (folder / "net.yaml").string() + ": has its outputs, expected no --outputs");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace unna
