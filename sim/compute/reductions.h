#pragma once

// Sums and maxima of values: pool, reduce.

#include <algorithm>
#include <span>
#include <vector>

#include "sim/compute/result_sums.h"
#include "sim/compute/tile_access.h"
#include "sim/compute/windows.h"

namespace unna::compute {

template <class A>
class Reductions {
  using enum Operand;
  using Value = typename A::Value;
  using Sum = typename A::Sum;
  using Factor = typename A::Factor;

 public:
  Reductions(TileAccess<A>& tiles, ResultSums<A>& sums) : tiles_(tiles), sums_(sums) {}

  void pool(const Instruction& i) {
    const std::int64_t c = i.count(in_c);
    const bool max = i.fn(fn) == Function::max;
    const Value* x = tiles_.values(i, in, i.count(in_h) * i.count(in_w) * c, in_);
    sums_.begin_sums(i, i.count(out_h) * i.count(out_w) * c, max ? A::lowest() : Sum{});
    counts_.clear();
    windows(
        i, [&](std::int64_t, std::int64_t count) { counts_.push_back(count); },
        [&](std::int64_t at, std::int64_t from, std::int64_t) {
          const std::span<Sum> to = sums_.at(at * c, c);
          const Value* v = x + from * c;
          if (max)
            for (std::size_t k = 0; k < to.size(); ++k)
              to[k] = std::max(to[k], static_cast<Sum>(v[k]));
          else
            for (std::size_t k = 0; k < to.size(); ++k)
              to[k] = ResultSums<A>::wrapping_add(to[k], static_cast<Sum>(v[k]));
        });
    const float scale = i.real(Operand::gamma);
    if (max || scale != 0) return end_reduction(i, max ? 1.0F : scale);
    std::int64_t k = 0;
    sums_.end_sums(i, [&](Sum s) {
      const std::int64_t count = counts_[static_cast<std::size_t>(k++ / c)];
      return tiles_.arithmetic().mean(s, std::max<std::int64_t>(count, 1));
    });
  }

  void reduce(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    const bool max = i.fn(fn) == Function::max;
    const Value* x = tiles_.values(i, in, hull(n_rows, i.count(a_rs), n_cols, i.count(a_cs)), in_);
    sums_.begin_sums(i, n_rows, max ? A::lowest() : Sum{});
    for (std::int64_t r = 0; r < n_rows; ++r) {
      Sum& sum = sums_.at(r, 1)[0];
      for (std::int64_t c = 0; c < n_cols; ++c) {
        const Sum v = static_cast<Sum>(x[r * i.count(a_rs) + c * i.count(a_cs)]);
        sum = max ? std::max(sum, v) : ResultSums<A>::wrapping_add(sum, v);
      }
    }
    end_reduction(i, i.real(Operand::gamma));
  }

 private:
  void end_reduction(const Instruction& i, float scale) {
    const Factor factor = tiles_.arithmetic().factor(scale);
    sums_.end_sums(i, [&](Sum s) { return tiles_.arithmetic().of_values(s, factor); });
  }

  TileAccess<A>& tiles_;
  ResultSums<A>& sums_;
  // Scratch, kept for its capacity.
  std::vector<Value> in_;
  std::vector<std::int64_t> counts_;
};

}  // namespace unna::compute
