// A better machine is not slower: more bandwidth, lower latency, larger buffers, more PEs, ... over
// random graphs and machines and small shipped networks, in both DRAM models. docs/model.md,
// "Monotonicity", says why the tolerances are not zero.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "compiler/compile.h"
#include "compiler/tile.h"
#include "sim/simulate.h"
#include "tests/support/random_machine.h"
#include "workloads/graph.h"
#include "workloads/random_graph.h"

namespace unna {
namespace {

constexpr std::uint64_t kSeeds = 10;

enum class Models : std::uint8_t { both, banked };

struct Better {
  std::string_view name;
  Models models;
  double random_tolerance, network_tolerance;  ///< by which a run may be slower
  void (*apply)(MachineConfig&);
};

constexpr Better kBetter[] = {
    {"bandwidth", Models::both, 0.05, 0.05,
     [](MachineConfig& m) { m.dram.bandwidth_gbps *= 2, m.dram.layout.channels *= 2; }},
    {"latency", Models::both, 0.05, 0.05,
     [](MachineConfig& m) {
       m.dram.latency_cycles /= 2;
       m.dram.controller_cycles /= 2;
       m.interconnect.latency_cycles /= 2;
     }},
    {"nbin", Models::both, 0.05, 0.05, [](MachineConfig& m) { m.core.nbin_bytes *= 2; }},
    {"sb", Models::both, 0.05, 0.05, [](MachineConfig& m) { m.core.sb_bytes *= 2; }},
    {"nbout", Models::both, 0.05, 0.05, [](MachineConfig& m) { m.core.nbout_bytes *= 2; }},
    {"pes", Models::both, 0.05, 0.05,
     [](MachineConfig& m) { m.core.pes *= 2, m.core.nbin_read_elements *= 2; }},
    {"multipliers", Models::both, 0.05, 0.05,
     [](MachineConfig& m) {
       m.core.multipliers *= 2;
       m.core.sb_read_elements *= 2;
       m.core.nbin_read_elements *= 2;
     }},
    {"lanes", Models::both, 0.05, 0.05,
     [](MachineConfig& m) {
       m.core.elementwise_lanes *= 2;
       m.core.special_lanes *= 2;
       m.core.nbout_port_elements *= 2;
     }},
    {"queue", Models::both, 0.05, 0.05, [](MachineConfig& m) { m.core.queue_depth *= 2; }},
    {"outstanding", Models::both, 0.05, 0.05,
     [](MachineConfig& m) { m.core.dma_outstanding *= 2; }},
    {"synchronisation", Models::both, 0.05, 0.05,
     [](MachineConfig& m) { m.sync.barrier_cycles /= 2, m.sync.signal_cycles /= 2; }},
    {"window", Models::banked, 0.05, 0.05, [](MachineConfig& m) { m.interconnect.window *= 2; }},
    {"cache", Models::banked, 0.05, 0.05,
     [](MachineConfig& m) { m.cache.size_bytes = m.cache.size_bytes == 0 ? 256 * kKiB : 0; }},
};

Cycle cycles(const Graph& graph, const MachineConfig& machine) {
  const auto object =
      std::make_shared<const Object>(compile(graph, machine, CompileOptions{}).object);
  const Layout layout = identity_layout(*object, machine.dram.alignment_bytes);
  return simulate(link(object, layout, Bytes{1} << 50), machine, {}).cycles;
}

/// All of kBetter, each alone.
void expect_not_slower(const Graph& graph, MachineConfig machine, double Better::*tolerance) {
  for (const DramModel model : {DramModel::bandwidth, DramModel::banked}) {
    machine.dram.model = model;
    const Cycle before = cycles(graph, machine);
    for (const Better& better : kBetter) {
      if (better.models == Models::banked && model != DramModel::banked) continue;
      MachineConfig improved = machine;
      better.apply(improved);
      const Cycle after = cycles(graph, improved);
      EXPECT_LE(static_cast<double>(after), (1 + better.*tolerance) * static_cast<double>(before))
          << better.name << ", " << kDramModelNames[static_cast<std::size_t>(model)] << ", "
          << machine.cores << " cores";
    }
  }
}

TEST(Monotone, RandomNetworksOnRandomMachines) {
  int fitted = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const Graph graph = random_graph(seed);
    const MachineConfig machine = random_machine(rng, DataType::int16);
    try {
      compile(graph, machine, CompileOptions{});
    } catch (const CapacityError&) {
      continue;
    }
    ++fitted;
    expect_not_slower(graph, machine, &Better::random_tolerance);
  }
  EXPECT_GT(fitted, static_cast<int>(kSeeds) / 2);
}

TEST(Monotone, ShippedNetworksOnShippedMachines) {
  for (const std::string_view name : {"lenet5", "lenet5_pruned", "blazeface"})
    for (const std::int64_t cores : {1, 4}) {
      SCOPED_TRACE(fmt::format("{}, {} cores", name, cores));
      const Graph graph =
          load_workload(fmt::format("{}/workloads/{}.yaml", UNNASIM_SOURCE_DIR, name));
      expect_not_slower(graph, preset_machine(cores), &Better::network_tolerance);
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
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
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
