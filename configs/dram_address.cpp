#include "configs/dram_address.h"

#include <algorithm>
#include <bit>

namespace unna {
DramAddressMap::Slice DramAddressMap::slice(int shift, int width) {
  return {static_cast<std::uint8_t>(shift), static_cast<std::uint8_t>(width),
          (std::uint32_t{1} << width) - 1};
}

DramAddressMap::DramAddressMap(const DramDevice& device, const DramLayout& layout)
    : burst_shift_(static_cast<std::uint8_t>(bits_of(device.burst_bytes()))) {
  int at = burst_shift_;
  const auto place = [&](int width) {
    const Slice placed = slice(at, width);
    at += width;
    return placed;
  };
  const int column_bits = dram_field_bits(device, DramField::column);
  const auto& order = layout.mapping.order;
  for (auto field = order.rbegin(); field != order.rend(); ++field) {
    switch (*field) {
      case DramField::row:
        row_ = place(dram_field_bits(device, *field));
        break;
      case DramField::rank:
        rank_ = place(dram_field_bits(device, *field));
        break;
      case DramField::bank:
        bank_ = place(dram_field_bits(device, *field));
        break;
      case DramField::group:
        group_ = place(dram_field_bits(device, *field));
        break;
      case DramField::channel:
        channel_ = place(bits_of(layout.channels));
        break;
      case DramField::column:
        column_low_ = place(column_bits);
        break;
      case DramField::column_low:
        column_low_ = place(dram_column_low_bits(device, layout));
        break;
      case DramField::column_high:
        column_high_ = place(column_bits - dram_column_low_bits(device, layout));
        break;
    }
  }
  address_bits_ = static_cast<std::uint8_t>(at);
  place_hash(layout.hash);
}

void DramAddressMap::place_hash(DramHash hash) {
  int at = 0;
  const auto place = [&](const Slice& field) {
    const int width = std::min<int>(field.width, row_.width - at);
    const Slice placed = slice(at, width);
    at += width;
    return placed;
  };
  if (hash == DramHash::none) return;
  group_hash_ = place(group_);
  bank_hash_ = place(bank_);
  if (hash == DramHash::fold && channel_.width > 0) {
    fold_ = channel_.width;
    while (2 * fold_ < address_bits_) fold_ *= 2;
  }
  if (hash == DramHash::all) channel_hash_ = place(channel_);
}

Bytes DramAddressMap::channel_bytes() const {
  Bytes bytes = burst_bytes();
  const std::uint32_t first = locate(0).channel;
  while (bytes < capacity() && locate(bytes).channel == first) bytes *= 2;
  return bytes;
}

Bytes DramAddressMap::address_of(const DramAddress& at) const {
  const std::uint64_t bits =
      row_.put(at.row) | rank_.put(at.rank) | group_.put(at.group ^ group_hash_.get(at.row)) |
      bank_.put(at.bank ^ bank_hash_.get(at.row)) |
      column_high_.put(at.column >> column_low_.width) | column_low_.put(at.column);
  return static_cast<Bytes>(bits | channel_.put(at.channel ^ channel_hash(bits)));
}

}  // namespace unna
