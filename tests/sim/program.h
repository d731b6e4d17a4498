#pragma once

// Hand-written programs for tests of the simulator.

#include <memory>
#include <string>
#include <vector>

#include "isa/object.h"
#include "isa/trace.h"
#include "sim/simulate.h"

namespace unna::testing {

inline constexpr Engine kLn = Engine::load_neuron;
inline constexpr Engine kLs = Engine::load_synapse;
inline constexpr Engine kCp = Engine::compute;
inline constexpr Engine kSt = Engine::store;

using Engines = std::vector<Engine>;
EngineMask mask_of(const Engines& engines);

/// A machine with figures that are easy to reckon with: 16 bytes a cycle from the DRAM, its latency
/// 10 cycles; 16 elements a cycle in the element-wise stage, no start-up.
MachineConfig plain_machine(std::int64_t cores = 1);

/// Instructions come without tokens; .takes() and .gives() add them.
struct Line {
  Instruction instruction;

  Line takes(const Engines& from) const {
    Line line = *this;
    line.instruction.wait = mask_of(from);
    return line;
  }
  Line gives(const Engines& to) const {
    Line line = *this;
    line.instruction.signal = mask_of(to);
    return line;
  }
};

Line load_n(BufferId buffer, Bytes bytes, Bytes offset = 0);
Line load_s(BufferId buffer, Bytes bytes, Bytes offset = 0);
Line store(BufferId buffer, Bytes bytes, Bytes offset = 0);
/// `n` repetitions of `run` bytes, `stride` bytes apart in the DRAM.
Line strided(Opcode opcode, BufferId buffer, Bytes offset, Bytes run, std::int64_t n, Bytes stride);
/// A computation of that many cycles on the plain machine.
Line compute(Cycle cycles);
Line barrier(std::uint64_t cores, std::uint32_t id = 0);
Line signal(std::uint32_t to, std::uint32_t sem);
Line wait(std::uint32_t from, std::uint32_t sem);

/// Builds an image; instructions belong to the layer named last. halt is added.
class Program {
 public:
  explicit Program(std::size_t cores = 1);

  BufferId buffer(const std::string& name, BufferKind kind, Bytes size);
  OpId layer(const std::string& name);
  Program& add(std::size_t core, Line line);
  /// Buffers one after the other.
  Image image() const;
  Image image(std::vector<Bytes> bases) const;

 private:
  Object object_;
  OpId layer_;
};

/// The event of instruction `pc` of core `core`.
const TraceEvent& event(const Trace& trace, std::uint32_t core, std::uint32_t pc);
/// "start-end" of it, for short expectations.
std::string span(const Trace& trace, std::uint32_t core, std::uint32_t pc);

}  // namespace unna::testing
