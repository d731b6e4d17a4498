// Shape inference, counts and the builder's own checks.

#include "workloads/graph.h"

#include <gtest/gtest.h>

#include "workloads/layers.h"

namespace unna {
namespace {

struct ShapeCase {
  std::string name;
  OpKind kind;
  OpAttrs attrs;
  std::vector<Shape> inputs;
  std::vector<Shape> outputs;  ///< empty: refused
  std::string error;           ///< part of the message
};

void PrintTo(const ShapeCase& c, std::ostream* out) {
  *out << c.name;
}

WindowAttrs window(std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                   std::int64_t dilation = 1) {
  return {kernel, kernel, stride, stride, dilation, dilation, pad, pad, pad, pad};
}

class Shapes : public testing::TestWithParam<ShapeCase> {};

TEST_P(Shapes, AreInferredOrRefused) {
  const ShapeCase& c = GetParam();
  GraphOp op;
  op.name = "op";
  op.kind = c.kind;
  op.attrs = c.attrs;
  op.pos = {"net.yaml", 3, 5};
  if (c.error.empty()) {
    EXPECT_EQ(infer_shapes(op, c.inputs), c.outputs);
    return;
  }
  try {
    const auto shapes = infer_shapes(op, c.inputs);
    FAIL() << "accepted with " << shapes.size() << " outputs";
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()),
              fmt::format("net.yaml:3:5: {} 'op': {}", name(c.kind), c.error));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Windows, Shapes,
    testing::Values(ShapeCase{"stride_drops_the_rest",
                              OpKind::conv,
                              ConvAttrs{window(3, 2, 0), 1},
                              {{1, 4, 8, 9}, {6, 4, 3, 3}, {6}},
                              {{1, 6, 3, 4}},
                              ""},
                    ShapeCase{"kernel_as_large_as_padded_input",
                              OpKind::conv,
                              ConvAttrs{window(5, 1, 1), 1},
                              {{1, 1, 3, 3}, {1, 1, 5, 5}},
                              {{1, 1, 1, 1}},
                              ""},
                    ShapeCase{"kernel_one_larger",
                              OpKind::conv,
                              ConvAttrs{window(6, 1, 1), 1},
                              {{1, 1, 3, 3}, {1, 1, 6, 6}},
                              {},
                              "height: the kernel spans 6, expected at most the padded input's 5"},
                    ShapeCase{"dilation_spreads_the_kernel",
                              OpKind::conv,
                              ConvAttrs{window(3, 1, 2, 2), 1},
                              {{2, 3, 7, 7}, {8, 3, 3, 3}},
                              {{2, 8, 7, 7}},
                              ""},
                    ShapeCase{"depthwise",
                              OpKind::conv,
                              ConvAttrs{window(3, 1, 1), 6},
                              {{1, 6, 5, 5}, {12, 1, 3, 3}},
                              {{1, 12, 5, 5}},
                              ""},
                    ShapeCase{"groups_that_do_not_divide",
                              OpKind::conv,
                              ConvAttrs{window(1, 1, 0), 4},
                              {{1, 6, 5, 5}, {8, 1, 1, 1}},
                              {},
                              "4 groups, expected a divisor of 6 input and 8 output channels"},
                    ShapeCase{"weight_of_other_channels",
                              OpKind::conv,
                              ConvAttrs{window(1, 1, 0), 1},
                              {{1, 6, 5, 5}, {8, 5, 1, 1}},
                              {},
                              "weight is 8x5x1x1, expected 8x6x1x1"},
                    ShapeCase{"bias_of_other_length",
                              OpKind::conv,
                              ConvAttrs{window(1, 1, 0), 1},
                              {{1, 6, 5, 5}, {8, 6, 1, 1}, {7}},
                              {},
                              "bias is 7, expected 8"},
                    ShapeCase{"conv_of_three_dimensions",
                              OpKind::conv,
                              ConvAttrs{window(1, 1, 0), 1},
                              {{6, 5, 5}, {8, 6, 1, 1}},
                              {},
                              "input 0 is 6x5x5, expected 4 dimensions"},
                    ShapeCase{"floor",
                              OpKind::max_pool,
                              PoolAttrs{window(3, 2, 0), false, false},
                              {{1, 2, 6, 6}},
                              {{1, 2, 2, 2}},
                              ""},
                    ShapeCase{"ceil",
                              OpKind::max_pool,
                              PoolAttrs{window(3, 2, 0), true, false},
                              {{1, 2, 6, 6}},
                              {{1, 2, 3, 3}},
                              ""},
                    ShapeCase{"ceil_drops_a_window_in_the_padding",
                              OpKind::max_pool,
                              PoolAttrs{window(2, 2, 1), true, false},
                              {{1, 2, 5, 5}},
                              {{1, 2, 3, 3}},
                              ""},
                    ShapeCase{"ceil_keeps_a_window_on_the_last_row",
                              OpKind::max_pool,
                              PoolAttrs{window(2, 3, 0), true, false},
                              {{1, 2, 4, 4}},
                              {{1, 2, 2, 2}},
                              ""},
                    ShapeCase{"pad_as_large_as_the_window",
                              OpKind::avg_pool,
                              PoolAttrs{window(2, 1, 2), false, false},
                              {{1, 2, 5, 5}},
                              {},
                              "pad 2,2,2,2 is not smaller than the window of 2x2, expected less"}),
    [](const auto& p) { return p.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Products, Shapes,
    testing::Values(
        ShapeCase{
            "gemm_of_a_sequence", OpKind::gemm, {}, {{2, 5, 8}, {3, 8}, {3}}, {{2, 5, 3}}, ""},
        ShapeCase{"gemm_of_other_features",
                  OpKind::gemm,
                  {},
                  {{5, 8}, {3, 9}},
                  {},
                  "weight is 3x9, expected 3x8"},
        ShapeCase{"matmul",
                  OpKind::matmul,
                  MatmulAttrs{},
                  {{2, 4, 5, 6}, {2, 4, 6, 7}},
                  {{2, 4, 5, 7}},
                  ""},
        ShapeCase{"matmul_transposed",
                  OpKind::matmul,
                  MatmulAttrs{true, 1},
                  {{4, 5, 6}, {4, 7, 6}},
                  {{4, 5, 7}},
                  ""},
        ShapeCase{"matmul_of_other_inner_size",
                  OpKind::matmul,
                  MatmulAttrs{},
                  {{5, 6}, {7, 6}},
                  {},
                  "second input is 7x6, expected 6x6 for a first input of 5x6"},
        ShapeCase{"lstm_both_ways",
                  OpKind::lstm,
                  LstmAttrs{8, true},
                  {{9, 2, 5}, {2, 32, 5}, {2, 32, 8}, {2, 64}},
                  {{9, 2, 2, 8}},
                  ""},
        ShapeCase{"lstm_without_recurrent_bias",
                  OpKind::lstm,
                  LstmAttrs{8, false},
                  {{9, 2, 5}, {1, 32, 5}, {1, 32, 8}, {1, 32}},
                  {},
                  "b is 1x32, expected 1x64"}),
    [](const auto& p) { return p.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Elements, Shapes,
    testing::Values(ShapeCase{"broadcast_both_ways",
                              OpKind::binary,
                              FunctionAttrs{ScalarFn::add},
                              {{2, 1, 4}, {3, 1}},
                              {{2, 3, 4}},
                              ""},
                    ShapeCase{"no_broadcast",
                              OpKind::binary,
                              FunctionAttrs{ScalarFn::add},
                              {{2, 3}, {2}},
                              {},
                              "shapes 2x3 and 2 do not broadcast, expected equal dimensions or 1"},
                    ShapeCase{"binary_relu",
                              OpKind::binary,
                              FunctionAttrs{ScalarFn::relu},
                              {{2}, {2}},
                              {},
                              "relu takes one operand, expected a function of two"},
                    ShapeCase{"unary_add",
                              OpKind::unary,
                              FunctionAttrs{ScalarFn::add},
                              {{2}},
                              {},
                              "add takes two operands, expected a function of one"},
                    ShapeCase{"batch_norm",
                              OpKind::batch_norm,
                              NormAttrs{},
                              {{1, 3, 2}, {3}, {3}, {3}, {3}},
                              {{1, 3, 2}},
                              ""},
                    ShapeCase{"layer_norm_of_other_width",
                              OpKind::layer_norm,
                              NormAttrs{},
                              {{1, 3}, {3}, {2}},
                              {},
                              "bias is 2, expected 3"},
                    ShapeCase{"reduce_drops",
                              OpKind::reduce,
                              ReduceAttrs{ReduceFn::sum, {1, 3}, false},
                              {{2, 3, 4, 5}},
                              {{2, 4}},
                              ""},
                    ShapeCase{"reduce_keeps",
                              OpKind::reduce,
                              ReduceAttrs{ReduceFn::sum, {1, 3}, true},
                              {{2, 3, 4, 5}},
                              {{2, 1, 4, 1}},
                              ""},
                    ShapeCase{"reduce_axis_twice",
                              OpKind::reduce,
                              ReduceAttrs{ReduceFn::sum, {1, 1}, true},
                              {{2, 3}},
                              {},
                              "axes 1,1 are not ascending, expected each once, in order"}),
    [](const auto& p) { return p.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Movement, Shapes,
    testing::Values(
        ShapeCase{"concat",
                  OpKind::concat,
                  AxisAttrs{1, {}},
                  {{1, 2, 3}, {1, 4, 3}, {1, 1, 3}},
                  {{1, 7, 3}},
                  ""},
        ShapeCase{"concat_of_other_rows",
                  OpKind::concat,
                  AxisAttrs{1, {}},
                  {{1, 2, 3}, {1, 4, 4}},
                  {},
                  "input 1 is 1x4x4, expected to differ from 1x2x3 along axis 1 only"},
        ShapeCase{"concat_axis_past_the_last",
                  OpKind::concat,
                  AxisAttrs{2, {}},
                  {{1, 2}},
                  {},
                  "axis is 2, expected 0 to 1 for an input of 1x2"},
        ShapeCase{"split", OpKind::split, AxisAttrs{0, {1, 3}}, {{4, 2}}, {{1, 2}, {3, 2}}, ""},
        ShapeCase{"split_of_less",
                  OpKind::split,
                  AxisAttrs{0, {1, 2}},
                  {{4, 2}},
                  {},
                  "the parts sum to 3, expected 4, the size of axis 0 of 4x2"},
        ShapeCase{"slice_in_steps",
                  OpKind::slice,
                  SliceAttrs{{0, 1}, {5, 8}, {2, 3}},
                  {{5, 8}},
                  {{3, 3}},
                  ""},
        ShapeCase{
            "slice_one_past_the_end",
            OpKind::slice,
            SliceAttrs{{0}, {6}, {1}},
            {{5}},
            {},
            "dimension 0 from 0 to 6 in steps of 1, expected 0 <= start < end <= 5, step >= 1"},
        ShapeCase{"reshape", OpKind::reshape, ReshapeAttrs{{4, 3}}, {{2, 6}}, {{4, 3}}, ""},
        ShapeCase{"reshape_to_more",
                  OpKind::reshape,
                  ReshapeAttrs{{4, 4}},
                  {{2, 6}},
                  {},
                  "shape 4x4 has 16 elements, expected the input's 12 (2x6)"},
        ShapeCase{"transpose",
                  OpKind::transpose,
                  TransposeAttrs{{2, 0, 1}},
                  {{2, 3, 4}},
                  {{4, 2, 3}},
                  ""},
        ShapeCase{"transpose_twice_the_same",
                  OpKind::transpose,
                  TransposeAttrs{{0, 0}},
                  {{2, 3}},
                  {},
                  "perm is 0,0, expected each of 0 to 1 once"},
        ShapeCase{"pad", OpKind::pad, PadAttrs{{0, 1}, {2, 0}}, {{2, 3}}, {{4, 4}}, ""},
        ShapeCase{"pad_of_fewer_dimensions",
                  OpKind::pad,
                  PadAttrs{{1}, {1}},
                  {{2, 3}},
                  {},
                  "before has 1 entries, expected one for each dimension of 2x3"},
        ShapeCase{"resize",
                  OpKind::resize,
                  ResizeAttrs{ResizeMode::bilinear, true, 7, 9},
                  {{1, 2, 3, 4}},
                  {{1, 2, 7, 9}},
                  ""},
        ShapeCase{"no_input", OpKind::softmax, {}, {}, {}, "has 0 inputs, expected 1"}),
    [](const auto& p) { return p.param.name; });

TEST(Macs, CountWindowsGroupsBatchesAndBothDirections) {
  GraphBuilder b("net");
  const TensorId x = b.input("x", {2, 6, 8, 8});
  ConvAttrs conv{window(3, 1, 1), 3};
  const auto y = add_layer(b, {OpKind::conv, "conv", {x}, conv, 12});
  const TensorId s = b.input("s", {5, 2, 4});
  const auto z = add_layer(b, {OpKind::lstm, "lstm", {s}, LstmAttrs{3, true}});
  b.mark_output(y[0]);
  b.mark_output(z[0]);
  const Graph graph = b.finish();
  EXPECT_EQ(macs(graph, graph.ops[0]), 2 * 12 * 8 * 8 * (6 / 3) * 9);
  EXPECT_EQ(macs(graph, graph.ops[1]), 5 * 2 * 2 * 4 * 3 * (4 + 3));
  EXPECT_EQ(total_params(graph), 12 * 2 * 9 + 12 + 2 * 12 * 4 + 2 * 12 * 3 + 2 * 24);
}

TEST(Builder, KeepsProducersAndConsumersOnceAndAscending) {
  GraphBuilder b("net");
  const TensorId x = b.input("x", {1, 4});
  const TensorId twice = b.op(OpKind::binary, "twice", {x, x}, FunctionAttrs{ScalarFn::add})[0];
  const TensorId y = b.op(OpKind::binary, "y", {twice, x}, FunctionAttrs{ScalarFn::mul})[0];
  b.mark_output(y);
  const Graph graph = b.finish();
  EXPECT_EQ(graph.tensor(x).consumers, (std::vector<OpId>{OpId(0), OpId(1)}));
  EXPECT_EQ(graph.tensor(y).producer, OpId(1));
  EXPECT_EQ(total_intermediate_bytes(graph, 4), 16) << "outputs do not count";
}

TEST(Builder, ResolvesTheOpenDimensionOfAReshape) {
  GraphBuilder b("net");
  const TensorId x = b.input("x", {2, 3, 4});
  EXPECT_EQ(b.tensor(b.op(OpKind::reshape, "a", {x}, {}, {}, {2, -1})[0]).shape, (Shape{2, 12}));
  EXPECT_THROW(b.op(OpKind::reshape, "b", {x}, {}, {}, {5, -1}), InputError);
}

TEST(Builder, RefusesWhatIsNotRead) {
  GraphBuilder b("net");
  const TensorId x = b.input("x", {1, 4});
  b.mark_output(b.op(OpKind::softmax, "read", {x}, {})[0]);
  b.op(OpKind::softmax, "lost", {x}, {}, {"net.yaml", 7, 3});
  try {
    b.finish();
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_STREQ(e.what(),
                 "net.yaml:7:3: 'lost' is never read, expected a reader or an entry in outputs");
  }
}

TEST(Builder, RefusesDuplicateNamesAndAttributesOfAnotherKind) {
  GraphBuilder b("net");
  const TensorId x = b.input("x", {1, 4});
  EXPECT_THROW(b.input("x", {1}), InputError);
  EXPECT_THROW(b.weight("x", {1}), InputError);
  EXPECT_THROW(b.op(OpKind::softmax, "x", {x}, {}), InputError);
  EXPECT_THROW(b.op(OpKind::concat, "c", {x}, FunctionAttrs{}), InternalError);
}

TEST(Builder, TakesTheLargestTensorAndNoLargerOne) {
  GraphBuilder b("net");
  EXPECT_EQ(b.tensor(b.input("most", {1024, 1024, 1024, 1024})).elements(), kMaxElements);
  EXPECT_THROW(b.input("more", {1024, 1024, 1024, 1025}), InputError);
  EXPECT_THROW(b.input("overflow", {kMaxDimension, kMaxDimension, kMaxDimension}), InputError);
  EXPECT_THROW(b.input("none", {1, 0}), InputError);
}

TEST(Dump, SaysOperatorsShapesAndAttributes) {
  const Graph graph = parse_workload(R"(
name: small
inputs: {image: [1, 3, 8, 8]}
ops:
  - {op: conv, name: conv, channels: 4, kernel: [3, 1], stride: 2, pad: [1, 0], act: relu6}
  - {op: split, name: half, axis: 1, parts: 2}
outputs: [half.0, half.1]
)",
                                     "small.yaml");
  EXPECT_EQ(dump_graph(graph), R"(graph small: 3 ops, 576 MACs, 40 parameters
input image:1x3x8x8
   0 conv:1x4x4x4 = conv(image:1x3x8x8, conv.weight:4x3x3x1, conv.bias:4) kernel=3x1 stride=2x2 pad=1,0,1,0 groups=1
   1 conv.clip:1x4x4x4 = unary(conv:1x4x4x4) fn=clip alpha=0 beta=6
   2 half.0:1x2x4x4, half.1:1x2x4x4 = split(conv.clip:1x4x4x4) axis=1 sizes=2,2
output half.0:1x2x4x4
output half.1:1x2x4x4
)");
}

}  // namespace
}  // namespace unna
