#pragma once

// Number types as the compute engine has them, one class each with the same interface; the
// instructions' meanings (sim/compute_unit.h) are templates over it. docs/functional.md, "Numbers".

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "configs/machine.h"
#include "isa/opcode.h"
#include "numbers/fixed.h"
#include "numbers/functions.h"
#include "numbers/half.h"
#include "sim/core_memory.h"
#include "sim/resampling.h"

namespace unna {

/// What opcode `stats` does with fn to a piece of a row.
void look_at_row(const FixedRows& rows, Function fn, std::span<const std::int64_t> in,
                 const FixedScale& gamma, RowState& state);

/// `fn` with its parameters, of one argument, in double precision.
double evaluate(Function fn, double alpha, double beta, double x);

/// fp32 (Element float) and fp16 (Element std::uint16_t, the bits); both compute and accumulate in
/// single precision.
template <class ElementType>
class FloatArithmetic {
 public:
  using Element = ElementType;
  using Value = float;  ///< what an element is computed with
  using Sum = float;
  using Factor = float;

  explicit FloatArithmetic(const MachineConfig&) {}

  static Value load(Element e) {
    if constexpr (std::is_same_v<Element, float>)
      return e;
    else
      return half_to_float(e);
  }
  Element store(float value) const {
    if constexpr (std::is_same_v<Element, float>) {
      return value;
    } else {
      const Element half = float_to_half(value);
      if (std::isfinite(value)) {
        saturated_.low += half == 0xfc00;
        saturated_.high += half == 0x7c00;
      }
      return half;
    }
  }
  /// Results since the last call that were too large.
  Saturated take_saturated() { return std::exchange(saturated_, {}); }

  Factor factor(float value) const { return value; }
  Element of_products(Sum sum) const { return store(sum); }
  Element of_products(Sum sum, Factor f) const { return store(sum * f); }
  Element of_values(Sum sum, Factor f) const { return store(sum * f); }
  Element mean(Sum sum, std::int64_t count) const { return store(sum / static_cast<float>(count)); }
  static constexpr Sum lowest() { return -HUGE_VALF; }

  Element binary(Function fn, Value a, Value b) const {
    switch (fn) {
      case Function::add:
        return store(a + b);
      case Function::sub:
        return store(a - b);
      case Function::mul:
        return store(a * b);
      case Function::div:
        return store(a / b);
      case Function::max:
        return store(std::max(a, b));
      default:
        return store(std::min(a, b));
    }
  }

  /// data[i] = fn(data[i]).
  void apply(Function fn, float alpha, float beta, std::span<Element> data);
  /// The row operators compute in double precision, which their states hold, and round once.
  void look(Function fn, std::span<const Value> in, float gamma, RowState& state) const;
  void softmax(std::span<const Value> in, float gamma, const RowState& state,
               std::span<Element> out) const;
  void layer_norm(std::span<const Value> in, std::span<const Value> gamma,
                  std::span<const Sum> beta, float epsilon, const RowState& state,
                  std::span<Element> out) const;
  void lrn(std::span<const Value> in, std::int64_t size, float alpha, float beta, float bias,
           std::span<Element> out);
  /// i, o, f, g before their functions and the old state; result and new state.
  std::pair<Element, Element> lstm(Value i, Value o, Value f, Value g, Value c) const;
  Element bilinear(const std::array<Value, 4>& v, const PartOfPixel& fy,
                   const PartOfPixel& fx) const;

 private:
  mutable Saturated saturated_;
};

/// int16: numbers with `core.fraction_bits`, sums of products with twice as many, which
/// wrap around at the width of an accumulator.
template <class SumType>
class FixedArithmetic {
 public:
  using Element = std::int16_t;
  using Value = std::int16_t;
  using Sum = SumType;
  using Factor = FixedScale;

  explicit FixedArithmetic(const MachineConfig& machine)
      : format_{8 * static_cast<int>(sizeof(Element)), static_cast<int>(machine.core.fraction_bits),
                static_cast<int>(machine.core.table_bits)},
        rows_(format_) {}

  static Value load(Element e) { return e; }
  Factor factor(float value) const { return FixedScale::of(static_cast<double>(value)); }
  Element of_products(Sum sum) const { return store(round_shift(sum, format_.fraction)); }
  Element of_products(Sum sum, const Factor& f) const {
    return store(f.apply(sum, format_.fraction));
  }
  Element of_values(Sum sum, const Factor& f) const { return store(f.apply(sum)); }
  Element mean(Sum sum, std::int64_t count) const { return store(round_divide(sum, count)); }
  static constexpr Sum lowest() { return std::numeric_limits<Element>::min(); }
  Saturated take_saturated() { return std::exchange(saturated_, {}); }

  Element binary(Function fn, std::int64_t a, std::int64_t b) const {
    switch (fn) {
      case Function::add:
        return store(a + b);
      case Function::sub:
        return store(a - b);
      case Function::mul:
        return store(round_shift(a * b, format_.fraction));
      case Function::div:
        return at_end(format_.divide(a, b));
      case Function::max:
        return store(std::max(a, b));
      default:
        return store(std::min(a, b));
    }
  }

  void apply(Function fn, float alpha, float beta, std::span<Element> data);
  /// What `stats` finds of a piece of a row, and what softmax and norm make of it then.
  void look(Function fn, std::span<const Value> in, float gamma, RowState& state) const;
  void softmax(std::span<const Value> in, float gamma, const RowState& state,
               std::span<Element> out) const;
  void layer_norm(std::span<const Value> in, std::span<const Value> gamma,
                  std::span<const Sum> beta, float epsilon, const RowState& state,
                  std::span<Element> out) const;
  void lrn(std::span<const Value> in, std::int64_t size, float alpha, float beta, float bias,
           std::span<Element> out);
  std::pair<Element, Element> lstm(std::int64_t i, std::int64_t o, std::int64_t f, std::int64_t g,
                                   std::int64_t c);
  Element bilinear(const std::array<Value, 4>& v, const PartOfPixel& fy,
                   const PartOfPixel& fx) const;

 private:
  using Key = std::tuple<Function, float, float>;

  Element store(std::int64_t value) const {
    const std::int64_t within = format_.saturate(value);
    saturated_.low += value < within;
    saturated_.high += value > within;
    return static_cast<Element>(within);
  }
  /// What has been saturated before it came here: nearly always what stands at an end.
  Element at_end(std::int64_t value) const {
    saturated_.low += value == format_.lowest();
    saturated_.high += value == format_.highest();
    return static_cast<Element>(value);
  }
  struct Table {
    std::vector<Element> entries;
    std::vector<bool> saturated;
    bool saturates = false;  ///< some entry
  };
  /// The table of a function for every element there is, made when first asked for.
  const Table& table(Function fn, float alpha, float beta);
  std::size_t position(std::int64_t x) const {
    return static_cast<std::size_t>(x - format_.lowest());
  }
  Element look_up(const Table& t, std::int64_t x) const { return t.entries[position(x)]; }
  std::int64_t exact(Function fn, float alpha, float beta, std::int64_t x) const;

  FixedFormat format_;
  FixedRows rows_;
  mutable Saturated saturated_;
  std::map<Key, Table> tables_;
  std::map<std::tuple<std::int64_t, float, float, float>, FixedLrn> lrns_;
};

}  // namespace unna
