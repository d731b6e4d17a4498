#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "isa/assembly.h"
#include "isa/object.h"

namespace unna {
namespace {

/// Next multiple of `alignment`, then past `size` bytes. Sums of sizes that no machine can hold are
/// a program that does not fit, not an overflow.
Bytes place(Bytes& cursor, Bytes size, Bytes alignment) {
  constexpr Bytes kEnd = std::numeric_limits<Bytes>::max() / 2;
  if (cursor > kEnd - alignment || size > kEnd - round_up(cursor, alignment))
    throw CapacityError("buffers need more than 2^62 bytes together");
  const Bytes at = round_up(cursor, alignment);
  cursor = at + size;
  return at;
}

/// Inputs, outputs, weights and states behind the arena.
void place_the_rest(const Object& object, Bytes alignment, Layout& layout) {
  Bytes cursor = layout.arena_bytes;
  for (std::size_t b = 0; b < object.buffers.size(); ++b)
    if (object.buffers[b].kind != BufferKind::intermediate)
      layout.base[b] = place(cursor, object.buffers[b].size, alignment);
  layout.total_bytes = cursor;
}

/// The largest few buffers, for a message.
std::string largest_buffers(const Object& object) {
  std::vector<std::size_t> order(object.buffers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return object.buffers[a].size > object.buffers[b].size;
  });
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(order.size(), 3); ++i)
    out +=
        fmt::format("{}{} {} bytes", i == 0 ? "" : ", ",
                    assembly::quoted(object.buffers[order[i]].name), object.buffers[order[i]].size);
  return out;
}

}  // namespace

Layout identity_layout(const Object& object, Bytes alignment) {
  Layout layout;
  layout.base.resize(object.buffers.size());
  for (std::size_t b = 0; b < object.buffers.size(); ++b)
    if (object.buffers[b].kind == BufferKind::intermediate)
      layout.base[b] = place(layout.arena_bytes, object.buffers[b].size, alignment);
  place_the_rest(object, alignment, layout);
  return layout;
}

Layout layout_from_offsets(const Object& object, const std::vector<Bytes>& offsets,
                           Bytes alignment) {
  invariant(offsets.size() == object.buffers.size(), "{} offsets for {} buffers", offsets.size(),
            object.buffers.size());
  Layout layout;
  layout.base.resize(object.buffers.size());
  for (std::size_t b = 0; b < object.buffers.size(); ++b) {
    if (object.buffers[b].kind != BufferKind::intermediate) continue;
    Bytes cursor = offsets[b];
    invariant(cursor >= 0 && cursor % alignment == 0,
              "buffer '{}' at offset {}, not a multiple of {}", object.buffers[b].name, cursor,
              alignment);
    layout.base[b] = place(cursor, object.buffers[b].size, alignment);
    layout.arena_bytes = std::max(layout.arena_bytes, cursor);
  }
  place_the_rest(object, alignment, layout);
  return layout;
}

Image link(std::shared_ptr<const Object> object, Layout layout, Bytes capacity) {
  const std::vector<BufferInfo>& buffers = object->buffers;
  invariant(layout.base.size() == buffers.size(), "layout of {} buffers for an object of {}",
            layout.base.size(), buffers.size());
  for (std::size_t b = 0; b < buffers.size(); ++b)
    invariant(layout.base[b] >= 0 && layout.base[b] <= layout.total_bytes - buffers[b].size,
              "buffer '{}' at {} ends behind the layout's {} bytes", buffers[b].name,
              layout.base[b], layout.total_bytes);
  if (layout.total_bytes > capacity)
    throw CapacityError(fmt::format(
        "{} needs {} bytes of DRAM ({} of them for intermediates), {} more than the capacity of "
        "{}; largest: {}",
        assembly::quoted(object->network), layout.total_bytes, layout.arena_bytes,
        layout.total_bytes - capacity, capacity, largest_buffers(*object)));
  return {std::move(object), std::move(layout)};
}

}  // namespace unna
