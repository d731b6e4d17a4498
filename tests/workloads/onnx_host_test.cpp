// What of a model is the host's, and models as exporters of today write them.

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "tests/support/committed.h"
#include "tests/workloads/onnx_builder.h"
#include "workloads/onnx/import.h"

namespace unna {
namespace {

using onnx_import::HostValues;
using onnx_import::make_integers;
using onnx_import::make_reals;
using onnx_test::Builder;

OnnxImport imported(const Builder& b, const OnnxOptions& options = {}) {
  return parse_onnx(b.bytes(), "net.onnx", options);
}
std::string refusal_of(const Builder& b, const OnnxOptions& options = {}) {
  return input_error([&] { imported(b, options); });
}
std::vector<std::string> names(const Graph& graph, TensorKind kind) {
  std::vector<std::string> out;
  for (const GraphTensor& t : graph.tensors)
    if (t.kind == kind) out.push_back(t.name);
  return out;
}

TEST(OnnxNodes, may_stand_in_any_order) {
  Builder b;
  b.input("x", {2});
  b.node("Abs", {"a"}, {"y"});
  b.node("Relu", {"x"}, {"a"});
  b.output("y");
  const Graph graph = imported(b).graph;
  ASSERT_EQ(graph.ops.size(), 2U);
  EXPECT_EQ(graph.ops[0].name, "a");
}

TEST(OnnxNodes, in_a_circle_are_refused_by_name) {
  Builder b;
  b.input("x", {2});
  b.node("Relu", {"x"}, {"before"});
  b.node("Add", {"before", "c"}, {"a"});
  b.node("Relu", {"a"}, {"b"});
  b.node("Relu", {"b"}, {"c"});
  b.node("Abs", {"c"}, {"y"});
  b.output("y");
  EXPECT_EQ(refusal_of(b),
            "net.onnx: operators need one another's results in a circle: 'b', 'c', 'a', 'b', "
            "expected each to need only those of earlier ones");
}

TEST(OnnxNodes, in_a_long_circle_are_named_in_part) {
  Builder b;
  b.input("x", {2});
  b.node("Add", {"x", "y"}, {"n0"});
  for (int i = 1; i < 100; ++i)
    b.node("Relu", {fmt::format("n{}", i - 1)}, {i == 99 ? "y" : fmt::format("n{}", i)});
  b.output("y");
  EXPECT_EQ(refusal_of(b),
            "net.onnx: operators need one another's results in a circle: 'n1', 'n2', 'n3', 'n4', "
            "'n5', 'n6' and 94 more, expected each to need only those of earlier ones");
}

TEST(OnnxNodes, that_define_an_input_anew_are_no_circle) {
  Builder b;
  b.input("x", {2});
  b.node("Relu", {"x"}, {"x"}, "n");
  b.output("x");
  EXPECT_NE(refusal_of(b).find("'x' is defined twice"), std::string::npos) << refusal_of(b);
}

TEST(OnnxDimensions, are_set_by_name_for_all_inputs) {
  Builder b;
  b.input("x", {-1, 3}).input("z", {-1, 3});
  b.node("Add", {"x", "z"}, {"y"});
  b.output("y");
  EXPECT_EQ(refusal_of(b),
            "net.onnx: inputs 'x' (?x3), 'z' (?x3) have dimensions of unknown size, expected "
            "--dim n=... or --input-shape NAME=SHAPE for each");
  OnnxOptions options;
  options.dims["n"] = 5;
  EXPECT_EQ(imported(b, options).graph.tensors[0].shape, (Shape{5, 3}));
  options.dims["m"] = 1;
  EXPECT_EQ(refusal_of(b, options), "net.onnx: has no dimension 'm', expected one of: n");
}

TEST(OnnxDimensions, of_length_zero_are_nothing) {
  Builder b;
  b.input("past", {1, 0, 4}).input("k", {1, 2, 4});
  b.node("Concat", {"past", "k"}, {"present"}).i("axis", 1);
  b.node("Relu", {"present"}, {"y"});
  b.output("y");
  const Graph graph = imported(b).graph;
  EXPECT_EQ(names(graph, TensorKind::input), std::vector<std::string>{"k"});
}

TEST(OnnxErrors, of_one_kind_are_told_together) {
  Builder b;
  b.input("x", {2});
  std::string last = "x";
  for (int i = 0; i < 5; ++i) {
    b.node("MadeUp", {"x"}, {"m" + std::to_string(i)}, "n" + std::to_string(i));
    last = "m" + std::to_string(i);
  }
  b.node("Relu", {last}, {"y"});
  b.output("y");
  EXPECT_EQ(
      refusal_of(b),
      "net.onnx: 5 of 6 operators are not supported: 5 MadeUp 'n0', 'n1', 'n2' ... (unknown)");
}

/// x * cos(positions / 10).
void rotated(Builder& b) {
  b.input("x", {1, 4}).input("positions", {1, 4}, true).reals("ten", {}, {10});
  b.node("Cast", {"positions"}, {"p"}).i("to", 1);
  b.node("Div", {"p", "ten"}, {"angle"});
  b.node("Cos", {"angle"}, {"cosine"});
  b.node("Mul", {"x", "cosine"}, {"y"});
  b.output("y");
}

TEST(OnnxHost, computes_what_depends_on_positions_only) {
  Builder b;
  rotated(b);
  const OnnxImport import = imported(b);
  EXPECT_EQ(import.graph.ops.size(), 1U);
  EXPECT_EQ(names(import.graph, TensorKind::input), (std::vector<std::string>{"x", "cosine"}));
  ASSERT_EQ(import.host.before.nodes.size(), 3U);
  HostValues values;
  values["positions"] = make_integers({1, 4}, {0, 10, 20, 30});
  onnx_import::run_host(import.host.before, values, {});
  EXPECT_FLOAT_EQ((*values.at("cosine").reals)[1], std::cos(1.0F));
}

TEST(OnnxHost, makes_the_bounds_of_a_where_by_a_mask) {
  Builder b;
  b.input("x", {1, 4}).input("m", {1, 4}, true).ints("one", {}, {1}).reals("low", {}, {-1e9F});
  b.node("Equal", {"m", "one"}, {"c"});
  b.node("Where", {"c", "x", "low"}, {"w"});
  b.node("Softmax", {"w"}, {"y"});
  b.output("y");
  const OnnxImport import = imported(b);
  EXPECT_EQ(import.graph.ops.size(), 3U);  // min, max, softmax
  HostValues values;
  values["m"] = make_integers({1, 4}, {1, 0, 1, 0});
  onnx_import::run_host(import.host.before, values, {});
  EXPECT_EQ(import.host.graph_inputs.size(), 2U);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(*values.at("w.yes_upper").reals,
            (onnx_import::Reals{kInfinity, -1e9F, kInfinity, -1e9F}));
  EXPECT_EQ(*values.at("w.yes_lower").reals,
            (onnx_import::Reals{-kInfinity, -1e9F, -kInfinity, -1e9F}));
}

TEST(OnnxHost, computes_what_comes_after_the_last_operator_of_the_machine) {
  Builder b;
  b.input("x", {2, 3});
  b.node("Relu", {"x"}, {"r"});
  b.node("ArgMax", {"r"}, {"best"}).i("axis", 1);
  b.output("best");
  const OnnxImport import = imported(b);
  EXPECT_EQ(import.graph.ops.size(), 1U);
  EXPECT_EQ(import.host.outputs, std::vector<std::string>{"best"});
  HostValues values;
  values["r"] = make_reals({2, 3}, {0, 2, 1, 5, 0, 0});
  onnx_import::run_host(import.host.after, values, {});
  EXPECT_EQ(*values.at("best").integers, (onnx_import::Integers{1, 0}));
}

TEST(OnnxHost, does_not_take_over_the_rest_of_a_network) {
  Builder b;
  b.input("x", {2, 3}).weight("w", {3, 3});
  b.node("MatMul", {"x", "w"}, {"a"});
  b.node("CumSum", {"a", "axis"}, {"c"}, "sums");
  b.ints("axis", {}, {1});
  b.node("MatMul", {"c", "w"}, {"y"});
  b.output("y");
  EXPECT_EQ(refusal_of(b),
            "net.onnx: 1 of 3 operators are not supported: CumSum 'sums' (of computed inputs)");
}

TEST(OnnxOutputs, may_be_named_where_a_model_goes_on) {
  Builder b;
  b.input("x", {2, 2});
  b.node("Relu", {"x"}, {"a"});
  b.node("Det", {"a"}, {"y"});
  b.output("y");
  EXPECT_EQ(refusal_of(b), "net.onnx: 1 of 2 operators are not supported: Det 'y' (unknown)");
  OnnxOptions options;
  options.outputs = {"a"};
  const OnnxImport import = imported(b, options);
  ASSERT_EQ(import.graph.ops.size(), 1U);
  EXPECT_EQ(import.graph.ops[0].name, "a");
  options.outputs = {"nothing"};
  EXPECT_EQ(refusal_of(b, options),
            "net.onnx: computes no 'nothing', expected the name of a tensor of it");
}

TEST(OnnxHost, leaves_something_for_the_machine) {
  const auto expected = [](const std::string& op) {
    return "net.onnx: nothing is left for the machine, the only operator is the host's (" + op +
           "), as is all that is done to integers, such as ids, positions and masks, and behind "
           "the "
           "machine's last operator, expected at least one operator for the machine";
  };
  Builder whole;
  whole.input("x", {2, 3}, true);
  whole.node("ArgMax", {"x"}, {"y"}).i("axis", 1);
  whole.output("y");
  EXPECT_EQ(refusal_of(whole), expected("ArgMax"));
  Builder chosen;
  chosen.input("x", {2, 3}, true);
  chosen.node("NonZero", {"x"}, {"y"});
  chosen.output("y");
  EXPECT_EQ(refusal_of(chosen), expected("NonZero"));
  Builder real;
  real.input("x", {2, 3});
  real.node("ArgMax", {"x"}, {"y"}).i("axis", 1);
  real.output("y");
  EXPECT_EQ(refusal_of(real), expected("ArgMax"));
}

/// The reason in the refusal of a model with one operator.
std::string reason(const Builder& b) {
  const std::string text = refusal_of(b);
  const std::size_t at = text.rfind(" (");
  return at == std::string::npos ? text : text.substr(at + 1);
}

TEST(OnnxNorms, of_scalars_are_refused) {
  for (const char* op : {"SkipLayerNormalization", "SkipSimplifiedLayerNormalization"}) {
    Builder b(20);
    b.input("x", {2}).weight("s", {1});
    b.node("ReduceMax", {"x"}, {"r"}).i("keepdims", 0);
    b.node(op, {"r", "r", "s"}, {"y"});
    b.output("y");
    EXPECT_EQ(reason(b), "(input 0 is scalar, expected 1 to 8 dimensions)") << op;
  }
  for (const char* op : {"RMSNormalization", "SimplifiedLayerNormalization"}) {
    Builder b(23);
    b.input("x", {2}).weight("s", {1});
    b.node("ReduceMax", {"x"}, {"r"}).i("keepdims", 0);
    b.node(op, {"r", "s"}, {"y"});
    b.output("y");
    EXPECT_EQ(reason(b), "(input 0 is scalar, expected 1 to 8 dimensions)") << op;
  }
}

TEST(OnnxNorms, of_no_elements_are_refused) {
  for (const Shape& shape : {Shape{0, 4, 2}, Shape{1, 4, 0}, Shape{1, 0, 2}}) {
    Builder b(21);
    b.input("x", {1, 4, 2}).ints("shape", {3}, shape).weight("s", {4}).weight("b", {4});
    b.node("ConstantOfShape", {"shape"}, {"none"});
    b.node("GroupNormalization", {"none", "s", "b"}, {"g"}).i("num_groups", 2);
    b.node("Concat", {"x", "g"}, {"y"}).i("axis", 0);
    b.output("y");
    OnnxOptions options;
    options.execute = [](const Graph&, const auto&) {
      return std::map<std::string, onnx_import::Reals>();
    };
    EXPECT_NE(refusal_of(b, options).find("expected elements"), std::string::npos)
        << refusal_of(b, options);
  }
}

TEST(OnnxEinsum, equations_have_letters_as_labels_and_each_once) {
  const auto refusal = [](const std::string& equation, bool two) {
    Builder b;
    b.input("x", {2, 2});
    std::vector<std::string> inputs = {"x"};
    if (two) {
      b.input("z", {2, 2});
      inputs.emplace_back("z");
    }
    b.node("Einsum", inputs, {"y"}).s("equation", equation);
    b.output("y");
    return reason(b);
  };
  const std::string once = ", expected each label once in each operand and the result)";
  const std::string letters = ", expected letters as labels)";
  EXPECT_EQ(refusal("ij->ii", false), "(equation ij->ii" + once);
  EXPECT_EQ(refusal("ii->i", false), "(equation ii->i" + once);
  EXPECT_EQ(refusal("i?,?k->ik", true), "(equation i?,?k->ik" + letters);
  EXPECT_EQ(refusal("i_,_k", true), "(equation i_,_k" + letters);
  EXPECT_EQ(refusal("ij->i[", false), "(equation ij->i[" + letters);
}

TEST(OnnxEinsum, labels_have_one_size) {
  Builder b;
  b.input("x", {2, 3}).input("z", {3, 2});
  b.node("Einsum", {"x", "z"}, {"y"}).s("equation", "ij,ij->ij");
  b.output("y");
  EXPECT_EQ(reason(b), "(label i of 2 and 3)");
}

TEST(OnnxOpsets, up_to_23_are_read) {
  for (const std::int64_t opset : {18, 20, 23}) {
    Builder b(opset);
    b.input("x", {2, 4}).ints("axes", {1}, {1});
    b.node("Gelu", {"x"}, {"g"});
    b.node("ReduceMean", {"g", "axes"}, {"y"});
    b.output("y");
    EXPECT_EQ(imported(b).graph.ops.size(), 2U);
  }
  Builder later(24);
  later.input("x", {2});
  later.node("Relu", {"x"}, {"y"});
  later.output("y");
  EXPECT_EQ(refusal_of(later), "net.onnx: opset 24, expected 6 to 23");
}

TEST(OnnxDomains, are_taken_for_onnx_where_that_is_asked_for) {
  Builder b;
  b.input("x", {2});
  b.node("Relu", {"x"}, {"y"});
  b.proto().mutable_graph()->mutable_node(0)->set_domain("my.domain");
  b.output("y");
  EXPECT_EQ(refusal_of(b),
            "net.onnx: 1 of 1 operators are not supported: Relu 'y' (of domain my.domain)");
  OnnxOptions options;
  options.assume_standard = true;
  EXPECT_EQ(imported(b, options).notes,
            std::vector<std::string>{"Relu of domain my.domain is taken as ONNX's own (1 nodes)"});
}

TEST(OnnxQuantised, values_are_rounded_to_the_models_steps) {
  Builder b;
  b.input("x", {4}).reals("s", {}, {0.5F}).ints("z", {}, {3});
  b.proto().mutable_graph()->mutable_initializer(1)->set_data_type(::onnx::TensorProto::INT64);
  b.node("Relu", {"x"}, {"r"});
  b.node("QuantizeLinear", {"r", "s"}, {"q"});
  b.node("DequantizeLinear", {"q", "s"}, {"y"});
  b.output("y");
  OnnxOptions unchecked;
  unchecked.check = false;
  const Graph graph = imported(b, unchecked).graph;
  ASSERT_EQ(graph.ops.size(), 3U);  // relu, round, clip
  EXPECT_EQ(graph.ops[1].as<FunctionAttrs>().fn, ScalarFn::round);
  EXPECT_EQ(graph.ops[1].as<FunctionAttrs>().alpha, 0.5);
  EXPECT_EQ(graph.ops[2].as<FunctionAttrs>().beta, 255 * 0.5);
}

}  // namespace
}  // namespace unna
