#pragma once

// Row by row: softmax, norm, lrn, stats, lstm.

#include <cstring>
#include <span>
#include <tuple>
#include <vector>

#include "sim/arithmetic.h"
#include "sim/compute/tile_access.h"

namespace unna::compute {

template <class A>
class Rows {
  using enum Operand;
  using Element = typename A::Element;
  using Value = typename A::Value;
  using Sum = typename A::Sum;

 public:
  explicit Rows(TileAccess<A>& tiles) : tiles_(tiles) {}

  void rows_of(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    const auto length = static_cast<std::size_t>(n_cols);
    const Value* x = tiles_.values(i, in, n_rows * n_cols, in_);
    std::span<const Value> scale;
    if (i.opcode == Opcode::norm) {
      scale = {tiles_.values(i, wt, n_cols, wt_), length};
      read_biases(i.local(bias), length);
    }
    result_.resize(static_cast<std::size_t>(n_rows) * length);
    for (std::size_t r = 0; r < static_cast<std::size_t>(n_rows); ++r) {
      const std::span<const Value> from(x + r * length, length);
      const std::span<Element> to(&result_[r * length], length);
      if (i.opcode == Opcode::softmax)
        tiles_.arithmetic().softmax(from, i.real(Operand::gamma),
                                    state_of(i, r, from, Function::max, Function::exp), to);
      else if (i.opcode == Opcode::norm)
        tiles_.arithmetic().layer_norm(from, scale, biases_, i.real(alpha),
                                       state_of(i, r, from, Function::sum, Function::mul), to);
      else
        tiles_.arithmetic().lrn(from, i.count(kw), i.real(alpha), i.real(beta),
                                i.real(Operand::gamma), to);
    }
    tiles_.put(i, out, result_);
  }

  void stats(const Instruction& i) {
    const std::int64_t n_cols = i.count(cols);
    const Value* x = tiles_.values(i, in, i.count(rows) * n_cols, in_);
    const std::span<std::byte> raw = states(i, out);
    for (std::size_t r = 0; r < static_cast<std::size_t>(i.count(rows)); ++r) {
      const std::span<std::byte> at = raw.subspan(r * sizeof(RowState), sizeof(RowState));
      RowState state;
      if (has_flag(i, kAccumulate)) std::memcpy(&state, at.data(), sizeof state);
      const std::span<const Value> row(x + r * static_cast<std::size_t>(n_cols),
                                       static_cast<std::size_t>(n_cols));
      tiles_.arithmetic().look(i.fn(fn), row, i.real(Operand::gamma), state);
      std::memcpy(at.data(), &state, sizeof state);
    }
  }

  void lstm(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    const Value* gates = tiles_.values(i, in, 4 * n_rows * n_cols, in_);
    const Value* old = tiles_.values(i, in2, n_rows * n_cols, wt_);
    result_.resize(static_cast<std::size_t>(n_rows * n_cols));
    state_.resize(result_.size());
    for (std::int64_t r = 0; r < n_rows; ++r)
      for (std::int64_t c = 0; c < n_cols; ++c) {
        const Value* g = gates + 4 * r * n_cols + c;
        const std::int64_t at = r * n_cols + c;
        const auto k = static_cast<std::size_t>(at);
        std::tie(result_[k], state_[k]) =
            tiles_.arithmetic().lstm(g[0], g[n_cols], g[2 * n_cols], g[3 * n_cols], old[at]);
      }
    tiles_.put(i, out, result_);
    tiles_.put(i, out2, state_);
  }

 private:
  /// What `stats` has found of a row, or what it would find of a whole one in two passes.
  RowState state_of(const Instruction& i, std::size_t row, std::span<const Value> whole,
                    Function first, Function second) {
    if (has_flag(i, kStates)) {
      RowState state;
      std::memcpy(&state, states(i, in2).subspan(row * sizeof state).data(), sizeof state);
      return state;
    }
    const float factor = i.has(Operand::gamma) ? i.real(Operand::gamma) : 1;
    RowState state;
    tiles_.arithmetic().look(first, whole, factor, state);
    tiles_.arithmetic().look(second, whole, factor, state);
    return state;
  }
  std::span<std::byte> states(const Instruction& i, Operand o) {
    static_assert(sizeof(RowState) == kRowStateBytes);
    return tiles_.at(i.local(o), i.count(rows) * kRowStateBytes);
  }

  static constexpr Bytes kSum = sizeof(Sum);

  void read_biases(LocalAddress address, std::size_t count) {
    biases_.resize(count);
    std::memcpy(biases_.data(), tiles_.at(address, static_cast<Bytes>(count) * kSum).data(),
                count * sizeof(Sum));
  }

  TileAccess<A>& tiles_;
  // Scratch, kept for its capacity.
  std::vector<Value> in_, wt_;
  std::vector<Sum> biases_;
  std::vector<Element> result_, state_;
};

}  // namespace unna::compute
