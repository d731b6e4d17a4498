#pragma once

// int8 as the compute engine has it: whole numbers whose scales and zero points are in registers
// (opcode `quant`), and scales for each output channel of a product in SB. Operands are counted
// from their zero points (9 bits) as they are read, and results get theirs before they saturate.
// The interface of sim/arithmetic.h; docs/functional.md, "int8".

#include <array>
#include <bitset>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "configs/machine.h"
#include "isa/opcode.h"
#include "numbers/fixed.h"
#include "numbers/quantised.h"
#include "sim/core_memory.h"
#include "sim/resampling.h"

namespace unna {

template <class SumType>
class QuantisedArithmetic {
 public:
  using Element = std::int8_t;
  using Value = std::int16_t;  ///< from the zero point: -255 to 255
  using Sum = SumType;
  using Factor = FixedScale;

  explicit QuantisedArithmetic(const MachineConfig& machine)
      : wide_(int8_wide(static_cast<int>(machine.core.table_bits))),
        softmax_rows_(wide_),
        norm_rows_({32, kInt8NormFraction, wide_.table_bits}) {}

  /// The registers that the next instruction reads.
  /// Results since the last call that were too large.
  Saturated take_saturated() { return std::exchange(saturated_, {}); }
  void set_scales(const ScaleRegisters& scales) { s_ = scales; }

  static Value load(Element e) { return e; }
  /// The number that stands for 0 in the operand.
  Value zero_of(Operand operand) const {
    return static_cast<Value>(operand == Operand::in ? s_.in.zero : s_.in2.zero);
  }
  static constexpr Sum lowest() { return -256; }

  /// `value` in units of `in` to units of `out`.
  Factor factor(float value) const {
    return ratio(real(value) * real(s_.in.scale), real(s_.out.scale));
  }
  Element of_values(Sum sum, const Factor& f) const { return store(f.apply(sum)); }
  Element mean(Sum sum, std::int64_t count) const;
  /// A product of two computed operands.
  Factor product_factor(float gamma) const {
    return ratio(real(gamma) * real(s_.in.scale) * real(s_.in2.scale), real(s_.mid.scale));
  }
  Element of_products(Sum sum, const Factor& f) const { return store_mid(f.apply(sum)); }
  Element of_products(Sum sum, const Requantiser& r) const { return store_mid(r.apply(sum)); }

  Element binary(Function fn, std::int64_t a, std::int64_t b) const;
  /// data[i] = fn(data[i]), from the scale `mid` to `out`.
  void apply(Function fn, float alpha, float beta, std::span<Element> data);
  void look(Function fn, std::span<const Value> in, float gamma, RowState& state) const;
  void softmax(std::span<const Value> in, float gamma, const RowState& state,
               std::span<Element> out) const;
  /// `beta` in units of the result, with 2 * kInt8NormFraction fraction bits.
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
  using FunctionKey = std::tuple<Function, float, float>;

  static double real(float value) { return static_cast<double>(value); }
  /// As a result, or as the argument of a function.
  Element store(std::int64_t value) const { return saturated(value, s_.out); }
  Element store_mid(std::int64_t value) const { return saturated(value, s_.mid); }
  /// A zero point of -128 says that there are no negative values: what cuts them off is a function
  /// of the model, no loss.
  Element saturated(std::int64_t value, const Quantisation& q) const {
    const std::int64_t within = int8_saturate(value + q.zero);
    saturated_.low += value + q.zero < within && q.zero > -128;
    saturated_.high += value + q.zero > within;
    return static_cast<Element>(within);
  }
  static Factor ratio(double a, double b) { return FixedScale::of(a / b); }
  /// To and from 16 bits behind the point.
  static Factor widening(float scale) { return FixedScale::of(real(scale) * 65536); }
  static Factor narrowing(float scale) { return FixedScale::of(1 / (real(scale) * 65536)); }

  const InterpolationTable& table(Function fn, float alpha, float beta);
  Element function(Function fn, float alpha, float beta, std::int64_t q);

  ScaleRegisters s_;
  mutable Saturated saturated_;
  FixedFormat wide_;
  FixedRows softmax_rows_, norm_rows_;
  std::map<FunctionKey, InterpolationTable> tables_;
  using Registers = std::tuple<float, std::int32_t, float, std::int32_t>;
  struct Table {
    std::array<Element, 256> entries;
    std::bitset<256> saturated;
  };
  /// What `function` makes of every element, by its parameters and the registers mid and out.
  std::map<std::tuple<FunctionKey, Registers>, Table> functions_;
  std::map<std::tuple<std::int64_t, float, float, float, float>, FixedLrn> lrns_;
};

}  // namespace unna
