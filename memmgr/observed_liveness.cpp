#include <algorithm>

#include "base/error.h"
#include "memmgr/lifetimes.h"

namespace unna {

Lifetimes observed_liveness(const Trace& trace) {
  std::vector<std::optional<Interval>> seen(trace.buffers.size());
  for (const TraceEvent& e : trace.events) {
    if (e.kind != TraceKind::read && e.kind != TraceKind::write) continue;
    invariant(e.buffer.index() < seen.size(), "event accesses buffer {} of {}", e.buffer.value,
              seen.size());
    // An access of no duration still occupies its cycle.
    const Interval now{e.start, std::max(e.end, e.start + 1)};
    auto& life = seen[e.buffer.index()];
    life =
        life ? Interval{std::min(life->lower, now.lower), std::max(life->upper, now.upper)} : now;
  }
  Lifetimes result;
  result.kind = LivenessKind::observed;
  result.intervals.emplace();
  for (std::size_t b = 0; b < seen.size(); ++b) {
    const BufferInfo& info = trace.buffers[b];
    if (info.kind != BufferKind::intermediate) continue;
    result.buffers.push_back({info.name, info.size, {BufferId(b)}, {info.size}});
    // Never accessed: an empty life, which meets no other.
    result.intervals->push_back(seen[b].value_or(Interval{0, 0}));
  }
  return result;
}

}  // namespace unna
