#include "isa/trace_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "isa/assembly.h"

namespace unna::detail {
namespace {

std::optional<std::string> barrier_fault(const Trace& trace, const TraceEvent& event) {
  const auto cores = static_cast<unsigned>(trace.cores);
  if (cores < 64 && event.cores >> cores != 0)
    return fmt::format("barrier of cores {:#x}, expected a set of the trace's {}", event.cores,
                       cores);
  if ((event.cores >> event.core.value & 1U) == 0)
    return fmt::format("barrier of cores {:#x}, expected its own core {} among them", event.cores,
                       event.core.value);
  return std::nullopt;
}

std::optional<std::string> access_fault(const Trace& trace, const TraceEvent& event) {
  if (event.buffer.index() >= trace.buffers.size())
    return fmt::format("buffer b{}, expected one below b{}", event.buffer.value,
                       trace.buffers.size());
  const BufferInfo& buffer = trace.buffers[event.buffer.index()];
  if (event.begin < 0 || event.begin > event.end_byte || event.end_byte > buffer.size)
    return fmt::format("bytes {}..{} of {}, expected them within its {}", event.begin,
                       event.end_byte, assembly::quoted(buffer.name), buffer.size);
  const bool constant = buffer.kind == BufferKind::input || buffer.kind == BufferKind::weight;
  if (event.kind == TraceKind::write && constant)
    return fmt::format("write to {}, which is {}, expected an intermediate or an output",
                       assembly::quoted(buffer.name),
                       buffer.kind == BufferKind::input ? "an input" : "a weight");
  return std::nullopt;
}

std::optional<std::string> engine_fault(const TraceEvent& event) {
  const std::string_view kind = kTraceKindNames[static_cast<std::size_t>(event.kind)];
  const bool control = event.kind == TraceKind::barrier || event.kind == TraceKind::halt;
  if (control && event.engine) return fmt::format("{} on an engine, expected none", kind);
  if (!control && !event.engine) return fmt::format("{} without an engine, expected one", kind);
  const unsigned tokens = event.wait | event.signal;
  if (control && tokens != 0) return fmt::format("{} with tokens, expected none", kind);
  if (event.engine && (tokens & engine_bit(*event.engine)) != 0)
    return fmt::format("a token between engine {} and itself, expected another engine",
                       kEngineNames[static_cast<std::size_t>(*event.engine)]);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> fault_of(const Trace& trace, const TraceEvent& event) {
  if (static_cast<std::int64_t>(event.core.value) >= trace.cores)
    return fmt::format("core {}, expected one below {}", event.core.value, trace.cores);
  if (event.op.index() >= std::max<std::size_t>(trace.layers.size(), 1))
    return fmt::format("layer {}, expected one below {}", event.op.value, trace.layers.size());
  if (event.start < 0 || event.start > event.end)
    return fmt::format("time {}..{}, expected it to ascend from 0 or later", event.start,
                       event.end);
  if (auto fault = engine_fault(event)) return fault;
  switch (event.kind) {
    case TraceKind::read:
    case TraceKind::write:
      return access_fault(trace, event);
    case TraceKind::barrier:
      return barrier_fault(trace, event);
    case TraceKind::signal:
    case TraceKind::wait:
      if (event.peer == event.core || static_cast<std::int64_t>(event.peer.value) >= trace.cores)
        return fmt::format("peer core {}, expected another core below {}", event.peer.value,
                           trace.cores);
      return std::nullopt;
    case TraceKind::compute:
    case TraceKind::halt:
      return std::nullopt;
  }
  return "unknown kind of event, expected one of the documented";
}

std::optional<std::size_t> order_events(Trace& trace) {
  std::vector<std::int64_t> last(static_cast<std::size_t>(trace.cores), -1);
  const bool ascending =
      std::all_of(trace.events.begin(), trace.events.end(), [&](const TraceEvent& event) {
        return std::exchange(last[event.core.index()], event.pc) < event.pc;
      });
  if (ascending) return std::nullopt;
  const auto key = [](const TraceEvent& e) { return std::tie(e.core, e.pc); };
  std::stable_sort(trace.events.begin(), trace.events.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  const auto twice =
      std::adjacent_find(trace.events.begin(), trace.events.end(),
                         [&](const auto& a, const auto& b) { return key(a) == key(b); });
  if (twice == trace.events.end()) return std::nullopt;
  return static_cast<std::size_t>(twice - trace.events.begin());
}

}  // namespace unna::detail
