#include "compiler/sb_rooms.h"

#include <algorithm>
#include <numeric>

#include "base/units.h"
#include "isa/accesses.h"

namespace unna {

StayingBytes staying_bytes(const Kernel& k, std::int64_t channels, Bytes element,
                           const CoreConfig& core) {
  const std::int64_t inputs = k.kind == KernelKind::dwconv ? 1 : k.in[0].dims[kC] / k.groups;
  const std::int64_t row = k.window.kernel_h * k.window.kernel_w * inputs;
  StayingBytes bytes;
  bytes.synapses = round_up(channels * row * element, core.accumulator_bytes);
  if (k.bias)
    bytes.biases =
        round_up(channels * channel_bytes(element, core.accumulator_bytes), core.accumulator_bytes);
  return bytes;
}

std::vector<SbRoom> share_sb(std::span<const SbWish> wishes, const CoreConfig& core) {
  const auto any = [&](SbUse use) {
    return std::ranges::any_of(wishes, [&](const SbWish& w) { return w.use == use; });
  };
  std::vector<SbRoom> rooms(wishes.size(), {0, core.sb_bytes, false});
  if (any(SbUse::all)) return rooms;
  Bytes wished = 0;
  for (const SbWish& w : wishes) wished += w.bytes;
  const bool alone = !any(SbUse::slots) && wished <= core.sb_bytes;
  const Bytes half = round_up(core.sb_bytes / 2, core.accumulator_bytes);
  const Bytes limit = alone ? core.sb_bytes : half;

  std::vector<std::size_t> order(wishes.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return wishes[a].bytes < wishes[b].bytes; });
  Bytes taken = 0;
  for (const std::size_t i : order) {
    if (wishes[i].use != SbUse::stay || taken + wishes[i].bytes > limit) continue;
    rooms[i] = {taken, taken + wishes[i].bytes, true};
    taken += wishes[i].bytes;
  }
  if (taken > 0)
    for (SbRoom& room : rooms)
      if (!room.stay) room.begin = half;
  return rooms;
}

}  // namespace unna
