#pragma once

// Element by element: ewise, act, resize, move.

#include <algorithm>
#include <array>
#include <vector>

#include "isa/accesses.h"
#include "sim/compute/tile_access.h"

namespace unna::compute {

template <class A>
class Elementwise {
  using enum Operand;
  using Element = typename A::Element;
  using Value = typename A::Value;

 public:
  explicit Elementwise(TileAccess<A>& tiles) : tiles_(tiles) {}

  void ewise(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    const std::int64_t ars = i.count(a_rs), acs = i.count(a_cs);
    const std::int64_t brs = i.count(b_rs), bcs = i.count(b_cs);
    const Value* a = tiles_.values(i, in, hull(n_rows, ars, n_cols, acs), in_);
    const Value* b = tiles_.values(i, in2, hull(n_rows, brs, n_cols, bcs), in2_);
    const Function function = i.fn(fn);
    result_.resize(static_cast<std::size_t>(n_rows * n_cols));
    std::size_t k = 0;
    for (std::int64_t r = 0; r < n_rows; ++r)
      for (std::int64_t c = 0; c < n_cols; ++c)
        result_[k++] =
            tiles_.arithmetic().binary(function, a[r * ars + c * acs], b[r * brs + c * bcs]);
    tiles_.keep_losses(i.fn(post));
    tiles_.arithmetic().apply(i.fn(post), i.real(alpha), i.real(beta), result_);
    tiles_.put(i, out, result_);
  }

  void act(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    tiles_.gather(i, n_rows, n_cols, result_);
    tiles_.arithmetic().apply(i.fn(fn), i.real(alpha), i.real(beta), result_);
    tiles_.put(i, out, result_);
  }

  void resize(const Instruction& i) {
    const std::int64_t h = i.count(in_h), w = i.count(in_w), c = i.count(in_c);
    const Value* x = tiles_.values(i, in, h * w * c, in_);
    const bool bilinear = i.fn(fn) == Function::mean;
    const auto numerator = [&](Operand first, Operand step, std::int64_t k) {
      return whole(i, first) + k * i.count(step);
    };
    const std::int64_t over_y = i.count(yd), over_x = i.count(xd);
    result_.resize(static_cast<std::size_t>(i.count(out_h) * i.count(out_w) * c));
    std::size_t k = 0;
    for (std::int64_t y = 0; y < i.count(out_h); ++y)
      for (std::int64_t p = 0; p < i.count(out_w); ++p) {
        const std::int64_t top = numerator(y0, ys, y), left = numerator(x0, xs, p);
        const std::int64_t row = floor_div(top, over_y), column = floor_div(left, over_x);
        const auto at = [&](std::int64_t dy_, std::int64_t dx_) {
          return x + (std::clamp<std::int64_t>(row + dy_, 0, h - 1) * w +
                      std::clamp<std::int64_t>(column + dx_, 0, w - 1)) *
                         c;
        };
        PartOfPixel down, along;
        if (bilinear) {
          down = {top - row * over_y, over_y};
          along = {left - column * over_x, over_x};
        }
        const std::array<const Value*, 4> from = {at(0, 0), at(0, 1), at(1, 0), at(1, 1)};
        for (std::int64_t z = 0; z < c; ++z)
          result_[k++] = tiles_.arithmetic().bilinear(
              {from[0][z], from[1][z], from[2][z], from[3][z]}, down, along);
      }
    tiles_.put(i, out, result_);
  }

  void move(const Instruction& i) {
    const Strided s = Strided::of(i);
    copy_strided(s, tiles_.at(i.local(in), s.source_extent()).data(),
                 tiles_.at(i.local(out), s.destination_extent()).data());
  }

 private:
  static std::int32_t whole(const Instruction& i, Operand operand) {
    return static_cast<std::int32_t>(i.get(operand));
  }

  TileAccess<A>& tiles_;
  // Scratch, kept for its capacity.
  std::vector<Value> in_, in2_;
  std::vector<Element> result_;
};

}  // namespace unna::compute
