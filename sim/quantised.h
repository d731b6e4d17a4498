#pragma once

// int8 as the compute engine has it: whole numbers whose scales are in registers (opcode `quant`),
// and for each output channel of a product in SB. The interface of sim/arithmetic.h;
// docs/functional.md, "int8".

#include <array>
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
  using Value = std::int8_t;
  using Sum = SumType;
  using Factor = FixedScale;

  explicit QuantisedArithmetic(const MachineConfig& machine)
      : wide_(int8_wide(static_cast<int>(machine.core.table_bits))),
        softmax_rows_(wide_),
        norm_rows_({32, kInt8NormFraction, wide_.table_bits}) {}

  /// The registers that the next instruction reads.
  void set_scales(const ScaleRegisters& scales) { s_ = scales; }

  static Value load(Element e) { return e; }
  static constexpr Sum lowest() { return std::numeric_limits<Element>::min(); }

  /// `value` in units of `in` to units of `out`.
  Factor factor(float value) const { return ratio(real(value) * real(s_.in), real(s_.out)); }
  Element of_values(Sum sum, const Factor& f) const { return store(f.apply(sum)); }
  Element mean(Sum sum, std::int64_t count) const { return store(round_divide(sum, count)); }
  /// A product of two computed operands.
  Factor product_factor(float gamma) const {
    return ratio(real(gamma) * real(s_.in) * real(s_.in2), real(s_.mid));
  }
  Element of_products(Sum sum, const Factor& f) const { return store(f.apply(sum)); }
  static Element of_products(Sum sum, const Requantiser& r) { return store(r.apply(sum)); }

  Element binary(Function fn, std::int64_t a, std::int64_t b) const;
  /// data[i] = fn(data[i]), from the scale `mid` to `out`.
  void apply(Function fn, float alpha, float beta, std::span<Element> data);
  void softmax(std::span<const Value> in, float gamma, std::span<Element> out) const;
  /// `beta` in units of the result, with 2 * kInt8NormFraction fraction bits.
  void layer_norm(std::span<const Value> in, std::span<const Value> gamma,
                  std::span<const Sum> beta, float epsilon, std::span<Element> out) const;
  void lrn(std::span<const Value> in, std::int64_t size, float alpha, float beta, float bias,
           std::span<Element> out);
  std::pair<Element, Element> lstm(std::int64_t i, std::int64_t o, std::int64_t f, std::int64_t g,
                                   std::int64_t c);
  Element bilinear(const std::array<Value, 4>& v, const PartOfPixel& fy,
                   const PartOfPixel& fx) const;

 private:
  using FunctionKey = std::tuple<Function, float, float>;

  static double real(float value) { return static_cast<double>(value); }
  static Element store(std::int64_t value) { return static_cast<Element>(int8_saturate(value)); }
  static Factor ratio(double a, double b) { return FixedScale::of(a / b); }
  /// To and from 16 bits behind the point.
  static Factor widening(float scale) { return FixedScale::of(real(scale) * 65536); }
  static Factor narrowing(float scale) { return FixedScale::of(1 / (real(scale) * 65536)); }

  const InterpolationTable& table(Function fn, float alpha, float beta);
  Element function(Function fn, float alpha, float beta, std::int64_t q);

  ScaleRegisters s_;
  FixedFormat wide_;
  FixedRows softmax_rows_, norm_rows_;
  std::map<FunctionKey, InterpolationTable> tables_;
  /// What `function` makes of every element, by its parameters and scales.
  std::map<std::tuple<FunctionKey, float, float>, std::array<Element, 256>> functions_;
  std::map<std::tuple<std::int64_t, float, float, float, float>, FixedLrn> lrns_;
};

}  // namespace unna
