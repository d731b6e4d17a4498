#include "cli/peak.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/units.h"

namespace unna {

Peak observed_peak(std::span<const Interval> intervals, std::span<const Bytes> sizes) {
  std::map<std::int64_t, Bytes> change;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    change[intervals[i].lower] += sizes[i];
    change[intervals[i].upper] -= sizes[i];
  }
  Peak peak;
  Bytes load = 0;
  for (const auto& [time, delta] : change) {
    load += delta;
    if (load > peak.load) {
      peak.load = load;
      peak.time = time;
    }
  }
  for (std::size_t i = 0; i < intervals.size(); ++i)
    if (intervals[i].lower <= peak.time && peak.time < intervals[i].upper) peak.alive.push_back(i);
  std::stable_sort(peak.alive.begin(), peak.alive.end(),
                   [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  return peak;
}

std::string alive_text(const Peak& peak, std::span<const LiveBuffer> buffers, std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, peak.alive.size()); ++i) {
    const LiveBuffer& buffer = buffers[peak.alive[i]];
    text += fmt::format("{}{} ({})", i > 0 ? ", " : "", buffer.name, readable_bytes(buffer.size));
  }
  if (peak.alive.size() > limit) text += fmt::format(" and {} more", peak.alive.size() - limit);
  return text;
}

}  // namespace unna
