#pragma once

// Products of neurons and synapses: conv, dwconv, matmul.

#include <cstring>
#include <span>
#include <vector>

#include "numbers/synapse_groups.h"
#include "sim/arithmetic.h"
#include "sim/compute/result_sums.h"
#include "sim/compute/tile_access.h"
#include "sim/compute/windows.h"
#include "sim/indexed_synapses.h"
#include "sim/products.h"

namespace unna::compute {

template <class A>
class SynapseProducts {
  using enum Operand;
  using Element = typename A::Element;
  using Value = typename A::Value;
  using Sum = typename A::Sum;

 public:
  SynapseProducts(const MachineConfig& machine, TileAccess<A>& tiles, ResultSums<A>& sums)
      : core_(machine.core), encoding_(Encoding::of(machine)), tiles_(tiles), sums_(sums) {}

  void conv(const Instruction& i) {
    const std::int64_t h = i.count(in_h), w = i.count(in_w), c = i.count(in_c);
    const std::int64_t kernel_h = i.count(kh), kernel_w = i.count(kw);
    const std::int64_t oh = i.count(out_h), ow = i.count(out_w), channels = i.count(out_c);
    const std::int64_t pitch = kernel_h * kernel_w * c;
    const Value* x = tiles_.values(i, in, h * w * c, in_);
    const Value* weights = synapses(i, channels, pitch);
    sums_.begin_biased(i, oh * ow * channels, channels);
    for (std::int64_t y = 0; y < oh; ++y)
      for (std::int64_t p = 0; p < ow; ++p) {
        const std::int64_t top = y * i.count(sy) - i.count(pad_t);
        const std::int64_t left = p * i.count(sx) - i.count(pad_l);
        const Taps tall(top, i.count(dy), kernel_h, h);
        const Taps wide(left, i.count(dx), kernel_w, w);
        stretches_.clear();
        for (std::int64_t ky = tall.lo; ky < tall.hi; ++ky)
          add_stretches(x + (top + ky * i.count(dy)) * w * c, left, i.count(dx), wide,
                        ky * kernel_w, c);
        add_row(weights, pitch, channels, (y * ow + p) * channels);
      }
    sums_.end_products(i, channels, 1);
  }

  void matmul(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), c = i.count(in_c), channels = i.count(out_c);
    const Value* x = tiles_.values(i, in, n_rows * c, in_);
    const bool strided = i.count(wt_cs) != 1 || i.count(wt_rs) != c;
    const Value* weights =
        !strided ? synapses(i, channels, c)
                 : tiles_.values(i, wt, hull(channels, i.count(wt_rs), c, i.count(wt_cs)), wt_);
    if (strided) weights = packed(weights, channels, i.count(wt_rs), c, i.count(wt_cs));
    sums_.begin_biased(i, n_rows * channels, channels);
    for (std::int64_t r = 0; r < n_rows; ++r) {
      stretches_.assign(1, {x + r * c, 0, c});
      add_row(weights, c, channels, r * channels);
    }
    sums_.end_products(i, channels, i.real(Operand::gamma));
  }

  void depthwise(const Instruction& i) {
    const std::int64_t c = i.count(in_c);
    const std::int64_t taps = i.count(kh) * i.count(kw);
    const Value* x = tiles_.values(i, in, i.count(in_h) * i.count(in_w) * c, in_);
    const Value* by_tap = packed(tiles_.values(i, wt, c * taps, wt_), taps, 1, c, taps);
    sums_.begin_biased(i, i.count(out_h) * i.count(out_w) * c, c);
    windows(
        i, [](std::int64_t, std::int64_t) {},
        [&](std::int64_t at, std::int64_t from, std::int64_t tap) {
          add_products(x + from * c, by_tap + tap * c, sums_.at(at * c, c));
        });
    sums_.end_products(i, c, 1);
  }

 private:
  static constexpr Bytes kElement = sizeof(Element);

  /// One kernel row: neighbouring positions are contiguous where the window is not dilated.
  void add_stretches(const Value* line, std::int64_t left, std::int64_t dilation, const Taps& wide,
                     std::int64_t first_tap, std::int64_t c) {
    if (wide.lo == wide.hi) return;
    if (dilation == 1) {
      stretches_.push_back(
          {line + (left + wide.lo) * c, (first_tap + wide.lo) * c, (wide.hi - wide.lo) * c});
      return;
    }
    for (std::int64_t kx = wide.lo; kx < wide.hi; ++kx)
      stretches_.push_back({line + (left + kx * dilation) * c, (first_tap + kx) * c, c});
  }

  /// Adds the products of one position to the sums from `at` on.
  void add_row(const Value* wt_values, std::int64_t pitch, std::int64_t channels, std::int64_t at) {
    row_.resize(static_cast<std::size_t>(channels));
    if (wt_values == nullptr)
      indexed_.multiply(stretches_, pitch, row_);
    else
      products(stretches_, wt_values, pitch, row_);
    const std::span<Sum> to = sums_.at(at, channels);
    for (std::size_t o = 0; o < row_.size(); ++o)
      to[o] = ResultSums<A>::wrapping_add(to[o], row_[o]);
  }
  /// The dense synapses of `channels` outputs with `row` positions each; null: they are
  /// step-indexed, and stand in indexed_.
  const Value* synapses(const Instruction& i, std::int64_t channels, std::int64_t row) {
    if (has_flag(i, kGrouped)) return expanded(i, channels, row);
    if (!has_flag(i, kIndexed)) return tiles_.values(i, wt, channels * row, wt_);
    indexed_.read(i, tiles_.at(i.local(wt), i.count(wt_bytes)), channels, row, core_);
    return nullptr;
  }

  /// What the PEs make of synapses in groups.
  const Value* expanded(const Instruction& i, std::int64_t channels, std::int64_t row) {
    const GroupFormat format{i.count(wt_bits), i.count(wt_group), has_flag(i, kZeros)};
    const auto bytes = static_cast<std::size_t>(grouped_row_bytes(format, row, kElement));
    const auto raw = tiles_.at(i.local(wt), i.count(wt_bytes));
    wt_.resize(static_cast<std::size_t>(channels * row));
    for (std::size_t o = 0; o < static_cast<std::size_t>(channels); ++o) {
      expand_row(format, raw.subspan(o * bytes, bytes), row, encoding_, row_elements_);
      for (std::size_t k = 0; k < static_cast<std::size_t>(row); ++k) {
        Element e;
        std::memcpy(&e, &row_elements_[k * sizeof(Element)], sizeof e);
        wt_[o * static_cast<std::size_t>(row) + k] = A::load(e);
      }
    }
    return wt_.data();
  }

  const Value* packed(const Value* from, std::int64_t n_rows, std::int64_t rs, std::int64_t n_cols,
                      std::int64_t cs) {
    packed_.resize(static_cast<std::size_t>(n_rows * n_cols));
    for (std::int64_t r = 0; r < n_rows; ++r)
      for (std::int64_t c = 0; c < n_cols; ++c)
        packed_[static_cast<std::size_t>(r * n_cols + c)] = from[r * rs + c * cs];
    return packed_.data();
  }

  const CoreConfig core_;
  const Encoding encoding_;
  TileAccess<A>& tiles_;
  ResultSums<A>& sums_;
  // Scratch, kept for its capacity.
  std::vector<std::byte> row_elements_;
  std::vector<Value> in_, wt_, packed_;
  std::vector<Sum> row_;
  std::vector<Stretch<Value>> stretches_;
  IndexedSynapses<A> indexed_;
};

}  // namespace unna::compute
