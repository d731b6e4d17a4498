#pragma once

// Which event lets which other one go on, across cores: the arrows of a timeline.

#include <cstddef>
#include <vector>

#include "isa/trace.h"

namespace unna {

/// Indices into Trace::events.
struct SyncPair {
  std::size_t cause = 0;
  std::size_t effect = 0;
};

/// The n-th signal to a semaphore and its n-th wait, ascending by cause.
std::vector<SyncPair> signal_pairs(const Trace& trace);

/// The events that meet at each barrier, by its serial number; each meeting's by core.
std::vector<std::vector<std::size_t>> barrier_meetings(const Trace& trace);

/// All arrows: the n-th signal to a semaphore and its n-th wait; of a barrier the core that came
/// last (the lowest among equals) and each of the others. Ascending by cause, then effect.
std::vector<SyncPair> sync_pairs(const Trace& trace);

}  // namespace unna
