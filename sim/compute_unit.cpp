#include "sim/compute_unit.h"

#include <fmt/format.h>

#include "configs/check_machine.h"
#include "isa/accesses.h"
#include "numbers/synapse_groups.h"
#include "sim/arithmetic.h"
#include "sim/indexed_synapses.h"
#include "sim/products.h"
#include "sim/quantised.h"

namespace unna {
namespace {

using enum Operand;

bool has_flag(const Instruction& i, AccumulateFlags flag) {
  return (i.get(acc) & flag) != 0;
}

std::int32_t whole(const Instruction& i, Operand operand) {
  return static_cast<std::int32_t>(i.get(operand));
}

/// Kernel positions [lo, hi) of a window whose first one is at `first` that lie in [0, size).
struct Taps {
  std::int64_t lo = 0, hi = 0;

  Taps(std::int64_t first, std::int64_t step, std::int64_t count, std::int64_t size) {
    lo = first >= 0 ? 0 : std::min(count, ceil_div(-first, step));
    hi = first >= size ? 0 : std::min(count, ceil_div(size - first, step));
    hi = std::max(lo, hi);
  }
};

template <class A>
class TypedUnit final : public ComputeUnit {
 public:
  explicit TypedUnit(const MachineConfig& machine)
      : core_(machine.core), encoding_(Encoding::of(machine)), arithmetic_(machine) {}

  void execute(const Instruction& i, CoreMemory& memory) override {
    memory_ = &memory;
    if constexpr (kQuantised) arithmetic_.set_scales(memory.scales);
    switch (i.opcode) {
      case Opcode::conv:
        return conv(i);
      case Opcode::dwconv:
        return depthwise(i);
      case Opcode::matmul:
        return matmul(i);
      case Opcode::pool:
        return pool(i);
      case Opcode::ewise:
        return ewise(i);
      case Opcode::act:
        return act(i);
      case Opcode::reduce:
        return reduce(i);
      case Opcode::softmax:
      case Opcode::norm:
      case Opcode::lrn:
        return rows_of(i);
      case Opcode::resize:
        return resize(i);
      case Opcode::move:
        return move(i);
      case Opcode::lstm:
        return lstm(i);
      case Opcode::stats:
        return stats(i);
      case Opcode::quant:
        memory.scales = {{i.real(s_in), whole(i, z_in)},
                         {i.real(s_in2), whole(i, z_in2)},
                         {i.real(s_mid), whole(i, z_mid)},
                         {i.real(s_out), whole(i, z_out)}};
        return;
      default:
        throw InternalError(fmt::format("{} is no compute instruction", info(i.opcode).mnemonic));
    }
  }

  std::int64_t take_saturated() override {
    keep_losses(Function::none);
    return std::exchange(lost_, 0);
  }

 private:
  using Element = typename A::Element;
  using Value = typename A::Value;
  using Sum = typename A::Sum;
  using Factor = typename A::Factor;

  static constexpr bool kQuantised = std::is_same_v<A, QuantisedArithmetic<Sum>>;
  static constexpr Bytes kElement = sizeof(Element);
  static constexpr Bytes kSum = sizeof(Sum);

  // --- Tiles

  /// `count` elements at an operand as what they are computed with: in place where that is
  /// possible, else in `scratch`.
  const Value* values(const Instruction& i, Operand o, std::int64_t count,
                      std::vector<Value>& scratch) {
    const std::span<std::byte> raw = memory_->at(i.local(o), count * kElement);
    if constexpr (std::is_same_v<Value, Element>)
      if (reinterpret_cast<std::uintptr_t>(raw.data()) % alignof(Element) == 0)
        return reinterpret_cast<const Value*>(raw.data());
    scratch.resize(static_cast<std::size_t>(count));
    for (std::size_t k = 0; k < scratch.size(); ++k) {
      Element e;
      std::memcpy(&e, &raw[k * sizeof(Element)], sizeof e);
      scratch[k] = A::load(e);
    }
    if constexpr (kQuantised)
      if (const Value zero = arithmetic_.zero_of(o); zero != 0)
        for (Value& v : scratch) v = static_cast<Value>(v - zero);
    return scratch.data();
  }

  /// Extent of a tile of any strides, in elements.
  static std::int64_t hull(std::int64_t n_rows, std::int64_t rs, std::int64_t n_cols,
                           std::int64_t cs) {
    return (n_rows - 1) * rs + (n_cols - 1) * cs + 1;
  }

  void put(const Instruction& i, Operand o, const std::vector<Element>& tile) {
    std::memcpy(memory_->at(i.local(o), static_cast<Bytes>(tile.size()) * kElement).data(),
                tile.data(), tile.size() * sizeof(Element));
  }

  /// A result tile that meets NBout as the acc flags say: `sums_` holds where each sum starts, then
  /// the sums.
  void begin_sums(const Instruction& i, std::int64_t count, Sum otherwise) {
    sums_.assign(static_cast<std::size_t>(count), otherwise);
    if (has_flag(i, kAccumulate))
      std::memcpy(sums_.data(), memory_->at(i.local(out), count * kSum).data(),
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
    const auto raw = memory_->at(i.local(bias), channels * kSum);
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
    const auto raw = memory_->at(i.local(bias), channels * kRecord);
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
        const Factor factor = arithmetic_.product_factor(scale);
        return end_sums(i, [&](Sum s) { return arithmetic_.of_products(s, factor); });
      }
      if (!has_flag(i, kPartial)) read_records(i, channels);
      std::size_t k = 0;
      end_sums(i, [&](Sum s) {
        return arithmetic_.of_products(s, records_[k++ % records_.size()].scale);
      });
    } else {
      if (scale == 1.0F) return end_sums(i, [&](Sum s) { return arithmetic_.of_products(s); });
      const Factor factor = arithmetic_.factor(scale);
      end_sums(i, [&](Sum s) { return arithmetic_.of_products(s, factor); });
    }
  }
  /// Leaves the sums where they are partial, else what `finish` makes of them, through `post`.
  template <class Finish>
  void end_sums(const Instruction& i, Finish&& finish) {
    if (has_flag(i, kPartial)) {
      const auto size = static_cast<Bytes>(sums_.size()) * kSum;
      std::memcpy(memory_->at(i.local(out), size).data(), sums_.data(), sums_.size() * sizeof(Sum));
      return;
    }
    result_.resize(sums_.size());
    for (std::size_t k = 0; k < sums_.size(); ++k) result_[k] = finish(sums_[k]);
    if (i.has(post)) keep_losses(i.fn(post));
    if (i.has(post)) arithmetic_.apply(i.fn(post), i.real(alpha), i.real(beta), result_);
    put(i, out, result_);
  }

  /// Nothing is lost where `function` would have clamped it.
  void keep_losses(Function function) {
    const Saturated s = arithmetic_.take_saturated();
    if (function != Function::clip) lost_ += function == Function::relu ? s.high : s.all();
  }

  /// Adds `row_sums` sums of products of one position to sums_[at...].
  void add_row(const Value* wt_values, std::int64_t pitch, std::int64_t channels, std::int64_t at) {
    row_.resize(static_cast<std::size_t>(channels));
    if (wt_values == nullptr)
      indexed_.multiply(stretches_, pitch, row_);
    else
      products(stretches_, wt_values, pitch, row_);
    Sum* to = &sums_[static_cast<std::size_t>(at)];
    for (std::size_t o = 0; o < row_.size(); ++o) to[o] = wrapping_add(to[o], row_[o]);
  }
  /// The dense synapses of `channels` outputs with `row` positions each; null: they are
  /// step-indexed, and stand in indexed_.
  const Value* synapses(const Instruction& i, std::int64_t channels, std::int64_t row) {
    if (has_flag(i, kGrouped)) return expanded(i, channels, row);
    if (!has_flag(i, kIndexed)) return values(i, wt, channels * row, wt_);
    indexed_.read(i, memory_->at(i.local(wt), i.count(wt_bytes)), channels, row, core_);
    return nullptr;
  }

  /// What the PEs make of synapses in groups.
  const Value* expanded(const Instruction& i, std::int64_t channels, std::int64_t row) {
    const GroupFormat format{i.count(wt_bits), i.count(wt_group), has_flag(i, kZeros)};
    const auto bytes = static_cast<std::size_t>(grouped_row_bytes(format, row, kElement));
    const auto raw = memory_->at(i.local(wt), i.count(wt_bytes));
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

  static Sum wrapping_add(Sum a, Sum b) {
    if constexpr (std::is_integral_v<Sum>) {
      using Unsigned = std::make_unsigned_t<Sum>;
      return static_cast<Sum>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
    } else {
      return a + b;
    }
  }

  // --- Products

  void conv(const Instruction& i) {
    const std::int64_t h = i.count(in_h), w = i.count(in_w), c = i.count(in_c);
    const std::int64_t kernel_h = i.count(kh), kernel_w = i.count(kw);
    const std::int64_t oh = i.count(out_h), ow = i.count(out_w), channels = i.count(out_c);
    const std::int64_t pitch = kernel_h * kernel_w * c;
    const Value* x = values(i, in, h * w * c, in_);
    const Value* weights = synapses(i, channels, pitch);
    begin_biased(i, oh * ow * channels, channels);
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
    end_products(i, channels, 1);
  }

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

  void matmul(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), c = i.count(in_c), channels = i.count(out_c);
    const Value* x = values(i, in, n_rows * c, in_);
    const bool strided = i.count(wt_cs) != 1 || i.count(wt_rs) != c;
    const Value* weights =
        !strided ? synapses(i, channels, c)
                 : values(i, wt, hull(channels, i.count(wt_rs), c, i.count(wt_cs)), wt_);
    if (strided) weights = packed(weights, channels, i.count(wt_rs), c, i.count(wt_cs));
    begin_biased(i, n_rows * channels, channels);
    for (std::int64_t r = 0; r < n_rows; ++r) {
      stretches_.assign(1, {x + r * c, 0, c});
      add_row(weights, c, channels, r * channels);
    }
    end_products(i, channels, i.real(Operand::gamma));
  }

  const Value* packed(const Value* from, std::int64_t n_rows, std::int64_t rs, std::int64_t n_cols,
                      std::int64_t cs) {
    packed_.resize(static_cast<std::size_t>(n_rows * n_cols));
    for (std::int64_t r = 0; r < n_rows; ++r)
      for (std::int64_t c = 0; c < n_cols; ++c)
        packed_[static_cast<std::size_t>(r * n_cols + c)] = from[r * rs + c * cs];
    return packed_.data();
  }

  /// Calls f(y, x, first input position, its taps) for each output position and tap within the
  /// tile.
  template <class Position, class Tap>
  static void windows(const Instruction& i, Position&& position, Tap&& tap) {
    const std::int64_t h = i.count(in_h), w = i.count(in_w);
    for (std::int64_t y = 0; y < i.count(out_h); ++y)
      for (std::int64_t p = 0; p < i.count(out_w); ++p) {
        const std::int64_t top = y * i.count(sy) - i.count(pad_t);
        const std::int64_t left = p * i.count(sx) - i.count(pad_l);
        const Taps tall(top, i.count(dy), i.count(kh), h);
        const Taps wide(left, i.count(dx), i.count(kw), w);
        const std::int64_t at = y * i.count(out_w) + p;
        position(at, (tall.hi - tall.lo) * (wide.hi - wide.lo));
        for (std::int64_t ky = tall.lo; ky < tall.hi; ++ky)
          for (std::int64_t kx = wide.lo; kx < wide.hi; ++kx)
            tap(at, (top + ky * i.count(dy)) * w + left + kx * i.count(dx), ky * i.count(kw) + kx);
      }
  }

  void depthwise(const Instruction& i) {
    const std::int64_t c = i.count(in_c);
    const std::int64_t taps = i.count(kh) * i.count(kw);
    const Value* x = values(i, in, i.count(in_h) * i.count(in_w) * c, in_);
    const Value* by_tap = packed(values(i, wt, c * taps, wt_), taps, 1, c, taps);
    begin_biased(i, i.count(out_h) * i.count(out_w) * c, c);
    windows(
        i, [](std::int64_t, std::int64_t) {},
        [&](std::int64_t at, std::int64_t from, std::int64_t tap) {
          add_products(x + from * c, by_tap + tap * c, sums_at(at * c, c));
        });
    end_products(i, c, 1);
  }

  std::span<Sum> sums_at(std::int64_t at, std::int64_t count) {
    return std::span(sums_).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(count));
  }

  void pool(const Instruction& i) {
    const std::int64_t c = i.count(in_c);
    const bool max = i.fn(fn) == Function::max;
    const Value* x = values(i, in, i.count(in_h) * i.count(in_w) * c, in_);
    begin_sums(i, i.count(out_h) * i.count(out_w) * c, max ? A::lowest() : Sum{});
    counts_.clear();
    windows(
        i, [&](std::int64_t, std::int64_t count) { counts_.push_back(count); },
        [&](std::int64_t at, std::int64_t from, std::int64_t) {
          const std::span<Sum> to = sums_at(at * c, c);
          const Value* v = x + from * c;
          if (max)
            for (std::size_t k = 0; k < to.size(); ++k)
              to[k] = std::max(to[k], static_cast<Sum>(v[k]));
          else
            for (std::size_t k = 0; k < to.size(); ++k)
              to[k] = wrapping_add(to[k], static_cast<Sum>(v[k]));
        });
    const float scale = i.real(Operand::gamma);
    if (max || scale != 0) return end_reduction(i, max ? 1.0F : scale);
    std::int64_t k = 0;
    end_sums(i, [&](Sum s) {
      const std::int64_t count = counts_[static_cast<std::size_t>(k++ / c)];
      return arithmetic_.mean(s, std::max<std::int64_t>(count, 1));
    });
  }

  void end_reduction(const Instruction& i, float scale) {
    const Factor factor = arithmetic_.factor(scale);
    end_sums(i, [&](Sum s) { return arithmetic_.of_values(s, factor); });
  }

  void reduce(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    const bool max = i.fn(fn) == Function::max;
    const Value* x = values(i, in, hull(n_rows, i.count(a_rs), n_cols, i.count(a_cs)), in_);
    begin_sums(i, n_rows, max ? A::lowest() : Sum{});
    for (std::int64_t r = 0; r < n_rows; ++r) {
      Sum& sum = sums_[static_cast<std::size_t>(r)];
      for (std::int64_t c = 0; c < n_cols; ++c) {
        const Sum v = static_cast<Sum>(x[r * i.count(a_rs) + c * i.count(a_cs)]);
        sum = max ? std::max(sum, v) : wrapping_add(sum, v);
      }
    }
    end_reduction(i, i.real(Operand::gamma));
  }

  // --- Element by element

  void ewise(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    const std::int64_t ars = i.count(a_rs), acs = i.count(a_cs);
    const std::int64_t brs = i.count(b_rs), bcs = i.count(b_cs);
    const Value* a = values(i, in, hull(n_rows, ars, n_cols, acs), in_);
    const Value* b = values(i, in2, hull(n_rows, brs, n_cols, bcs), wt_);
    const Function function = i.fn(fn);
    result_.resize(static_cast<std::size_t>(n_rows * n_cols));
    std::size_t k = 0;
    for (std::int64_t r = 0; r < n_rows; ++r)
      for (std::int64_t c = 0; c < n_cols; ++c)
        result_[k++] = arithmetic_.binary(function, a[r * ars + c * acs], b[r * brs + c * bcs]);
    keep_losses(i.fn(post));
    arithmetic_.apply(i.fn(post), i.real(alpha), i.real(beta), result_);
    put(i, out, result_);
  }

  void act(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    gather(i, n_rows, n_cols);
    arithmetic_.apply(i.fn(fn), i.real(alpha), i.real(beta), result_);
    put(i, out, result_);
  }

  /// result_ = the elements of `in`, as they are.
  void gather(const Instruction& i, std::int64_t n_rows, std::int64_t n_cols) {
    const std::int64_t ars = i.count(a_rs), acs = i.count(a_cs);
    const auto raw = memory_->at(i.local(in), hull(n_rows, ars, n_cols, acs) * kElement);
    result_.resize(static_cast<std::size_t>(n_rows * n_cols));
    for (std::int64_t r = 0; r < n_rows; ++r)
      for (std::int64_t c = 0; c < n_cols; ++c)
        std::memcpy(&result_[static_cast<std::size_t>(r * n_cols + c)],
                    &raw[static_cast<std::size_t>((r * ars + c * acs) * kElement)],
                    sizeof(Element));
  }

  void resize(const Instruction& i) {
    const std::int64_t h = i.count(in_h), w = i.count(in_w), c = i.count(in_c);
    const Value* x = values(i, in, h * w * c, in_);
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
          result_[k++] =
              arithmetic_.bilinear({from[0][z], from[1][z], from[2][z], from[3][z]}, down, along);
      }
    put(i, out, result_);
  }

  void move(const Instruction& i) {
    const Strided s = Strided::of(i);
    copy_strided(s, memory_->at(i.local(in), s.source_extent()).data(),
                 memory_->at(i.local(out), s.destination_extent()).data());
  }

  // --- Row by row

  void rows_of(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    const auto length = static_cast<std::size_t>(n_cols);
    const Value* x = values(i, in, n_rows * n_cols, in_);
    std::span<const Value> scale;
    if (i.opcode == Opcode::norm) {
      scale = {values(i, wt, n_cols, wt_), length};
      begin_sums_at(i.local(bias), length);
    }
    result_.resize(static_cast<std::size_t>(n_rows) * length);
    for (std::size_t r = 0; r < static_cast<std::size_t>(n_rows); ++r) {
      const std::span<const Value> from(x + r * length, length);
      const std::span<Element> to(&result_[r * length], length);
      if (i.opcode == Opcode::softmax)
        arithmetic_.softmax(from, i.real(Operand::gamma),
                            state_of(i, r, from, Function::max, Function::exp), to);
      else if (i.opcode == Opcode::norm)
        arithmetic_.layer_norm(from, scale, sums_, i.real(alpha),
                               state_of(i, r, from, Function::sum, Function::mul), to);
      else
        arithmetic_.lrn(from, i.count(kw), i.real(alpha), i.real(beta), i.real(Operand::gamma), to);
    }
    put(i, out, result_);
  }

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
    arithmetic_.look(first, whole, factor, state);
    arithmetic_.look(second, whole, factor, state);
    return state;
  }
  std::span<std::byte> states(const Instruction& i, Operand o) {
    static_assert(sizeof(RowState) == kRowStateBytes);
    return memory_->at(i.local(o), i.count(rows) * kRowStateBytes);
  }

  void stats(const Instruction& i) {
    const std::int64_t n_cols = i.count(cols);
    const Value* x = values(i, in, i.count(rows) * n_cols, in_);
    const std::span<std::byte> raw = states(i, out);
    for (std::size_t r = 0; r < static_cast<std::size_t>(i.count(rows)); ++r) {
      const std::span<std::byte> at = raw.subspan(r * sizeof(RowState), sizeof(RowState));
      RowState state;
      if (has_flag(i, kAccumulate)) std::memcpy(&state, at.data(), sizeof state);
      const std::span<const Value> row(x + r * static_cast<std::size_t>(n_cols),
                                       static_cast<std::size_t>(n_cols));
      arithmetic_.look(i.fn(fn), row, i.real(Operand::gamma), state);
      std::memcpy(at.data(), &state, sizeof state);
    }
  }

  void begin_sums_at(LocalAddress address, std::size_t count) {
    sums_.resize(count);
    std::memcpy(sums_.data(), memory_->at(address, static_cast<Bytes>(count) * kSum).data(),
                count * sizeof(Sum));
  }

  void lstm(const Instruction& i) {
    const std::int64_t n_rows = i.count(rows), n_cols = i.count(cols);
    const Value* gates = values(i, in, 4 * n_rows * n_cols, in_);
    const Value* old = values(i, in2, n_rows * n_cols, wt_);
    result_.resize(static_cast<std::size_t>(n_rows * n_cols));
    state_.resize(result_.size());
    for (std::int64_t r = 0; r < n_rows; ++r)
      for (std::int64_t c = 0; c < n_cols; ++c) {
        const Value* g = gates + 4 * r * n_cols + c;
        const std::int64_t at = r * n_cols + c;
        const auto k = static_cast<std::size_t>(at);
        std::tie(result_[k], state_[k]) =
            arithmetic_.lstm(g[0], g[n_cols], g[2 * n_cols], g[3 * n_cols], old[at]);
      }
    put(i, out, result_);
    put(i, out2, state_);
  }

  const CoreConfig core_;
  const Encoding encoding_;
  std::vector<std::byte> row_elements_;
  A arithmetic_;
  CoreMemory* memory_ = nullptr;
  std::int64_t lost_ = 0;  ///< results that saturated
  // Scratch, kept for its capacity.
  std::vector<Value> in_, wt_, packed_;
  std::vector<Sum> sums_, row_;
  std::vector<Record> records_;
  std::vector<Element> result_, state_;
  std::vector<Stretch<Value>> stretches_;
  std::vector<std::int64_t> counts_;
  IndexedSynapses<A> indexed_;
};

/// The unit whose arithmetic has accumulators of 4 or 8 bytes.
template <template <class> class Arithmetic>
std::unique_ptr<ComputeUnit> make_whole(const MachineConfig& m) {
  if (m.core.accumulator_bytes == 4)
    return std::make_unique<TypedUnit<Arithmetic<std::int32_t>>>(m);
  return std::make_unique<TypedUnit<Arithmetic<std::int64_t>>>(m);
}

}  // namespace

std::unique_ptr<ComputeUnit> make_compute_unit(const MachineConfig& m) {
  check_computable(m);
  switch (m.data_type) {
    case DataType::fp32:
      return std::make_unique<TypedUnit<FloatArithmetic<float>>>(m);
    case DataType::fp16:
      return std::make_unique<TypedUnit<FloatArithmetic<std::uint16_t>>>(m);
    case DataType::int16:
      return make_whole<FixedArithmetic>(m);
    case DataType::int8:
      return make_whole<QuantisedArithmetic>(m);
  }
  throw InternalError("unknown number type");
}

}  // namespace unna
