// Every operator, imported alone: the graph's text.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "compiler/compile.h"
#include "configs/machine.h"
#include "tests/support/committed.h"
#include "tests/workloads/onnx_builder.h"
#include "workloads/onnx/import.h"
#include "workloads/onnx/translate.h"
#include "workloads/yaml_writer.h"

namespace unna {
namespace {

using onnx_test::Builder;

OnnxImport import_of(const Builder& b, const OnnxOptions& options = {}) {
  return parse_onnx(b.bytes(), "net.onnx", options);
}

/// The operators of the dump, without their numbers.
std::string ops_of(const Graph& graph) {
  std::istringstream lines(dump_graph(graph));
  std::string out;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(' ')) out += line.substr(line.find_first_not_of(" 0123456789")) + "\n";
  return out;
}

struct Case {
  const char* name;
  std::function<void(Builder&)> build;  ///< from input x (and others) to output y
  std::int64_t opset = 13;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

Graph graph_of(const Case& c) {
  Builder b(c.opset);
  c.build(b);
  b.output("y");
  return import_of(b).graph;
}

class Operators : public ::testing::TestWithParam<Case> {};

TEST_P(Operators, compile_to_programs_that_can_run) {
  const Graph graph = graph_of(GetParam());
  for (const std::int64_t cores : {1, 4}) {
    const Object object = compile(graph, preset_machine(cores), {}).object;
    EXPECT_NO_THROW(verify(object)) << cores;
  }
}

TEST_P(Operators, survive_the_network_language) {
  const Graph graph = graph_of(GetParam());
  EXPECT_EQ(dump_graph(parse_workload(write_workload(graph), "net.yaml")), dump_graph(graph));
}

/// x in steps of a sixteenth around 128: q.
void quantised(Builder& b) {
  b.reals("xs", {}, {0.0625F}).eights("xz", {}, {128});
  b.node("QuantizeLinear", {"x", "xs", "xz"}, {"q"});
}
void dequantised(Builder& b, const std::string& q) {
  b.node("DequantizeLinear", {q, "xs", "xz"}, {"y"});
}

/// A model with one input x.
Case one(const char* name, const Shape& x, const std::function<void(Builder&)>& build,
         std::int64_t opset = 13) {
  return {name,
          [=](Builder& b) {
            b.input("x", x);
            build(b);
          },
          opset};
}

/// A node of x alone.
Case plain(const char* name, const char* op, std::int64_t opset = 13) {
  return one(
      name, {1, 3, 4, 6}, [=](Builder& b) { b.node(op, {"x"}, {"y"}); }, opset);
}

// clang-format off
const Case kCases[] = {
    plain("abs", "Abs"), plain("erf", "Erf"), plain("exp", "Exp"), plain("log", "Log"),
    plain("neg", "Neg"), plain("reciprocal", "Reciprocal"), plain("relu", "Relu"),
    plain("sigmoid", "Sigmoid"), plain("sqrt", "Sqrt"), plain("tanh", "Tanh"),
    plain("hard_sigmoid", "HardSigmoid"), plain("hard_swish", "HardSwish", 14),
    plain("leaky_relu", "LeakyRelu"), plain("softplus", "Softplus"),
    plain("softsign", "Softsign"), plain("elu", "Elu"), plain("selu", "Selu"),
    plain("celu", "Celu"), plain("global_average_pool", "GlobalAveragePool"),
    plain("global_max_pool", "GlobalMaxPool"), plain("softmax", "Softmax"),
    plain("softmax_before_13", "Softmax", 12), plain("log_softmax", "LogSoftmax"),
    plain("lp_normalization", "LpNormalization"), plain("reduce_mean", "ReduceMean"),
    plain("reduce_l1", "ReduceL1"), plain("reduce_l2", "ReduceL2"),
    plain("reduce_log_sum", "ReduceLogSum"), plain("reduce_log_sum_exp", "ReduceLogSumExp"),
    plain("reduce_max", "ReduceMax"), plain("reduce_min", "ReduceMin"),
    plain("reduce_sum_square", "ReduceSumSquare"),
    plain("mean_variance", "MeanVarianceNormalization"), plain("flatten", "Flatten"),
    plain("transpose_reverses", "Transpose"), plain("mean_of_one", "Mean"),
    one("identity_and_dropout", {2, 3}, [](Builder& b) {
      b.node("Identity", {"x"}, {"a"});
      b.node("Dropout", {"a"}, {"b"});
      b.node("Relu", {"b"}, {"y"});
    }),
    one("identity_to_output", {2, 3}, [](Builder& b) { b.node("Identity", {"x"}, {"y"}); }),
    one("add_broadcasts", {2, 3, 4}, [](Builder& b) {
      b.weight("w", {3, 1});
      b.node("Add", {"x", "w"}, {"y"});
    }),
    {"sum_mean_of_three", [](Builder& b) {
      b.input("x", {2, 4}).input("z", {4}).input("w", {2, 1});
      b.node("Sum", {"x", "z", "w"}, {"a"});
      b.node("Mean", {"x", "z", "a"}, {"y"});
    }},
    {"sub_mul_div_max_min", [](Builder& b) {
      b.input("x", {2, 4}).input("z", {2, 4});
      b.node("Sub", {"x", "z"}, {"a"});
      b.node("Mul", {"a", "z"}, {"b"});
      b.node("Div", {"b", "z"}, {"c"});
      b.node("Max", {"c", "z"}, {"d"});
      b.node("Min", {"d", "x"}, {"y"});
    }},
    one("pow", {2, 4}, [](Builder& b) {
      b.reals("p", {}, {3});
      b.node("Pow", {"x", "p"}, {"y"});
    }),
    one("clip_attributes", {2, 4}, [](Builder& b) {
      b.node("Clip", {"x"}, {"y"}).f("min", 0).f("max", 6);
    }, 10),
    one("clip_inputs", {2, 4}, [](Builder& b) {
      b.reals("lo", {}, {-1}).reals("hi", {}, {1});
      b.node("Clip", {"x", "lo"}, {"a"});
      b.node("Clip", {"a", "", "hi"}, {"b"});
      b.node("Clip", {"b", "lo", "hi"}, {"y"});
    }),
    one("prelu", {1, 3, 4, 4}, [](Builder& b) {
      b.weight("slope", {3, 1, 1});
      b.node("PRelu", {"x", "slope"}, {"y"});
    }),
    one("where_with_a_constant", {2, 2}, [](Builder& b) {
      b.ints("n", {2, 2}, {0, 1, 1, 0}).reals("other", {}, {-9});
      b.node("Cast", {"n"}, {"c"}).i("to", 9);
      b.node("Where", {"c", "x", "other"}, {"y"});
    }),
    {"where_of_two", [](Builder& b) {
      b.input("x", {2, 2}).input("z", {2, 2}).ints("n", {2, 1}, {0, 1});
      b.node("Cast", {"n"}, {"c"}).i("to", 9);
      b.node("Where", {"c", "x", "z"}, {"y"});
    }},
    {"cast_of_integers", [](Builder& b) {
      b.input("x", {2, 2}, true);
      b.node("Cast", {"x"}, {"a"}).i("to", 1);
      b.node("Sqrt", {"a"}, {"y"});
    }},
    one("conv_grouped_dilated", {1, 4, 9, 9}, [](Builder& b) {
      b.weight("w", {6, 2, 3, 3}).weight("b", {6});
      b.node("Conv", {"x", "w", "b"}, {"y"}, "c").i("group", 2).is("dilations", {2, 1})
          .is("pads", {1, 0, 2, 1}).is("strides", {2, 1}).is("kernel_shape", {3, 3});
    }),
    one("conv_same_upper", {1, 2, 6, 7}, [](Builder& b) {
      b.weight("w", {2, 2, 3, 2});
      b.node("Conv", {"x", "w"}, {"y"}).s("auto_pad", "SAME_UPPER").is("strides", {2, 2});
    }),
    one("conv_same_lower", {1, 2, 6, 7}, [](Builder& b) {
      b.weight("w", {2, 2, 3, 2});
      b.node("Conv", {"x", "w"}, {"y"}).s("auto_pad", "SAME_LOWER").is("strides", {2, 2});
    }),
    one("conv_1d_with_batch_norm", {1, 4, 10}, [](Builder& b) {
      b.weight("w", {6, 4, 3}).weight("s", {6}).weight("b", {6}).weight("m", {6}).weight("v", {6});
      b.node("Conv", {"x", "w"}, {"a"}, "c").is("pads", {1, 1});
      b.node("BatchNormalization", {"a", "s", "b", "m", "v"}, {"y"}, "n");
    }),
    one("conv_transpose_stride_2", {1, 2, 3, 3}, [](Builder& b) {
      b.weight("w", {2, 3, 3, 3}).weight("b", {3});
      b.node("ConvTranspose", {"x", "w", "b"}, {"y"}, "t").is("strides", {2, 2})
          .is("pads", {1, 1, 1, 1}).is("output_padding", {1, 1});
    }),
    one("conv_transpose_stride_1", {1, 2, 5, 5}, [](Builder& b) {
      b.weight("w", {2, 1, 3, 3});
      b.node("ConvTranspose", {"x", "w"}, {"y"}, "t").i("group", 2);
    }),
    one("conv_transpose_without_taps", {1, 2, 5}, [](Builder& b) {
      b.weight("w", {2, 1, 1}).weight("b", {1});
      b.node("ConvTranspose", {"x", "w", "b"}, {"y"}, "t").is("strides", {2});
    }),
    one("max_pool_ceil", {1, 2, 7, 8}, [](Builder& b) {
      b.node("MaxPool", {"x"}, {"y"}).is("kernel_shape", {3, 3}).is("strides", {2, 2})
          .i("ceil_mode", 1);
    }),
    one("average_pool_1d", {1, 2, 8}, [](Builder& b) {
      b.node("AveragePool", {"x"}, {"y"}).is("kernel_shape", {3}).is("pads", {1, 1})
          .i("count_include_pad", 1);
    }),
    one("gemm_plain", {2, 4}, [](Builder& b) {
      b.weight("w", {4, 3}).weight("c", {3});
      b.node("Gemm", {"x", "w", "c"}, {"y"}).f("alpha", 0.5F).f("beta", 2);
    }),
    one("gemm_transposed_with_matrix", {4, 2}, [](Builder& b) {
      b.weight("w", {3, 4}).weight("c", {2, 3});
      b.node("Gemm", {"x", "w", "c"}, {"y"}).i("transA", 1).i("transB", 1);
    }),
    {"gemm_computed", [](Builder& b) {
      b.input("x", {2, 4}).input("z", {3, 4}).input("c", {3});
      b.node("Gemm", {"x", "z", "c"}, {"y"}).i("transB", 1).f("beta", 3);
    }},
    one("matmul_by_weight", {2, 5, 4}, [](Builder& b) {
      b.weight("w", {4, 3});
      b.node("MatMul", {"x", "w"}, {"y"});
    }),
    {"matmul_broadcasts", [](Builder& b) {
      b.input("x", {2, 1, 5, 4}).input("z", {3, 4, 2});
      b.node("MatMul", {"x", "z"}, {"y"});
    }},
    {"matmul_of_vectors", [](Builder& b) {
      b.input("x", {4}).input("z", {3, 4, 2});
      b.node("MatMul", {"x", "z"}, {"y"});
    }},
    {"matmul_of_five_dimensions", [](Builder& b) {
      b.input("x", {2, 2, 2, 5, 4}).input("z", {2, 2, 2, 4, 3});
      b.node("MatMul", {"x", "z"}, {"y"});
    }},
    one("instance_norm", {1, 3, 4, 4}, [](Builder& b) {
      b.weight("s", {3}).weight("b", {3});
      b.node("InstanceNormalization", {"x", "s", "b"}, {"y"});
    }),
    one("layer_norm_of_two", {2, 3, 4}, [](Builder& b) {
      b.weight("s", {3, 4}).weight("b", {3, 4});
      b.node("LayerNormalization", {"x", "s", "b"}, {"y"}).i("axis", 1);
    }, 17),
    one("layer_norm_with_statistics", {2, 3, 4}, [](Builder& b) {
      b.weight("s", {4}).weight("b", {4});
      b.node("LayerNormalization", {"x", "s", "b"}, {"n", "mean", "inverse"});
      b.node("Mul", {"n", "mean"}, {"scaled"});
      b.node("Add", {"scaled", "inverse"}, {"y"});
    }, 17),
    one("lrn", {1, 8, 3, 3}, [](Builder& b) { b.node("LRN", {"x"}, {"y"}).i("size", 5); }),
    one("softmax_of_channels", {1, 3, 4, 4}, [](Builder& b) {
      b.node("Softmax", {"x"}, {"y"}).i("axis", 1);
    }),
    one("reduce_sum_input_axes", {2, 3, 4}, [](Builder& b) {
      b.ints("axes", {1}, {-2});
      b.node("ReduceSum", {"x", "axes"}, {"y"}).i("keepdims", 0);
    }),
    one("reshape_squeeze_unsqueeze", {2, 3, 4}, [](Builder& b) {
      b.ints("s", {3}, {0, -1, 1}).ints("axes", {1}, {2}).ints("front", {1}, {0});
      b.node("Reshape", {"x", "s"}, {"a"});
      b.node("Squeeze", {"a", "axes"}, {"b"});
      b.node("Unsqueeze", {"b", "front"}, {"y"});
    }),
    one("transpose", {2, 3, 4}, [](Builder& b) {
      b.node("Transpose", {"x"}, {"y"}).is("perm", {0, 2, 1});
    }),
    one("concat_with_a_weight", {2, 3}, [](Builder& b) {
      b.weight("w", {2, 1}).reals("empty", {0}, {});
      b.node("Concat", {"x", "empty", "w"}, {"y"}).i("axis", -1);
    }),
    one("split_all_read", {2, 6}, [](Builder& b) {
      b.ints("sizes", {2}, {2, 4});
      b.node("Split", {"x", "sizes"}, {"a", "b"}, "s").i("axis", 1);
      b.node("Concat", {"b", "a"}, {"y"}).i("axis", 1);
    }),
    one("split_part_unread", {2, 6}, [](Builder& b) {
      b.node("Split", {"x"}, {"a", "b", "c"}, "s").i("axis", 1);
      b.node("Relu", {"b"}, {"y"});
    }),
    one("slice_attributes", {5, 6}, [](Builder& b) {
      b.node("Slice", {"x"}, {"y"}).is("starts", {1, -4}).is("ends", {9, -1});
    }, 9),
    one("slice_backwards", {5, 6}, [](Builder& b) {
      b.ints("starts", {2}, {-1, 5}).ints("ends", {2}, {-9223372036854775807, 0});
      b.ints("axes", {2}, {0, 1}).ints("steps", {2}, {-1, -2});
      b.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"});
    }),
    one("gather_one", {2, 3, 4}, [](Builder& b) {
      b.ints("i", {}, {-1});
      b.node("Gather", {"x", "i"}, {"y"}).i("axis", 1);
    }),
    one("gather_matrix", {5, 3}, [](Builder& b) {
      b.ints("i", {2, 2}, {0, 4, 1, 2});
      b.node("Gather", {"x", "i"}, {"y"});
    }),
    one("gather_elements", {2, 3}, [](Builder& b) {
      b.ints("i", {1, 3}, {1, 0, -1});
      b.node("GatherElements", {"x", "i"}, {"y"}).i("axis", 0);
    }),
    {"gather_looked_up_by_the_host", [](Builder& b) {
      b.input("ids", {1, 7}, true).weight("table", {10, 4});
      b.node("Gather", {"table", "ids"}, {"rows"});
      b.node("Relu", {"rows"}, {"y"});
    }},
    one("expand_tile", {1, 3, 1}, [](Builder& b) {
      b.ints("to", {3}, {2, 1, 4}).ints("repeats", {3}, {1, 2, 1});
      b.node("Expand", {"x", "to"}, {"a"}, "e");
      b.node("Tile", {"a", "repeats"}, {"y"}, "t");
    }),
    one("depth_to_space_dcr", {1, 8, 2, 3}, [](Builder& b) {
      b.node("DepthToSpace", {"x"}, {"y"}).i("blocksize", 2);
    }),
    one("depth_to_space_crd", {1, 8, 2, 3}, [](Builder& b) {
      b.node("DepthToSpace", {"x"}, {"y"}).i("blocksize", 2).s("mode", "CRD");
    }),
    one("space_to_depth", {1, 2, 4, 6}, [](Builder& b) {
      b.node("SpaceToDepth", {"x"}, {"y"}).i("blocksize", 2);
    }),
    one("pad_zero_and_crop", {1, 2, 4, 6}, [](Builder& b) {
      b.ints("pads", {8}, {0, 0, 1, -1, 0, 0, 2, 0});
      b.node("Pad", {"x", "pads"}, {"y"});
    }),
    one("pad_value", {2, 3}, [](Builder& b) {
      b.node("Pad", {"x"}, {"y"}).is("pads", {0, 1, 0, 0}).f("value", 7);
    }, 10),
    one("pad_reflect", {1, 1, 4, 4}, [](Builder& b) {
      b.ints("pads", {8}, {0, 0, 0, 2, 0, 0, 0, 1});
      b.node("Pad", {"x", "pads"}, {"y"}).s("mode", "reflect");
    }),
    one("pad_edge", {1, 1, 4, 4}, [](Builder& b) {
      b.ints("pads", {8}, {0, 0, 0, 2, 0, 0, 0, 1});
      b.node("Pad", {"x", "pads"}, {"y"}).s("mode", "edge");
    }),
    one("resize_nearest_twice", {1, 2, 3, 4}, [](Builder& b) {
      b.reals("scales", {4}, {1, 1, 2, 2});
      b.node("Resize", {"x", "", "scales"}, {"y"}).s("mode", "nearest");
    }),
    one("resize_nearest_by_other_rounding", {1, 2, 4, 4}, [](Builder& b) {
      b.ints("sizes", {4}, {1, 2, 4, 3});
      b.node("Resize", {"x", "", "", "sizes"}, {"y"}).s("nearest_mode", "ceil")
          .s("coordinate_transformation_mode", "asymmetric");
    }),
    one("resize_linear", {1, 2, 3, 4}, [](Builder& b) {
      b.ints("sizes", {4}, {1, 2, 6, 9});
      b.node("Resize", {"x", "", "", "sizes"}, {"y"}).s("mode", "linear")
          .s("coordinate_transformation_mode", "align_corners");
    }),
    one("upsample", {1, 2, 3, 4}, [](Builder& b) {
      b.reals("scales", {4}, {1, 1, 3, 2});
      b.node("Upsample", {"x", "scales"}, {"y"});
    }, 9),
    one("lstm_whole", {3, 1, 4}, [](Builder& b) {
      b.weight("w", {2, 8, 4}).weight("r", {2, 8, 2}).weight("b", {2, 16});
      b.node("LSTM", {"x", "w", "r", "b"}, {"", "y"}, "l").i("hidden_size", 2)
          .s("direction", "bidirectional");
    }),
    one("lstm_by_steps", {2, 1, 4}, [](Builder& b) {
      b.weight("w", {1, 8, 4}).weight("r", {1, 8, 2}).weight("h", {1, 1, 2}).weight("c", {1, 1, 2});
      b.node("LSTM", {"x", "w", "r", "", "", "h", "c"}, {"", "", "y"}, "l").i("hidden_size", 2);
    }),
    one("gru_reset_before", {2, 1, 3}, [](Builder& b) {
      b.weight("w", {1, 6, 3}).weight("r", {1, 6, 2}).weight("b", {1, 12});
      b.node("GRU", {"x", "w", "r", "b"}, {"y"}, "g").i("hidden_size", 2);
    }),
    one("gru_reset_after", {2, 1, 3}, [](Builder& b) {
      b.weight("w", {1, 6, 3}).weight("r", {1, 6, 2}).weight("b", {1, 12});
      b.node("GRU", {"x", "w", "r", "b"}, {"y"}, "g").i("hidden_size", 2)
          .i("linear_before_reset", 1).s("direction", "reverse");
    }),
    one("rnn", {2, 1, 3}, [](Builder& b) {
      b.weight("w", {1, 2, 3}).weight("r", {1, 2, 2});
      b.node("RNN", {"x", "w", "r"}, {"", "y"}, "r").i("hidden_size", 2);
    }),
    one("silu", {2, 4}, [](Builder& b) {
      b.node("Sigmoid", {"x"}, {"s"});
      b.node("Mul", {"s", "x"}, {"y"});
    }),
    one("hard_swish_of_two", {2, 4}, [](Builder& b) {
      b.node("HardSigmoid", {"x"}, {"s"}).f("alpha", 1.0F / 6).f("beta", 0.5F);
      b.node("Mul", {"x", "s"}, {"y"});
    }),
    one("gelu", {2, 4}, [](Builder& b) {
      b.reals("root", {}, {1.41421354F}).reals("one", {}, {1}).reals("half", {}, {0.5F});
      b.node("Div", {"x", "root"}, {"a"});
      b.node("Erf", {"a"}, {"e"});
      b.node("Add", {"e", "one"}, {"f"});
      b.node("Mul", {"x", "f"}, {"g"});
      b.node("Mul", {"g", "half"}, {"y"});
    }),
    one("layer_norm_decomposed", {2, 4}, [](Builder& b) {
      b.reals("two", {}, {2}).reals("epsilon", {}, {1e-5F}).weight("s", {4}).weight("b", {4});
      b.node("ReduceMean", {"x"}, {"mean"}).is("axes", {-1});
      b.node("Sub", {"x", "mean"}, {"d"});
      b.node("Pow", {"d", "two"}, {"q"});
      b.node("ReduceMean", {"q"}, {"v"}).is("axes", {-1});
      b.node("Add", {"v", "epsilon"}, {"e"});
      b.node("Sqrt", {"e"}, {"r"});
      b.node("Div", {"d", "r"}, {"n"});
      b.node("Mul", {"n", "s"}, {"m"});
      b.node("Add", {"m", "b"}, {"y"});
    }),
    one("shape_arithmetic_is_folded", {2, 6, 4}, [](Builder& b) {
      b.ints("one", {}, {1}).ints("two", {}, {2}).ints("axes", {1}, {0}).ints("rest", {1}, {-1});
      b.node("Shape", {"x"}, {"s"});
      b.node("Gather", {"s", "one"}, {"c"});
      b.node("Div", {"c", "two"}, {"h"});
      b.node("Unsqueeze", {"h", "axes"}, {"u"});
      b.node("Concat", {"u", "rest"}, {"to"}).i("axis", 0);
      b.node("Reshape", {"x", "to"}, {"y"});
    }),
    // Newer opsets, and operators of ONNX Runtime
    one("gelu_of_opset_20", {2, 4}, [](Builder& b) { b.node("Gelu", {"x"}, {"y"}); }, 20),
    one("gelu_tanh", {2, 4}, [](Builder& b) {
      b.node("Gelu", {"x"}, {"y"}).s("approximate", "tanh");
    }, 20),
    one("fast_gelu", {2, 4}, [](Builder& b) {
      b.weight("b", {4});
      b.node("FastGelu", {"x", "b"}, {"y"});
    }, 20),
    one("bias_gelu", {2, 4}, [](Builder& b) {
      b.weight("b", {4});
      b.node("BiasGelu", {"x", "b"}, {"y"});
    }, 20),
    one("quick_gelu", {2, 4}, [](Builder& b) {
      b.node("QuickGelu", {"x"}, {"y"}).f("alpha", 1.5F);
    }, 20),
    one("mish", {2, 4}, [](Builder& b) { b.node("Mish", {"x"}, {"y"}); }, 20),
    one("group_norm_of_groups", {1, 4, 2, 2}, [](Builder& b) {
      b.weight("s", {2}).weight("b", {2});
      b.node("GroupNormalization", {"x", "s", "b"}, {"y"}).i("num_groups", 2);
    }, 18),
    one("group_norm_of_channels", {1, 4, 2, 2}, [](Builder& b) {
      b.weight("s", {4}).weight("b", {4});
      b.node("GroupNormalization", {"x", "s", "b"}, {"y"}).i("num_groups", 2);
    }, 21),
    one("rms_norm", {2, 4}, [](Builder& b) {
      b.weight("s", {4});
      b.node("RMSNormalization", {"x", "s"}, {"y"});
    }, 23),
    one("simplified_layer_norm", {2, 4}, [](Builder& b) {
      b.weight("s", {4});
      b.node("SimplifiedLayerNormalization", {"x", "s"}, {"y"});
    }, 20),
    one("skip_layer_norm", {2, 4}, [](Builder& b) {
      b.input("skip", {2, 4}).weight("s", {4}).weight("b", {4}).weight("bias", {4});
      b.node("SkipLayerNormalization", {"x", "skip", "s", "b", "bias"}, {"n", "", "", "sum"});
      b.node("Add", {"n", "sum"}, {"y"});
    }, 20),
    one("skip_simplified_layer_norm", {2, 4}, [](Builder& b) {
      b.input("skip", {2, 4}).weight("s", {4}).weight("bias", {4});
      b.node("SkipSimplifiedLayerNormalization", {"x", "skip", "s", "bias"}, {"y"});
    }, 20),
    one("fused_matmul", {2, 3, 4}, [](Builder& b) {
      b.input("z", {2, 5, 4});
      b.node("FusedMatMul", {"x", "z"}, {"y"}).i("transB", 1).f("alpha", 0.5F);
    }, 20),
    one("einsum_of_one", {2, 3, 4}, [](Builder& b) {
      b.node("Einsum", {"x"}, {"y"}).s("equation", "abc->ca");
    }),
    one("einsum_of_two", {2, 3, 2, 4}, [](Builder& b) {
      b.input("z", {2, 5, 2, 4});
      b.node("Einsum", {"x", "z"}, {"y"}).s("equation", "bihd, bjhd -> bhij");
    }),
    // Quantised
    one("quantise_and_back", {1, 2, 4, 4}, [](Builder& b) {
      quantised(b);
      dequantised(b, "q");
    }),
    one("qlinear_conv", {1, 2, 4, 4}, [](Builder& b) {
      quantised(b);
      b.eights("w", {2, 2, 1, 1}, {1, -2, 3, -4}, Builder::Eight::with_sign);
      b.eights("wz", {}, {0}, Builder::Eight::with_sign).reals("ws", {2}, {0.5F, 0.25F});
      b.node("QLinearConv", {"q", "xs", "xz", "w", "ws", "wz", "xs", "xz"}, {"p"});
      dequantised(b, "p");
    }),
    one("qlinear_matmul", {2, 2}, [](Builder& b) {
      quantised(b);
      b.eights("w", {2, 2}, {1, 2, 3, 4}).eights("wz", {}, {2}).reals("ws", {}, {0.5F});
      b.node("QLinearMatMul", {"q", "xs", "xz", "w", "ws", "wz", "xs", "xz"}, {"p"});
      dequantised(b, "p");
    }),
    one("qlinear_add", {2, 2}, [](Builder& b) {
      quantised(b);
      b.node("QLinearAdd", {"q", "xs", "xz", "q", "xs", "xz", "xs", "xz"}, {"p"});
      dequantised(b, "p");
    }, 20),
    one("qlinear_mul", {2, 2}, [](Builder& b) {
      quantised(b);
      b.node("QLinearMul", {"q", "xs", "xz", "q", "xs", "xz", "xs", "xz"}, {"p"});
      dequantised(b, "p");
    }, 20),
    one("qlinear_average_pool", {1, 2, 4, 4}, [](Builder& b) {
      quantised(b);
      b.node("QLinearAveragePool", {"q", "xs", "xz", "xs", "xz"}, {"p"}).is("kernel_shape", {2, 2});
      dequantised(b, "p");
    }, 20),
    one("qlinear_global_average_pool", {1, 2, 4, 4}, [](Builder& b) {
      quantised(b);
      b.node("QLinearGlobalAveragePool", {"q", "xs", "xz", "xs", "xz"}, {"p"});
      dequantised(b, "p");
    }, 20),
    one("qlinear_leaky_relu", {2, 4}, [](Builder& b) {
      quantised(b);
      b.node("QLinearLeakyRelu", {"q", "xs", "xz", "xs", "xz"}, {"p"}).f("alpha", 0.25F);
      dequantised(b, "p");
    }, 20),
    one("qlinear_reduce_mean", {2, 4}, [](Builder& b) {
      quantised(b);
      b.node("QLinearReduceMean", {"q", "xs", "xz", "xs", "xz"}, {"p"}).is("axes", {1});
      dequantised(b, "p");
    }, 20),
    one("qlinear_sigmoid", {2, 4}, [](Builder& b) {
      quantised(b);
      b.node("QLinearSigmoid", {"q", "xs", "xz", "xs", "xz"}, {"p"});
      dequantised(b, "p");
    }, 20),
    one("qlinear_softmax", {2, 4}, [](Builder& b) {
      quantised(b);
      b.node("QLinearSoftmax", {"q", "xs", "xz", "xs", "xz"}, {"p"}).i("axis", 1);
      dequantised(b, "p");
    }, 20),
    one("qlinear_concat", {2, 2}, [](Builder& b) {
      quantised(b);
      b.node("QLinearConcat", {"xs", "xz", "q", "xs", "xz", "q", "xs", "xz"}, {"p"}).i("axis", 1);
      dequantised(b, "p");
    }, 20),
    one("qgemm", {2, 2}, [](Builder& b) {
      quantised(b);
      b.eights("w", {2, 3}, {1, 2, 3, 4, 5, 6}).eights("wz", {}, {2}).reals("ws", {}, {0.5F});
      b.ints("c", {3}, {8, -8, 16});
      b.node("QGemm", {"q", "xs", "xz", "w", "ws", "wz", "c", "xs", "xz"}, {"p"});
      dequantised(b, "p");
    }, 20),
    one("dynamic_quantize", {2, 2}, [](Builder& b) {
      b.eights("w", {2, 2}, {1, 2, 3, 4}).eights("wz", {}, {2});
      b.node("DynamicQuantizeLinear", {"x"}, {"q", "qs", "qz"});
      b.node("MatMulInteger", {"q", "w", "qz", "wz"}, {"p"});
      b.node("Cast", {"p"}, {"f"}).i("to", 1);
      b.node("Mul", {"f", "qs"}, {"y"});
    }),
    one("matmul_integer", {2, 2}, [](Builder& b) {
      quantised(b);
      b.eights("w", {2, 2}, {1, 2, 3, 4}).eights("wz", {}, {2});
      b.node("MatMulInteger", {"q", "w", "xz", "wz"}, {"p"});
      b.node("Cast", {"p"}, {"y"}).i("to", 1);
    }),
    one("conv_integer", {1, 2, 4, 4}, [](Builder& b) {
      quantised(b);
      b.eights("w", {2, 2, 1, 1}, {1, 2, 3, 4});
      b.node("ConvInteger", {"q", "w", "xz"}, {"p"});
      b.node("Cast", {"p"}, {"y"}).i("to", 1);
    }),
    one("matmul_nbits", {2, 16}, [](Builder& b) {
      b.eights("w", {2, 1, 8}, {1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 48, 64, 80, 96, 112, 128});
      b.reals("s", {2}, {0.5F, 0.25F});
      auto n = b.node("MatMulNBits", {"x", "w", "s"}, {"y"});
      n.i("K", 16).i("N", 2).i("bits", 4).i("block_size", 16);
    }, 20),
    one("attention", {1, 2, 3, 4}, [](Builder& b) {
      b.node("Attention", {"x", "x", "x"}, {"y"}).i("is_causal", 1);
    }, 23),
    one("rotary_embedding", {1, 2, 3, 4}, [](Builder& b) {
      b.weight("c", {1, 3, 2}).weight("s", {1, 3, 2});
      b.node("RotaryEmbedding", {"x", "c", "s"}, {"y"});
    }, 23),
    one("group_query_attention", {1, 3, 8}, [](Builder& b) {
      b.input("v", {1, 3, 4}).input("lengths", {1}, true).input("total", {}, true);
      b.node("GroupQueryAttention", {"x", "v", "v", "", "", "lengths", "total"}, {"y"})
          .i("num_heads", 2).i("kv_num_heads", 1);
    }, 20),
};
// clang-format on

INSTANTIATE_TEST_SUITE_P(Onnx, Operators, ::testing::ValuesIn(kCases),
                         [](const ::testing::TestParamInfo<Case>& test) {
                           return std::string(test.param.name);
                         });

TEST(OnnxOperators, become_what_is_committed) {
  std::string all;
  for (const Case& c : kCases) all += fmt::format("== {}\n{}", c.name, ops_of(graph_of(c)));
  expect_committed("tests/workloads/onnx_cases.txt", all);
}

TEST(OnnxOperators, every_one_has_a_case) {
  std::set<std::string> seen;
  for (const Case& c : kCases) {
    Builder b(c.opset);
    c.build(b);
    const std::string bytes = b.bytes();
    for (const auto& row : onnx_import::operators())
      if (bytes.find(fmt::format("{}{}", static_cast<char>(row.op.size()), row.op)) !=
          std::string::npos)
        seen.insert(std::string(row.op));
  }
  for (const auto& row : onnx_import::operators())
    EXPECT_TRUE(seen.contains(std::string(row.op))) << row.op;
}

TEST(OnnxOperators, the_table_is_ascending) {
  const auto rows = onnx_import::operators();
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(),
                             [](const auto& a, const auto& b) { return a.op < b.op; }));
}

TEST(OnnxDocs, have_the_table_of_operators) {
  std::string table;
  for (const auto& row : onnx_import::operators())
    table += fmt::format("| {} | {} |\n", row.op, row.notes);
  const std::string path = "docs/workloads.md";
  std::string page = read_file(std::string(UNNASIM_SOURCE_DIR) + "/" + path);
  const std::string open = "| ONNX operator | |\n|---|---|\n";
  const std::size_t begin = page.find(open);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = page.find("\n\n", begin);
  page.replace(begin, end + 1 - begin, open + table);
  expect_committed(path, page);
}

}  // namespace
}  // namespace unna
