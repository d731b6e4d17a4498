#include "memmgr/exact/skyline.h"

namespace unna {

Skyline::Skyline(std::uint32_t slots, Bytes ceiling)
    : slots_(slots), ceiling_(ceiling), end_(slots, 0), before_(slots, 0), height_(slots, 0) {
  end_[0] = slots;
}

void Skyline::put(const Segment* segments, std::uint32_t count, std::uint32_t before) {
  std::uint32_t last = segments[0].begin;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Segment& s = segments[i];
    if (i > 0 && height_[last] == s.height) {
      end_[last] = s.end;
      continue;
    }
    before_[s.begin] = i == 0 ? before : last;
    end_[s.begin] = s.end;
    height_[s.begin] = s.height;
    last = s.begin;
  }
  if (end_[last] < slots_) before_[end_[last]] = last;
}

Skyline::Undo Skyline::raise(std::uint32_t segment, std::uint32_t begin, std::uint32_t end,
                             Bytes by) {
  Undo undo;
  const Segment middle = at(segment);
  if (middle.begin > 0) undo.old[undo.count++] = at(before_[segment]);
  undo.old[undo.count++] = middle;
  if (middle.end < slots_) undo.old[undo.count++] = at(middle.end);

  Segment segments[5];
  std::uint32_t count = 0;
  if (middle.begin > 0) segments[count++] = undo.old[0];
  if (middle.begin < begin) segments[count++] = {middle.begin, begin, middle.height};
  segments[count++] = {begin, end, middle.height + by};
  if (end < middle.end) segments[count++] = {end, middle.end, middle.height};
  if (middle.end < slots_) segments[count++] = undo.old[undo.count - 1];
  put(segments, count, before_[undo.begin()]);
  return undo;
}

void Skyline::restore(const Undo& undo) {
  put(undo.old, undo.count, before_[undo.begin()]);
}

}  // namespace unna
