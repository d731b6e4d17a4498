// The engines: tokens, starting and completing instructions, where the cycles went.

#include <algorithm>

#include "cost/dimensions.h"
#include "cost/timing.h"
#include "isa/accesses.h"
#include "sim/core_model.h"

namespace unna {
namespace {

bool is_dma(Opcode opcode) {
  return info(opcode).timing == TimingClass::dma;
}

constexpr Cycle kSyncCycles = 1;  ///< a signal's own time, and the least of a wait

constexpr std::array<Stall, kEngines> kTokenStall = {Stall::token_ln, Stall::token_ls,
                                                     Stall::token_cp, Stall::token_st};

}  // namespace

bool CoreModel::run(Engine e, Cycle now, CorePorts& ports) {
  EngineState& s = state(e);
  bool progress = false;
  for (;;) {
    if (!s.open.empty() && s.open.front().end <= now) {
      retire(e, s.open.front().end);
    } else if (!s.queue.empty() && s.queue.front().available <= now && can_start(s)) {
      start(e, now, ports);
    } else {
      return progress;
    }
    progress = true;
  }
}

/// Whether the head of the queue can, once it is available.
bool CoreModel::can_start(const EngineState& s) const {
  const Entry& head = s.queue.front();
  if ((head.wait & ~s.tokens_from) != 0) return false;
  if (s.open.empty()) return true;
  // Only requests follow requests: compute is one at a time, signal and wait are in order with
  // data.
  return is_dma(head.opcode) && is_dma(s.open.front().opcode) &&
         static_cast<std::int64_t>(s.open.size()) < config_.dma_outstanding;
}

void CoreModel::start(Engine e, Cycle now, CorePorts& ports) {
  EngineState& s = state(e);
  const std::uint32_t pc = s.queue.front().pc;
  const Instruction& i = at(pc);
  s.queue.pop();
  take_tokens(s, i.wait);
  if (options_.values != nullptr) options_.values->started(id_, i);
  Open open{pc, i.opcode, now, kNever, 0};
  if (i.opcode == Opcode::wait) {
    start_wait(open, i);
    s.open.push(open);
    return;
  }
  s.clock.busy(now);
  const Cycle delay = perturbation(pc);
  if (is_dma(i.opcode)) {
    open.bytes = dram_access(i)->bytes;
    s.open.push(open);
    ports.request(id_, e, pc, open.bytes, now + delay);
    return;
  }
  if (i.opcode == Opcode::signal) {
    open.end = now + delay + kSyncCycles;
    ports.signal(CoreId(i.get(Operand::core)), i.get(Operand::sem),
                 now + delay + std::max(kSyncCycles, signal_cycles_));
  } else {
    open.end = now + delay + compute_cycles(i, config_);
    const auto stalls = s.clock.take_new();
    LayerStats& layer = layers_[i.op.index()];
    for (std::size_t k = 0; k < kStalls; ++k) layer.compute_stall[k] += stalls[k];
  }
  s.open.push(open);
}

/// Takes the semaphore if it is up already or known to go up; otherwise raise() tells.
void CoreModel::start_wait(Open& open, const Instruction& i) {
  Ring<Cycle>& arrivals = semaphores_[i.get(Operand::sem)];
  if (arrivals.empty()) return;
  open.end = std::max(open.start + kSyncCycles, arrivals.front()) + perturbation(open.pc);
  arrivals.pop();
}

void CoreModel::raise(std::uint32_t sem, Cycle at) {
  semaphores_[sem].push(at);
  EngineState& s = state(Engine::load_neuron);
  if (s.open.empty() || s.open.front().end != kNever) return;
  if (s.open.front().opcode != Opcode::wait) return;
  const Instruction& i = stream_[s.open.front().pc];
  if (i.get(Operand::sem) == sem) start_wait(s.open.front(), i);
}

/// The bytes also have to pass the buffer's port, in order, and not before they were asked for.
void CoreModel::data_ended(Engine engine, Cycle now) {
  EngineState& s = state(engine);
  std::size_t k = 0;
  while (s.open[k].end != kNever) ++k;
  s.port_free = std::max(s.port_free, s.open[k].start) +
                ceil_div<Cycle>(s.open[k].bytes, config_.dma_port_bytes);
  s.open[k].end = std::max(now, s.port_free);
}

void CoreModel::retire(Engine e, Cycle end) {
  EngineState& s = state(e);
  const Open open = s.open.front();
  s.open.pop();
  const Instruction& i = at(open.pc);
  if (options_.values != nullptr) options_.values->ended(id_, i);
  give_tokens(e, i.signal);
  --under_way_;
  ++instructions_;
  ++s.instructions;

  LayerStats& layer = layers_[i.op.index()];
  layer.start = layer.instructions == 0 ? open.start : std::min(layer.start, open.start);
  layer.end = std::max(layer.end, end);
  ++layer.instructions;
  if (e == Engine::compute) {
    layer.compute_busy += end - open.start;
    layer.macs += macs(i);
    layer.dense_macs += dense_macs(i);
  } else {
    (e == Engine::store ? layer.dram_written : layer.dram_read) += open.bytes;
  }

  if (!options_.trace) return;
  TraceEvent event = trace_event(i, id_, open.pc);
  event.start = open.start;
  event.end = end;
  options_.trace(event);
}

void CoreModel::take_tokens(EngineState& s, EngineMask from) {
  for (std::size_t giver = 0; giver < kEngines; ++giver) {
    const EngineMask bit = engine_bit(static_cast<Engine>(giver));
    if ((from & bit) != 0 && --s.tokens[giver] == 0)
      s.tokens_from = static_cast<EngineMask>(s.tokens_from & ~bit);
  }
}

void CoreModel::give_tokens(Engine giver, EngineMask to) {
  for (std::size_t taker = 0; taker < kEngines; ++taker) {
    if ((to & engine_bit(static_cast<Engine>(taker))) == 0) continue;
    ++engines_[taker].tokens[static_cast<std::size_t>(giver)];
    engines_[taker].tokens_from |= engine_bit(giver);
  }
}

void CoreModel::settle(Engine e, Cycle now) {
  EngineState& s = state(e);
  if (s.open.empty())
    s.clock.idle(now, idle_reason(s));
  else if (s.open.front().opcode == Opcode::wait)
    s.clock.idle(now, {s.open.front().start, Stall::sync});
  else
    s.clock.busy(now);
}

IdleReason CoreModel::idle_reason(const EngineState& s) const {
  if (!s.queue.empty()) {
    const unsigned missing = s.queue.front().wait & ~static_cast<unsigned>(s.tokens_from);
    if (missing == 0) return {0, Stall::dispatch};
    return {s.queue.front().available,
            kTokenStall[static_cast<std::size_t>(std::countr_zero(missing))]};
  }
  switch (control_) {
    case Control::running:
      return {0, Stall::dispatch};
    case Control::barrier:
    case Control::halt:
      return {fetched_, Stall::drain};
    case Control::arrived:
    case Control::released:
      return {0, Stall::sync};
    case Control::halted:
      return {0, Stall::done};
  }
  return {};
}

/// When the engine gets on without help from outside. To be asked after a step.
Cycle CoreModel::wake_of(const EngineState& s) const {
  Cycle wake = s.open.empty() ? kNever : s.open.front().end;
  if (!s.queue.empty() && can_start(s)) wake = std::min(wake, s.queue.front().available);
  return wake;
}

}  // namespace unna
