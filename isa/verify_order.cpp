#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>

#include "isa/verify_checks.h"

namespace unna::detail {
namespace {

/// Tokens under way from one engine of a core to another, and who gave the last.
struct Channel {
  std::int64_t tokens = 0;
  std::size_t last_giver = 0;
};

template <class F>
void for_each_engine(EngineMask mask, F&& f) {
  for (std::size_t e = 0; e < kEngines; ++e)
    if ((mask & engine_bit(static_cast<Engine>(e))) != 0) f(e);
}

/// (waiting core, semaphore).
using Semaphore = std::pair<std::size_t, std::uint32_t>;

struct SemaphoreState {
  std::size_t signaller = 0;
  std::int64_t value = 0;
  std::size_t last_pc = 0;  ///< of the signaller
};

/// Executes barriers, signals and waits of every core in program order, each core as far as it
/// gets, until nobody moves.
class UntimedMachine {
 public:
  explicit UntimedMachine(const Object& object) : object_(object), at_(object.streams.size(), 0) {}

  void run() {
    for (std::size_t core = 0; core < at_.size(); ++core) skip_to_synchronisation(core);
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t core = 0; core < at_.size(); ++core)
        while (step(core)) moved = true;
    }
    for (std::size_t core = 0; core < at_.size(); ++core)
      if (!halted(core)) reject_stuck(core);
    for (const auto& [semaphore, state] : semaphores_)
      if (state.value != 0)
        Site{object_, state.signaller, state.last_pc}.reject(
            "{} signals are left over in semaphore {} of core {}, expected a wait for each",
            state.value, semaphore.second, semaphore.first);
  }

 private:
  const Instruction& current(std::size_t core) const { return object_.streams[core][at_[core]]; }
  bool halted(std::size_t core) const { return current(core).opcode == Opcode::halt; }

  void skip_to_synchronisation(std::size_t core) {
    const auto synchronises = [](const OpcodeInfo& row) {
      return row.timing == TimingClass::control && row.unit != Unit::compute;
    };
    while (!synchronises(info(current(core).opcode))) ++at_[core];
  }
  void advance(std::size_t core) {
    ++at_[core];
    skip_to_synchronisation(core);
  }

  bool step(std::size_t core) {
    switch (current(core).opcode) {
      case Opcode::signal:
        signal(core);
        advance(core);
        return true;
      case Opcode::wait:
        return wait(core);
      case Opcode::barrier:
        return barrier(core);
      default:
        return false;
    }
  }

  void signal(std::size_t core) {
    const Instruction& i = current(core);
    const Semaphore key{i.get(Operand::core), i.get(Operand::sem)};
    const auto [it, is_new] = semaphores_.try_emplace(key, SemaphoreState{core, 0, 0});
    if (it->second.signaller != core)
      site(core).reject("core {} signals this semaphore too, expected one signaller for each",
                        it->second.signaller);
    ++it->second.value;
    it->second.last_pc = at_[core];
  }

  bool wait(std::size_t core) {
    const Instruction& i = current(core);
    const auto it = semaphores_.find({core, i.get(Operand::sem)});
    if (it == semaphores_.end() || it->second.value == 0) return false;
    if (it->second.signaller != i.get(Operand::core))
      site(core).reject("core {} signals this semaphore, expected core {}", it->second.signaller,
                        i.get(Operand::core));
    --it->second.value;
    advance(core);
    return true;
  }

  bool barrier(std::size_t core) {
    const std::uint64_t mask = barrier_mask(current(core));
    if (absentee(mask)) return false;
    for_each_core(mask, [&](std::size_t other) {
      if (current(other).get(Operand::id) != current(core).get(Operand::id))
        site(other).reject("meets barrier {} of core {}, expected the same serial number",
                           current(core).get(Operand::id), core);
    });
    for_each_core(mask, [&](std::size_t other) { advance(other); });
    return true;
  }

  /// The first core of the mask that is not at a barrier of the same mask.
  std::optional<std::size_t> absentee(std::uint64_t mask) const {
    std::optional<std::size_t> absent;
    for_each_core(mask, [&](std::size_t core) {
      const Instruction& i = current(core);
      if (!absent && (i.opcode != Opcode::barrier || barrier_mask(i) != mask)) absent = core;
    });
    return absent;
  }

  template <class F>
  void for_each_core(std::uint64_t mask, F&& f) const {
    for (std::size_t core = 0; core < at_.size(); ++core)
      if ((mask >> core & 1U) != 0) f(core);
  }

  Site site(std::size_t core) const { return {object_, core, at_[core]}; }

  [[noreturn]] void reject_stuck(std::size_t core) const {
    const Instruction& i = current(core);
    const std::size_t other =
        i.opcode == Opcode::wait ? i.get(Operand::core) : absentee(barrier_mask(i)).value_or(core);
    site(core).reject("never goes on: core {} stands at pc {} `{}`, expected it to {}", other,
                      at_[other], disassemble(current(other)),
                      i.opcode == Opcode::wait ? "signal" : "meet this barrier");
  }

  const Object& object_;
  std::vector<std::size_t> at_;  ///< pc of each core's next barrier, signal, wait or halt
  std::map<Semaphore, SemaphoreState> semaphores_;
};

}  // namespace

void check_tokens(const Object& object, std::size_t core) {
  std::array<std::array<Channel, kEngines>, kEngines> channels;
  const std::vector<Instruction>& stream = object.streams[core];
  for (std::size_t pc = 0; pc < stream.size(); ++pc) {
    const std::optional<Engine> engine = engine_of(stream[pc].opcode);
    if (!engine) continue;
    const auto own = static_cast<std::size_t>(*engine);
    for_each_engine(stream[pc].wait, [&](std::size_t from) {
      if (--channels[from][own].tokens < 0)
        Site{object, core, pc}.reject(
            "takes a token of the {} engine that no earlier instruction gives, expected one",
            kEngineNames[from]);
    });
    for_each_engine(stream[pc].signal, [&](std::size_t to) {
      ++channels[own][to].tokens;
      channels[own][to].last_giver = pc;
    });
  }
  for (std::size_t from = 0; from < kEngines; ++from)
    for (std::size_t to = 0; to < kEngines; ++to)
      if (channels[from][to].tokens != 0)
        Site{object, core, channels[from][to].last_giver}.reject(
            "{} tokens for the {} engine are left over at the halt, expected each taken",
            channels[from][to].tokens, kEngineNames[to]);
}

void check_synchronisation(const Object& object) {
  UntimedMachine(object).run();
}

}  // namespace unna::detail
