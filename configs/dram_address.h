#pragma once

// Where a byte of the DRAM lies. A pure function of the address, one-to-one on the DRAM's capacity.

#include <bit>
#include <cstdint>

#include "base/units.h"
#include "configs/dram_device.h"

namespace unna {

struct DramAddress {
  std::uint32_t channel = 0;
  std::uint32_t rank = 0;
  std::uint32_t group = 0;
  std::uint32_t bank = 0;  ///< of the group
  std::uint32_t row = 0;
  std::uint32_t column = 0;  ///< in bursts

  friend bool operator==(const DramAddress&, const DramAddress&) = default;
};

/// Bits that tell so many things apart.
constexpr int bits_of(std::int64_t power_of_two) {
  return std::countr_zero(static_cast<std::uint64_t>(power_of_two));
}

class DramAddressMap {
 public:
  /// The fields have passed check_dram().
  DramAddressMap(const DramDevice& device, const DramLayout& layout);

  Bytes burst_bytes() const { return Bytes{1} << burst_shift_; }
  /// Of all channels.
  Bytes capacity() const { return Bytes{1} << address_bits_; }

  /// The burst that holds the byte. Addresses beyond the capacity wrap around: an image without
  /// sharing may be larger than the DRAM, and this model is about time only.
  DramAddress locate(Bytes address) const {
    DramAddress at = within_channel(address);
    at.channel = channel_of(address);
    return at;
  }
  std::uint32_t channel_of(Bytes address) const {
    const auto bits = static_cast<std::uint64_t>(address);
    return channel_.get(bits) ^ channel_hash(bits);
  }
  /// The rest of locate(); the channel is left at 0.
  DramAddress within_channel(Bytes address) const {
    const auto bits = static_cast<std::uint64_t>(address);
    DramAddress at;
    at.row = row_.get(bits);
    at.rank = rank_.get(bits);
    at.group = group_.get(bits) ^ group_hash_.get(at.row);
    at.bank = bank_.get(bits) ^ bank_hash_.get(at.row);
    at.column = column_high_.get(bits) << column_low_.width | column_low_.get(bits);
    return at;
  }
  /// Consecutive bytes that lie in one channel.
  Bytes channel_bytes() const;
  /// First byte of a burst: the inverse of locate().
  Bytes address_of(const DramAddress& at) const;

 private:
  /// Bits [shift, shift + width) of a number.
  struct Slice {
    std::uint8_t shift = 0;
    std::uint8_t width = 0;
    std::uint32_t mask = 0;

    std::uint32_t get(std::uint64_t bits) const {
      return static_cast<std::uint32_t>(bits >> shift) & mask;
    }
    std::uint64_t put(std::uint32_t value) const { return std::uint64_t{value & mask} << shift; }
  };
  static Slice slice(int shift, int width);
  void place_hash(DramHash hash);
  /// What the channel is XORed with; depends on bits above the channel's only.
  std::uint32_t channel_hash(std::uint64_t bits) const {
    if (fold_ == 0) return channel_hash_.get(row_.get(bits));
    const std::uint64_t in_range = bits & ((std::uint64_t{1} << address_bits_) - 1);
    std::uint64_t folded = in_range >> (channel_.shift + channel_.width);
    for (unsigned half = fold_; half >= channel_.width; half /= 2) folded ^= folded >> half;
    return static_cast<std::uint32_t>(folded) & channel_.mask;
  }

  Slice row_, rank_, bank_, group_, channel_, column_high_, column_low_;
  Slice bank_hash_, group_hash_, channel_hash_;  ///< of the row
  std::uint8_t burst_shift_ = 0;
  std::uint8_t address_bits_ = 0;
  /// Where the channel is XORed with all bits above it: half of the groups of its width that there
  /// are of them, in bits, rounded up to a power of two groups; else 0.
  unsigned fold_ = 0;
};

}  // namespace unna
