#include "compiler/tile.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace unna {
namespace {

TileMachine machine(const CoreConfig& core) {
  return {&core, 2, 32 << 16, 60};
}

/// 3x3 over 14x14 with 256 input and output channels: a layer of ResNet-50.
MacShape conv3x3() {
  MacShape s;
  s.out_h = s.out_w = s.in_h = s.in_w = 14;
  s.co = s.ci = 256;
  s.kh = s.kw = 3;
  return s;
}

Bytes input_tile(const MacShape& s, const MacTile& t) {
  const auto span = [](std::int64_t block, std::int64_t k, std::int64_t in) {
    return std::min(in, block + k - 1);
  };
  return span(t.block_h, t.per_tap ? 1 : s.kh, s.in_h) *
         span(t.block_w, t.per_tap ? 1 : s.kw, s.in_w) * t.ci * 2;
}

TEST(MacTile, FitsTheThreeBuffersWithTwoSlotsEach) {
  const CoreConfig core;
  const MacShape s = conv3x3();
  const MacTile t = choose_mac_tile(s, machine(core));
  EXPECT_LE(2 * input_tile(s, t), core.nbin_bytes);
  EXPECT_LE(2 * t.co * t.ci * 9 * 2, core.sb_bytes);
  EXPECT_LE(t.group * t.block_h * t.block_w * t.co * core.accumulator_bytes, core.nbout_bytes);
  EXPECT_GE(t.nbin_slots, 2);
  EXPECT_GE(t.sb_slots, 2);
}

TEST(MacTile, DenseConvolutionIsEstimatedNearThePeak) {
  const CoreConfig core;
  const MacTile t = choose_mac_tile(conv3x3(), machine(core));
  const Cycle ideal = 14 * 14 * 16 * 144;
  EXPECT_GE(t.compute, ideal);
  EXPECT_LT(t.time, ideal * 11 / 10);
}

TEST(MacTile, LargerBuffersNeverNeedMoreTime) {
  CoreConfig core;
  Cycle last = choose_mac_tile(conv3x3(), machine(core)).time;
  for (int i = 0; i < 4; ++i) {
    core.nbin_bytes *= 2;
    core.nbout_bytes *= 2;
    core.sb_bytes *= 2;
    const Cycle now = choose_mac_tile(conv3x3(), machine(core)).time;
    EXPECT_LE(now, last);
    last = now;
  }
}

TEST(MacTile, LastByteFitsAndOneByteLessDoesNot) {
  MacShape s;  // one output channel, one input channel, a 4x4 kernel on a 4x4 input
  s.in_h = s.in_w = s.kh = s.kw = 4;
  CoreConfig core;
  core.nbin_bytes = 64;
  core.nbout_bytes = 64;
  core.sb_bytes = 2;  // one synapse: one kernel position at a time
  const MacTile t = choose_mac_tile(s, machine(core));
  EXPECT_TRUE(t.per_tap);
  core.sb_bytes = 1;
  EXPECT_THROW(choose_mac_tile(s, machine(core)), CapacityError);
}

TEST(MacTile, WideDilationGoesByKernelPosition) {
  MacShape s = conv3x3();
  s.out_h = s.out_w = s.in_h = s.in_w = 33;
  s.dilation_h = s.dilation_w = 12;
  EXPECT_TRUE(choose_mac_tile(s, machine(CoreConfig{})).per_tap);
}

TEST(MacTile, FullyConnectedMovesItsSynapsesOnce) {
  MacShape s;
  s.ci = 4096;
  s.co = 1024;
  const MacTile t = choose_mac_tile(s, machine(CoreConfig{}));
  const Bytes synapses = 4096 * 1024 * 2;
  EXPECT_GE(t.traffic, synapses);
  EXPECT_LT(t.traffic, synapses * 105 / 100);
}

TEST(WindowTile, SplitsAWindowThatIsLargerThanTheBuffer) {
  WindowShape s;  // global pooling of 33x33 with 320 channels
  s.c = 320;
  s.in_h = s.in_w = s.kh = s.kw = 33;
  s.splittable = true;
  const WindowTile t = choose_window_tile(s, machine(CoreConfig{}));
  EXPECT_LT(t.window_rows, 33);
  EXPECT_LE(t.window_rows * 33 * t.c * 2, CoreConfig{}.nbin_bytes);
  s.splittable = false;
  CoreConfig tiny;
  tiny.nbin_bytes = 33 * 33 * 2 - 1;
  EXPECT_THROW(choose_window_tile(s, machine(tiny)), CapacityError);
}

TEST(Runs, AreWhatLiesOneBehindTheOther) {
  // Of an image of 8 lines, 10 columns and 16 channels.
  const BlockStrides image = {160, 16, 1};
  const auto run = [&](std::int64_t lines, std::int64_t columns, std::int64_t channels) {
    return run_length(image, BlockStrides{lines, columns, channels});
  };
  EXPECT_EQ(run(2, 5, 4), 4);
  EXPECT_EQ(run(2, 5, 16), 5 * 16);
  EXPECT_EQ(run(2, 10, 16), 2 * 160);
  EXPECT_EQ(run(1, 1, 1), 1);
  EXPECT_EQ(run_length(BlockStrides{1, 8, 80}, BlockStrides{8, 3, 16}), 8 * 3);  // transposed
  EXPECT_EQ(run_length(BlockStrides{0, 0, 1}, BlockStrides{8, 10, 16}), 16);     // broadcast
}

TEST(Runs, CostWholeBursts) {
  const CoreConfig core;
  TileMachine m = machine(core);
  EXPECT_EQ(m.in_bursts(4000, 20), 4000);
  m.burst = 64;
  EXPECT_EQ(m.in_bursts(4000, 20), 100 * 64);
  EXPECT_EQ(m.in_bursts(4096, 64), 4096);
}

/// The shortcut of BlazeFace pads channels: what are lines to the kernel are channels in memory,
/// one behind the other.
TEST(WindowTile, MakesLongRunsWhereLinesAreTheInnermostDimension) {
  const CoreConfig core;
  TileMachine m = machine(core);
  m.rate_q16 = 1 << 16;
  WindowShape s;
  s.out_h = s.in_h = 16;
  s.out_w = s.in_w = s.c = 32;
  s.in_strides = s.out_strides = {1, 16, 16 * 32};
  const Cycle by_bytes = choose_window_tile(s, m).time;
  m.burst = 32;  // 16 lines
  const WindowTile t = choose_window_tile(s, m);
  EXPECT_EQ(t.block_h, 16);
  EXPECT_LT(t.time, by_bytes * 11 / 10);
}

}  // namespace
}  // namespace unna
