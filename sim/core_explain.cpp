// A core that is stuck says why.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/core_model.h"

namespace unna {
namespace {

std::vector<unsigned> members(std::uint64_t set) {
  std::vector<unsigned> list;
  for (unsigned c = 0; c < 64; ++c)
    if ((set >> c & 1U) != 0) list.push_back(c);
  return list;
}

std::string place(std::uint32_t pc, const Instruction& i) {
  return fmt::format("pc {} `{}`", pc, disassemble(i));
}

}  // namespace

std::string CoreModel::explain(const Barriers& barriers) const {
  std::string text = fmt::format("core {}: {}\n", id_.value, explain_control(barriers));
  for (std::size_t e = 0; e < kEngines; ++e)
    text += fmt::format("  {}: {}\n", kEngineNames[e], explain_engine(static_cast<Engine>(e)));
  return text;
}

std::string CoreModel::explain_control(const Barriers& barriers) const {
  if (control_ == Control::halted) return fmt::format("halted at cycle {}", end_);
  const Instruction& i = at(pc_);
  switch (control_) {
    case Control::running:
      return fmt::format("{}: waits for room in the queue of {}", place(pc_, i),
                         kEngineNames[static_cast<std::size_t>(*engine_of(i.opcode))]);
    case Control::arrived:
      return fmt::format("{}: waits for cores {} to arrive", place(pc_, i),
                         fmt::join(members(barriers.missing(barrier_mask(i))), ", "));
    case Control::barrier:
    case Control::halt:
      return fmt::format("{}: waits for {} earlier instruction{} of the core", place(pc_, i),
                         under_way_, under_way_ == 1 ? "" : "s");
    case Control::released:
    case Control::halted:
      break;
  }
  return fmt::format("{}: goes on at cycle {}", place(pc_, i), released_);
}

std::string CoreModel::explain_engine(Engine e) const {
  const EngineState& s = engines_[static_cast<std::size_t>(e)];
  if (!s.open.empty()) {
    const Instruction& i = at(s.open.front().pc);
    const std::string where = place(s.open.front().pc, i);
    if (i.opcode == Opcode::wait)
      return fmt::format("{}: waits for semaphore {}, which core {} signals", where,
                         i.get(Operand::sem), i.get(Operand::core));
    return fmt::format("{}: under way since cycle {}", where, s.open.front().start);
  }
  if (s.queue.empty()) return "idle";
  const Instruction& i = at(s.queue.front().pc);
  std::vector<std::string_view> missing;
  for (std::size_t from = 0; from < kEngines; ++from)
    if ((i.wait & ~s.tokens_from & engine_bit(static_cast<Engine>(from))) != 0)
      missing.push_back(kEngineNames[from]);
  return fmt::format("{}: waits for a token of {}", place(s.queue.front().pc, i),
                     fmt::join(missing, ", "));
}

}  // namespace unna
