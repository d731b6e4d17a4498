#include "sim/quantised.h"

#include <algorithm>

#include "sim/arithmetic.h"

namespace unna {

template <class Sum>
std::int8_t QuantisedArithmetic<Sum>::binary(Function fn, std::int64_t a, std::int64_t b) const {
  constexpr std::int64_t kOne = std::int64_t{1} << kInt8Guard;
  const double in = real(s_.in), in2 = real(s_.in2), mid = real(s_.mid);
  switch (fn) {
    case Function::mul:
      return store(ratio(in * in2, mid).apply(a * b));
    case Function::div: {
      if (b == 0) return store(a == 0 ? 0 : a > 0 ? 127 : -128);
      const std::int64_t quotient = round_divide((b < 0 ? -a : a) * kOne, b < 0 ? -b : b);
      return store(ratio(in, in2 * mid).apply(quotient, kInt8Guard));
    }
    default:
      break;
  }
  const std::int64_t x = ratio(in, mid).apply(a * kOne), y = ratio(in2, mid).apply(b * kOne);
  const std::int64_t result = fn == Function::add   ? x + y
                              : fn == Function::sub ? x - y
                              : fn == Function::max ? std::max(x, y)
                                                    : std::min(x, y);
  return store(round_shift(result, kInt8Guard));
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
    const std::int64_t y = table(fn, alpha, beta)(widening(s_.mid).apply(q));
    return store(narrowing(s_.out).apply(wide_.saturate(y)));
  }
  const Factor rescale = ratio(real(s_.mid), real(s_.out));
  switch (fn) {
    case Function::relu:
      return store(std::max<std::int64_t>(rescale.apply(q), 0));
    case Function::clip:
      return store(std::min(std::max(rescale.apply(q), int8_quantise(real(alpha), real(s_.out))),
                            int8_quantise(real(beta), real(s_.out))));
    case Function::leaky_relu:
      if (q >= 0) return store(rescale.apply(q));
      return store(ratio(real(alpha) * real(s_.mid), real(s_.out)).apply(q));
    case Function::abs:
      return store(rescale.apply(q < 0 ? -q : q));
    case Function::neg:
      return store(rescale.apply(-q));
    case Function::round:
      return store(int8_quantise(round_to(static_cast<double>(q) * real(s_.mid), real(alpha)),
                                 real(s_.out)));
    default:
      return store(rescale.apply(q));
  }
}

template <class Sum>
void QuantisedArithmetic<Sum>::apply(Function fn, float alpha, float beta,
                                     std::span<Element> data) {
  if (fn == Function::none) return;
  auto [at, made] = functions_.try_emplace({{fn, alpha, beta}, s_.mid, s_.out});
  std::array<Element, 256>& entries = at->second;
  if (made)
    for (std::size_t k = 0; k < entries.size(); ++k)
      entries[k] = function(fn, alpha, beta, static_cast<std::int64_t>(k) - 128);
  for (Element& e : data) e = entries[static_cast<std::size_t>(e + 128)];
}

template <class Sum>
void QuantisedArithmetic<Sum>::softmax(std::span<const Value> in, float gamma,
                                       std::span<Element> out) const {
  const std::vector<std::int64_t> whole(in.begin(), in.end());
  std::vector<std::int64_t> result(in.size());
  softmax_rows_.softmax(whole, FixedScale::of(real(gamma) * real(s_.in) * 65536), result);
  const Factor narrow = narrowing(s_.out);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = store(narrow.apply(result[k]));
}

template <class Sum>
void QuantisedArithmetic<Sum>::layer_norm(std::span<const Value> in, std::span<const Value> gamma,
                                          std::span<const Sum> beta, float epsilon,
                                          std::span<Element> out) const {
  constexpr std::int64_t kOne = std::int64_t{1} << kInt8NormFraction;
  const Factor scaling = FixedScale::of(real(s_.in2) / real(s_.out) * kOne);
  std::vector<std::int64_t> x, scale, result(in.size());
  for (const Value v : in) x.push_back(v * kOne);
  for (const Value g : gamma) scale.push_back(scaling.apply(g));
  const std::vector<std::int64_t> shift(beta.begin(), beta.end());
  norm_rows_.layer_norm(x, scale, shift, real(epsilon) / (real(s_.in) * real(s_.in)), result);
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = store(round_shift(result[k], kInt8NormFraction));
}

template <class Sum>
void QuantisedArithmetic<Sum>::lrn(std::span<const Value> in, std::int64_t size, float alpha,
                                   float beta, float bias, std::span<Element> out) {
  constexpr int kGuard = kInt8NormFraction;
  const double square = real(s_.in) * real(s_.in);
  const FixedLrn& lrn =
      lrns_
          .try_emplace({size, alpha, beta, bias, s_.in}, FixedFormat{32, 0, wide_.table_bits}, size,
                       real(alpha) * square, real(beta), real(bias))
          .first->second;
  const Factor rescale = ratio(real(s_.in), real(s_.out));
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
  const Factor gates = widening(s_.in), old = widening(s_.in2), state = widening(s_.mid);
  const std::int64_t kept = gate(gates.apply(f)) * old.apply(c);
  const std::int64_t added = gate(gates.apply(i)) * squash(gates.apply(g));
  const Element next = store(narrowing(s_.mid).apply(round_shift(kept + added, wide_.fraction)));
  const std::int64_t result = gate(gates.apply(o)) * squash(state.apply(next));
  return {store(narrowing(s_.out).apply(round_shift(result, wide_.fraction))), next};
}

template <class Sum>
std::int8_t QuantisedArithmetic<Sum>::bilinear(const std::array<Value, 4>& v, const PartOfPixel& fy,
                                               const PartOfPixel& fx) const {
  return store(between_pixels(v, fy, fx));
}

template class QuantisedArithmetic<std::int32_t>;
template class QuantisedArithmetic<std::int64_t>;

}  // namespace unna
