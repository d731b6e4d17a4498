#pragma once

// What a run takes of the host: never part of a result.

#include <cstdint>

namespace unna {

/// Seconds since it was made, by a clock that never goes back.
class Stopwatch {
 public:
  Stopwatch();
  double seconds() const;

 private:
  std::int64_t start_ns_;
};

/// Peak resident set of this process.
std::int64_t max_rss_kib();

}  // namespace unna
