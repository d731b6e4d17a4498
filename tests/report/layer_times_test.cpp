// The time of a layer, of traces written by hand.

#include "report/layer_times.h"

#include <gtest/gtest.h>

#include "report/stalls.h"

namespace unna {
namespace {

constexpr Engine kLoad = Engine::load_synapse;
constexpr EngineMask kFromLoad = 1U << static_cast<unsigned>(kLoad);
constexpr EngineMask kToCompute = 1U << static_cast<unsigned>(Engine::compute);

TraceEvent event(std::uint32_t core, std::uint32_t pc, std::optional<Engine> engine, Cycle start,
                 Cycle end, std::size_t layer = 0) {
  TraceEvent e;
  e.core = CoreId(core);
  e.pc = pc;
  e.engine = engine;
  e.kind = engine ? TraceKind::compute : TraceKind::halt;
  e.start = start;
  e.end = end;
  e.op = OpId(layer);
  return e;
}

Trace trace_of(std::int64_t cores, std::vector<TraceEvent> events) {
  Trace trace;
  trace.cores = cores;
  trace.layers = {"a", "b"};
  trace.events = std::move(events);
  return trace;
}

double sum(const std::vector<LayerTime>& times) {
  double all = 0;
  for (const LayerTime& time : times) all += time.cycles;
  return all;
}

/// Layer b's synapses are loaded while a computes: that is no time of b.
TEST(LayerTimes, APrefetchIsInTheTimeOfTheLayerBefore) {
  TraceEvent load = event(0, 1, kLoad, 2, 60, 1);
  load.signal = kToCompute;
  TraceEvent compute = event(0, 2, Engine::compute, 60, 80, 1);
  compute.wait = kFromLoad;
  const Trace trace =
      trace_of(1, {event(0, 0, Engine::compute, 1, 50, 0), load, compute, event(0, 3, {}, 80, 80)});
  const auto times = layer_times(trace, CoreConfig{});
  EXPECT_DOUBLE_EQ(times[0].cycles, 50);
  EXPECT_DOUBLE_EQ(times[1].cycles, 30);  // 10 of waiting for the load, 20 of computing
  EXPECT_DOUBLE_EQ(times[1].shares.busy, 20.0 / 30);
  EXPECT_DOUBLE_EQ(times[1].shares.waiting, 10.0 / 30);
  EXPECT_DOUBLE_EQ(times[1].shares.awaiting, 0);
}

/// While one core computes a, the other one waits for it to begin b: that is time of a.
TEST(LayerTimes, CoresThatWaitForALayerAreInItsTime) {
  std::vector<TraceEvent> events = {event(0, 0, Engine::compute, 1, 101, 0)};
  for (std::uint32_t core = 0; core < 2; ++core) {
    TraceEvent barrier = event(core, 1, {}, core == 0 ? 101 : 2, 101);
    barrier.kind = TraceKind::barrier;
    barrier.cores = 3;
    events.push_back(barrier);
    events.push_back(event(core, 2, Engine::compute, 102, 122, 1));
    events.push_back(event(core, 3, {}, 122, 122));
  }
  const auto times = layer_times(trace_of(2, events), CoreConfig{});
  EXPECT_DOUBLE_EQ(times[0].cycles, 101);
  EXPECT_DOUBLE_EQ(times[0].by_core[0], 101);
  EXPECT_DOUBLE_EQ(times[0].by_core[1], 0);
  EXPECT_NEAR(times[0].shares.awaiting, 0.5, 0.02);
  EXPECT_DOUBLE_EQ(times[1].cycles, 21);
  EXPECT_DOUBLE_EQ(times[1].by_core[0], times[1].by_core[1]);
}

TEST(LayerTimes, LayersOfCoresAtOneTimeShareIt) {
  const Trace trace =
      trace_of(2, {event(0, 0, Engine::compute, 1, 41, 0), event(0, 1, {}, 41, 41),
                   event(1, 0, Engine::compute, 1, 101, 1), event(1, 1, {}, 101, 111)});
  const auto times = layer_times(trace, CoreConfig{});
  EXPECT_DOUBLE_EQ(times[0].cycles, 20.5);        // with half of the cycle before both
  EXPECT_DOUBLE_EQ(times[1].cycles, 111 - 20.5);  // with those behind the last instruction
  EXPECT_DOUBLE_EQ(sum(times), 111);
  EXPECT_NEAR(times[1].shares.awaiting, 0.4, 0.05);
}

TEST(LayerTimes, ARunThatComputesNothingHasNone) {
  const auto times = layer_times(trace_of(1, {event(0, 0, {}, 0, 9)}), CoreConfig{});
  EXPECT_EQ(sum(times), 0);
  EXPECT_EQ(times[0].shares.busy, 0);
}

}  // namespace
}  // namespace unna
