#include "sim/shadow_map.h"

#include <algorithm>
#include <array>
#include <span>

namespace unna {

void ShadowMap::assign(Bytes begin, Bytes end, BufferId owner) {
  if (begin >= end) return;
  const auto last = static_cast<std::size_t>((end - 1) / kPageBytes);
  if (pages_.size() <= last) pages_.resize(last + 1);
  for (auto p = static_cast<std::size_t>(begin / kPageBytes); p <= last; ++p) {
    const Bytes base = static_cast<Bytes>(p) * kPageBytes;
    assign(pages_[p], {static_cast<std::uint16_t>(std::max<Bytes>(begin - base, 0)),
                       static_cast<std::uint16_t>(std::min(end - base, kPageBytes)), owner});
  }
}

/// Replaces all that the segment overlaps or touches by at most three segments: what is left over
/// at both sides, and the new one, which swallows its own owner's.
void ShadowMap::assign(Page& page, Segment segment) {
  const auto first =
      std::ranges::lower_bound(page, segment.begin, {}, [](const Segment& s) { return s.end; });
  auto last = first;
  std::array<Segment, 3> pieces;
  std::size_t n = 0;
  std::optional<Segment> right;
  for (; last != page.end() && last->begin <= segment.end; ++last) {
    if (last->owner == segment.owner) {
      segment.begin = std::min(segment.begin, last->begin);
      segment.end = std::max(segment.end, last->end);
      continue;
    }
    if (last->begin < segment.begin)
      pieces[n++] = {last->begin, std::min(last->end, segment.begin), last->owner};
    if (last->end > segment.end)
      right = Segment{std::max(last->begin, segment.end), last->end, last->owner};
  }
  pieces[n++] = segment;
  if (right) pieces[n++] = *right;

  const auto old = static_cast<std::size_t>(last - first);
  const auto at = first + static_cast<std::ptrdiff_t>(std::min(old, n));
  std::ranges::copy(std::span(pieces).first(std::min(old, n)), first);
  if (old > n)
    page.erase(at, last);
  else
    page.insert(at, pieces.begin() + static_cast<std::ptrdiff_t>(old),
                pieces.begin() + static_cast<std::ptrdiff_t>(n));
}

/// From `at` to where the owner or the page changes, not beyond `limit`.
ShadowMap::Range ShadowMap::piece_at(Bytes at, Bytes limit) const {
  const Bytes base = at / kPageBytes * kPageBytes;
  limit = std::min(limit, base + kPageBytes);
  const auto p = static_cast<std::size_t>(at / kPageBytes);
  if (p >= pages_.size()) return {at, limit, std::nullopt};
  const auto it = std::ranges::upper_bound(pages_[p], at - base, {},
                                           [](const Segment& s) { return Bytes{s.end}; });
  if (it == pages_[p].end()) return {at, limit, std::nullopt};
  if (base + it->begin > at) return {at, std::min(limit, base + it->begin), std::nullopt};
  return {at, std::min(limit, base + it->end), it->owner};
}

std::optional<ShadowMap::Range> ShadowMap::first_foreign(Bytes begin, Bytes end,
                                                         BufferId owner) const {
  while (begin < end) {
    Range range = piece_at(begin, end);
    if (range.owner == owner) {
      begin = range.end;
      continue;
    }
    while (range.end < end) {
      const Range next = piece_at(range.end, end);
      if (next.owner != range.owner) break;
      range.end = next.end;
    }
    return range;
  }
  return std::nullopt;
}

std::size_t ShadowMap::segments() const {
  std::size_t count = 0;
  for (const Page& page : pages_) count += page.size();
  return count;
}

}  // namespace unna
