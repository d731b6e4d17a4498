#pragma once

#include <chrono>
#include <optional>

namespace unna {

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// Asked once a step of a long loop; looks at the clock every now and then.
class DeadlineWatch {
 public:
  explicit DeadlineWatch(const Deadline& deadline) : deadline_(deadline) {}

  bool passed() {
    constexpr unsigned kStepsBetween = 16;
    return deadline_ && steps_++ % kStepsBetween == 0 &&
           std::chrono::steady_clock::now() >= *deadline_;
  }

 private:
  Deadline deadline_;
  unsigned steps_ = 0;
};

}  // namespace unna
