#pragma once

// What both forms of a trace demand of its events; the readers add the place.

#include <optional>
#include <string>

#include "isa/trace.h"

namespace unna::detail {

/// What is wrong with an event of this trace, and what was expected.
std::optional<std::string> fault_of(const Trace& trace, const TraceEvent& event);

/// Sorts by (core, pc), unless each core's events ascend already. Returns the index, in the sorted
/// events, of an event whose pc another one of its core has.
std::optional<std::size_t> order_events(Trace& trace);

}  // namespace unna::detail
