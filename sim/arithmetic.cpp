#include "sim/arithmetic.h"

#include <limits>
#include <numeric>

#include "base/error.h"

namespace unna {

double evaluate(Function fn, double alpha, double beta, double x) {
  switch (fn) {
    case Function::none:
      return x;
    case Function::relu:
      return x < 0 ? 0 : x;
    case Function::clip:
      return std::min(std::max(x, alpha), beta);
    case Function::leaky_relu:
      return x < 0 ? alpha * x : x;
    case Function::sigmoid:
      return sigmoid(x);
    case Function::tanh:
      return std::tanh(x);
    case Function::hard_sigmoid:
      return hard_sigmoid(x, alpha, beta);
    case Function::hard_swish:
      return hard_swish(x);
    case Function::gelu:
      return gelu(x);
    case Function::silu:
      return silu(x);
    case Function::exp:
      return std::exp(x);
    case Function::sqrt:
      return std::sqrt(x);
    case Function::reciprocal:
      return 1 / x;
    case Function::erf:
      return std::erf(x);
    case Function::pow:
      return std::pow(x, alpha);
    case Function::log:
      return std::log(x);
    case Function::abs:
      return std::fabs(x);
    case Function::neg:
      return -x;
    case Function::round:
      return round_to(x, alpha);
    default:
      break;
  }
  throw InternalError(fmt::format("{} is no function of one argument", name(fn)));
}

// --- Floating point

template <class Element>
void FloatArithmetic<Element>::apply(Function fn, float alpha, float beta,
                                     std::span<Element> data) {
  if (fn == Function::none) return;
  if (fn == Function::relu) {
    for (Element& e : data) e = load(e) < 0 ? store(0) : e;
    return;
  }
  for (Element& e : data)
    e = store(static_cast<float>(evaluate(fn, static_cast<double>(alpha), static_cast<double>(beta),
                                          static_cast<double>(load(e)))));
}

template <class Element>
void FloatArithmetic<Element>::look(Function fn, std::span<const Value> in, float gamma,
                                    RowState& state) const {
  double first = std::bit_cast<double>(state.first), second = std::bit_cast<double>(state.second);
  const double mean = first / static_cast<double>(std::max<std::int64_t>(state.count, 1));
  for (const Value v : in) {
    const auto x = static_cast<double>(v);
    const double scaled = static_cast<double>(gamma) * x;
    if (fn == Function::max) first = state.count++ == 0 ? scaled : std::max(first, scaled);
    if (fn == Function::exp) second += std::exp(scaled - first);
    if (fn == Function::sum) first += x;
    if (fn == Function::mul) second += (x - mean) * (x - mean);
  }
  if (fn == Function::sum) state.count += static_cast<std::int64_t>(in.size());
  state.first = std::bit_cast<std::int64_t>(first);
  state.second = std::bit_cast<std::int64_t>(second);
}

template <class Element>
void FloatArithmetic<Element>::softmax(std::span<const Value> in, float gamma,
                                       const RowState& state, std::span<Element> out) const {
  const double most = std::bit_cast<double>(state.first);
  const double sum = std::bit_cast<double>(state.second);
  for (std::size_t i = 0; i < in.size(); ++i)
    out[i] = store(static_cast<float>(
        std::exp(static_cast<double>(gamma) * static_cast<double>(in[i]) - most) / sum));
}

template <class Element>
void FloatArithmetic<Element>::layer_norm(std::span<const Value> in, std::span<const Value> gamma,
                                          std::span<const Sum> beta, float epsilon,
                                          const RowState& state, std::span<Element> out) const {
  const auto n = static_cast<double>(std::max<std::int64_t>(state.count, 1));
  const double mean = std::bit_cast<double>(state.first) / n;
  const double variance = std::bit_cast<double>(state.second) / n;
  const double inverse = 1 / std::sqrt(variance + static_cast<double>(epsilon));
  for (std::size_t i = 0; i < in.size(); ++i) {
    const double normal = (static_cast<double>(in[i]) - mean) * inverse;
    out[i] = store(
        static_cast<float>(normal * static_cast<double>(gamma[i]) + static_cast<double>(beta[i])));
  }
}

namespace {

/// Channels [lo, hi) around i, of which half go before (rounded down), as ONNX has it.
std::pair<std::size_t, std::size_t> lrn_window(std::size_t i, std::size_t channels,
                                               std::int64_t size) {
  const auto before = static_cast<std::size_t>((size - 1) / 2);
  const auto after = static_cast<std::size_t>(size - 1) - before;
  return {i < before ? 0 : i - before, std::min(channels, i + after + 1)};
}

}  // namespace

template <class Element>
void FloatArithmetic<Element>::lrn(std::span<const Value> in, std::int64_t size, float alpha,
                                   float beta, float bias, std::span<Element> out) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto [lo, hi] = lrn_window(i, in.size(), size);
    double squares = 0;
    for (std::size_t c = lo; c < hi; ++c)
      squares += static_cast<double>(in[c]) * static_cast<double>(in[c]);
    const double base = static_cast<double>(bias) +
                        static_cast<double>(alpha) / static_cast<double>(size) * squares;
    out[i] = store(static_cast<float>(static_cast<double>(in[i]) *
                                      std::pow(base, -static_cast<double>(beta))));
  }
}

template <class Element>
std::pair<Element, Element> FloatArithmetic<Element>::lstm(Value i, Value o, Value f, Value g,
                                                           Value c) const {
  const auto wide = [](Value x) { return static_cast<double>(x); };
  const Element state =
      store(static_cast<float>(sigmoid(wide(f)) * wide(c) + sigmoid(wide(i)) * std::tanh(wide(g))));
  const double result = sigmoid(wide(o)) * std::tanh(wide(load(state)));
  return {store(static_cast<float>(result)), state};
}

template <class Element>
Element FloatArithmetic<Element>::bilinear(const std::array<Value, 4>& v, const PartOfPixel& fy,
                                           const PartOfPixel& fx) const {
  const auto along = [](double a, double b, double t) { return a * (1 - t) + b * t; };
  const double top = along(static_cast<double>(v[0]), static_cast<double>(v[1]), fx.real());
  const double bottom = along(static_cast<double>(v[2]), static_cast<double>(v[3]), fx.real());
  return store(static_cast<float>(along(top, bottom, fy.real())));
}

template class FloatArithmetic<float>;
template class FloatArithmetic<std::uint16_t>;

// --- Fixed point

template <class Sum>
std::int64_t FixedArithmetic<Sum>::exact(Function fn, float alpha, float beta,
                                         std::int64_t x) const {
  switch (fn) {
    case Function::relu:
      return std::max<std::int64_t>(x, 0);
    case Function::clip:
      return std::min(std::max(x, format_.quantise(static_cast<double>(alpha))),
                      format_.quantise(static_cast<double>(beta)));
    case Function::leaky_relu:
      return x < 0 ? factor(alpha).apply(x) : x;
    case Function::abs:
      return x < 0 ? -x : x;
    case Function::neg:
      return -x;
    case Function::round:
      return format_.quantise(round_to(format_.value(x), static_cast<double>(alpha)));
    default:
      return x;
  }
}

template <class Sum>
auto FixedArithmetic<Sum>::table(Function fn, float alpha, float beta) -> const Table& {
  auto [at, made] = tables_.try_emplace({fn, alpha, beta});
  if (!made) return at->second;
  Table& t = at->second;
  t.entries.reserve(std::size_t{1} << (8 * sizeof(Element)));
  const auto function = [&](double x) {
    return evaluate(fn, static_cast<double>(alpha), static_cast<double>(beta), x);
  };
  const InterpolationTable interpolated(function, format_.bits, format_.fraction, format_.fraction,
                                        format_.table_bits);
  const bool special = is_special(fn);
  const Saturated before = saturated_;
  for (std::int64_t x = format_.lowest(); x <= format_.highest(); ++x) {
    saturated_ = {};
    t.entries.push_back(store(special ? interpolated(x) : exact(fn, alpha, beta, x)));
    t.saturated.push_back(saturated_.all() != 0);
    t.saturates = t.saturates || saturated_.all() != 0;
  }
  saturated_ = before;
  return t;
}

template <class Sum>
void FixedArithmetic<Sum>::apply(Function fn, float alpha, float beta, std::span<Element> data) {
  if (fn == Function::none) return;
  if (fn == Function::relu) {
    for (Element& e : data) e = std::max<Element>(e, 0);
    return;
  }
  const Table& t = table(fn, alpha, beta);
  for (Element& e : data) {
    if (t.saturates) saturated_.high += t.saturated[position(e)];
    e = look_up(t, e);
  }
}

void look_at_row(const FixedRows& rows, Function fn, std::span<const std::int64_t> in,
                 const FixedScale& gamma, RowState& state) {
  if (fn == Function::max) rows.find_largest(in, gamma, state);
  if (fn == Function::exp) rows.add_exponentials(in, gamma, state);
  if (fn == Function::sum) rows.add_elements(in, state);
  if (fn == Function::mul) rows.add_squares(in, state);
}

template <class Sum>
void FixedArithmetic<Sum>::look(Function fn, std::span<const Value> in, float gamma,
                                RowState& state) const {
  look_at_row(rows_, fn, std::vector<std::int64_t>(in.begin(), in.end()), factor(gamma), state);
}

template <class Sum>
void FixedArithmetic<Sum>::softmax(std::span<const Value> in, float gamma, const RowState& state,
                                   std::span<Element> out) const {
  const std::vector<std::int64_t> wide(in.begin(), in.end());
  std::vector<std::int64_t> result(in.size());
  rows_.softmax(wide, factor(gamma), state, result);
  std::transform(result.begin(), result.end(), out.begin(),
                 [](std::int64_t x) { return static_cast<Element>(x); });
}

template <class Sum>
void FixedArithmetic<Sum>::layer_norm(std::span<const Value> in, std::span<const Value> gamma,
                                      std::span<const Sum> beta, float epsilon,
                                      const RowState& state, std::span<Element> out) const {
  const std::vector<std::int64_t> wide(in.begin(), in.end());
  const std::vector<std::int64_t> scale(gamma.begin(), gamma.end());
  const std::vector<std::int64_t> shift(beta.begin(), beta.end());
  std::vector<std::int64_t> result(in.size());
  rows_.layer_norm(wide, scale, shift, static_cast<double>(epsilon), state, result);
  std::transform(result.begin(), result.end(), out.begin(),
                 [&](std::int64_t x) { return at_end(x); });
}

template <class Sum>
void FixedArithmetic<Sum>::lrn(std::span<const Value> in, std::int64_t size, float alpha,
                               float beta, float bias, std::span<Element> out) {
  const FixedLrn& lrn =
      lrns_
          .try_emplace({size, alpha, beta, bias}, format_, size, static_cast<double>(alpha),
                       static_cast<double>(beta), static_cast<double>(bias))
          .first->second;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto [lo, hi] = lrn_window(i, in.size(), size);
    std::int64_t squares = 0;
    for (std::size_t c = lo; c < hi; ++c) squares += std::int64_t{in[c]} * in[c];
    out[i] = static_cast<Element>(lrn(in[i], squares));
  }
}

template <class Sum>
std::pair<std::int16_t, std::int16_t> FixedArithmetic<Sum>::lstm(std::int64_t i, std::int64_t o,
                                                                 std::int64_t f, std::int64_t g,
                                                                 std::int64_t c) {
  const Table& gate = table(Function::sigmoid, 0, 0);
  const Table& squash = table(Function::tanh, 0, 0);
  const std::int64_t products =
      std::int64_t{look_up(gate, f)} * c + std::int64_t{look_up(gate, i)} * look_up(squash, g);
  const Element state = store(round_shift(products, format_.fraction));
  const std::int64_t result = std::int64_t{look_up(gate, o)} * look_up(squash, state);
  return {store(round_shift(result, format_.fraction)), state};
}

template <class Sum>
std::int16_t FixedArithmetic<Sum>::bilinear(const std::array<Value, 4>& v, const PartOfPixel& fy,
                                            const PartOfPixel& fx) const {
  return store(between_pixels(v, fy, fx));
}

template class FixedArithmetic<std::int32_t>;
template class FixedArithmetic<std::int64_t>;

}  // namespace unna
