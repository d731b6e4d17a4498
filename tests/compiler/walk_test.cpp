#include "compiler/walk.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace unna {
namespace {

/// Three 3x3 convolutions over 12 lines, and a pooled result.
LoweredGraph chain() {
  LoweredGraph g;
  const auto storage = [&](const char* name, BufferKind kind) {
    Storage s;
    s.name = name;
    s.kind = kind;
    s.elements = 12 * 12 * 16;
    s.channels = 16;
    s.rows_per_line = 12;
    g.storages.push_back(s);
    return StorageId(g.storages.size() - 1);
  };
  StorageId in = storage("x", BufferKind::input);
  for (const char* name : {"a", "b", "c"}) {
    const StorageId out =
        storage(name, name[0] == 'c' ? BufferKind::output : BufferKind::intermediate);
    Kernel k;
    k.kind = KernelKind::pool;
    k.fn = Function::max;
    k.name = name;
    k.dims = {1, 1, 12, 12, 16};
    const Dims strides = {0, 0, 192, 16, 1};
    k.out = {out, 0, strides};
    k.in = {{{in, 0, strides}, k.dims}};
    k.window.kernel_h = k.window.kernel_w = 3;
    k.window.pad_top = k.window.pad_left = k.window.pad_bottom = k.window.pad_right = 1;
    g.kernels.push_back(k);
    in = out;
  }
  return g;
}

std::vector<KernelId> all_of(const LoweredGraph& g) {
  std::vector<KernelId> kernels;
  for (std::size_t k = 0; k < g.kernels.size(); ++k) kernels.push_back(KernelId(k));
  return kernels;
}

TEST(LineTable, AWindowNeedsItsHaloAndReleasesWhatLiesBehindIt) {
  const LoweredGraph g = chain();
  const LineTable table(g);
  ASSERT_EQ(table.edges().size(), 2U);
  const LineEdge& e = table.edges()[0];
  EXPECT_EQ(e.need[1], 2);  // line 0 reads lines 0 and 1
  EXPECT_EQ(e.need[12], 12);
  EXPECT_EQ(e.first[0], 0);
  EXPECT_EQ(e.first[3], 2);  // line 3 reads lines 2 to 4
  EXPECT_EQ(e.first[12], 12);
  EXPECT_EQ(table.line_bytes(KernelId(0)), 12 * 16 * 2);
  EXPECT_EQ(table.line_bytes(KernelId(2)), 0);  // an output of the network
}

TEST(WalkRunner, ProducersRunAheadByTheHalo) {
  const LoweredGraph g = chain();
  const LineTable table(g);
  const std::vector<Band> bands = WalkRunner(table).bands(all_of(g), 4);
  ASSERT_EQ(bands.size(), 12U);
  EXPECT_EQ(bands[0], (Band{KernelId(0), 0, 5}));
  EXPECT_EQ(bands[1], (Band{KernelId(1), 0, 4}));
  EXPECT_EQ(bands[2], (Band{KernelId(2), 0, 3}));
  EXPECT_EQ(bands.back(), (Band{KernelId(2), 9, 12}));
}

TEST(WalkRunner, WithASkewEachKernelReadsWhatTheStepBeforeHasMade) {
  const LoweredGraph g = chain();
  const LineTable table(g);
  const KernelId a(0), b(1), c(2);
  const std::vector<Band> expected{{a, 0, 5},                            //
                                   {b, 0, 4}, {a, 5, 8},                 //
                                   {c, 0, 3}, {b, 4, 7},   {a, 8, 11},   //
                                   {c, 3, 6}, {b, 7, 10},  {a, 11, 12},  //
                                   {c, 6, 9}, {b, 10, 12},               //
                                   {c, 9, 12}};
  EXPECT_EQ(WalkRunner(table).bands(all_of(g), 4, 1), expected);
}

TEST(WalkRunner, EachLineIsMadeOnceForAnyNumberOfSteps) {
  const LoweredGraph g = chain();
  const LineTable table(g);
  WalkRunner runner(table);
  for (std::int64_t steps = 1; steps <= 14; ++steps) {
    std::vector<std::int64_t> made(3, 0);
    for (const std::int64_t skew : {0, 1, 3}) {
      std::ranges::fill(made, 0);
      for (const Band& b : runner.bands(all_of(g), steps, skew)) {
        EXPECT_EQ(b.lo, made[b.kernel.index()]);
        made[b.kernel.index()] = b.hi;
      }
      EXPECT_EQ(made, (std::vector<std::int64_t>{12, 12, 12}));
    }
  }
}

TEST(WalkRunner, FootprintCountsLinesMadeAndStillRead) {
  const LoweredGraph g = chain();
  const LineTable table(g);
  WalkRunner runner(table);
  runner.begin(KernelId(0));
  const Bytes line = table.line_bytes(KernelId(0));
  EXPECT_EQ(runner.footprint(all_of(g), runner.bands(all_of(g), 1)), 24 * line);
  // A line at a time: three lines of a and one of b, or two of a and three of b.
  EXPECT_EQ(runner.footprint(all_of(g), runner.bands(all_of(g), 12)), 6 * line);
  // Four at a time: with a skew, readers come first in a step and make room for what is made next.
  EXPECT_EQ(runner.footprint(all_of(g), runner.bands(all_of(g), 3)), 12 * line);
  EXPECT_EQ(runner.footprint(all_of(g), runner.bands(all_of(g), 3, 1)), 12 * line);
}

TEST(WalkText, RoundTrip) {
  const LoweredGraph g = chain();
  WalkPlan plan;
  plan.walks.push_back(
      {{KernelId(0), KernelId(1)}, 3, Division::columns, Sync::acknowledged, 2, Synapses::reload});
  Walk units{{KernelId(2)}, 1, Division::fastest, Sync::barriers};
  for (std::int64_t h = 0; h < 12; h += 6)
    units.units.push_back(
        {KernelId(2), CoreId(h == 0 ? 0 : 1), {{0, 0, h, 0, 0}, {1, 1, h + 6, 12, 16}}});
  plan.walks.push_back(units);
  const std::string text = to_text(plan, g);
  EXPECT_EQ(parse_walk_plan(text, "s.txt", g, 2), plan) << text;
}

std::string refusal(const std::string& text) {
  const LoweredGraph g = chain();
  try {
    parse_walk_plan(text, "s.txt", g, 2);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(WalkText, RefusesWhatIsNotLegalByLine) {
  const std::string a = "walk from=a steps=1\n";
  EXPECT_EQ(refusal(a + "walk from=b to=x steps=2\n"),
            "s.txt:2:16: no kernel is named `x`, expected one of the network's");
  EXPECT_EQ(refusal(a + a),
            "s.txt:2:1: kernel a is in the walk of line 1 already, expected it once");
  EXPECT_EQ(refusal(a + "walk from=c steps=1\n"),
            "s.txt:2:1: kernel b is in no walk, expected each kernel in one");
  EXPECT_EQ(refusal("walk from=b to=c steps=1\n" + a),
            "s.txt:1:1: b reads lines of a that line 2 makes later, expected them before");
  EXPECT_EQ(refusal(a + "walk from=b steps=0\nwalk from=c steps=1\n"),
            "s.txt:2:19: `steps` is `0`, expected an integer from 1 to 1048576");
  EXPECT_EQ(refusal(a + "walk from=b to=c units skew=1\n"),
            "s.txt:2:24: `skew` is unknown here, expected from, to, sync, synapses, units");
  EXPECT_EQ(
      refusal("unit kernel=a core=0\n"),
      "s.txt:1:1: `unit` begins no statement here, expected `walk`, or `unit` behind a walk of "
      "explicit units");
}

TEST(WalkText, RefusesUnitsThatAreMissingTwiceOrTooEarly) {
  const std::string head = "walk from=a to=c units\n";
  const std::string a = "unit kernel=a core=0\n", b = "unit kernel=b core=0\n";
  EXPECT_EQ(refusal(head + a + b + "unit kernel=c core=0 h=0:5\n"),
            "s.txt:1:1: the walk's units make 960 of 2304 elements of c, expected all of them");
  EXPECT_EQ(
      refusal(head + a + b + "unit kernel=c core=0 h=0:7\nunit kernel=c core=1 h=6:12\n"),
      "s.txt:5:1: the unit makes part of c that the one in line 4 makes, expected each element "
      "once");
  EXPECT_EQ(refusal(head + "unit kernel=a core=0 h=0:6\n" + b + "unit kernel=a core=1 h=6:12\n" +
                    "unit kernel=c core=0\n"),
            "s.txt:3:1: b reads lines of a that line 4 makes later, expected them before");
  EXPECT_EQ(refusal(head + a + b + "unit kernel=c core=2\n"),
            "s.txt:4:20: `core` is `2`, expected an integer from 0 to 1");
}

}  // namespace
}  // namespace unna
