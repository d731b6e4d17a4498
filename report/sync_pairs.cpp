#include "report/sync_pairs.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace unna {
namespace {

/// Events of one semaphore, each side by ascending pc.
struct Semaphore {
  std::vector<std::size_t> signals;
  std::vector<std::size_t> waits;
};

void pair_barrier(const Trace& trace, const std::vector<std::size_t>& meeting,
                  std::vector<SyncPair>& pairs) {
  const auto& events = trace.events;
  const std::size_t last = *std::ranges::min_element(
      meeting, {}, [&](std::size_t i) { return std::pair(-events[i].start, events[i].core); });
  for (const std::size_t i : meeting)
    if (i != last) pairs.push_back({last, i});
}

void sort_pairs(std::vector<SyncPair>& pairs) {
  std::ranges::sort(pairs, {}, [](const SyncPair& p) { return std::pair(p.cause, p.effect); });
}

}  // namespace

std::vector<SyncPair> signal_pairs(const Trace& trace) {
  std::map<std::pair<CoreId, std::uint32_t>, Semaphore> semaphores;  // of a core
  for (std::size_t i = 0; i < trace.events.size(); ++i) {
    const TraceEvent& e = trace.events[i];
    if (e.kind == TraceKind::signal) semaphores[{e.peer, e.sync}].signals.push_back(i);
    if (e.kind == TraceKind::wait) semaphores[{e.core, e.sync}].waits.push_back(i);
  }
  std::vector<SyncPair> pairs;
  for (const auto& [id, semaphore] : semaphores)
    for (std::size_t n = 0; n < std::min(semaphore.signals.size(), semaphore.waits.size()); ++n)
      pairs.push_back({semaphore.signals[n], semaphore.waits[n]});
  sort_pairs(pairs);
  return pairs;
}

std::vector<std::vector<std::size_t>> barrier_meetings(const Trace& trace) {
  std::map<std::uint32_t, std::vector<std::size_t>> by_number;
  for (std::size_t i = 0; i < trace.events.size(); ++i)
    if (trace.events[i].kind == TraceKind::barrier) by_number[trace.events[i].sync].push_back(i);
  std::vector<std::vector<std::size_t>> meetings;
  for (auto& [number, meeting] : by_number) {
    std::ranges::sort(meeting, {}, [&](std::size_t i) { return trace.events[i].core; });
    meetings.push_back(std::move(meeting));
  }
  return meetings;
}

std::vector<SyncPair> sync_pairs(const Trace& trace) {
  std::vector<SyncPair> pairs = signal_pairs(trace);
  for (const auto& meeting : barrier_meetings(trace)) pair_barrier(trace, meeting, pairs);
  sort_pairs(pairs);
  return pairs;
}

}  // namespace unna
