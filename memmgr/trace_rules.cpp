#include "memmgr/trace_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <utility>
#include <vector>

namespace unna {
namespace {

/// Bytes as disjoint ranges, first byte to the one past the last.
class WrittenBytes {
 public:
  void add(Bytes begin, Bytes end) {
    if (begin >= end) return;
    auto at = ranges_.upper_bound(begin);
    if (at != ranges_.begin() && std::prev(at)->second >= begin) {
      --at;
      begin = at->first;
    }
    while (at != ranges_.end() && at->first <= end) {
      end = std::max(end, at->second);
      at = ranges_.erase(at);
    }
    ranges_[begin] = end;
  }

  /// The first byte of [begin, end) that is not in the set.
  std::optional<Bytes> first_missing(Bytes begin, Bytes end) const {
    if (begin >= end) return std::nullopt;
    const auto at = ranges_.upper_bound(begin);
    if (at == ranges_.begin() || std::prev(at)->second <= begin) return begin;
    const Bytes covered = std::prev(at)->second;
    return covered < end ? std::optional(covered) : std::nullopt;
  }

 private:
  std::map<Bytes, Bytes> ranges_;
};

struct RuleCore {
  std::vector<const TraceEvent*> events;  ///< by ascending pc
  std::size_t next = 0;
  const TraceEvent* halt = nullptr;
  std::array<std::array<std::int64_t, kEngines>, kEngines> tokens{};  ///< [from][to]

  const TraceEvent* event() const { return next < events.size() ? events[next] : nullptr; }
};

struct RuleSemaphore {
  const TraceEvent* giver = nullptr;
  const TraceEvent* taker = nullptr;
  std::int64_t count = 0;
};

std::string rule_place(const TraceEvent& e) {
  return fmt::format("core {} pc {}", e.core.value, e.pc);
}
bool on_other_engine(const TraceEvent& a, const TraceEvent& b) {
  return a.core != b.core || a.engine != b.engine;
}
bool planned_or_output(const BufferInfo& buffer) {
  return buffer.kind == BufferKind::intermediate || buffer.kind == BufferKind::output;
}

class RuleExecution {
 public:
  explicit RuleExecution(const Trace& trace)
      : trace_(trace),
        cores_(static_cast<std::size_t>(trace.cores)),
        ever_written_(trace.buffers.size()),
        written_(trace.buffers.size()) {
    for (const TraceEvent& e : trace.events) {
      cores_[e.core.index()].events.push_back(&e);
      if (e.kind == TraceKind::write) ever_written_[e.buffer.index()].add(e.begin, e.end_byte);
    }
  }

  std::optional<TraceFault> run() {
    for (bool progress = true; progress && !fault_;) {
      progress = false;
      for (RuleCore& core : cores_)
        while (!fault_ && core.event() != nullptr && step(core)) progress = true;
    }
    if (!fault_) report_stuck();
    return std::move(fault_);
  }

 private:
  void report(const TraceEvent& e, std::string message) {
    if (!fault_) fault_ = {e.core, e.pc, std::move(message)};
  }

  /// Executes the core's next event; false where it waits for another core.
  bool step(RuleCore& core) {
    const TraceEvent& e = *core.event();
    if (core.halt != nullptr)
      report(e,
             fmt::format("an event after the core's halt at pc {}, expected none", core.halt->pc));
    if (e.kind == TraceKind::barrier) return meet(e);
    if (e.kind == TraceKind::wait && !take_signal(e)) return false;
    ++core.next;
    if (e.kind == TraceKind::halt) core.halt = &e;
    if (!e.engine) return true;
    move_tokens(core, e);
    if (e.kind == TraceKind::read) check_read(e);
    if (e.kind == TraceKind::write) written_[e.buffer.index()].add(e.begin, e.end_byte);
    if (e.kind == TraceKind::signal) give_signal(e);
    return true;
  }

  void move_tokens(RuleCore& core, const TraceEvent& e) {
    const auto engine = static_cast<std::size_t>(*e.engine);
    for (std::size_t other = 0; other < kEngines; ++other) {
      if ((e.wait >> other & 1U) != 0 && core.tokens[other][engine]-- == 0)
        report(e, fmt::format("takes a token from engine {} that is never given before it, "
                              "expected a signal={} there",
                              kEngineNames[other], kEngineNames[engine]));
      if ((e.signal >> other & 1U) != 0) ++core.tokens[engine][other];
    }
  }

  bool take_signal(const TraceEvent& e) {
    RuleSemaphore& semaphore = semaphores_[{e.core.value, e.sync}];
    if (semaphore.taker == nullptr) semaphore.taker = &e;
    if (on_other_engine(e, *semaphore.taker))
      report(e, fmt::format("waits for semaphore {}, as {} does on another engine, expected one "
                            "waiting engine for a semaphore",
                            e.sync, rule_place(*semaphore.taker)));
    if (semaphore.count == 0) return fault_.has_value();
    --semaphore.count;
    return true;
  }

  void give_signal(const TraceEvent& e) {
    RuleSemaphore& semaphore = semaphores_[{e.peer.value, e.sync}];
    if (semaphore.giver == nullptr) semaphore.giver = &e;
    if (on_other_engine(e, *semaphore.giver))
      report(e, fmt::format("signals semaphore {} of core {}, as {} does on another engine, "
                            "expected one signalling engine for a semaphore",
                            e.sync, e.peer.value, rule_place(*semaphore.giver)));
    ++semaphore.count;
  }

  /// Releases a barrier when each core of its set has come to one of the same set.
  bool meet(const TraceEvent& barrier) {
    std::vector<RuleCore*> meeting;
    for (std::uint64_t rest = barrier.cores; rest != 0; rest &= rest - 1) {
      RuleCore& core = cores_[static_cast<std::size_t>(std::countr_zero(rest))];
      const TraceEvent* e = core.event();
      if (e == nullptr || e->kind != TraceKind::barrier || e->cores != barrier.cores) return false;
      meeting.push_back(&core);
    }
    const TraceEvent& first = *meeting.front()->event();
    for (RuleCore* core : meeting) {
      const TraceEvent& e = *core->event();
      if (e.sync != first.sync)
        report(e, fmt::format("barrier {} meets barrier {} of {}, expected the same id", e.sync,
                              first.sync, rule_place(first)));
      ++core->next;
    }
    return true;
  }

  /// A strided access touches its first and its last byte, and may leave out others in between.
  void check_read(const TraceEvent& e) {
    const BufferInfo& buffer = trace_.buffers[e.buffer.index()];
    if (!planned_or_output(buffer) || e.begin >= e.end_byte) return;
    const WrittenBytes& written = written_[e.buffer.index()];
    auto missing = ever_written_[e.buffer.index()].first_missing(e.begin, e.end_byte);
    for (const Bytes end : {e.begin, e.end_byte - 1})
      if (!missing) missing = written.first_missing(end, end + 1);
    if (missing)
      report(e, fmt::format("reads byte {} of {}, expected it to be written before", *missing,
                            buffer.name));
  }

  void report_stuck() {
    for (const RuleCore& core : cores_) {
      const TraceEvent* e = core.event();
      if (e == nullptr) continue;
      if (e->kind == TraceKind::wait)
        report(*e, fmt::format("waits for semaphore {}, which core {} never signals then, expected "
                               "a signal for each wait",
                               e->sync, e->peer.value));
      else
        report(*e, fmt::format("barrier {} is never reached by all of its cores, expected each to "
                               "come to it",
                               e->sync));
    }
  }

  const Trace& trace_;
  std::vector<RuleCore> cores_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, RuleSemaphore> semaphores_;
  std::vector<WrittenBytes> ever_written_, written_;  ///< by buffer
  std::optional<TraceFault> fault_;
};

}  // namespace

std::optional<TraceFault> find_trace_fault(const Trace& trace) {
  return RuleExecution(trace).run();
}

}  // namespace unna
