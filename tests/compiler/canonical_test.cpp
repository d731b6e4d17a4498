#include "compiler/canonical.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

TensorId relu(GraphBuilder& b, const std::string& name, TensorId x) {
  return b.op(OpKind::unary, name, {x}, FunctionAttrs{ScalarFn::relu, 0, 0})[0];
}

TEST(Canonical, ActivationIsFusedIntoItsOnlyProducer) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {1, 3, 8, 8});
  const TensorId c = b.op(OpKind::conv, "c", {x, b.weight("w", {4, 3, 1, 1})}, ConvAttrs{})[0];
  const TensorId y = relu(b, "r", c);
  b.mark_output(y);
  const Graph g = b.finish();
  const CanonicalGraph canonical = canonicalise(g);
  ASSERT_EQ(canonical.ops.size(), 1U);
  ASSERT_TRUE(canonical.ops[0].post);
  EXPECT_EQ(canonical.ops[0].post->fn, ScalarFn::relu);
  EXPECT_EQ(canonical.ops[0].outputs[0], y);
}

TEST(Canonical, ActivationStaysWhereTheUnfusedResultIsReadToo) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {1, 3, 8, 8});
  const TensorId c = b.op(OpKind::conv, "c", {x, b.weight("w", {3, 3, 1, 1})}, ConvAttrs{})[0];
  const TensorId r = relu(b, "r", c);
  b.mark_output(b.op(OpKind::binary, "sum", {c, r}, FunctionAttrs{ScalarFn::add, 0, 0})[0]);
  EXPECT_EQ(canonicalise(b.finish()).ops.size(), 3U);
}

TEST(Canonical, ActivationStaysBehindAGraphOutput) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {1, 3, 8, 8});
  const TensorId c = b.op(OpKind::conv, "c", {x, b.weight("w", {3, 3, 1, 1})}, ConvAttrs{})[0];
  b.mark_output(c);
  b.mark_output(relu(b, "r", c));
  EXPECT_EQ(canonicalise(b.finish()).ops.size(), 2U);
}

TEST(Canonical, BatchNormFoldsIntoTheConvolutionBeforeItAndTheActivationAfter) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {1, 3, 8, 8});
  const TensorId c = b.op(OpKind::conv, "c", {x, b.weight("w", {4, 3, 1, 1})}, ConvAttrs{})[0];
  const TensorId n =
      b.op(OpKind::batch_norm, "bn",
           {c, b.weight("s", {4}), b.weight("b", {4}), b.weight("m", {4}), b.weight("v", {4})},
           NormAttrs{})[0];
  b.mark_output(relu(b, "r", n));
  const CanonicalGraph canonical = canonicalise(b.finish());
  ASSERT_EQ(canonical.ops.size(), 1U);
  EXPECT_TRUE(canonical.ops[0].folded_batch_norm.has_value());
  EXPECT_TRUE(canonical.ops[0].post);
}

TEST(Canonical, OnlyOneActivationIsFused) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {1, 3, 8, 8});
  const TensorId c = b.op(OpKind::conv, "c", {x, b.weight("w", {4, 3, 1, 1})}, ConvAttrs{})[0];
  b.mark_output(
      b.op(OpKind::unary, "s", {relu(b, "r", c)}, FunctionAttrs{ScalarFn::sigmoid, 0, 0})[0]);
  EXPECT_EQ(canonicalise(b.finish()).ops.size(), 2U);
}

}  // namespace
}  // namespace unna
