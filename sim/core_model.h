#pragma once

// One core without the kernel: a control processor that dispatches in program order into bounded
// queues, four in-order engines that meet through tokens. docs/model.md, "Core", is its contract.
//
// The owner calls step() whenever something may have happened: at next_wake(), after a DMA's data
// ended, a barrier released the core, a semaphore was raised. A step runs to a fixed point, so the
// order in which causes of one cycle are delivered does not matter.

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/rng.h"
#include "base/units.h"
#include "configs/machine.h"
#include "isa/object.h"
#include "isa/trace.h"
#include "sim/barriers.h"
#include "sim/ring.h"
#include "sim/simulate.h"
#include "sim/stall_clock.h"

namespace unna {

inline constexpr Cycle kNever = std::numeric_limits<Cycle>::max();

/// What a core asks of the rest of the machine.
class CorePorts {
 public:
  /// The DMA `engine` sends the request of instruction `pc`, which moves `bytes`, at cycle `at`
  /// (not in the past).
  virtual void request(CoreId core, Engine engine, std::uint32_t pc, Bytes bytes, Cycle at) = 0;
  /// The core has arrived at the barrier of `mask`, now.
  virtual void arrive(CoreId core, std::uint64_t mask) = 0;
  /// Semaphore `sem` of core `to` goes up at cycle `at`.
  virtual void signal(CoreId to, std::uint32_t sem, Cycle at) = 0;

 protected:
  ~CorePorts() = default;
};

class CoreModel {
 public:
  CoreModel(const Object& object, CoreId id, const MachineConfig& machine,
            const SimOptions& options);

  void step(Cycle now, CorePorts& ports);
  /// kNever: only something from outside can wake the core.
  Cycle next_wake() const { return next_wake_; }

  /// The DRAM has moved the data of the engine's oldest request that it had not, at `now`.
  void data_ended(Engine engine, Cycle now);
  /// The barrier that the core is at opens at cycle `at`.
  void release(Cycle at);
  /// Semaphore `sem` goes up at cycle `at`, which is not before that of an earlier call.
  void raise(std::uint32_t sem, Cycle at);

  CoreId id() const { return id_; }
  bool halted() const { return control_ == Control::halted; }
  Cycle end() const { return end_; }
  std::int64_t instructions() const { return instructions_; }

  /// Counters, with every engine's cycles accounted up to `total`. Once, at the end.
  CoreStats finish(Cycle total);
  /// For a core that has not halted: pc, instruction, reason, and the same for each engine.
  std::string explain(const Barriers& barriers) const;

 private:
  enum class Control : std::uint8_t {
    running,   ///< dispatches, or would if the queue had room
    barrier,   ///< has fetched a barrier, waits for the core's own earlier instructions
    arrived,   ///< waits for the other cores
    released,  ///< goes on at released_
    halt,      ///< has fetched a halt, waits for the core's own earlier instructions
    halted,
  };

  // Both repeat what is asked for often: the instruction itself is two cache lines of a long
  // stream.
  struct Entry {
    std::uint32_t pc = 0;
    Opcode opcode = Opcode::halt;
    EngineMask wait = 0;
    Cycle available = 0;  ///< first cycle in which the engine can take it
  };
  struct Open {
    std::uint32_t pc = 0;
    Opcode opcode = Opcode::halt;
    Cycle start = 0;
    Cycle end = kNever;  ///< kNever: the DRAM or a semaphore will tell
    Bytes bytes = 0;     ///< of a DMA request
  };
  struct EngineState {
    Ring<Entry> queue;
    Ring<Open> open;                               ///< executing; one, but for DMA requests
    EngineMask tokens_from = 0;                    ///< engines with at least one token for this one
    std::array<std::uint32_t, kEngines> tokens{};  ///< by giving engine
    Cycle port_free = 0;  ///< of a DMA: when its port into the buffer has passed all bytes so far
    std::int64_t instructions = 0;
    StallClock clock;
  };

  const Instruction& at(std::uint32_t pc) const { return stream_[pc]; }
  EngineState& state(Engine e) { return engines_[static_cast<std::size_t>(e)]; }

  // core_control.cpp
  bool dispatch(Cycle now);
  bool control(Cycle now, CorePorts& ports);
  Cycle take_slot(Cycle now);
  void retire_control(Cycle start, Cycle end);
  Cycle perturbation(std::uint32_t pc) const;

  // core_engine.cpp
  bool run(Engine e, Cycle now, CorePorts& ports);
  bool can_start(const EngineState& s) const;
  void start(Engine e, Cycle now, CorePorts& ports);
  void start_wait(Open& open, const Instruction& i);
  void retire(Engine e, Cycle end);
  void take_tokens(EngineState& s, EngineMask from);
  void give_tokens(Engine giver, EngineMask to);
  void settle(Engine e, Cycle now);
  IdleReason idle_reason(const EngineState& s) const;
  Cycle wake_of(const EngineState& s) const;

  // core_explain.cpp
  std::string explain_control(const Barriers& barriers) const;
  std::string explain_engine(Engine e) const;

  const std::vector<Instruction>& stream_;
  CoreId id_;
  const CoreConfig& config_;
  Cycle signal_cycles_;
  const SimOptions& options_;

  std::uint32_t pc_ = 0;
  Control control_ = Control::running;
  Cycle slot_cycle_ = 0;         ///< cycle of the next dispatch
  std::int64_t slots_used_ = 0;  ///< in that cycle
  Cycle fetched_ = 0;            ///< when the barrier or halt under way was
  Cycle arrived_ = 0;            ///< barrier: when the core did
  Cycle released_ = 0;           ///< barrier: when the core goes on
  std::int64_t under_way_ = 0;   ///< dispatched and not completed
  std::array<EngineState, kEngines> engines_;
  std::map<std::uint32_t, Ring<Cycle>> semaphores_;  ///< arrivals not taken, ascending
  Cycle next_wake_ = 0;

  Cycle end_ = 0;
  std::int64_t instructions_ = 0;
  std::int64_t barriers_ = 0;
  std::vector<LayerStats> layers_;
};

}  // namespace unna
