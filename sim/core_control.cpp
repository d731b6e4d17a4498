// The control processor: dispatch, barriers, halt; and what one step of the core is.

#include <algorithm>

#include "base/rng.h"
#include "sim/core_model.h"

namespace unna {
namespace {

/// Key of the core's start among the delays, which are keyed by pc otherwise.
constexpr std::uint32_t kStartKey = 0xffffffffU;

}  // namespace

CoreModel::CoreModel(const Object& object, CoreId id, const MachineConfig& machine,
                     const SimOptions& options)
    : stream_(object.streams[id.index()]),
      id_(id),
      config_(machine.core),
      signal_cycles_(machine.sync.signal_cycles),
      options_(options),
      layers_(object.layers.size()) {
  slot_cycle_ = perturbation(kStartKey);
}

void CoreModel::step(Cycle now, CorePorts& ports) {
  bool progress = true;
  while (progress) {
    progress = dispatch(now);
    progress |= control(now, ports);
    for (std::size_t e = 0; e < kEngines; ++e) progress |= run(static_cast<Engine>(e), now, ports);
  }
  next_wake_ = kNever;
  if (control_ == Control::released) next_wake_ = released_;
  if ((control_ == Control::barrier || control_ == Control::halt) && under_way_ == 0)
    next_wake_ = fetched_;
  for (std::size_t e = 0; e < kEngines; ++e) {
    settle(static_cast<Engine>(e), now);
    next_wake_ = std::min(next_wake_, wake_of(engines_[e]));
  }
}

/// Hands on as many instructions as the queues take. A queue with room now has room in the cycle of
/// the dispatch, so instructions are handed on ahead of time, marked with the cycle in which the
/// engine may take them; that saves an event a cycle.
bool CoreModel::dispatch(Cycle now) {
  bool progress = false;
  while (control_ == Control::running) {
    const Instruction& i = at(pc_);
    const std::optional<Engine> engine = engine_of(i.opcode);
    if (!engine) {
      fetched_ = take_slot(now);
      control_ = i.opcode == Opcode::halt ? Control::halt : Control::barrier;
      return true;
    }
    EngineState& s = state(*engine);
    if (static_cast<std::int64_t>(s.queue.size()) >= config_.queue_depth) return progress;
    s.queue.push({pc_, i.opcode, i.wait, take_slot(now) + 1});
    ++pc_;
    ++under_way_;
    progress = true;
  }
  return progress;
}

Cycle CoreModel::take_slot(Cycle now) {
  if (slot_cycle_ < now) {
    slot_cycle_ = now;
    slots_used_ = 0;
  } else if (slots_used_ == config_.dispatch_per_cycle) {
    ++slot_cycle_;
    slots_used_ = 0;
  }
  ++slots_used_;
  return slot_cycle_;
}

bool CoreModel::control(Cycle now, CorePorts& ports) {
  switch (control_) {
    case Control::running:
    case Control::arrived:
    case Control::halted:
      return false;
    case Control::barrier:
      if (under_way_ != 0 || now < fetched_) return false;
      arrived_ = now;
      control_ = Control::arrived;
      ports.arrive(id_, barrier_mask(at(pc_)));  // the last to arrive is released in here
      return true;
    case Control::released:
      if (now < released_) return false;
      retire_control(arrived_, now);
      ++barriers_;
      ++pc_;
      slot_cycle_ = std::max(now, fetched_ + 1);
      slots_used_ = 0;
      control_ = Control::running;
      return true;
    case Control::halt:
      if (under_way_ != 0 || now < fetched_) return false;
      retire_control(now, now);
      end_ = now;
      control_ = Control::halted;
      return true;
  }
  return false;
}

void CoreModel::release(Cycle at) {
  invariant(control_ == Control::arrived, "core {} is released but at no barrier", id_.value);
  released_ = at + perturbation(pc_);
  control_ = Control::released;
}

void CoreModel::retire_control(Cycle start, Cycle end) {
  ++instructions_;
  if (!options_.trace) return;
  TraceEvent event = trace_event(at(pc_), id_, pc_);
  event.start = start;
  event.end = end;
  options_.trace(event);
}

/// A function of seed, core and pc alone: the delays of a run do not depend on its order of events.
Cycle CoreModel::perturbation(std::uint32_t pc) const {
  if (!options_.perturb || options_.perturb_core.value_or(id_) != id_) return 0;
  const std::uint64_t key = (std::uint64_t{id_.value} << 32U) | pc;
  const auto most = static_cast<std::uint64_t>(options_.perturb_cycles);
  return static_cast<Cycle>(Rng(*options_.perturb).fork(key).below(most + 1));
}

CoreStats CoreModel::finish(Cycle total) {
  CoreStats stats;
  stats.end = end_;
  stats.barriers = barriers_;
  for (std::size_t e = 0; e < kEngines; ++e) {
    engines_[e].clock.account(total);
    stats.engines[e] = {engines_[e].instructions, engines_[e].clock.busy_cycles(),
                        engines_[e].clock.stalls()};
  }
  stats.layers = std::move(layers_);
  return stats;
}

}  // namespace unna
