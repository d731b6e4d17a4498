#include "sim/memory/cache_slice.h"

#include "base/error.h"

namespace unna {

CacheSlice::CacheSlice(std::int64_t sets, std::int64_t ways, std::int64_t mshrs)
    : ways_(static_cast<std::size_t>(ways)),
      lines_(static_cast<std::size_t>(sets * ways)),
      mshrs_(static_cast<std::size_t>(mshrs)) {
  for (std::size_t m = mshrs_.size(); m-- > 0;) free_.push_back(static_cast<std::uint32_t>(m));
}

CacheSlice::Answer CacheSlice::probe(Bytes line, std::int64_t set, bool write, bool whole) const {
  if (const auto way = find(line, set)) {
    if (!lines_[*way].filling) return {};
    return {Outcome::merged, lines_[*way].mshr, {}};
  }
  const bool fills = !write || !whole;
  const auto way = victim(set);
  if (!way || (fills && free_.empty())) return {Outcome::blocked, 0, {}};
  Answer answer{fills ? Outcome::fill : Outcome::install, 0, {}};
  if (fills) answer.mshr = free_.back();
  if (lines_[*way].dirty) answer.writeback = lines_[*way].line;
  return answer;
}

CacheSlice::Answer CacheSlice::access(Bytes line, std::int64_t set, bool write, bool whole) {
  const Answer answer = probe(line, set, write, whole);
  if (answer.outcome == Outcome::blocked) return answer;
  ++serial_;
  const bool present = answer.outcome == Outcome::hit || answer.outcome == Outcome::merged;
  const std::size_t way = present ? *find(line, set) : *victim(set);
  Way& w = lines_[way];
  if (!present) {
    w = {line, serial_, false, answer.outcome == Outcome::fill, answer.mshr};
    if (w.filling) {
      free_.pop_back();
      mshrs_[answer.mshr] = way;
    }
  }
  w.used = serial_;
  w.dirty = w.dirty || write;
  return answer;
}

void CacheSlice::filled(std::uint32_t mshr) {
  Way& way = lines_[mshrs_[mshr]];
  invariant(way.filling && way.mshr == mshr, "line {} came unasked for", way.line);
  way.filling = false;
  free_.push_back(mshr);
}

std::optional<std::size_t> CacheSlice::find(Bytes line, std::int64_t set) const {
  const std::size_t first = static_cast<std::size_t>(set) * ways_;
  for (std::size_t w = first; w < first + ways_; ++w)
    if (lines_[w].used > 0 && lines_[w].line == line) return w;
  return std::nullopt;
}

/// The least recently used way that no fill is under way to; a way never used comes first.
std::optional<std::size_t> CacheSlice::victim(std::int64_t set) const {
  const std::size_t first = static_cast<std::size_t>(set) * ways_;
  std::optional<std::size_t> best;
  for (std::size_t w = first; w < first + ways_; ++w)
    if (!lines_[w].filling && (!best || lines_[w].used < lines_[*best].used)) best = w;
  return best;
}

}  // namespace unna
