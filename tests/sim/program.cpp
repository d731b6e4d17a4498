#include "tests/sim/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace unna::testing {

EngineMask mask_of(const Engines& engines) {
  EngineMask mask = 0;
  for (const Engine e : engines) mask = static_cast<EngineMask>(mask | engine_bit(e));
  return mask;
}

MachineConfig plain_machine(std::int64_t cores) {
  MachineConfig machine;
  machine.cores = cores;
  machine.core.startup_cycles = 0;
  machine.core.drain_cycles = 0;
  machine.sync.barrier_cycles = 20;
  machine.sync.signal_cycles = 10;
  machine.dram.bandwidth_gbps = 16;
  machine.dram.latency_cycles = 10;
  return machine;
}

Line strided(Opcode opcode, BufferId buffer, Bytes offset, Bytes run, std::int64_t n,
             Bytes stride) {
  Instruction i(opcode, OpId(0));
  const bool reads = opcode != Opcode::store;
  Strided copy;
  copy.run = run;
  copy.n[0] = n;
  copy.source[0] = reads ? stride : run;
  copy.destination[0] = reads ? run : stride;
  copy.put(i);
  i.set(Operand::buf, buffer.value).set_count(Operand::off, offset);
  const Memory memory = opcode == Opcode::load_n   ? Memory::nbin
                        : opcode == Opcode::load_s ? Memory::sb
                                                   : Memory::nbout;
  i.set_local(reads ? Operand::out : Operand::in, {memory, 0});
  return {i};
}

Line load_n(BufferId buffer, Bytes bytes, Bytes offset) {
  return strided(Opcode::load_n, buffer, offset, bytes, 1, 0);
}
Line load_s(BufferId buffer, Bytes bytes, Bytes offset) {
  return strided(Opcode::load_s, buffer, offset, bytes, 1, 0);
}
Line store(BufferId buffer, Bytes bytes, Bytes offset) {
  return strided(Opcode::store, buffer, offset, bytes, 1, 0);
}

Line compute(Cycle cycles) {
  Instruction i(Opcode::act, OpId(0));
  i.set_local(Operand::in, {Memory::nbin, 0}).set_local(Operand::out, {Memory::nbout, 0});
  i.set_count(Operand::rows, cycles).set_count(Operand::cols, 16);
  i.set_count(Operand::a_rs, 16).set_count(Operand::a_cs, 1).set_fn(Operand::fn, Function::relu);
  return {i};
}

Line barrier(std::uint64_t cores, std::uint32_t id) {
  Instruction i(Opcode::barrier, OpId(0));
  i.set(Operand::id, id);
  i.set(Operand::mask_lo, static_cast<std::uint32_t>(cores));
  i.set(Operand::mask_hi, static_cast<std::uint32_t>(cores >> 32U));
  return {i};
}

Line signal(std::uint32_t to, std::uint32_t sem) {
  Instruction i(Opcode::signal, OpId(0));
  i.set(Operand::core, to).set(Operand::sem, sem);
  return {i};
}

Line wait(std::uint32_t from, std::uint32_t sem) {
  Instruction i(Opcode::wait, OpId(0));
  i.set(Operand::core, from).set(Operand::sem, sem);
  return {i};
}

Program::Program(std::size_t cores) {
  object_.network = "test";
  object_.streams.resize(cores);
}

BufferId Program::buffer(const std::string& name, BufferKind kind, Bytes size) {
  object_.buffers.push_back({name, kind, size, name});
  return BufferId(object_.buffers.size() - 1);
}

OpId Program::layer(const std::string& name) {
  object_.layers.push_back({name, "test", 0, 0});
  return layer_ = OpId(object_.layers.size() - 1);
}

Program& Program::add(std::size_t core, Line line) {
  line.instruction.op = layer_;
  object_.streams[core].push_back(line.instruction);
  return *this;
}

Image Program::image() const {
  std::vector<Bytes> bases;
  Bytes next = 0;
  for (const BufferInfo& b : object_.buffers) {
    bases.push_back(next);
    next += b.size;
  }
  return image(std::move(bases));
}

Image Program::image(std::vector<Bytes> bases) const {
  auto object = std::make_shared<Object>(object_);
  if (object->layers.empty()) object->layers.push_back({"layer", "test", 0, 0});
  for (auto& stream : object->streams) stream.emplace_back(Opcode::halt, layer_);
  Bytes total = 0;
  for (std::size_t b = 0; b < bases.size(); ++b)
    total = std::max(total, bases[b] + object->buffers[b].size);
  return {object, {std::move(bases), total, total}};
}

const TraceEvent& event(const Trace& trace, std::uint32_t core, std::uint32_t pc) {
  for (const TraceEvent& e : trace.events)
    if (e.core == CoreId(core) && e.pc == pc) return e;
  throw InternalError(fmt::format("no event of core {} pc {}", core, pc));
}

std::string span(const Trace& trace, std::uint32_t core, std::uint32_t pc) {
  const TraceEvent& e = event(trace, core, pc);
  return fmt::format("{}-{}", e.start, e.end);
}

}  // namespace unna::testing
