#pragma once

// Why each engine was idle when, from what a trace says of it. The one place where this is worked
// out: the report's timeline, the times of layers and the timeline for Perfetto take it from here.

#include <array>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"
#include "isa/trace.h"
#include "sim/simulate.h"

namespace unna {

/// Cycles [from, until) in which an engine did nothing.
struct IdleSpan {
  Cycle from = 0;
  Cycle until = 0;
  Stall cause = Stall::dispatch;

  friend bool operator==(const IdleSpan&, const IdleSpan&) = default;
};

/// Of the engines of a core: ascending, disjoint, neighbours of one cause in one.
using IdleSpans = std::array<std::vector<IdleSpan>, kEngines>;

/// By core, from cycle 0 to the trace's last one. A trace has the starts and ends of instructions;
/// when the control processor handed them on and when their tokens came follows by the rules of
/// docs/model.md from the width of its dispatch and the depth of its queues. Under random delays,
/// which a trace does not show, the causes are near those that the simulator counts, not the same.
std::vector<IdleSpans> idle_spans(const Trace& trace, const CoreConfig& core);

}  // namespace unna
