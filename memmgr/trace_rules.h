#pragma once

// What docs/trace-format.md demands of a trace as a whole, so that it can be planned: that it can
// be executed, that barriers which meet are the same one, and that what is read was written. Shares
// no code with liveness.

#include <cstdint>
#include <optional>
#include <string>

#include "base/id.h"
#include "isa/trace.h"

namespace unna {

/// An event that breaks a rule, and the rule.
struct TraceFault {
  CoreId core;
  std::uint32_t pc = 0;
  std::string message;
};

/// The first fault that an execution comes to in which every core runs as far as it can, or one of
/// the events that execution gets stuck at. Each event has passed fault_of() (isa/trace_checks.h).
/// Linear in the events, but for the logarithm of the ranges of bytes of a buffer.
std::optional<TraceFault> find_trace_fault(const Trace& trace);

}  // namespace unna
