#include "sim/shadow_map.h"

#include <algorithm>
#include <iterator>

namespace unna {

ShadowMap::Map::const_iterator ShadowMap::containing_or_after(Bytes at) const {
  auto it = segments_.upper_bound(at);
  if (it != segments_.begin() && std::prev(it)->second.end > at) --it;
  return it;
}

void ShadowMap::split(Bytes at) {
  auto it = segments_.lower_bound(at);
  if (it == segments_.begin()) return;
  --it;
  if (it->second.end <= at) return;
  const Segment tail = it->second;
  it->second.end = at;
  segments_.emplace_hint(std::next(it), at, tail);
}

void ShadowMap::assign(Bytes begin, Bytes end, BufferId owner) {
  if (begin >= end) return;
  const auto held = containing_or_after(begin);
  if (held != segments_.end() && held->first <= begin && held->second.end >= end &&
      held->second.owner == owner)
    return;
  split(begin);
  split(end);
  auto it = segments_.erase(segments_.lower_bound(begin), segments_.lower_bound(end));
  if (it != segments_.end() && it->first == end && it->second.owner == owner) {
    end = it->second.end;
    it = segments_.erase(it);
  }
  if (it != segments_.begin()) {
    const auto before = std::prev(it);
    if (before->second.end == begin && before->second.owner == owner) {
      before->second.end = end;
      return;
    }
  }
  segments_.emplace_hint(it, begin, Segment{end, owner});
}

std::optional<ShadowMap::Range> ShadowMap::first_foreign(Bytes begin, Bytes end,
                                                         BufferId owner) const {
  for (auto it = containing_or_after(begin); begin < end; ++it) {
    if (it == segments_.end() || it->first > begin)
      return Range{begin, it == segments_.end() ? end : std::min(end, it->first), std::nullopt};
    if (it->second.owner != owner)
      return Range{begin, std::min(end, it->second.end), it->second.owner};
    begin = it->second.end;
  }
  return std::nullopt;
}

}  // namespace unna
