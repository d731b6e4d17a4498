#pragma once

// Sums that meet NBout as the acc flags say: where they begin, and what becomes of them.

#include <algorithm>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "isa/accesses.h"
#include "sim/compute/tile_access.h"

namespace unna::compute {

template <class A>
class ResultSums {
  using enum Operand;
  using Element = typename A::Element;
  using Value = typename A::Value;
  using Sum = typename A::Sum;
  using Factor = typename A::Factor;

 public:
  explicit ResultSums(TileAccess<A>& tiles) : tiles_(tiles) {}

  std::span<Sum> at(std::int64_t first, std::int64_t count) {
    return std::span(sums_).subspan(static_cast<std::size_t>(first),
                                    static_cast<std::size_t>(count));
  }

  static Sum wrapping_add(Sum a, Sum b) {
    if constexpr (std::is_integral_v<Sum>) {
      using Unsigned = std::make_unsigned_t<Sum>;
      return static_cast<Sum>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
    } else {
      return a + b;
    }
  }

  /// A result tile that meets NBout as the acc flags say: `sums_` holds where each sum starts, then
  /// the sums.
  void begin_sums(const Instruction& i, std::int64_t count, Sum otherwise) {
    sums_.assign(static_cast<std::size_t>(count), otherwise);
    if (has_flag(i, kAccumulate))
      std::memcpy(sums_.data(), tiles_.at(i.local(out), count * kSum).data(),
                  sums_.size() * sizeof(Sum));
  }
  /// The same, from the biases of `channels` channels, which are the inner dimension.
  void begin_biased(const Instruction& i, std::int64_t count, std::int64_t channels) {
    begin_sums(i, count, Sum{});
    if (!has_flag(i, kBias)) return;
    if (has_flag(i, kScale)) {
      read_records(i, channels);
      for (std::size_t at = 0; at < sums_.size(); ++at)
        sums_[at] = records_[at % records_.size()].bias;
      return;
    }
    const auto raw = tiles_.at(i.local(bias), channels * kSum);
    const auto step = static_cast<std::size_t>(channels);
    for (std::size_t at = 0; at < sums_.size(); at += step)
      std::memcpy(&sums_[at], raw.data(), raw.size());
  }
  /// A channel's constants where products are scaled.
  struct Record {
    Sum bias;
    Requantiser scale;
  };
  void read_records(const Instruction& i, std::int64_t channels) {
    constexpr Bytes kRecord = kSum + kScaleBytes;
    const auto raw = tiles_.at(i.local(bias), channels * kRecord);
    records_.resize(static_cast<std::size_t>(channels));
    for (std::size_t c = 0; c < records_.size(); ++c) {
      const std::byte* from = &raw[c * static_cast<std::size_t>(kRecord)];
      std::memcpy(&records_[c].bias, from, sizeof(Sum));
      std::memcpy(&records_[c].scale.multiplier, from + sizeof(Sum), 4);
      std::memcpy(&records_[c].scale.shift, from + sizeof(Sum) + 4, 4);
      // Poison and other nonsense is no shift.
      records_[c].scale.shift = std::clamp(records_[c].scale.shift, 0, 100);
    }
  }
  /// Sums of products become results: by their channels' records, else with the factor gamma.
  void end_products(const Instruction& i, std::int64_t channels, float scale) {
    if constexpr (kQuantised) {
      if (!has_flag(i, kScale)) {
        const Factor factor = tiles_.arithmetic().product_factor(scale);
        return end_sums(i, [&](Sum s) { return tiles_.arithmetic().of_products(s, factor); });
      }
      if (!has_flag(i, kPartial)) read_records(i, channels);
      std::size_t k = 0;
      end_sums(i, [&](Sum s) {
        return tiles_.arithmetic().of_products(s, records_[k++ % records_.size()].scale);
      });
    } else {
      if (scale == 1.0F)
        return end_sums(i, [&](Sum s) { return tiles_.arithmetic().of_products(s); });
      const Factor factor = tiles_.arithmetic().factor(scale);
      end_sums(i, [&](Sum s) { return tiles_.arithmetic().of_products(s, factor); });
    }
  }
  /// Leaves the sums where they are partial, else what `finish` makes of them, through `post`.
  template <class Finish>
  void end_sums(const Instruction& i, Finish&& finish) {
    if (has_flag(i, kPartial)) {
      const auto size = static_cast<Bytes>(sums_.size()) * kSum;
      std::memcpy(tiles_.at(i.local(out), size).data(), sums_.data(), sums_.size() * sizeof(Sum));
      return;
    }
    result_.resize(sums_.size());
    for (std::size_t k = 0; k < sums_.size(); ++k) result_[k] = finish(sums_[k]);
    if (i.has(post)) tiles_.keep_losses(i.fn(post));
    if (i.has(post)) tiles_.arithmetic().apply(i.fn(post), i.real(alpha), i.real(beta), result_);
    tiles_.put(i, out, result_);
  }

 private:
  static constexpr bool kQuantised = TileAccess<A>::kQuantised;
  static constexpr Bytes kSum = sizeof(Sum);

  TileAccess<A>& tiles_;
  // Scratch, kept for its capacity.
  std::vector<Sum> sums_;
  std::vector<Record> records_;
  std::vector<Element> result_;
};

}  // namespace unna::compute
