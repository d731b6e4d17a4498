#include "flow/fit.h"

#include <gtest/gtest.h>

#include "configs/presets.h"

namespace unna {
namespace {

FitResult fit_lenet(std::optional<Bytes> budget, int jobs = 1) {
  const Graph graph = load_network(UNNASIM_SOURCE_DIR "/workloads/lenet5.yaml", {}).graph;
  FitOptions options;
  options.budget = budget;
  options.jobs = jobs;
  options.energy_table = default_energy();
  return fit(graph, {preset_machine(2), {}}, options);
}

TEST(Fit, LayerByLayerIsMeasuredFirstAndWalksNeedLess) {
  const FitResult result = fit_lenet(std::nullopt);
  ASSERT_GT(result.points.size(), 2U);
  EXPECT_TRUE(result.points.front().layer_by_layer);
  EXPECT_EQ(result.points.front().walked, 0U);
  ASSERT_FALSE(result.front.empty());
  const FitPoint& least = result.points[result.front.back()];
  EXPECT_GT(least.walked, 0U);
  EXPECT_LT(least.footprint, result.points.front().footprint);
  for (const FitPoint& p : result.points) EXPECT_GE(p.footprint, p.bound);
}

TEST(Fit, ALargerBudgetNeverGivesASlowerProgram) {
  const FitResult all = fit_lenet(std::nullopt);
  std::optional<Cycle> smaller;
  for (Bytes budget = 4096; budget <= 65536; budget += 4096) {
    const FitResult result = fit_lenet(budget);
    ASSERT_EQ(result.points.size(), all.points.size());
    for (const std::size_t i : result.fitting) EXPECT_LE(result.points[i].bound, budget);
    if (result.fitting.empty()) {
      EXPECT_FALSE(smaller.has_value());
      continue;
    }
    const Cycle cycles = result.points[result.fitting.front()].cycles;
    EXPECT_LE(cycles, smaller.value_or(cycles));
    smaller = cycles;
  }
  EXPECT_TRUE(smaller.has_value());
}

TEST(Fit, TheResultDoesNotDependOnJobs) {
  const FitResult one = fit_lenet(32768, 1);
  const FitResult three = fit_lenet(32768, 3);
  ASSERT_EQ(one.points.size(), three.points.size());
  EXPECT_EQ(one.front, three.front);
  EXPECT_EQ(one.fitting, three.fitting);
  for (std::size_t i = 0; i < one.points.size(); ++i)
    EXPECT_EQ(one.points[i].cycles, three.points[i].cycles);
}

TEST(Fit, LimitsAreKeptAndSearchedAt) {
  const Graph graph = load_network(UNNASIM_SOURCE_DIR "/workloads/lenet5.yaml", {}).graph;
  FitOptions options;
  options.objective = FitObjective::footprint;
  options.energy_table = default_energy();
  const FitResult free = fit(graph, {preset_machine(1), {}}, options);
  options.more_cycles = 5;
  options.more_bytes = 5;
  const FitResult limited = fit(graph, {preset_machine(1), {}}, options);
  const FitPoint& layers = limited.points.front();
  const auto keeps = [&](const FitPoint& p) {
    return static_cast<double>(p.cycles) <= 1.05 * static_cast<double>(layers.cycles) &&
           static_cast<double>(p.dram_bytes) <= 1.05 * static_cast<double>(layers.dram_bytes);
  };
  for (const std::size_t i : limited.fitting) EXPECT_TRUE(keeps(limited.points[i]));
  Bytes least = layers.footprint;  // without the search at the limits
  for (const FitPoint& p : free.points)
    if (keeps(p)) least = std::min(least, p.footprint);
  EXPECT_LE(limited.points[limited.fitting.front()].footprint, least);
  EXPECT_LT(limited.points[limited.fitting.front()].footprint, layers.footprint);
}

/// Buffers that share memory share lines of a cache: without a layout every buffer would have lines
/// of its own, and a smaller footprint would save no traffic.
TEST(Fit, WithACacheProgramsAreMeasuredAsLaidOut) {
  const Graph graph = load_network(UNNASIM_SOURCE_DIR "/workloads/lenet5.yaml", {}).graph;
  ChosenMachine machine{preset_machine(2), {}};
  machine.config.dram.model = DramModel::banked;
  machine.config.cache.size_bytes = 64 * kKiB;
  FitOptions options;
  options.energy_table = default_energy();
  const FitPoint layers = fit(graph, machine, options).points.front();

  CompileOptions compile;
  compile.granularity = Granularity::lifetime;
  const Executed apart = execute(compile_graph(graph, machine, compile));
  EXPECT_LT(layers.dram_bytes, apart.result.memory->dram_bytes());
}

}  // namespace
}  // namespace unna
