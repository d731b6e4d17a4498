#include "report/stalls.h"

#include <algorithm>
#include <map>

#include "report/trace_curves.h"

namespace unna {
namespace {

/// Of one core. Events are named by their place in program order.
class CoreStalls {
 public:
  CoreStalls(std::vector<const TraceEvent*> events, const CoreConfig& config, Cycle cycles)
      : events_(std::move(events)), config_(config), cycles_(cycles) {
    for (std::size_t i = 0; i < events_.size(); ++i) units_[unit_of(*events_[i])].push_back(i);
    hand_on();
    collect_tokens();
  }

  IdleSpans spans() {
    for (std::size_t engine = 0; engine < kEngines; ++engine) explain(engine);
    return std::move(spans_);
  }

 private:
  static std::size_t unit_of(const TraceEvent& e) {
    return e.engine ? static_cast<std::size_t>(*e.engine) : kEngines;
  }
  const std::vector<std::size_t>& control() const { return units_[kEngines]; }

  void hand_on();
  void collect_tokens();
  void explain(std::size_t engine);
  void explain_before(std::size_t i, Cycle from, std::vector<IdleSpan>& spans) const;
  Cycle pass_control(Cycle from, Cycle until, std::vector<IdleSpan>& spans) const;
  static void add(std::vector<IdleSpan>& spans, Cycle from, Cycle until, Stall cause);

  std::vector<const TraceEvent*> events_;
  const CoreConfig& config_;
  Cycle cycles_;
  std::array<std::vector<std::size_t>, kEngines + 1> units_;
  std::vector<Cycle> available_;  ///< when an engine may take it; of the control processor: fetched
  std::map<std::size_t, std::array<Cycle, kEngines>> tokens_;  ///< when those it takes came
  IdleSpans spans_;
};

/// The control processor hands on in order, so many a cycle, while the engine's queue has room: an
/// instruction leaves it when it starts.
void CoreStalls::hand_on() {
  const auto depth = static_cast<std::size_t>(config_.queue_depth);
  std::array<std::vector<Cycle>, kEngines> starts;
  Cycle slot = 0;
  std::int64_t used = 0;
  const auto not_before = [&](Cycle cycle) {
    if (cycle <= slot) return;
    slot = cycle;
    used = 0;
  };
  for (const TraceEvent* e : events_) {
    const std::size_t unit = unit_of(*e);
    if (unit < kEngines && starts[unit].size() >= depth)
      not_before(starts[unit][starts[unit].size() - depth]);
    if (used == config_.dispatch_per_cycle) not_before(slot + 1);
    ++used;
    if (unit < kEngines) {
      available_.push_back(slot + 1);
      starts[unit].push_back(e->start);
    } else {
      available_.push_back(slot);
      not_before(e->end);
    }
  }
}

/// The n-th token that an engine takes from another one is the n-th that was given.
void CoreStalls::collect_tokens() {
  for (std::size_t giver = 0; giver < kEngines; ++giver)
    for (std::size_t taker = 0; taker < kEngines; ++taker) {
      std::vector<Cycle> given;
      for (const std::size_t i : units_[giver])
        if ((events_[i]->signal >> taker & 1U) != 0) given.push_back(events_[i]->end);
      auto next = given.begin();
      for (const std::size_t i : units_[taker])
        if ((events_[i]->wait >> giver & 1U) != 0 && next != given.end())
          tokens_[i][giver] = *next++;
    }
}

void CoreStalls::add(std::vector<IdleSpan>& spans, Cycle from, Cycle until, Stall cause) {
  if (until <= from) return;
  if (!spans.empty() && spans.back().until == from && spans.back().cause == cause)
    spans.back().until = until;
  else
    spans.push_back({from, until, cause});
}

void CoreStalls::explain(std::size_t engine) {
  auto& spans = spans_[engine];
  Cycle idle = 0;  // since
  for (const std::size_t i : units_[engine]) {
    const TraceEvent& e = *events_[i];
    if (e.start > idle) explain_before(i, idle, spans);
    if (e.kind == TraceKind::wait) add(spans, std::max(e.start, idle), e.end, Stall::sync);
    idle = std::max(idle, e.end);
  }
  const bool halts = !control().empty() && events_[control().back()]->kind == TraceKind::halt;
  const Cycle halt = halts ? available_[control().back()] : cycles_;
  const Cycle halted = halts ? events_[control().back()]->end : cycles_;
  idle = pass_control(idle, halt, spans);
  add(spans, idle, std::min(halt, cycles_), Stall::dispatch);
  add(spans, std::max(idle, halt), halted, Stall::drain);
  add(spans, std::max(idle, halted), cycles_, Stall::done);
}

/// What the control processor does in [from, until): it is on its way, before a barrier, or at it.
/// Returns the end of the last barrier, from which on nothing is explained yet.
Cycle CoreStalls::pass_control(Cycle from, Cycle until, std::vector<IdleSpan>& spans) const {
  auto next = std::ranges::partition_point(control(),
                                           [&](std::size_t i) { return events_[i]->end <= from; });
  for (; next != control().end() && events_[*next]->kind == TraceKind::barrier; ++next) {
    const Cycle at = std::max(from, available_[*next]);
    if (at >= until) break;
    add(spans, from, at, Stall::dispatch);
    const Cycle end = std::min(until, events_[*next]->end);
    const Cycle arrival = std::clamp(events_[*next]->start, at, end);
    add(spans, at, arrival, Stall::drain);
    add(spans, arrival, end, Stall::sync);
    from = std::max(from, end);
  }
  return from;
}

void CoreStalls::explain_before(std::size_t i, Cycle from, std::vector<IdleSpan>& spans) const {
  constexpr std::array<Stall, kEngines> kTokenStall = {Stall::token_ln, Stall::token_ls,
                                                       Stall::token_cp, Stall::token_st};
  const Cycle start = events_[i]->start;
  const Cycle ready = std::clamp(available_[i], from, start);
  from = pass_control(from, ready, spans);
  add(spans, from, ready, Stall::dispatch);
  from = std::max(from, ready);
  if (const auto tokens = tokens_.find(i); tokens != tokens_.end())
    for (std::size_t giver = 0; giver < kEngines; ++giver) {
      const Cycle until = std::min(tokens->second[giver], start);
      add(spans, from, until, kTokenStall[giver]);
      from = std::max(from, until);
    }
  add(spans, from, start, Stall::dispatch);
}

}  // namespace

std::vector<IdleSpans> idle_spans(const Trace& trace, const CoreConfig& core) {
  std::vector<std::vector<const TraceEvent*>> events(static_cast<std::size_t>(trace.cores));
  for (const TraceEvent& e : trace.events) events.at(e.core.index()).push_back(&e);
  const Cycle cycles = trace_end(trace);
  std::vector<IdleSpans> spans;
  spans.reserve(events.size());
  for (auto& of_core : events)
    spans.push_back(CoreStalls(std::move(of_core), core, cycles).spans());
  return spans;
}

}  // namespace unna
