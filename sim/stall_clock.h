#pragma once

#include <algorithm>
#include <array>

#include "base/units.h"
#include "sim/simulate.h"

namespace unna {

/// Why an engine is idle from some moment on: for lack of an instruction (`dispatch`) up to cycle
/// `until`, for `then` after it. Knowing both at once saves waking up in between.
struct IdleReason {
  Cycle until = 0;
  Stall then = Stall::dispatch;

  friend bool operator==(const IdleReason&, const IdleReason&) = default;
};

/// Divides an engine's cycles among "busy" and the stalls, each cycle to exactly one.
class StallClock {
 public:
  void busy(Cycle now) {
    if (busy_) return;
    account(now);
    busy_ = true;
  }
  void idle(Cycle now, IdleReason reason) {
    if (!busy_ && reason == reason_) return;
    account(now);
    busy_ = false;
    reason_ = reason;
  }
  /// Brings the sums up to `now`.
  void account(Cycle now) {
    if (busy_) {
      busy_cycles_ += now - since_;
    } else {
      const Cycle split = std::clamp(reason_.until, since_, now);
      add(Stall::dispatch, split - since_);
      add(reason_.then, now - split);
    }
    since_ = now;
  }

  Cycle busy_cycles() const { return busy_cycles_; }
  const std::array<Cycle, kStalls>& stalls() const { return stalls_; }
  /// Stalls since the last call.
  std::array<Cycle, kStalls> take_new() { return std::exchange(new_, {}); }

 private:
  void add(Stall cause, Cycle cycles) {
    stalls_[static_cast<std::size_t>(cause)] += cycles;
    new_[static_cast<std::size_t>(cause)] += cycles;
  }

  bool busy_ = false;
  IdleReason reason_;
  Cycle since_ = 0;
  Cycle busy_cycles_ = 0;
  std::array<Cycle, kStalls> stalls_{};
  std::array<Cycle, kStalls> new_{};
};

}  // namespace unna
