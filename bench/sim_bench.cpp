// Simulated instructions a second in timing mode: double-buffered convolution tiles on 1, 4 and 16
// cores with a barrier every 64 tiles, which is the shape of a compiled network. The number of
// instructions is the same for every number of cores.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>

#include "sim/simulate.h"

namespace unna {
namespace {

constexpr std::int64_t kTiles = 64 * 1024;  // of all cores together, four instructions each
constexpr std::int64_t kTilesPerLayer = 64;
constexpr Bytes kTileBytes = 2048;

EngineMask tokens(std::initializer_list<Engine> engines) {
  EngineMask mask = 0;
  for (const Engine e : engines) mask = static_cast<EngineMask>(mask | engine_bit(e));
  return mask;
}

Instruction transfer(Opcode opcode, BufferId buffer, LocalAddress local) {
  Instruction i(opcode, OpId(0));
  Strided copy;
  copy.run = kTileBytes;
  copy.put(i);
  i.set(Operand::buf, buffer.value);
  i.set_local(opcode == Opcode::store ? Operand::in : Operand::out, local);
  return i;
}

Instruction tile_conv(Bytes slot) {
  using enum Operand;
  Instruction i(Opcode::conv, OpId(0));
  i.set_local(in, {Memory::nbin, slot});
  i.set_local(wt, {Memory::sb, slot});
  i.set_local(out, {Memory::nbout, slot});
  i.set_count(in_h, 8).set_count(in_w, 8).set_count(in_c, 16);
  i.set_count(out_h, 8).set_count(out_w, 8).set_count(out_c, 16);
  i.set_count(kh, 1).set_count(kw, 1).set_count(sy, 1).set_count(sx, 1);
  return i.set_count(dy, 1).set_count(dx, 1);
}

/// Tile `t` of a core: two loads, a convolution and a store, in two slots of every memory.
void add_tile(std::vector<Instruction>& stream, std::int64_t t) {
  const Engine ln = Engine::load_neuron, ls = Engine::load_synapse, cp = Engine::compute,
               st = Engine::store;
  const Bytes slot = t % 2 * kTileBytes;
  const bool reuses = t >= 2;
  Instruction neurons = transfer(Opcode::load_n, BufferId(0), {Memory::nbin, slot});
  Instruction synapses = transfer(Opcode::load_s, BufferId(1), {Memory::sb, slot});
  Instruction conv = tile_conv(slot);
  Instruction results = transfer(Opcode::store, BufferId(2), {Memory::nbout, slot});
  neurons.wait = synapses.wait = reuses ? tokens({cp}) : tokens({});
  neurons.signal = synapses.signal = tokens({cp});
  conv.wait = reuses ? tokens({ln, ls, st}) : tokens({ln, ls});
  conv.signal = tokens({ln, ls, st});
  results.wait = results.signal = tokens({cp});
  stream.insert(stream.end(), {neurons, synapses, conv, results});
}

Image program(std::int64_t cores) {
  auto object = std::make_shared<Object>();
  object->network = "bench";
  object->layers.resize(1);
  object->buffers = {{"in", BufferKind::input, kTileBytes, "in"},
                     {"wt", BufferKind::weight, kTileBytes, "wt"},
                     {"out", BufferKind::output, kTileBytes, "out"}};
  const std::uint64_t all = ~std::uint64_t{0} >> (64 - cores);
  for (std::int64_t c = 0; c < cores; ++c) {
    auto& stream = object->streams.emplace_back();
    for (std::int64_t t = 0; t < kTiles / cores; ++t) {
      add_tile(stream, t);
      if ((t + 1) % kTilesPerLayer != 0) continue;
      Instruction barrier(Opcode::barrier, OpId(0));
      barrier.set(Operand::mask_lo, static_cast<std::uint32_t>(all));
      barrier.set(Operand::mask_hi, static_cast<std::uint32_t>(all >> 32U));
      stream.push_back(barrier);
    }
    stream.emplace_back(Opcode::halt, OpId(0));
  }
  return {object, {{0, 4096, 8192}, 12288, 12288}};
}

void simulate_tiles(benchmark::State& state) {
  MachineConfig machine;
  machine.cores = state.range(0);
  machine.dram.bandwidth_gbps = 38.4 * static_cast<double>(machine.cores);
  const Image image = program(machine.cores);
  SimOptions options;
  options.shadow = state.range(1) != 0;
  std::int64_t instructions = 0;
  for (auto _ : state) {
    const SimResult result = simulate(image, machine, options);
    instructions += result.instructions;
    benchmark::DoNotOptimize(result);
  }
  state.counters["instructions/s"] =
      benchmark::Counter(static_cast<double>(instructions), benchmark::Counter::kIsRate);
}
BENCHMARK(simulate_tiles)
    ->ArgNames({"cores", "shadow"})
    ->ArgsProduct({{1, 4, 16, 64}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace unna

BENCHMARK_MAIN();
