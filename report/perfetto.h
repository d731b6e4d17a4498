#pragma once

// A trace as a timeline for Perfetto (ui.perfetto.dev), in its native protobuf format. What stands
// where: docs/trace-format.md, "Timeline".

#include <span>
#include <string>

#include "configs/machine.h"
#include "isa/trace.h"
#include "report/trace_curves.h"

namespace unna {

/// A cycle of the trace is a nanosecond of the timeline. `transfers` make the curves of the DRAM;
/// why engines were idle follows from the dispatch and the queues of `core`.
std::string perfetto_trace(const Trace& trace, std::span<const Transfer> transfers,
                           const CoreConfig& core);

}  // namespace unna
