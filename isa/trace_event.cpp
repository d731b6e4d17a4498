#include "isa/accesses.h"
#include "isa/trace.h"

namespace unna {

TraceEvent trace_event(const Instruction& instruction, CoreId core, std::uint32_t pc) {
  TraceEvent event;
  event.core = core;
  event.pc = pc;
  event.engine = engine_of(instruction.opcode);
  event.wait = instruction.wait;
  event.signal = instruction.signal;
  event.op = instruction.op;
  switch (instruction.opcode) {
    case Opcode::halt:
      event.kind = TraceKind::halt;
      return event;
    case Opcode::barrier:
      event.kind = TraceKind::barrier;
      event.sync = instruction.get(Operand::id);
      event.cores = barrier_mask(instruction);
      return event;
    case Opcode::signal:
    case Opcode::wait:
      event.kind = instruction.opcode == Opcode::signal ? TraceKind::signal : TraceKind::wait;
      event.sync = instruction.get(Operand::sem);
      event.peer = CoreId(instruction.get(Operand::core));
      return event;
    default:
      break;
  }
  if (const std::optional<DramAccess> access = dram_access(instruction)) {
    event.kind = access->write ? TraceKind::write : TraceKind::read;
    event.buffer = access->buffer;
    event.begin = access->begin;
    event.end_byte = access->end;
  }
  return event;
}

}  // namespace unna
