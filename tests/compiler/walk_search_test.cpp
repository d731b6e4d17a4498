#include "compiler/walk_search.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/lower.h"
#include "compiler/walk_experience.h"

namespace unna {
namespace {

TEST(Correction, WalksAreExpectedToMissAsTheirKernelsDid) {
  Correction c({100, 100, 300});
  EXPECT_EQ(c.layers({0, 3}, 500), 500);
  c.layers_took({0, 1}, 100, 200);
  c.layers_took({1, 2}, 100, 200);
  EXPECT_EQ(c.layers({0, 2}, 500), 1000);
  EXPECT_EQ(c.walk({0, 2}, Division::rows, 500), 1000);
  EXPECT_EQ(c.walk({2, 3}, Division::rows, 500), 500);
  // Twice as much again as its kernels say: with the mean of all walks, which is the same.
  c.walk_took({0, 2}, Division::rows, 100, 400);
  EXPECT_EQ(c.walk({0, 2}, Division::rows, 500), 2000);
  EXPECT_EQ(c.walk({2, 3}, Division::rows, 500), 1000);
  EXPECT_EQ(c.walk({0, 2}, Division::columns, 500), 1000);
}

/// Four convolutions with windows of 3 x 3 over 32 lines.
LoweredGraph strand() {
  GraphBuilder b("strand");
  TensorId x = b.input("x", {1, 8, 32, 32});
  for (int i = 0; i < 4; ++i) {
    const std::string name = "conv" + std::to_string(i);
    ConvAttrs attrs;
    attrs.window = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
    x = b.op(OpKind::conv, name, {x, b.weight(name + ".w", {8, 8, 3, 3})}, attrs)[0];
  }
  b.mark_output(x);
  return lower(canonicalise(b.finish()), MachineConfig{});
}

MeasuredProgram measured(std::size_t kernels, Cycle each, Bytes footprint, KernelId peak) {
  MeasuredProgram program{{}, footprint, peak};
  for (std::size_t k = 0; k < kernels; ++k)
    program.kernels.push_back({static_cast<Cycle>(k + 1) * each, 1000});
  return program;
}

TEST(WalkSearch, KnowsWhatWasMeasured) {
  const LoweredGraph graph = strand();
  const MachineConfig machine;
  const std::size_t n = graph.kernels.size();
  WalkSearch search(graph, machine, Partition::automatic);
  const std::vector<EstimatedWalk> before = search.front({1, 0});
  ASSERT_GT(before.size(), 2U);
  // Layers so slow that no walk is expected to be as slow: all estimates rise with them.
  const Cycle slow = 10 * before.back().cost.time;
  search.learn(layer_by_layer(graph), measured(n, slow, 1, KernelId(0)));
  const std::vector<EstimatedWalk> after = search.front({1, 0});
  EXPECT_GT(after.back().cost.time, 5 * before.back().cost.time);
  // A walk that was measured to be fast is what is chosen, at what it took.
  const auto all =
      std::ranges::find_if(before, [](const EstimatedWalk& e) { return e.plan.walks.size() == 1; });
  ASSERT_NE(all, before.end());
  search.learn(all->plan, measured(n, 100, all->footprint, KernelId(n - 1)));
  // Similar walks are expected to be as fast as both programs in the mean; it is as in the last.
  search.learn(all->plan, measured(n, 10, all->footprint, KernelId(n - 1)));
  const std::vector<EstimatedWalk> known = search.front({1, 0});
  EXPECT_EQ(known.front().plan, all->plan);
  EXPECT_EQ(known.front().cost.time, static_cast<Cycle>(10 * n));
  EXPECT_EQ(known.front().cost.traffic, static_cast<Bytes>(1000 * n));
}

TEST(WalkSearch, TheWalkOfThePeakNeedsWhatWasAlive) {
  const LoweredGraph graph = strand();
  const std::size_t n = graph.kernels.size();
  WalkSearch search(graph, MachineConfig{}, Partition::automatic);
  const EstimatedWalk least = search.front({1, 0}).back();
  ASSERT_EQ(least.plan.walks.size(), 1U);
  search.learn(least.plan, measured(n, 10, 3 * least.footprint, KernelId(n - 1)));
  for (const EstimatedWalk& e : search.front({1, 0})) {
    if (e.plan == least.plan) {
      EXPECT_EQ(e.footprint, 3 * least.footprint);
    }
    EXPECT_GT(e.footprint, least.footprint);  // others with the same division, too
  }
}

TEST(WalkSearch, WhatDoesNotCompileIsAvoided) {
  const LoweredGraph graph = strand();
  WalkSearch search(graph, MachineConfig{}, Partition::automatic);
  const EstimatedWalk fastest = search.front({1, 0}).front();
  search.learn_failure(fastest.plan);
  const EstimatedWalk other = search.front({1, 0}).front();
  EXPECT_NE(other.plan, fastest.plan);
}

/// stem, then two branches of three small convolutions each, and their sum; a single line, so that
/// there is nothing to walk.
LoweredGraph fork() {
  GraphBuilder b("fork");
  const auto conv = [&](const std::string& name, TensorId x) {
    const std::int64_t ci = b.tensor(x).shape[1];
    return b.op(OpKind::conv, name, {x, b.weight(name + ".w", {16, ci, 1, 1})}, ConvAttrs{})[0];
  };
  const TensorId stem = conv("stem", b.input("x", {1, 16, 1, 16}));
  const auto branch = [&](const std::string& name) {
    return conv(name + "3", conv(name + "2", conv(name + "1", stem)));
  };
  b.mark_output(b.op(OpKind::binary, "sum", {branch("a"), branch("b")},
                     FunctionAttrs{ScalarFn::add, 0, 0})[0]);
  return lower(canonicalise(b.finish()), MachineConfig{});
}

TEST(WalkSearch, BranchesSideBySideAreOneOption) {
  const LoweredGraph graph = fork();
  MachineConfig machine;
  machine.cores = 4;
  WalkSearch search(graph, machine, Partition::automatic);
  const EstimatedWalk best = search.front({1, 0}).front();
  for (const Walk& walk : best.plan.walks) EXPECT_EQ(walk.sync, Sync::barriers);
  // Its time is that of the region, not the sum of what its layers take.
  MeasuredProgram program = measured(graph.kernels.size(), 0, 1, KernelId(0));
  for (MeasuredKernel& k : program.kernels) k.end = 500;
  program.kernels.front().end = 100;
  search.learn(best.plan, program);
  EXPECT_EQ(search.front({1, 0}).front().cost.time, 500);
  // One after the other, each on all cores, they are slower.
  WalkSearch together(graph, machine, Partition::channels);
  EXPECT_LT(best.cost.time, together.front({1, 0}).front().cost.time);
}

TEST(WalkSearch, GivesTheSameOnAnyNumberOfThreads) {
  const LoweredGraph graph = strand();
  MachineConfig machine;
  machine.cores = 4;
  std::vector<EstimatedWalk> one;
  for (const int threads : {1, 2, 5, 100}) {
    WalkSearch search(graph, machine, Partition::automatic, threads);
    const std::vector<EstimatedWalk> front = search.front({1, 0});
    if (threads == 1) one = front;
    ASSERT_EQ(front.size(), one.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      EXPECT_EQ(front[i].plan, one[i].plan);
      EXPECT_EQ(front[i].cost.time, one[i].cost.time);
    }
  }
}

}  // namespace
}  // namespace unna
