// A better machine is not slower: more bandwidth, lower latency, larger buffers, more PEs, ... over
// random graphs and machines and small shipped networks, in both DRAM models. docs/model.md,
// "Monotonicity", says why the tolerances are not zero.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/compile.h"
#include "compiler/tile.h"
#include "sim/simulate.h"
#include "tests/support/random_machine.h"
#include "workloads/graph.h"
#include "workloads/random_graph.h"

namespace unna {
namespace {

constexpr std::uint64_t kSeeds = 24;

// How much slower a run may be nevertheless, by docs/model.md, "Monotonicity": the same program; a
// random network compiled again without choosing branches, and a shipped one with.
constexpr double kSame = 0.05;
constexpr double kRandom = 0.15;
constexpr double kShipped = 0.03;

/// A way in which a machine is better.
struct Better {
  std::string_view name;
  void (*apply)(MachineConfig&);
};

void raise_bandwidth(MachineConfig& m) {
  m.dram.layout.channels *= 2;
}
void lower_latency(MachineConfig& m) {
  m.dram.controller_cycles /= 2;
  m.interconnect.latency_cycles /= 2;
}
void allow_more_requests(MachineConfig& m) {
  m.core.dma_outstanding *= 2;
}

/// The same program runs on the better machine.
constexpr Better kBetterToRunOn[] = {
    {"bandwidth", raise_bandwidth},
    {"latency", lower_latency},
    {"outstanding", allow_more_requests},
    {"queue", [](MachineConfig& m) { m.core.queue_depth *= 2; }},
    {"dispatch", [](MachineConfig& m) { m.core.dispatch_per_cycle *= 2; }},
    {"synchronisation",
     [](MachineConfig& m) { m.sync.barrier_cycles /= 2, m.sync.signal_cycles /= 2; }},
    {"window", [](MachineConfig& m) { m.interconnect.window *= 2; }},
    {"cache",
     [](MachineConfig& m) {
       if (m.dram.model == DramModel::banked) m.cache.size_bytes = 256 * kKiB;
     }},
};

/// The network is compiled again, for the better machine.
constexpr Better kBetterToCompileFor[] = {
    {"bandwidth", raise_bandwidth},
    {"latency", lower_latency},
    {"outstanding", allow_more_requests},
    {"nbin", [](MachineConfig& m) { m.core.nbin_bytes *= 2; }},
    {"sb", [](MachineConfig& m) { m.core.sb_bytes *= 2; }},
    {"nbout", [](MachineConfig& m) { m.core.nbout_bytes *= 2; }},
    {"pes", [](MachineConfig& m) { m.core.pes *= 2, m.core.nbin_read_elements *= 2; }},
    {"multipliers",
     [](MachineConfig& m) {
       m.core.multipliers *= 2;
       m.core.sb_read_elements *= 2;
       m.core.nbin_read_elements *= 2;
     }},
    {"lanes",
     [](MachineConfig& m) {
       m.core.elementwise_lanes *= 2;
       m.core.special_lanes *= 2;
       m.core.nbout_port_elements *= 2;
     }},
};

using ObjectPtr = std::shared_ptr<const Object>;

ObjectPtr program_for(const Graph& graph, const MachineConfig& machine, Partition partition) {
  CompileOptions options;
  options.partition = partition;
  return std::make_shared<const Object>(compile(graph, machine, options).object);
}
Cycle cycles(const ObjectPtr& program, const MachineConfig& machine) {
  const Layout layout = identity_layout(*program, machine.dram.alignment_bytes);
  return simulate(link(program, layout, Bytes{1} << 50), machine, {}).cycles;
}

/// All of them, each alone, in both DRAM models.
void expect_not_slower(const Graph& graph, MachineConfig machine, Partition partition,
                       double compiled_again) {
  for (const DramModel model : {DramModel::bandwidth, DramModel::banked}) {
    machine.dram.model = model;
    const ObjectPtr program = program_for(graph, machine, partition);
    const auto before = static_cast<double>(cycles(program, machine));
    const auto expect = [&](const Better& better, bool same, double tolerance) {
      MachineConfig improved = machine;
      better.apply(improved);
      if (improved == machine) return;
      const ObjectPtr runs = same ? program : program_for(graph, improved, partition);
      const auto after = static_cast<double>(cycles(runs, improved));
      EXPECT_LE(after / before, 1 + tolerance)
          << better.name << (same ? "" : ", compiled again") << ", "
          << kDramModelNames[static_cast<std::size_t>(model)];
    };
    for (const Better& better : kBetterToRunOn) expect(better, true, kSame);
    for (const Better& better : kBetterToCompileFor) expect(better, false, compiled_again);
  }
}

TEST(Monotone, RandomNetworksOnRandomMachines) {
  int fitted = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const Graph graph = random_graph(seed);
    MachineConfig machine = random_machine(rng, DataType::int16);
    try {
      program_for(graph, machine, Partition::channels);
    } catch (const CapacityError&) {
      continue;
    }
    ++fitted;
    expect_not_slower(graph, machine, Partition::channels, kRandom);
  }
  EXPECT_GT(fitted, static_cast<int>(kSeeds) / 2);
}

TEST(Monotone, ShippedNetworksOnShippedMachines) {
  struct Run {
    std::string_view name;
    std::int64_t cores;
  };
  constexpr Run kRuns[] = {{"lenet5", 1},        {"lenet5", 4},    {"lenet5_pruned", 1},
                           {"lenet5_pruned", 4}, {"blazeface", 1}, {"blazeface", 4}};
  for (const auto& [name, cores] : kRuns) {
    SCOPED_TRACE(fmt::format("{}, {} cores", name, cores));
    const Graph graph =
        load_workload(fmt::format("{}/workloads/{}.yaml", UNNASIM_SOURCE_DIR, name));
    expect_not_slower(graph, preset_machine(cores), Partition::automatic, kShipped);
  }
}

struct ShippedRun {
  std::string_view name;
  std::int64_t cores;
};

class MonotoneShipped : public ::testing::TestWithParam<ShippedRun> {};

/// Doubling NBin once cost MobileNet v2 a sixth; twice the PEs the LSTM 18 % and DeepLab v3 15 %,
/// as parts of layers had whole groups of PEs.
TEST_P(MonotoneShipped, WithMoreOfAnything) {
  const auto& [name, cores] = GetParam();
  const Graph graph = load_workload(fmt::format("{}/workloads/{}.yaml", UNNASIM_SOURCE_DIR, name));
  const MachineConfig machine = preset_machine(cores);
  const auto cycles_on = [&](const MachineConfig& m) {
    return static_cast<double>(cycles(program_for(graph, m, Partition::automatic), m));
  };
  const double before = cycles_on(machine);
  for (const Better& better : kBetterToCompileFor) {
    MachineConfig improved = machine;
    better.apply(improved);
    EXPECT_LE(cycles_on(improved) / before, 1 + kShipped) << better.name;
  }
}

constexpr ShippedRun kShippedRuns[] = {
    {"mobilenet_v2", 16}, {"lstm", 16},      {"transformer_encoder", 16}, {"efficientnet_b0", 16},
    {"deeplab_v3", 4},    {"googlenet", 16}, {"squeezenet1_1", 16},
};
INSTANTIATE_TEST_SUITE_P(Networks, MonotoneShipped, ::testing::ValuesIn(kShippedRuns),
                         [](const auto& run) {
                           return fmt::format("{}_{}_cores", run.param.name, run.param.cores);
                         });

/// A compiler may always leave cores idle: on one memory, more of them cost next to nothing.
TEST(Monotone, MoreCoresOnTheSameMemory) {
  for (const std::string_view name : {"blazeface", "lstm", "squeezenet1_1", "mobilenet_v2"}) {
    const Graph graph =
        load_workload(fmt::format("{}/workloads/{}.yaml", UNNASIM_SOURCE_DIR, name));
    for (const std::int64_t preset : {1, 4, 16}) {
      MachineConfig machine = preset_machine(preset);
      double before = 0;
      for (machine.cores = 1; machine.cores <= kMaxCores; machine.cores *= 2) {
        const auto after =
            static_cast<double>(cycles(program_for(graph, machine, Partition::automatic), machine));
        if (before > 0) {
          EXPECT_LE(after / before, 1 + kShipped)
              << name << ", " << machine.cores << " cores on the memory of " << preset;
        }
        before = after;
      }
    }
  }
}

// What the search chooses is never worse by its own estimate: it is over all sizes that fit.

MacShape random_shape(Rng& rng) {
  MacShape s;
  s.out_h = rng.between(1, 40);
  s.out_w = rng.between(1, 40);
  s.kh = s.kw = rng.chance(1, 3) ? 1 : rng.between(1, 5);
  s.in_h = s.out_h + s.kh - 1;
  s.in_w = s.out_w + s.kw - 1;
  s.ci = rng.between(1, 300);
  s.co = rng.between(1, 300);
  s.bias = rng.chance(1, 2);
  return s;
}

TEST(Monotone, TilesByTheirEstimate) {
  std::vector<std::uint64_t> seeds(60);
  std::iota(seeds.begin(), seeds.end(), 1);
  // Where NBout takes more blocks than NBin keeps the inputs of.
  seeds.insert(seeds.end(), {654, 762, 854, 922});
  for (const std::uint64_t seed : seeds) {
    Rng rng(seed);
    const MacShape shape = random_shape(rng);
    const CoreConfig core = random_machine(rng, DataType::int16).core;
    const TileMachine machine{&core, 2, rng.between(1 << 14, 64 << 16), rng.between(0, 200)};
    Cycle before = 0;
    try {
      before = choose_mac_tile(shape, machine).time;
    } catch (const CapacityError&) {
      continue;
    }
    for (const auto buffer :
         {&CoreConfig::nbin_bytes, &CoreConfig::sb_bytes, &CoreConfig::nbout_bytes}) {
      CoreConfig larger = core;
      larger.*buffer *= 2;
      TileMachine roomier = machine;
      roomier.core = &larger;
      EXPECT_LE(choose_mac_tile(shape, roomier).time, before) << "seed " << seed;
    }
    TileMachine faster = machine;
    faster.rate_q16 *= 2;
    EXPECT_LE(choose_mac_tile(shape, faster).time, before) << "seed " << seed;
    TileMachine nearer = machine;
    nearer.latency /= 2;
    EXPECT_LE(choose_mac_tile(shape, nearer).time, before) << "seed " << seed;
  }
}

}  // namespace
}  // namespace unna
