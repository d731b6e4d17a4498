#include "sim/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "configs/check_machine.h"
#include "sim/memory/burst_memory.h"
#include "sim/memory/ideal_memory.h"
#include "sim/system.h"

namespace unna {
namespace {

[[noreturn]] void reject(const Object& object, std::size_t core, std::size_t pc,
                         std::string_view what) {
  throw InputError(
      fmt::format("core {} pc {} `{}`: {}", core, pc, disassemble(object.streams[core][pc]), what));
}

/// What the model relies on to stay within its tables; whether a program makes sense is verify()'s.
void check_instruction(const Image& image, std::size_t core, std::size_t pc) {
  const Object& object = *image.object;
  const Instruction& i = object.streams[core][pc];
  if (i.op.index() >= object.layers.size()) reject(object, core, pc, "there is no such layer");
  if (i.has(Operand::buf) && (i.get(Operand::buf) >= object.buffers.size() ||
                              i.get(Operand::buf) >= image.layout.base.size()))
    reject(object, core, pc, "there is no such buffer in the layout");
  if (i.opcode == Opcode::signal && i.get(Operand::core) >= object.streams.size())
    reject(object, core, pc, "there is no such core");
  if (i.opcode == Opcode::barrier && (barrier_mask(i) >> core & 1U) == 0)
    reject(object, core, pc, "the core is not in the set of its barrier");
  if (i.opcode == Opcode::barrier && object.streams.size() < 64 &&
      (barrier_mask(i) >> object.streams.size()) != 0)
    reject(object, core, pc, "the barrier awaits cores that have no program");
}

void check_image(const Image& image, const MachineConfig& machine) {
  const Object& object = *image.object;
  if (object.streams.size() > static_cast<std::size_t>(machine.cores))
    throw InputError(fmt::format("the program is for {} cores, the machine has {}",
                                 object.streams.size(), machine.cores));
  for (std::size_t core = 0; core < object.streams.size(); ++core) {
    const auto& stream = object.streams[core];
    if (stream.empty() || stream.back().opcode != Opcode::halt)
      throw InputError(fmt::format("core {}: the program does not end with halt", core));
    for (std::size_t pc = 0; pc < stream.size(); ++pc) check_instruction(image, core, pc);
  }
}

std::string explain_deadlock(const System& system, Cycle now) {
  const auto halted =
      std::ranges::count_if(system.cores, [](const auto& c) { return c->halted(); });
  std::string text = fmt::format("the program hangs at cycle {}: {} of {} cores have halted\n", now,
                                 halted, system.cores.size());
  for (const auto& core : system.cores) text += core->explain(system.barriers);
  text.pop_back();
  return text;
}

std::unique_ptr<MemoryModel> make_memory(const Object& object, const MachineConfig& machine) {
  const std::size_t cores = object.streams.size();
  if (machine.dram.model != DramModel::ideal)
    return std::make_unique<BurstMemory>(machine, cores, object.buffers.size());
  check_machine(machine);
  return std::make_unique<IdealMemory>(machine, cores);
}

/// Collects the counters, and checks that nothing was lost on the way.
SimResult results_of(System& system) {
  SimResult result;
  for (const auto& core : system.cores) {
    result.cycles = std::max(result.cycles, core->end());
    result.instructions += core->instructions();
  }
  for (const auto& core : system.cores) {
    result.cores.push_back(core->finish(result.cycles));
    for (const LayerStats& layer : result.cores.back().layers) {
      result.macs += layer.macs;
      result.dense_macs += layer.dense_macs;
      result.dram_read += layer.dram_read;
      result.dram_written += layer.dram_written;
    }
  }
  invariant(system.memory->bytes_served() == result.dram_read + result.dram_written,
            "the DRAM moved {} bytes, the instructions {} + {}", system.memory->bytes_served(),
            result.dram_read, result.dram_written);
  result.memory = system.memory->finish();
  result.dram_busy = system.memory->busy_cycles();
  return result;
}

}  // namespace

SimResult simulate(const Image& image, const MachineConfig& machine, const SimOptions& options) {
  check_image(image, machine);
  const Object& object = *image.object;
  System system{image, machine, {}, {}, make_memory(object, machine), nullptr};
  for (std::size_t c = 0; c < object.streams.size(); ++c)
    system.cores.push_back(std::make_unique<CoreModel>(object, CoreId(c), machine, options));
  std::optional<ShadowChecker> shadow;
  if (options.shadow) system.observer = &shadow.emplace(image);

  const Cycle now = run_system(system);
  if (!std::ranges::all_of(system.cores, [](const auto& core) { return core->halted(); }))
    throw DeadlockError(explain_deadlock(system, now));

  SimResult result = results_of(system);
  if (shadow) {
    shadow->check_outputs();
    result.violations = shadow->take();
  }
  return result;
}

Trace trace_of(const Image& image, const MachineConfig& machine, SimOptions options,
               SimResult* result) {
  const Object& object = *image.object;
  Trace trace;
  trace.network = object.network;
  trace.cores = static_cast<std::int64_t>(object.streams.size());
  trace.buffers = object.buffers;
  for (const LayerInfo& layer : object.layers) trace.layers.push_back(layer.name);
  std::size_t events = 0;
  for (const auto& stream : object.streams) events += stream.size();
  trace.events.reserve(events);

  const auto also = std::move(options.trace);
  options.trace = [&](const TraceEvent& event) {
    trace.events.push_back(event);
    if (also) also(event);
  };
  SimResult run = simulate(image, machine, options);
  if (result != nullptr) *result = std::move(run);
  std::ranges::sort(trace.events, {}, [](const TraceEvent& e) { return std::tuple(e.core, e.pc); });
  return trace;
}

}  // namespace unna
