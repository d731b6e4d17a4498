// int8: operators whose whole numbers have scales (docs/functional.md, "int8").

#include "numbers/quantised.h"

#include <algorithm>
#include <cmath>

#include "numbers/encoding.h"
#include "numbers/functions.h"
#include "reference/machine.h"

namespace unna::reference {
namespace {

/// Numbers from their tensors' zero points. Results saturate when their operator has run; what
/// operators compute in between has zero points of 0 and saturates at once, as does `stored`.
double whole_number(std::int64_t q) {
  return static_cast<double>(q);
}
double stored(std::int64_t q, std::int64_t zero = 0) {
  return static_cast<double>(std::clamp<std::int64_t>(q, -128 - zero, 127 - zero));
}

/// How the sums of each output channel become results.
struct Channels {
  Synapses synapses;  ///< whole numbers
  std::vector<Requantiser> scales;

  double result(const Numbers& numbers, double sum, std::int64_t channel) const {
    return whole_number(scales[static_cast<std::size_t>(channel)].apply(numbers.sum(sum)));
  }
};

/// `steps`: the model's, of the weights; null where it says nothing.
Channels channels_of(Synapses real, const ModelSteps* steps, double in, double out) {
  Channels c{std::move(real), {}};
  std::vector<double>& weights = c.synapses.weights;
  const std::size_t count = c.synapses.biases.size(), each = weights.size() / count;
  std::vector<float> scales;
  if (steps == nullptr)
    scales = int8_channel_scales(weights, static_cast<std::int64_t>(count));
  else if (steps->scales.size() > 1)
    scales = steps->scales;
  else
    scales.assign(count, steps->scales.at(0));
  const std::int64_t zero = steps == nullptr ? 0 : steps->zero;
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = stored(quantise(weights[i] / static_cast<double>(scales[i / each]), 0, 16), zero);
  for (std::size_t o = 0; o < count; ++o) {
    const double unit = in * static_cast<double>(scales[o]);
    c.synapses.biases[o] = static_cast<double>(quantise(c.synapses.biases[o] / unit, 0, 48));
    c.scales.push_back(Requantiser::of(unit / out));
  }
  return c;
}

double binary(ScalarFn fn, double a, double b, double a_scale, double b_scale, double out) {
  const auto in_result = [&](double q, double scale) {
    return FixedScale::of(scale / out).apply(whole(q * 65536));
  };
  switch (fn) {
    case ScalarFn::mul:
      return whole_number(FixedScale::of(a_scale * b_scale / out).apply(whole(a * b)));
    case ScalarFn::div:
      if (b == 0) return a == 0 ? 0 : a > 0 ? 1000 : -1000;
      return whole_number(
          FixedScale::of(a_scale / (b_scale * out))
              .apply(round_divide(whole(b < 0 ? -a * 65536 : a * 65536), whole(std::fabs(b))), 16));
    case ScalarFn::add:
      return whole_number(round_shift(in_result(a, a_scale) + in_result(b, b_scale), 16));
    case ScalarFn::sub:
      return whole_number(round_shift(in_result(a, a_scale) - in_result(b, b_scale), 16));
    case ScalarFn::max:
      return whole_number(round_shift(std::max(in_result(a, a_scale), in_result(b, b_scale)), 16));
    default:
      return whole_number(round_shift(std::min(in_result(a, a_scale), in_result(b, b_scale)), 16));
  }
}

/// A function that is interpolated between 16.16 fixed-point numbers.
class Interpolated {
 public:
  Interpolated(const FunctionAttrs& f, const Numbers& numbers)
      : wide_(int8_wide(numbers.fixed()->table_bits)),
        table_([f](double x) { return function(f, x); }, wide_.bits, wide_.fraction, wide_.fraction,
               wide_.table_bits) {}

  /// 16 bits behind the point.
  std::int64_t wide(double q, double scale) const {
    return table_(FixedScale::of(scale * 65536).apply(whole(q)));
  }
  double operator()(double q, double in, double out) const {
    return whole_number(FixedScale::of(1 / (out * 65536)).apply(wide_.saturate(wide(q, in))));
  }

 private:
  FixedFormat wide_;
  InterpolationTable table_;
};

/// More than any tensor holds is 16 bits.
std::int64_t in_steps(double value, double scale) {
  return quantise(value / scale, 0, 16);
}

/// Functions that need no table.
std::optional<double> simple(const FunctionAttrs& f, double q, double in, double out) {
  const auto scaled = [&](double value, double factor) {
    return FixedScale::of(factor * in / out).apply(whole(value));
  };
  switch (f.fn) {
    case ScalarFn::identity:
      return whole_number(scaled(q, 1));
    case ScalarFn::relu:
      return whole_number(std::max<std::int64_t>(scaled(q, 1), 0));
    case ScalarFn::clip:
      return whole_number(
          std::min(std::max(scaled(q, 1), in_steps(f.alpha, out)), in_steps(f.beta, out)));
    case ScalarFn::leaky_relu:
      return whole_number(scaled(q, q < 0 ? f.alpha : 1));
    case ScalarFn::abs:
      return whole_number(scaled(std::fabs(q), 1));
    case ScalarFn::neg:
      return whole_number(scaled(-q, 1));
    case ScalarFn::round:
      return whole_number(in_steps(round_to(q * in, f.alpha), out));
    default:
      return std::nullopt;
  }
}

void apply(const FunctionAttrs& attrs, const Numbers& numbers, double in, double out,
           std::vector<double>& data) {
  const FunctionAttrs f{attrs.fn, to_single(attrs.alpha), to_single(attrs.beta)};
  if (simple(f, 0, in, out)) {
    for (double& x : data) x = *simple(f, x, in, out);
    return;
  }
  const Interpolated interpolated(f, numbers);
  for (double& x : data) x = interpolated(x, in, out);
}

/// Where they are what is computed with: no batch norm is folded, and what is pruned is stored as
/// 0.
const ModelSteps* steps_of_weights(const Call& call) {
  const GraphTensor& w = call.graph.tensor(call.op.inputs[1]);
  const bool pruned = w.kept != nullptr && w.steps != nullptr && w.steps->zero != 0;
  return call.folded != nullptr || pruned ? nullptr : w.steps.get();
}

}  // namespace

void int8_conv(Call& call) {
  Tensor& y = call.out[0];
  const std::int64_t channels = y.shape[1], inner = y.shape[2] * y.shape[3];
  const Channels c = channels_of(real_synapses(call, channels), steps_of_weights(call),
                                 call.in_scale(0), call.out_scale());
  convolve(call, c.synapses);
  for (std::int64_t i = 0; i < element_count(y.shape); ++i)
    y.at(i) = c.result(call.numbers, y.at(i), i / inner % channels);
}

void int8_gemm(Call& call) {
  Tensor& y = call.out[0];
  const std::int64_t features = y.shape.back();
  const Channels c = channels_of(real_synapses(call, features), steps_of_weights(call),
                                 call.in_scale(0), call.out_scale());
  multiply(call, c.synapses);
  for (std::int64_t i = 0; i < element_count(y.shape); ++i)
    y.at(i) = c.result(call.numbers, y.at(i), i % features);
}

void int8_matmul(Call& call) {
  multiply_computed(call);
  const double scale = to_single(call.op.as<MatmulAttrs>().scale);
  const FixedScale factor =
      FixedScale::of(scale * call.in_scale(0) * call.in_scale(1) / call.out_scale());
  for (double& v : call.out[0].data) v = whole_number(factor.apply(call.numbers.sum(v)));
}

void int8_unary(Call& call) {
  call.out[0].data = call.in[0]->data;
  apply(call.op.as<FunctionAttrs>(), call.numbers, call.in_scale(0), call.out_scale(),
        call.out[0].data);
}

void int8_binary(Call& call) {
  const ScalarFn fn = call.op.as<FunctionAttrs>().fn;
  const double a = call.in_scale(0), b = call.in_scale(1), out = call.out_scale();
  for_each_broadcast(call,
                     [&](double& y, double x0, double x1) { y = binary(fn, x0, x1, a, b, out); });
}

void int8_softmax(Call& call) {
  const FixedRows rows(int8_wide(call.numbers.fixed()->table_bits));
  const FixedScale widen = FixedScale::of(call.in_scale(0) * 65536);
  const FixedScale narrow = FixedScale::of(1 / (call.out_scale() * 65536));
  for (std::int64_t r = 0; r < rows_of(call.out[0]); ++r) {
    const std::span<const double> in = row(*call.in[0], r);
    std::vector<std::int64_t> result(in.size());
    rows.softmax(std::vector<std::int64_t>(in.begin(), in.end()), widen, result);
    std::transform(result.begin(), result.end(), row(call.out[0], r).begin(),
                   [&](std::int64_t v) { return whole_number(narrow.apply(v)); });
  }
}

/// As it is executed, each step rounded to a scale of its own.
void int8_log_softmax(Call& call) {
  const double in = call.in_scale(0), out = call.out_scale();
  const double below_scale = call.inner_scale(InnerValue::log_softmax_below);
  const double power_scale = call.inner_scale(InnerValue::log_softmax_powers);
  const double sum_scale = call.inner_scale(InnerValue::log_softmax_sum);
  const double log_scale = call.inner_scale(InnerValue::log_softmax_log);
  const Interpolated exponential({ScalarFn::exp}, call.numbers), log({ScalarFn::log}, call.numbers);
  for (std::int64_t r = 0; r < rows_of(call.out[0]); ++r) {
    const std::span<const double> x = row(*call.in[0], r);
    const double most = *std::max_element(x.begin(), x.end());
    std::vector<double> below;
    double powers = 0;
    for (const double v : x) {
      below.push_back(stored(whole(binary(ScalarFn::sub, v, most, in, in, below_scale))));
      powers += stored(whole(exponential(below.back(), below_scale, power_scale)));
    }
    const double sum = stored(whole(call.numbers.of_values(powers, power_scale / sum_scale)));
    const double logarithm = stored(whole(log(sum, sum_scale, log_scale)));
    std::transform(below.begin(), below.end(), row(call.out[0], r).begin(), [&](double b) {
      return binary(ScalarFn::sub, b, logarithm, below_scale, log_scale, out);
    });
  }
}

void int8_layer_norm(Call& call) {
  const FixedRows rows({32, kInt8NormFraction, call.numbers.fixed()->table_bits});
  const double in = call.in_scale(0), out = call.out_scale(), gamma_scale = call.in_scale(1);
  const FixedScale scaling = FixedScale::of(gamma_scale / out * 256);
  std::vector<std::int64_t> gamma, beta;
  for (const float g : call.weight(1))
    gamma.push_back(scaling.apply(int8_quantise(static_cast<double>(g), gamma_scale)));
  for (const float b : call.weight(2))
    beta.push_back(quantise(static_cast<double>(b) / std::ldexp(out, -16), 0, 48));
  const double epsilon = to_single(call.op.as<NormAttrs>().epsilon) / (in * in);
  for (std::int64_t r = 0; r < rows_of(call.out[0]); ++r) {
    std::vector<std::int64_t> x, result(gamma.size());
    for (const double v : row(*call.in[0], r)) x.push_back(whole(v * 256));
    rows.layer_norm(x, gamma, beta, epsilon, result);
    std::transform(result.begin(), result.end(), row(call.out[0], r).begin(),
                   [](std::int64_t v) { return whole_number(round_shift(v, 8)); });
  }
}

/// A batch norm on its own: a product, then a sum.
void int8_batch_norm(Call& call) {
  const Affine a = affine_of(call.graph, call.op);
  const Tensor& x = *call.in[0];
  const std::int64_t channels = x.shape[1];
  const std::int64_t inner = element_count(x.shape) / (x.shape[0] * channels);
  const double factor = call.inner_scale(InnerValue::norm_factor);
  const double product = call.inner_scale(InnerValue::norm_product);
  const double shift = call.inner_scale(InnerValue::norm_shift);
  for (std::int64_t i = 0; i < element_count(x.shape); ++i) {
    const auto c = static_cast<std::size_t>(i / inner % channels);
    const auto f = static_cast<double>(int8_quantise(a.factor[c], factor));
    const auto s = static_cast<double>(int8_quantise(a.shift[c], shift));
    const double scaled =
        stored(whole(binary(ScalarFn::mul, x.at(i), f, call.in_scale(0), factor, product)));
    call.out[0].at(i) = binary(ScalarFn::add, scaled, s, product, shift, call.out_scale());
  }
}

void int8_lrn(Call& call) {
  const LrnAttrs& a = call.op.as<LrnAttrs>();
  const Tensor& x = *call.in[0];
  const std::int64_t channels = x.shape[1], inner = x.shape[2] * x.shape[3];
  const double in = call.in_scale(0);
  const FixedLrn lrn({32, 0, call.numbers.fixed()->table_bits}, a.size,
                     to_single(a.alpha) * (in * in), to_single(a.beta), to_single(a.bias));
  const FixedScale rescale = FixedScale::of(in / call.out_scale());
  for_each_index(x.shape, [&](std::int64_t at, const std::vector<std::int64_t>& i) {
    const std::int64_t lo = std::max<std::int64_t>(0, i[1] - (a.size - 1) / 2);
    const std::int64_t hi = std::min(channels - 1, i[1] + a.size / 2);
    double squares = 0;
    for (std::int64_t c = lo; c <= hi; ++c) {
      const double v = x.at(at + (c - i[1]) * inner);
      squares += v * v;
    }
    // Eight guard bits until it is in units of the result.
    call.out[0].at(at) = whole_number(rescale.apply(lrn(whole(x.at(at) * 256), whole(squares)), 8));
  });
}

namespace {

/// One direction of an LSTM: its synapses, and what it has computed.
class Int8Lstm {
 public:
  Int8Lstm(Call& call, std::int64_t direction)
      : call_(call),
        hidden_(call.op.as<LstmAttrs>().hidden),
        batch_(call.in[0]->shape[1]),
        direction_(direction),
        x_scale_(call.inner_scale(InnerValue::lstm_input_gates)),
        h_scale_(call.inner_scale(InnerValue::lstm_output_gates)),
        gate_scale_(call.inner_scale(InnerValue::lstm_gates)),
        state_scale_(call.inner_scale(InnerValue::lstm_state)),
        of_x_(synapses(1, call.in[0]->shape[2], call.has(3), call.in_scale(0), x_scale_)),
        of_h_(synapses(2, hidden_, false, call.out_scale(), h_scale_)),
        h_(start(4)),
        c_(start(5)),
        old_scale_(call.has(5) ? call.in_scale(5) : call.out_scale()),
        sigmoid_({ScalarFn::sigmoid}, call.numbers),
        tanh_({ScalarFn::tanh}, call.numbers) {}

  void run() {
    const std::int64_t steps = call_.in[0]->shape[0];
    for (std::int64_t i = 0; i < steps; ++i) step(direction_ == 0 ? i : steps - 1 - i);
  }

 private:
  Channels synapses(std::size_t input, std::int64_t width, bool biased, double in,
                    double out) const {
    const std::int64_t gates = 4 * hidden_;
    Synapses s;
    const auto from = call_.weight(input).begin() + direction_ * gates * width;
    s.weights.assign(from, from + gates * width);
    s.biases.resize(static_cast<std::size_t>(gates));
    for (std::int64_t g = 0; biased && g < gates; ++g) {
      const auto at = [&](std::int64_t k) {
        return static_cast<double>(
            call_.weight(3)[static_cast<std::size_t>(direction_ * 2 * gates + k)]);
      };
      s.biases[static_cast<std::size_t>(g)] = at(g) + at(gates + g);
    }
    return channels_of(std::move(s), nullptr, in, out);
  }
  std::vector<double> start(std::size_t input) const {
    const std::int64_t count = batch_ * hidden_;
    if (!call_.has(input)) return std::vector<double>(static_cast<std::size_t>(count));
    const auto from = call_.in[input]->data.begin() + direction_ * count;
    return {from, from + count};
  }

  double product(const Channels& c, const double* x, std::int64_t gate) const {
    const std::size_t width = c.synapses.weights.size() / c.synapses.biases.size();
    double sum = c.synapses.biases[static_cast<std::size_t>(gate)];
    for (std::size_t i = 0; i < width; ++i)
      sum += x[i] * c.synapses.weights[static_cast<std::size_t>(gate) * width + i];
    return stored(whole(c.result(call_.numbers, sum, gate)));
  }

  void step(std::int64_t t) {
    const Tensor& x = *call_.in[0];
    Tensor& y = call_.out[0];
    const std::vector<double> before = h_;
    for (std::int64_t n = 0; n < batch_; ++n)
      for (std::int64_t j = 0; j < hidden_; ++j) {
        const auto gate = [&](std::int64_t which) {
          const std::int64_t g = which * hidden_ + j;
          const double from_h = product(of_h_, &before[static_cast<std::size_t>(n * hidden_)], g);
          const double from_x =
              product(of_x_, &x.data[static_cast<std::size_t>((t * batch_ + n) * x.shape[2])], g);
          return stored(
              whole(binary(ScalarFn::add, from_h, from_x, h_scale_, x_scale_, gate_scale_)));
        };
        cell(gate(0), gate(1), gate(2), gate(3), static_cast<std::size_t>(n * hidden_ + j));
        y.at(((t * y.shape[1] + direction_) * batch_ + n) * hidden_ + j) =
            h_[static_cast<std::size_t>(n * hidden_ + j)];
      }
    old_scale_ = state_scale_;
  }

  /// Products of numbers with 16 bits behind the point.
  void cell(double in, double out, double keep, double fresh, std::size_t at) {
    const auto narrowed = [](std::int64_t product, double scale, std::int64_t zero) {
      return stored(FixedScale::of(1 / (scale * 65536)).apply(round_shift(product, 16)), zero);
    };
    const std::int64_t old = FixedScale::of(old_scale_ * 65536).apply(whole(c_[at]));
    c_[at] = narrowed(sigmoid_.wide(keep, gate_scale_) * old +
                          sigmoid_.wide(in, gate_scale_) * tanh_.wide(fresh, gate_scale_),
                      state_scale_, 0);
    h_[at] = narrowed(sigmoid_.wide(out, gate_scale_) * tanh_.wide(c_[at], state_scale_),
                      call_.out_scale(), call_.out_zero());
  }

  Call& call_;
  std::int64_t hidden_, batch_, direction_;
  double x_scale_, h_scale_, gate_scale_, state_scale_;
  Channels of_x_, of_h_;
  std::vector<double> h_, c_;
  double old_scale_;
  Interpolated sigmoid_, tanh_;
};

}  // namespace

void int8_lstm(Call& call) {
  for (std::int64_t d = 0; d < call.out[0].shape[1]; ++d) Int8Lstm(call, d).run();
}

}  // namespace unna::reference
