// One row for each kind of instance: how well memory is filled, how much is proved, in what time.

#include <fmt/format.h>

#include <algorithm>

#include "bench/instances.h"
#include "bench/planner_sections.h"
#include "memmgr/complete_problem.h"
#include "text/table.h"
#include "text/units.h"

namespace unna::bench {
namespace {

/// Seeds that nothing was tuned to.
constexpr std::uint64_t kFirstSeed = 9001;

struct Kind {
  std::string name;
  std::uint64_t instances = 1;
  Lifetimes (*make)(std::uint64_t seed);
};

Lifetimes packing(std::uint64_t seed, std::size_t count, std::uint64_t pinwheel_percent) {
  PerfectPacking kind;
  kind.seed = seed;
  kind.count = count;
  kind.pinwheel_percent = pinwheel_percent;
  return make(kind);
}

/// Cut anywhere, so that few cuts share a time or sizes.
Lifetimes fine_packing(std::uint64_t seed, std::size_t count, std::uint64_t pinwheel_percent) {
  return make(PerfectPacking{seed, count, 20'000, Bytes{1} << 30, 1, pinwheel_percent});
}

/// Ends at multiples of a sixteenth of the height, at one of thirty times.
Lifetimes few_sizes(std::uint64_t seed) {
  PerfectPacking kind;
  kind.seed = seed;
  kind.count = 200;
  kind.horizon = 30;
  kind.unit = kind.height / 16;
  return make(kind);
}

template <std::size_t kThreads, std::size_t kCount>
Lifetimes concurrent(std::uint64_t seed) {
  return make(ConcurrentPackings{seed, kThreads, kCount});
}

const Kind kKinds[] = {
    {"guillotines, 100 to 400", 10,
     [](std::uint64_t s) { return packing(s, 100 + 33 * (s % 10), 0); }},
    {"pinwheels, 100 to 400", 10,
     [](std::uint64_t s) { return packing(s, 100 + 33 * (s % 10), 90); }},
    {"guillotines, 2,000", 10, [](std::uint64_t s) { return fine_packing(s, 2000, 0); }},
    {"pinwheels, 2,000", 10, [](std::uint64_t s) { return fine_packing(s, 2000, 90); }},
    {"both mixed, 2,000", 10, [](std::uint64_t s) { return fine_packing(s, 2000, 40); }},
    {"guillotines, 10,000", 2, [](std::uint64_t s) { return fine_packing(s, 10'000, 0); }},
    {"guillotines, 2,000, 200 times", 2, [](std::uint64_t s) { return packing(s, 2000, 0); }},
    {"pinwheels, 2,000, 200 times", 2, [](std::uint64_t s) { return packing(s, 2000, 90); }},
    {"few sizes and times, 200", 10, few_sizes},
    {"concurrent, 2 threads, 500", 2, concurrent<2, 500>},
    {"concurrent, 8 threads, 500", 2, concurrent<8, 500>},
    {"concurrent, 4 threads, 2,000", 2, concurrent<4, 2000>},
    {"concurrent, 8 threads, 2,000", 2, concurrent<8, 2000>},
    {"concurrent, 4 threads, 10,000", 1, concurrent<4, 10'000>},
    {"walks of 4 cores", 4, [](std::uint64_t s) { return make(WalkLike{s}); }},
    {"walks of 16 cores", 2,
     [](std::uint64_t s) {
       return make(WalkLike{s, 16, 8, 30, 4});
     }},
    {"training, 20,000", 2, [](std::uint64_t s) { return make(NetworkLike{s}); }},
};

}  // namespace

void kinds_section() {
  TextTable table({"kind", "instances", "buffers", "proved", "bound/peak, mean", "worst",
                   "greedy-by-size, mean", "CPU s", "auto's CPU s, mean", "worst"});
  for (const Kind& kind : kKinds) {
    double filled = 0;
    double least = 1;
    double quick = 0;
    double quick_seconds = 0;
    double seconds = 0;
    double slowest = 0;
    std::size_t proved = 0;
    std::size_t buffers = 0;
    for (std::uint64_t k = 0; k < kind.instances; ++k) {
      const PlanProblem problem = make_problem(kind.make(kFirstSeed + k), 1);
      const Measured cheap = run_measured("greedy-by-size", problem);
      const Measured run = run_measured("auto", problem);
      const double share = 1 / (1 + gap_of(run.plan, run.plan.lower_bound));
      filled += share;
      least = std::min(least, share);
      quick += 1 / (1 + gap_of(cheap.plan, run.plan.lower_bound));
      quick_seconds += cheap.seconds;
      seconds += run.seconds;
      slowest = std::max(slowest, run.seconds);
      proved += run.plan.proved_optimal ? 1 : 0;
      buffers += problem.size();
    }
    const auto n = static_cast<double>(kind.instances);
    table.add({kind.name, std::to_string(kind.instances),
               grouped(static_cast<std::int64_t>(buffers / kind.instances)), std::to_string(proved),
               percent(filled / n, 2), percent(least, 2), percent(quick / n, 2),
               fmt::format("{:.2f}", quick_seconds / n), fmt::format("{:.2f}", seconds / n),
               fmt::format("{:.2f}", slowest)});
  }
  fmt::print("auto with its default effort, seeds that nothing was tuned to:\n{}\n", table.str());
}

}  // namespace unna::bench
