#include "sim/quantised.h"

#include <algorithm>

#include "sim/arithmetic.h"

namespace unna {

template <class Sum>
std::int8_t QuantisedArithmetic<Sum>::binary(Function fn, std::int64_t a, std::int64_t b) const {
  constexpr std::int64_t kOne = std::int64_t{1} << kInt8Guard;
  const double in = real(s_.in.scale), in2 = real(s_.in2.scale), mid = real(s_.mid.scale);
  switch (fn) {
    case Function::mul:
      return store_mid(ratio(in * in2, mid).apply(a * b));
    case Function::div: {
      if (b == 0) return store_mid(a == 0 ? 0 : a > 0 ? 255 : -256);
      const std::int64_t quotient = round_divide((b < 0 ? -a : a) * kOne, b < 0 ? -b : b);
      return store_mid(ratio(in, in2 * mid).apply(quotient, kInt8Guard));
    }
    default:
      break;
  }
  const std::int64_t x = ratio(in, mid).apply(a * kOne), y = ratio(in2, mid).apply(b * kOne);
  const std::int64_t result = fn == Function::add   ? x + y
                              : fn == Function::sub ? x - y
                              : fn == Function::max ? std::max(x, y)
                                                    : std::min(x, y);
  return store_mid(round_shift(result, kInt8Guard));
}

/// In units of the result, with more bits until it is divided.
template <class Sum>
std::int8_t QuantisedArithmetic<Sum>::mean(Sum sum, std::int64_t count) const {
  constexpr std::int64_t kOne = std::int64_t{1} << kInt8Guard;
  const std::int64_t scaled = ratio(real(s_.in.scale), real(s_.out.scale)).apply(sum * kOne);
  return store(round_divide(scaled, count * kOne));
}

template <class Sum>
const InterpolationTable& QuantisedArithmetic<Sum>::table(Function fn, float alpha, float beta) {
  const auto at = tables_.find({fn, alpha, beta});
  if (at != tables_.end()) return at->second;
  const auto function = [=](double x) { return evaluate(fn, real(alpha), real(beta), x); };
  return tables_
      .try_emplace(FunctionKey{fn, alpha, beta}, function, wide_.bits, wide_.fraction,
                   wide_.fraction, wide_.table_bits)
      .first->second;
}

template <class Sum>
std::int8_t QuantisedArithmetic<Sum>::function(Function fn, float alpha, float beta,
                                               std::int64_t q) {
  if (is_special(fn)) {
    const std::int64_t y = table(fn, alpha, beta)(widening(s_.mid.scale).apply(q));
    return store(narrowing(s_.out.scale).apply(wide_.saturate(y)));
  }
  const double mid = real(s_.mid.scale), out = real(s_.out.scale);
  const Factor rescale = ratio(mid, out);
  switch (fn) {
    case Function::relu:
      return store(std::max<std::int64_t>(rescale.apply(q), 0));
    case Function::clip:
      return store(std::min(std::max(rescale.apply(q), quantise(real(alpha) / out, 0, 16)),
                            quantise(real(beta) / out, 0, 16)));
    case Function::leaky_relu:
      if (q >= 0) return store(rescale.apply(q));
      return store(ratio(real(alpha) * mid, out).apply(q));
    case Function::abs:
      return store(rescale.apply(q < 0 ? -q : q));
    case Function::neg:
      return store(rescale.apply(-q));
    case Function::round:
      return store(quantise(round_to(static_cast<double>(q) * mid, real(alpha)) / out, 0, 16));
    default:
      return store(rescale.apply(q));
  }
}

template <class Sum>
void QuantisedArithmetic<Sum>::apply(Function fn, float alpha, float beta,
                                     std::span<Element> data) {
  if (fn == Function::none) return;
  const Registers registers{s_.mid.scale, s_.mid.zero, s_.out.scale, s_.out.zero};
  auto [at, made] = functions_.try_emplace({{fn, alpha, beta}, registers});
  Table& t = at->second;
  if (made) {
    const Saturated before = saturated_;
    for (std::size_t k = 0; k < t.entries.size(); ++k) {
      saturated_ = {};
      t.entries[k] = function(fn, alpha, beta, static_cast<std::int64_t>(k) - 128 - s_.mid.zero);
      t.saturated[k] = saturated_.all() != 0;
    }
    saturated_ = before;
  }
  for (Element& e : data) {
    const auto k = static_cast<std::size_t>(e + 128);
    saturated_.high += t.saturated[k];
    e = t.entries[k];
  }
}

template <class Sum>
void QuantisedArithmetic<Sum>::look(Function fn, std::span<const Value> in, float gamma,
                                    RowState& state) const {
  const bool powers = fn == Function::max || fn == Function::exp;
  std::vector<std::int64_t> whole(in.begin(), in.end());
  if (!powers)
    for (std::int64_t& x : whole) x *= std::int64_t{1} << kInt8NormFraction;
  look_at_row(powers ? softmax_rows_ : norm_rows_, fn, whole,
              FixedScale::of(real(gamma) * real(s_.in.scale) * 65536), state);
}

template <class Sum>
void QuantisedArithmetic<Sum>::softmax(std::span<const Value> in, float gamma,
                                       const RowState& state, std::span<Element> out) const {
  const std::vector<std::int64_t> whole(in.begin(), in.end());
  std::vector<std::int64_t> result(in.size());
  softmax_rows_.softmax(whole, FixedScale::of(real(gamma) * real(s_.in.scale) * 65536), state,
                        result);
  const Factor narrow = narrowing(s_.out.scale);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = store(narrow.apply(result[k]));
}

template <class Sum>
void QuantisedArithmetic<Sum>::layer_norm(std::span<const Value> in, std::span<const Value> gamma,
                                          std::span<const Sum> beta, float epsilon,
                                          const RowState& state, std::span<Element> out) const {
  constexpr std::int64_t kOne = std::int64_t{1} << kInt8NormFraction;
  const Factor scaling = FixedScale::of(real(s_.in2.scale) / real(s_.out.scale) * kOne);
  std::vector<std::int64_t> x, scale, result(in.size());
  for (const Value v : in) x.push_back(v * kOne);
  for (const Value g : gamma) scale.push_back(scaling.apply(g));
  const std::vector<std::int64_t> shift(beta.begin(), beta.end());
  norm_rows_.layer_norm(x, scale, shift, real(epsilon) / (real(s_.in.scale) * real(s_.in.scale)),
                        state, result);
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = store(round_shift(result[k], kInt8NormFraction));
}

template <class Sum>
void QuantisedArithmetic<Sum>::lrn(std::span<const Value> in, std::int64_t size, float alpha,
                                   float beta, float bias, std::span<Element> out) {
  constexpr int kGuard = kInt8NormFraction;
  const double square = real(s_.in.scale) * real(s_.in.scale);
  const FixedLrn& lrn =
      lrns_
          .try_emplace({size, alpha, beta, bias, s_.in.scale}, FixedFormat{32, 0, wide_.table_bits},
                       size, real(alpha) * square, real(beta), real(bias))
          .first->second;
  const Factor rescale = ratio(real(s_.in.scale), real(s_.out.scale));
  const auto channels = static_cast<std::int64_t>(in.size());
  for (std::int64_t c = 0; c < channels; ++c) {
    std::int64_t squares = 0;
    for (std::int64_t k = std::max<std::int64_t>(0, c - (size - 1) / 2);
         k < std::min(channels, c + size / 2 + 1); ++k)
      squares += in[static_cast<std::size_t>(k)] * in[static_cast<std::size_t>(k)];
    const auto at = static_cast<std::size_t>(c);
    out[at] = store(rescale.apply(lrn(std::int64_t{in[at]} << kGuard, squares), kGuard));
  }
}

template <class Sum>
std::pair<std::int8_t, std::int8_t> QuantisedArithmetic<Sum>::lstm(std::int64_t i, std::int64_t o,
                                                                   std::int64_t f, std::int64_t g,
                                                                   std::int64_t c) {
  const InterpolationTable& gate = table(Function::sigmoid, 0, 0);
  const InterpolationTable& squash = table(Function::tanh, 0, 0);
  const Factor gates = widening(s_.in.scale), old = widening(s_.in2.scale);
  const std::int64_t kept = gate(gates.apply(f)) * old.apply(c);
  const std::int64_t added = gate(gates.apply(i)) * squash(gates.apply(g));
  const Element next =
      store_mid(narrowing(s_.mid.scale).apply(round_shift(kept + added, wide_.fraction)));
  const std::int64_t state = widening(s_.mid.scale).apply(next - s_.mid.zero);
  const std::int64_t result = gate(gates.apply(o)) * squash(state);
  return {store(narrowing(s_.out.scale).apply(round_shift(result, wide_.fraction))), next};
}

template <class Sum>
std::int8_t QuantisedArithmetic<Sum>::bilinear(const std::array<Value, 4>& v, const PartOfPixel& fy,
                                               const PartOfPixel& fx) const {
  return store(between_pixels(v, fy, fx));
}

template class QuantisedArithmetic<std::int32_t>;
template class QuantisedArithmetic<std::int64_t>;

}  // namespace unna
