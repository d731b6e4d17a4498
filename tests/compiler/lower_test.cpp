#include "compiler/lower.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

LoweredGraph lowered(const Graph& g) {
  return lower(canonicalise(g), MachineConfig{});
}

int copies(const LoweredGraph& g) {
  int n = 0;
  for (const Kernel& k : g.kernels) n += k.kind == KernelKind::copy;
  return n;
}

TensorId conv(GraphBuilder& b, const std::string& name, TensorId x, std::int64_t co) {
  const std::int64_t ci = b.tensor(x).shape[1];
  return b.op(OpKind::conv, name, {x, b.weight(name + ".w", {co, ci, 1, 1})}, ConvAttrs{})[0];
}
TensorId concat(GraphBuilder& b, const std::string& name, std::vector<TensorId> in) {
  return b.op(OpKind::concat, name, std::move(in), AxisAttrs{1})[0];
}

TEST(Lower, FeatureMapsStandWithChannelsInnermost) {
  GraphBuilder b("g");
  b.mark_output(conv(b, "c", b.input("x", {1, 3, 5, 7}), 4));
  const LoweredGraph g = lowered(b.finish());
  EXPECT_EQ(g.kernels[0].out.stride, (Dims{0, 0, 7 * 4, 4, 1}));
  EXPECT_EQ(g.kernels[0].in[0].access.stride, (Dims{0, 0, 7 * 3, 3, 1}));
}

TEST(Lower, ConcatOfProducedTensorsCostsNothing) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {1, 8, 4, 4});
  const TensorId y = concat(b, "cat", {conv(b, "a", x, 4), conv(b, "b", x, 12)});
  b.mark_output(conv(b, "last", y, 2));
  const LoweredGraph g = lowered(b.finish());
  EXPECT_EQ(g.kernels.size(), 3U);
  EXPECT_EQ(g.kernels[0].out.storage, g.kernels[1].out.storage);
  EXPECT_EQ(g.kernels[1].out.offset, 4);
  EXPECT_EQ(g.kernels[1].out.stride[kW], 16);
}

TEST(Lower, GrowingConcatsShareOneStorage) {
  GraphBuilder b("g");  // the pattern of DenseNet
  std::vector<TensorId> features = {conv(b, "c0", b.input("x", {1, 8, 4, 4}), 8)};
  for (int i = 1; i < 4; ++i) {
    const std::string n = std::to_string(i);
    features.push_back(conv(b, "c" + n, concat(b, "cat" + n, features), 4));
  }
  b.mark_output(conv(b, "last", concat(b, "all", features), 4));
  EXPECT_EQ(copies(lowered(b.finish())), 0);
}

TEST(Lower, AStateIsOneStorageWithRoomToGrow) {
  GraphBuilder b("g");
  const TensorId past = b.input("past", {2, 3, 4});
  const TensorId made = b.op(OpKind::softmax, "new", {b.input("x", {2, 1, 4})}, {})[0];
  const TensorId present = b.op(OpKind::concat, "present", {past, made}, AxisAttrs{1})[0];
  b.mark_output(b.op(OpKind::softmax, "y", {present}, {})[0]);
  b.state(present, 10);
  const LoweredGraph g = lowered(b.finish());
  ASSERT_EQ(g.kernels.size(), 2U) << "neither the past nor the new rows are copied";
  const StorageId state = g.kernels[0].out.storage;
  EXPECT_EQ(g.storage(state).kind, BufferKind::state);
  EXPECT_EQ(g.storage(state).elements, 2 * 10 * 4);
  EXPECT_EQ(g.kernels[0].out.offset, 3 * 4);
  EXPECT_EQ(g.kernels[1].in[0].access.storage, state);
  EXPECT_EQ(g.kernels[1].in[0].access.stride[kN], 10 * 4);
}

TEST(Lower, AnOutputThatIsAPartOfAStateIsCopied) {
  GraphBuilder b("g");
  const TensorId past = b.input("past", {3, 4});
  const TensorId present =
      b.op(OpKind::concat, "present", {past, b.input("x", {1, 4})}, AxisAttrs{0})[0];
  b.mark_output(b.op(OpKind::slice, "y", {present}, SliceAttrs{{2, 0}, {4, 4}, {1, 1}})[0]);
  b.state(present, 10);
  const LoweredGraph g = lowered(b.finish());
  EXPECT_EQ(copies(g), 2) << "the new row, and the output";
  int outputs = 0;
  for (const Storage& s : g.storages) outputs += s.kind == BufferKind::output;
  EXPECT_EQ(outputs, 1);
}

TEST(Lower, ConcatCopiesWhatCannotBeMadeInPlace) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {1, 8, 4, 4});
  b.mark_output(conv(b, "last", concat(b, "cat", {x, conv(b, "a", x, 4)}), 4));
  EXPECT_EQ(copies(lowered(b.finish())), 1);  // the graph's input stands where it stands
}

TEST(Lower, SplitIsAView) {
  GraphBuilder b("g");
  const TensorId x = conv(b, "c", b.input("x", {1, 8, 4, 4}), 8);
  const auto parts = b.op(OpKind::split, "s", {x}, AxisAttrs{1}, {}, {2, 6});
  b.mark_output(conv(b, "a", parts[0], 4));
  b.mark_output(conv(b, "b", parts[1], 4));
  const LoweredGraph g = lowered(b.finish());
  EXPECT_EQ(copies(g), 0);
  EXPECT_EQ(g.kernels[2].in[0].access.offset, 2);
}

TEST(Lower, FlattenBeforeFullyConnectedIsAView) {
  GraphBuilder b("g");
  const TensorId x = conv(b, "c", b.input("x", {1, 8, 4, 4}), 8);
  const TensorId f = b.op(OpKind::reshape, "f", {x}, {}, {}, {1, 128})[0];
  b.mark_output(b.op(OpKind::gemm, "fc", {f, b.weight("w", {10, 128})}, {})[0]);
  EXPECT_EQ(copies(lowered(b.finish())), 0);
}

TEST(Lower, AttentionHeadsAreViews) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {1, 6, 8});
  const auto heads = [&](const std::string& n) {
    const TensorId p = b.op(OpKind::gemm, n, {x, b.weight(n + ".w", {8, 8})}, {})[0];
    const TensorId r = b.op(OpKind::reshape, n + ".r", {p}, {}, {}, {1, 6, 2, 4})[0];
    return b.op(OpKind::transpose, n + ".t", {r}, TransposeAttrs{{0, 2, 1, 3}})[0];
  };
  const TensorId s =
      b.op(OpKind::matmul, "qk", {heads("q"), heads("k")}, MatmulAttrs{true, 0.5})[0];
  const TensorId p = b.op(OpKind::softmax, "p", {s}, {})[0];
  const TensorId o = b.op(OpKind::matmul, "pv", {p, heads("v")}, MatmulAttrs{false, 1})[0];
  const TensorId t = b.op(OpKind::transpose, "t", {o}, TransposeAttrs{{0, 2, 1, 3}})[0];
  const TensorId m = b.op(OpKind::reshape, "m", {t}, {}, {}, {1, 6, 8})[0];
  b.mark_output(b.op(OpKind::gemm, "out", {m, b.weight("out.w", {8, 8})}, {})[0]);
  EXPECT_EQ(copies(lowered(b.finish())), 0);
}

TEST(Lower, AllOperatorsThatCannotBeLoweredAreListedTogether) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {2, 2, 2, 2, 2, 2});
  const TensorId y = b.input("y", {1, 2, 1, 2, 1, 2});  // broadcast in turns: nothing merges
  const SourcePos pos{"net.yaml", 7, 3};
  const TensorId z =
      b.op(OpKind::binary, "first", {x, y}, FunctionAttrs{ScalarFn::mul, 0, 0}, pos)[0];
  b.mark_output(b.op(OpKind::binary, "second", {z, y}, FunctionAttrs{ScalarFn::add, 0, 0}, pos)[0]);
  try {
    lowered(b.finish());
    FAIL() << "six dimensions were lowered";
  } catch (const InputError& e) {
    EXPECT_STREQ(e.what(),
                 "net.yaml:7:3: 2 of 2 operators can't be lowered: first (binary: more than 5 "
                 "dimensions); second (binary: more than 5 dimensions)");
  }
}

TEST(Lower, OutputThatIsAnInputIsCopied) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {2, 6});
  b.mark_output(b.op(OpKind::reshape, "r", {x}, {}, {}, {3, 4})[0]);
  const LoweredGraph g = lowered(b.finish());
  ASSERT_EQ(copies(g), 1);
  EXPECT_EQ(g.storage(g.kernels[0].out.storage).kind, BufferKind::output);
}

TEST(Lower, OutputThatIsAPartOfATensorLeavesTheRestToTheMemoryManager) {
  GraphBuilder b("g");
  const TensorId c = conv(b, "c", b.input("x", {1, 8, 4, 4}), 8);
  b.mark_output(
      b.op(OpKind::slice, "s", {c}, SliceAttrs{{0, 0, 0, 0}, {1, 1, 4, 4}, {1, 1, 1, 1}})[0]);
  const LoweredGraph g = lowered(b.finish());
  EXPECT_EQ(g.storage(g.kernels[0].out.storage).kind, BufferKind::intermediate);
  ASSERT_EQ(copies(g), 1);
  EXPECT_EQ(g.storage(g.kernels[1].out.storage).kind, BufferKind::output);
}

TEST(Lower, KernelsThatShareAWeightHaveConstantsOfTheirOwn) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {1, 4, 4, 4});
  const TensorId w = b.weight("w", {4, 4, 1, 1});
  const TensorId first = b.op(OpKind::conv, "a", {x, w}, ConvAttrs{})[0];
  b.mark_output(b.op(OpKind::conv, "b", {first, w}, ConvAttrs{})[0]);
  const LoweredGraph g = lowered(b.finish());
  EXPECT_NE(g.kernels[0].weights, g.kernels[1].weights);
}

LoweredGraph resized(std::int64_t in, std::int64_t out, ResizeMode mode, bool corners) {
  GraphBuilder b("g");
  ResizeAttrs attrs;
  attrs.mode = mode;
  attrs.align_corners = corners;
  b.mark_output(
      b.op(OpKind::resize, "r", {b.input("x", {1, 1, in, in})}, attrs, {}, {out, out})[0]);
  return lowered(b.finish());
}

TEST(Lower, NearestResizeReadsThePixelOfTheFormula) {
  for (std::int64_t in = 1; in <= 20; ++in)
    for (std::int64_t out = 1; out <= 100; ++out) {
      const ResizeMap m = resized(in, out, ResizeMode::nearest, false).kernels[0].resize;
      for (std::int64_t i = 0; i < out; ++i)
        ASSERT_EQ(m.y.floor(i), i * in / out) << in << " to " << out;
    }
}

TEST(Lower, NearestResizeWithAlignedCornersRoundsHalvesDown) {
  const ResizeMap m = resized(4, 12, ResizeMode::nearest, true).kernels[0].resize;
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < 12; ++i) rows.push_back(m.y.floor(i));
  EXPECT_EQ(rows, (std::vector<std::int64_t>{0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3}));
}

TEST(Lower, AveragePoolWhoseWindowsOverhangIsPaddedFirst) {
  GraphBuilder b("g");
  PoolAttrs attrs;
  attrs.window.kernel_h = attrs.window.kernel_w = 3;
  attrs.window.stride_h = attrs.window.stride_w = 2;
  attrs.window.pad_top = attrs.window.pad_left = 1;
  attrs.window.pad_bottom = attrs.window.pad_right = 1;
  attrs.ceil_mode = attrs.count_include_pad = true;
  b.mark_output(b.op(OpKind::avg_pool, "p", {b.input("x", {1, 4, 6, 6})}, attrs)[0]);
  const LoweredGraph g = lowered(b.finish());
  ASSERT_EQ(g.kernels.size(), 2U);
  EXPECT_EQ(g.kernels[1].window.pad_top, 0);
  EXPECT_EQ(g.kernels[1].gamma, 0);  // divided by the positions that took part
}

TEST(Lower, LstmDoesAllItsProducts) {
  GraphBuilder b("g");
  const TensorId x = b.input("x", {3, 2, 5});
  const TensorId y =
      b.op(OpKind::lstm, "l",
           {x, b.weight("w", {2, 16, 5}), b.weight("r", {2, 16, 4}), b.weight("b", {2, 32})},
           LstmAttrs{4, true})[0];
  b.mark_output(y);
  const Graph graph = b.finish();
  Macs sum = 0;
  for (const Kernel& k : lowered(graph).kernels) sum += k.macs;
  EXPECT_EQ(sum, total_macs(graph));
}

}  // namespace
}  // namespace unna
