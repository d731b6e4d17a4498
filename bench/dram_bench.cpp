// Bursts a second of CPU time through the banked DRAM model's channels: closed loop, every queue is
// refilled as soon as it has room, and of several channels the one with the next event goes on.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "sim/memory/dram_traffic.h"

namespace unna {
namespace {

constexpr std::int64_t kBursts = 1 << 18;  // of all channels

/// A channel and what it has still to do.
struct Lane {
  DramChannel channel;
  const std::vector<DramArrival>* arrivals;
  std::size_t next = 0;

  void refill(Tick now) {
    while (next < arrivals->size() && !channel.full((*arrivals)[next].burst.write))
      channel.push((*arrivals)[next++].burst, now);
  }
};

Tick drain(std::vector<Lane>& lanes) {
  Tick last = 0;
  for (Lane& lane : lanes) lane.refill(0);
  while (true) {
    Lane* first = &lanes.front();
    for (Lane& lane : lanes)
      if (lane.channel.next_event() < first->channel.next_event()) first = &lane;
    const Tick now = first->channel.next_event();
    if (now == kNeverTick) return last;
    first->channel.step(now, [&](std::uint32_t, Tick end) { last = std::max(last, end); });
    first->refill(now);
  }
}

void run_channels(benchmark::State& state) {
  DramConfig dram;
  dram.layout.channels = state.range(1);
  DramTraffic traffic;
  traffic.pattern = static_cast<DramPattern>(state.range(0));
  traffic.bursts = kBursts;
  traffic.reads = static_cast<double>(state.range(2)) / 100;
  const auto arrivals = dram_arrivals(dram, traffic);
  for (auto _ : state) {
    std::vector<Lane> lanes;
    for (const auto& of_channel : arrivals)
      lanes.push_back({DramChannel(dram.device, dram.controller), &of_channel});
    benchmark::DoNotOptimize(drain(lanes));
  }
  state.SetLabel(std::string(kDramPatternNames[static_cast<std::size_t>(state.range(0))]));
  state.counters["bursts/s"] = benchmark::Counter(static_cast<double>(kBursts * state.iterations()),
                                                  benchmark::Counter::kIsRate);
}
BENCHMARK(run_channels)
    ->ArgNames({"pattern", "channels", "reads"})
    ->ArgsProduct({{static_cast<std::int64_t>(DramPattern::sequential),
                    static_cast<std::int64_t>(DramPattern::strided),
                    static_cast<std::int64_t>(DramPattern::random)},
                   {1, 8},
                   {100, 67}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace unna

BENCHMARK_MAIN();
