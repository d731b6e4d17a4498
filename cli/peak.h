#pragma once

// For the message of a run that does not fit: what is alive when most is.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"
#include "memmgr/lifetimes.h"

namespace unna {

struct Peak {
  std::int64_t time = 0;
  Bytes load = 0;                  ///< sum of sizes alive at `time`
  std::vector<std::size_t> alive;  ///< largest first, ties by index
};

/// The first time of the largest sum of sizes.
Peak observed_peak(std::span<const Interval> intervals, std::span<const Bytes> sizes);

/// `name (size), ...`, at most `limit` of them, and how many more there are.
std::string alive_text(const Peak& peak, std::span<const LiveBuffer> buffers,
                       std::size_t limit = 8);

}  // namespace unna
