#include "tests/workloads/onnx_corpus.h"

#include <gtest/gtest.h>

#include "tests/support/committed.h"
#include "tests/workloads/onnx_builder.h"

namespace unna::onnx_test {
namespace {

std::string convolutions() {
  Builder b;
  b.input("x", {1, 2, 6, 6}).weight("w", {2, 1, 3, 3}).weight("t", {2, 2, 2, 2}).weight("v", {2});
  b.node("Conv", {"x", "w"}, {"a"}, "conv").i("group", 2).is("pads", {1, 1, 1, 1});
  b.node("BatchNormalization", {"a", "v", "v", "v", "v"}, {"b"});
  b.node("Sigmoid", {"b"}, {"s"});
  b.node("Mul", {"b", "s"}, {"c"});
  b.node("ConvTranspose", {"c", "t"}, {"d"}).is("strides", {2, 2});
  b.node("MaxPool", {"d"}, {"e"}).is("kernel_shape", {2, 2}).i("ceil_mode", 1);
  b.node("GlobalAveragePool", {"e"}, {"f"});
  b.node("Flatten", {"f"}, {"y"});
  return b.output("y").bytes();
}

std::string shapes() {
  Builder b;
  b.input("x", {1, 4, 3, 2}).ints("i", {}, {1}).ints("n", {1}, {-1}).ints("z", {1}, {0});
  b.node("Shape", {"x"}, {"s"});
  b.node("Gather", {"s", "i"}, {"c"});
  b.node("Unsqueeze", {"c", "z"}, {"u"});
  b.node("Concat", {"u", "n"}, {"to"}).i("axis", 0);
  b.node("Reshape", {"x", "to"}, {"r"});
  b.node("Slice", {"r", "n", "z", "z", "n"}, {"p"});
  b.node("Split", {"r"}, {"q", "unused"}).i("axis", 1);
  b.node("ReduceMean", {"q"}, {"m"}).is("axes", {0});
  b.node("Expand", {"m", "s"}, {"e"});
  b.node("MatMul", {"p", "r"}, {"mm"});
  b.node("Transpose", {"e"}, {"y"});
  return b.output("y").bytes();
}

std::string rows() {
  Builder b(17);
  b.input("x", {2, 1, 4}).weight("w", {4, 4}).weight("v", {4}).ints("idx", {2}, {1, 0});
  b.node("LayerNormalization", {"x", "v", "v"}, {"a"});
  b.node("MatMul", {"a", "w"}, {"b"});
  b.node("Gemm", {"w", "w", "v"}, {"unused"});
  b.node("Softmax", {"b"}, {"c"});
  b.node("Gather", {"c", "idx"}, {"d"}).i("axis", 2);
  b.node("LogSoftmax", {"d"}, {"y"});
  return b.output("y").bytes();
}

std::string recurrent() {
  Builder b;
  b.input("x", {2, 1, 3}).weight("w", {1, 6, 3}).weight("r", {1, 6, 2});
  b.weight("lw", {1, 8, 2}).weight("lr", {1, 8, 2});
  b.node("GRU", {"x", "w", "r"}, {"g", "h"}).i("hidden_size", 2);
  b.node("Squeeze", {"g"}, {"q"});
  b.node("Add", {"h", "q"}, {"a"});
  b.node("LSTM", {"a", "lw", "lr"}, {"", "y", "c"}).i("hidden_size", 2);
  return b.output("y").bytes();
}

std::string resizing() {
  Builder b(11);
  b.input("x", {1, 4, 3, 3}).reals("scales", {4}, {1, 1, 2, 1.5F});
  b.ints("pads", {8}, {0, 0, 1, 0, 0, 0, 1, -1}).ints("rep", {4}, {1, 1, 1, 2});
  b.node("Pad", {"x", "pads"}, {"a"}).s("mode", "reflect");
  b.node("Resize", {"a", "", "scales"}, {"b"}).s("mode", "nearest");
  b.node("DepthToSpace", {"b"}, {"c"}).i("blocksize", 2);
  b.node("Tile", {"c", "rep"}, {"d"});
  b.node("PRelu", {"d", "scales"}, {"bad"});
  b.node("Clip", {"d"}, {"y"});
  return b.output("y").bytes();
}

}  // namespace

std::map<std::string, std::string> corpus() {
  return {{"convolutions.onnx", convolutions()},
          {"recurrent.onnx", recurrent()},
          {"resizing.onnx", resizing()},
          {"rows.onnx", rows()},
          {"shapes.onnx", shapes()}};
}

TEST(OnnxCorpus, is_what_is_committed) {
  for (const auto& [name, bytes] : corpus())
    expect_committed("tests/fuzz/onnx_corpus/" + name, bytes);
}

}  // namespace unna::onnx_test
