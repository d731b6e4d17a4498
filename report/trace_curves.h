#pragma once

// What a trace says of the memory over time: bytes moved, requests open, bytes in use.

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"
#include "isa/object.h"
#include "isa/trace.h"

namespace unna {

/// A read or a write of the DRAM, from when it is asked for until it has come.
struct Transfer {
  Cycle start = 0;
  Cycle end = 0;
  bool write = false;
  std::vector<Bytes> bytes;  ///< by channel; one entry where there are no channels
};

/// Of a trace alone: its bytes are those from the first to the last that an event touches, which is
/// more than what moves where an access has strides.
std::vector<Transfer> spans_of(const Trace& trace);
/// The bytes that move, by channel where the memory model has channels.
std::vector<Transfer> transfers_of(const Trace& trace, const Object& object, const Layout& layout,
                                   const MachineConfig& machine);

/// Entry k is about the cycles [k * step, (k + 1) * step). The bytes of a transfer are spread
/// evenly over the time in which it is open.
struct DramCurves {
  Cycle step = 1;
  std::vector<double> read;     ///< bytes a cycle
  std::vector<double> written;  ///< bytes a cycle
  std::vector<std::vector<double>>
      channels;              ///< both together, by channel, where there are several
  std::vector<double> open;  ///< the most transfers open at one time
};
DramCurves dram_curves(std::span<const Transfer> transfers, Cycle cycles, std::size_t steps);

/// Bytes of the intermediates between the first and the last access that the trace saw, at each
/// time at which they change: a record of this run, which proves nothing about another.
std::vector<std::pair<Cycle, Bytes>> live_bytes(const Trace& trace);

/// The last cycle of the trace.
Cycle trace_end(const Trace& trace);

}  // namespace unna
