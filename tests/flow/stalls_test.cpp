// Why engines were idle, worked out from traces, is what the simulator counted.

#include "report/stalls.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numeric>

#include "flow/pipeline.h"
#include "report/layer_times.h"

namespace unna {
namespace {

struct Case {
  const char* network;
  std::int64_t cores;
  std::int64_t queue_depth;
};

class Stalls : public ::testing::TestWithParam<Case> {
 protected:
  Stalls() {
    ChosenMachine machine{preset_machine(GetParam().cores), std::nullopt};
    machine.config.core.queue_depth = GetParam().queue_depth;
    NetworkChoice choice;
    choice.file = fmt::format("{}/workloads/{}.yaml", UNNASIM_SOURCE_DIR, GetParam().network);
    const Compiled compiled = compile_network(choice, machine, {});
    core_ = machine.config.core;
    executed_ = execute(compiled);
  }

  CoreConfig core_;
  Executed executed_;
};

TEST_P(Stalls, OfATraceAreThoseThatTheSimulatorCounts) {
  const auto idle = idle_spans(executed_.trace, core_);
  const SimResult& result = executed_.result;
  for (std::size_t c = 0; c < result.cores.size(); ++c)
    for (std::size_t e = 0; e < kEngines; ++e) {
      std::array<Cycle, kStalls> found{};
      Cycle last = 0;
      for (const IdleSpan& span : idle[c][e]) {
        EXPECT_GE(span.from, last);
        EXPECT_LT(span.from, span.until);
        last = span.until;
        found[static_cast<std::size_t>(span.cause)] += span.until - span.from;
      }
      const EngineStats& counted = result.cores[c].engines[e];
      EXPECT_EQ(std::accumulate(found.begin(), found.end(), counted.busy), result.cycles)
          << "core " << c << " " << kEngineNames[e];
      for (std::size_t s = 0; s < kStalls; ++s)
        EXPECT_EQ(found[s], counted.stall[s])
            << "core " << c << " " << kEngineNames[e] << " " << kStallNames[s];
    }
}

TEST_P(Stalls, TimesOfLayersAddUpToTheRun) {
  const auto times = layer_times(executed_.trace, core_);
  double all = 0;
  double busy = 0;
  for (std::size_t l = 0; l < times.size(); ++l) {
    const LayerTime& time = times[l];
    all += time.cycles;
    EXPECT_NEAR(std::accumulate(time.by_core.begin(), time.by_core.end(), 0.0), time.cycles, 1e-3);
    Cycle own = 0;
    for (const CoreStats& core : executed_.result.cores) own += core.layers[l].compute_busy;
    const double computing =
        time.shares.busy * time.cycles * static_cast<double>(executed_.result.cores.size());
    EXPECT_NEAR(computing, static_cast<double>(own), 1e-3) << l;
    busy += computing;
  }
  EXPECT_NEAR(all, static_cast<double>(executed_.result.cycles), 1e-3);
  EXPECT_GT(busy, 0);
}

INSTANTIATE_TEST_SUITE_P(Networks, Stalls,
                         ::testing::Values(Case{"lenet5", 1, 16}, Case{"lenet5", 4, 2},
                                           Case{"blazeface", 4, 16}, Case{"resnet18", 16, 16}),
                         [](const auto& c) {
                           return fmt::format("{}_{}_{}", c.param.network, c.param.cores,
                                              c.param.queue_depth);
                         });

}  // namespace
}  // namespace unna
