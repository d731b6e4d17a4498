// Quantisation of constants.

#include <algorithm>
#include <cmath>

#include "workloads/onnx/fold_parts.h"
#include "workloads/onnx/steps.h"

namespace unna::onnx_import {

WholeRange range_of_type(std::int32_t type) {
  switch (type) {
    case 2:
      return {0, 255};
    case 3:
      return {-128, 127};
    case 4:
      return {0, 65535};
    case 5:
      return {-32768, 32767};
    case 6:
      return {-2147483648LL, 2147483647};
    case 21:
      return {0, 15};
    case 22:
      return {-8, 7};
    default:
      refuse("quantised to type {}, expected an integer one", type);
  }
}

Steps steps_of(const Constant& scale, const Constant* zero, std::int32_t otherwise) {
  if (!scale.known() || scale.kind != ElementKind::real || scale.count() != 1)
    refuse("a scale of {}, expected a single known one", to_string(scale.dims));
  Steps s{(*scale.reals)[0], 0, otherwise};
  if (!(s.scale > 0)) refuse("a scale of {}", s.scale);
  if (zero == nullptr) return s;
  if (!zero->known() || zero->integers == nullptr || zero->count() != 1)
    refuse("a zero point of {}, expected a single known one", to_string(zero->dims));
  s.zero = (*zero->integers)[0];
  if (zero->type != 0) s.type = zero->type;
  return s;
}

std::shared_ptr<const ModelSteps> model_steps(const Steps& steps) {
  const WholeRange range = range_of_type(steps.type);
  if (range.highest - range.lowest != 255) return nullptr;
  const auto zero = static_cast<std::int32_t>(steps.zero - (range.lowest + 128));
  if (zero < -128 || zero > 127) return nullptr;
  return std::make_shared<const ModelSteps>(ModelSteps{{steps.scale}, zero});
}

namespace {

/// Which scale an element has.
class ScaleIndex {
 public:
  ScaleIndex(const Shape& dims, const Constant& scale, std::int64_t axis, std::int64_t block)
      : single_(scale.count() == 1), block_(block) {
    if (single_) return;
    axis_ = normal_axis(axis, dims.size());
    dims_ = dims;
    steps_ = strides_of(dims);
    to_ = strides_of(scale.dims);
    if (block == 0) {
      if (scale.dims != Shape{dims[axis_]}) refuse("scales of {}", to_string(scale.dims));
      return;
    }
    Shape expected = dims;
    expected[axis_] = ceil_div(dims[axis_], block);
    if (scale.dims != expected) refuse("scales of {}", to_string(scale.dims));
  }

  std::size_t of(std::size_t element) const {
    if (single_) return 0;
    const auto i = static_cast<std::int64_t>(element);
    const auto coordinate = [&](std::size_t d) { return i / steps_[d] % dims_[d]; };
    if (block_ == 0) return static_cast<std::size_t>(coordinate(axis_));
    std::int64_t at = 0;
    for (std::size_t d = 0; d < dims_.size(); ++d)
      at += (d == axis_ ? coordinate(d) / block_ : coordinate(d)) * to_[d];
    return static_cast<std::size_t>(at);
  }

 private:
  bool single_;
  std::int64_t block_;
  std::size_t axis_ = 0;
  Shape dims_;
  std::vector<std::int64_t> steps_, to_;
};

std::int64_t zero_at(const Constant* zero, std::size_t i) {
  if (zero == nullptr) return 0;
  if (zero->integers == nullptr) refuse("a zero point that is no integer");
  return (*zero->integers)[zero->integers->size() == 1 ? 0 : i];
}

/// Of constants of at most 8 bits, whose zero points are all the same.
std::shared_ptr<const ConstantSteps> steps_of_constant(const Constant& q, const Constant& scale,
                                                       const Constant* zero, std::int64_t axis) {
  const bool small = q.type == 2 || q.type == 3 || q.type == 21 || q.type == 22;
  if (!small || scale.kind != ElementKind::real) return nullptr;
  const std::int64_t less = q.type == 2 ? 128 : 0, first = zero_at(zero, 0);
  for (std::size_t i = 1; zero != nullptr && i < zero->integers->size(); ++i)
    if (zero_at(zero, i) != first) return nullptr;
  ConstantSteps made{{*scale.reals, static_cast<std::int32_t>(first - less)}, 0};
  if (made.steps.scales.size() > 1) made.axis = normal_axis(axis, q.dims.size());
  if (std::ranges::any_of(made.steps.scales, [](float s) { return !(s > 0); })) return nullptr;
  return std::make_shared<const ConstantSteps>(std::move(made));
}

/// Of constants of 4 or 8 bits with two or more dimensions; null: others.
std::shared_ptr<const ConstantGroups> groups_of_constant(const Constant& q, const Constant& scale,
                                                         const Constant* zero, std::int64_t axis,
                                                         std::int64_t block) {
  const bool eight = q.type == 2 || q.type == 3, four = q.type == 21 || q.type == 22;
  if ((!eight && !four) || q.dims.size() < 2 || scale.kind != ElementKind::real) return nullptr;
  const std::int64_t less = q.type == 2 ? 128 : q.type == 21 ? 8 : 0;
  ConstantGroups made{{eight ? 8 : 4, block, false}, 0, {}, *scale.reals, {}};
  if (block != 0 || scale.count() > 1) made.axis = normal_axis(axis, q.dims.size());
  for (const std::int64_t code : *q.integers)
    made.codes.push_back(static_cast<std::int8_t>(code - less));
  for (std::size_t g = 0; g < made.scales.size(); ++g)
    made.zeros.push_back(static_cast<std::int8_t>(zero_at(zero, g) - less));
  made.format.zeros = std::ranges::any_of(made.zeros, [](int z) { return z != 0; });
  if (!made.format.zeros) made.zeros.clear();
  return std::make_shared<const ConstantGroups>(std::move(made));
}

}  // namespace

Constant dequantised(const Constant& q, const Constant& scale, const Constant* zero,
                     std::int64_t axis, std::int64_t block) {
  if (!q.known() || !scale.known() || q.integers == nullptr) return unknown(q.dims);
  const ScaleIndex index(q.dims, scale, axis, block);
  Reals out(q.integers->size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t at = index.of(i);
    out[i] =
        static_cast<float>((*q.integers)[i] - zero_at(zero, at)) * static_cast<float>(scale.at(at));
  }
  Constant made = make_reals(q.dims, std::move(out));
  if (block == 0) made.steps = steps_of_constant(q, scale, zero, axis);
  made.groups = groups_of_constant(q, scale, zero, axis, block);
  return made;
}

Constant fold_dequantize(const Folding& f) {
  return dequantised(f.in(0), f.in(1), f.has(2) ? &f.in(2) : nullptr, integer(f.node(), "axis", 1),
                     integer(f.node(), "block_size", 0));
}

Constant fold_quantize(const Folding& f) {
  const Constant& x = f.in(0);
  const Constant& scale = f.in(1);
  const Constant* zero = f.has(2) ? &f.in(2) : nullptr;
  if (!x.known() || !scale.known()) refuse("weights without values");
  std::int32_t type = static_cast<std::int32_t>(integer(f.node(), "output_dtype", 0));
  if (type == 0) type = zero != nullptr && zero->type != 0 ? zero->type : 2;
  const WholeRange range = range_of_type(type);
  const ScaleIndex index(x.dims, scale, integer(f.node(), "axis", 1),
                         integer(f.node(), "block_size", 0));
  Integers out(static_cast<std::size_t>(x.count()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t at = index.of(i);
    const double q = std::nearbyint(static_cast<double>(static_cast<float>(x.at(i)) /
                                                        static_cast<float>(scale.at(at)))) +
                     static_cast<double>(zero_at(zero, at));
    out[i] = static_cast<std::int64_t>(
        std::clamp(q, static_cast<double>(range.lowest), static_cast<double>(range.highest)));
  }
  Constant made = make_integers(x.dims, std::move(out));
  made.type = type;
  return made;
}

/// To 8 bits by the range of the values themselves, which includes 0: y, its scale, its zero point.
std::vector<Constant> fold_dynamic_quantize(const Folding& f) {
  const Constant& x = f.in(0);
  if (!x.known() || x.kind != ElementKind::real) refuse("weights without values");
  float lowest = 0, highest = 0;
  for (const float v : *x.reals) {
    lowest = std::min(lowest, v);
    highest = std::max(highest, v);
  }
  const float range = (highest - lowest) / 255;
  const float scale = range > 0 ? range : 1;
  const float zero = std::clamp(std::nearbyint(-lowest / scale), 0.0F, 255.0F);
  Integers out;
  for (const float v : *x.reals)
    out.push_back(
        static_cast<std::int64_t>(std::clamp(std::nearbyint(v / scale) + zero, 0.0F, 255.0F)));
  Constant y = make_integers(x.dims, std::move(out));
  Constant z = make_integers({}, {static_cast<std::int64_t>(zero)});
  y.type = z.type = 2;
  return {std::move(y), make_reals({}, {scale}), std::move(z)};
}

}  // namespace unna::onnx_import
