// Convolution and matrix products.

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "reference/machine.h"

namespace unna::reference {

Affine affine_of(const Graph& graph, const GraphOp& norm) {
  const auto of = [&](std::size_t input) -> const std::vector<float>& {
    const GraphTensor& t = graph.tensor(norm.inputs[input]);
    invariant(t.values != nullptr, "weight {} has no values", t.name);
    return *t.values;
  };
  Affine a;
  for (std::size_t c = 0; c < of(1).size(); ++c) {
    const double deviation =
        std::sqrt(static_cast<double>(of(4)[c]) + norm.as<NormAttrs>().epsilon);
    a.factor.push_back(static_cast<double>(of(1)[c]) / deviation);
    a.shift.push_back(static_cast<double>(of(2)[c]) -
                      static_cast<double>(of(3)[c]) * a.factor.back());
  }
  return a;
}

Synapses real_synapses(const Call& call, std::int64_t channels) {
  Synapses s;
  s.biases.resize(static_cast<std::size_t>(channels));
  if (call.has(2)) std::copy(call.weight(2).begin(), call.weight(2).end(), s.biases.begin());
  const std::vector<float>& w = call.weight(1);
  s.weights.assign(w.begin(), w.end());
  if (call.folded != nullptr) {
    const Affine a = affine_of(call.graph, *call.folded);
    const std::size_t each = s.weights.size() / a.factor.size();
    for (std::size_t i = 0; i < s.weights.size(); ++i) s.weights[i] *= a.factor[i / each];
    for (std::size_t c = 0; c < s.biases.size(); ++c)
      s.biases[c] = s.biases[c] * a.factor[c] + a.shift[c];
  }
  return s;
}

namespace {

/// As the machine has them.
Synapses synapses_of(const Call& call, std::int64_t channels) {
  Synapses s = real_synapses(call, channels);
  for (double& v : s.weights) v = call.numbers.element(v);
  for (double& v : s.biases) v = call.numbers.bias(v);
  return s;
}

/// One input channel's contribution to one output channel: kernel position by position.
void add_plane(const double* in, std::int64_t h, std::int64_t w, const double* kernel,
               const WindowAttrs& a, double* out, std::int64_t oh, std::int64_t ow) {
  for (std::int64_t ky = 0; ky < a.kernel_h; ++ky)
    for (std::int64_t kx = 0; kx < a.kernel_w; ++kx) {
      const double weight = kernel[ky * a.kernel_w + kx];
      for (std::int64_t y = 0; y < oh; ++y) {
        const std::int64_t row = y * a.stride_h - a.pad_top + ky * a.dilation_h;
        if (row < 0 || row >= h) continue;
        const std::int64_t left = kx * a.dilation_w - a.pad_left;
        std::int64_t x = 0;
        while (x < ow && x * a.stride_w + left < 0) ++x;
        for (; x < ow && x * a.stride_w + left < w; ++x)
          out[y * ow + x] += weight * in[row * w + x * a.stride_w + left];
      }
    }
}

}  // namespace

void convolve(Call& call, const Synapses& s) {
  const ConvAttrs& attrs = call.op.as<ConvAttrs>();
  const Tensor& x = *call.in[0];
  Tensor& y = call.out[0];
  const std::int64_t channels = y.shape[1], oh = y.shape[2], ow = y.shape[3];
  const std::int64_t h = x.shape[2], w = x.shape[3];
  const std::int64_t inputs = x.shape[1] / attrs.groups;
  const std::int64_t taps = attrs.window.kernel_h * attrs.window.kernel_w;
  for (std::int64_t n = 0; n < y.shape[0]; ++n)
    for (std::int64_t o = 0; o < channels; ++o) {
      double* out = &y.at((n * channels + o) * oh * ow);
      std::fill_n(out, oh * ow, s.biases[static_cast<std::size_t>(o)]);
      const std::int64_t first = o / (channels / attrs.groups) * inputs;
      for (std::int64_t i = 0; i < inputs; ++i)
        add_plane(&x.data[static_cast<std::size_t>((n * x.shape[1] + first + i) * h * w)], h, w,
                  &s.weights[static_cast<std::size_t>((o * inputs + i) * taps)], attrs.window, out,
                  oh, ow);
    }
}

void conv(Call& call) {
  convolve(call, synapses_of(call, call.out[0].shape[1]));
  for (double& v : call.out[0].data) v = call.numbers.of_products(v);
}

void multiply(Call& call, const Synapses& s) {
  const Tensor& x = *call.in[0];
  Tensor& y = call.out[0];
  const std::int64_t k = x.shape.back(), features = y.shape.back();
  for (std::int64_t r = 0; r < element_count(x.shape) / k; ++r)
    for (std::int64_t o = 0; o < features; ++o) {
      double sum = s.biases[static_cast<std::size_t>(o)];
      for (std::int64_t i = 0; i < k; ++i)
        sum += x.at(r * k + i) * s.weights[static_cast<std::size_t>(o * k + i)];
      y.at(r * features + o) = sum;
    }
}

void gemm(Call& call) {
  multiply(call, synapses_of(call, call.out[0].shape.back()));
  for (double& v : call.out[0].data) v = call.numbers.of_products(v);
}

void multiply_computed(Call& call) {
  const MatmulAttrs& attrs = call.op.as<MatmulAttrs>();
  const Tensor& a = *call.in[0];
  const Tensor& b = *call.in[1];
  Tensor& y = call.out[0];
  const std::size_t rank = y.shape.size();
  const std::int64_t m = y.shape[rank - 2], n = y.shape[rank - 1], k = a.shape.back();
  const std::int64_t batches = element_count(y.shape) / (m * n);
  // An operand of fewer, or of single, leading dimensions serves all batches.
  const auto batch_of = [&](const Tensor& t, std::int64_t batch) {
    const std::vector<std::int64_t> steps = strides_of(t.shape);
    std::int64_t at = 0;
    for (std::size_t d = rank - 2; d-- > 0;) {
      const std::int64_t index = batch % y.shape[d];
      batch /= y.shape[d];
      const std::size_t missing = rank - t.shape.size();
      if (d >= missing && t.shape[d - missing] != 1) at += index * steps[d - missing];
    }
    return at;
  };
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const std::int64_t from_a = batch_of(a, batch), from_b = batch_of(b, batch);
    for (std::int64_t r = 0; r < m; ++r)
      for (std::int64_t c = 0; c < n; ++c) {
        double sum = 0;
        for (std::int64_t i = 0; i < k; ++i)
          sum +=
              a.at(from_a + r * k + i) * b.at(from_b + (attrs.transpose_b ? c * k + i : i * n + c));
        y.at((batch * m + r) * n + c) = sum;
      }
  }
}

void matmul(Call& call) {
  multiply_computed(call);
  const auto scale = static_cast<float>(call.op.as<MatmulAttrs>().scale);
  for (double& v : call.out[0].data) v = call.numbers.of_products(v, scale);
}

/// A batch norm on its own: a product, then a sum, each rounded.
void batch_norm(Call& call) {
  const Affine a = affine_of(call.graph, call.op);
  const Tensor& x = *call.in[0];
  const std::int64_t channels = x.shape[1];
  const std::int64_t inner = element_count(x.shape) / (x.shape[0] * channels);
  const Numbers& numbers = call.numbers;
  for (std::int64_t i = 0; i < element_count(x.shape); ++i) {
    const auto c = static_cast<std::size_t>(i / inner % channels);
    const double scaled = numbers.binary(ScalarFn::mul, x.at(i), numbers.element(a.factor[c]));
    call.out[0].at(i) = numbers.binary(ScalarFn::add, scaled, numbers.element(a.shift[c]));
    call.observe(InnerValue::norm_factor, a.factor[c]);
    call.observe(InnerValue::norm_product, scaled);
    call.observe(InnerValue::norm_shift, a.shift[c]);
  }
}

namespace {

/// A product of the LSTM: [batch][inputs] by [4 hidden][inputs].
std::vector<double> gates_of(const Numbers& numbers, std::span<const double> x,
                             std::span<const double> w, std::span<const double> biases,
                             std::int64_t batch, std::int64_t inputs) {
  const auto gates = static_cast<std::int64_t>(biases.size());
  std::vector<double> out(static_cast<std::size_t>(batch * gates));
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t g = 0; g < gates; ++g) {
      double sum = biases[static_cast<std::size_t>(g)];
      for (std::int64_t i = 0; i < inputs; ++i)
        sum += x[static_cast<std::size_t>(n * inputs + i)] *
               w[static_cast<std::size_t>(g * inputs + i)];
      out[static_cast<std::size_t>(n * gates + g)] = numbers.of_products(sum);
    }
  return out;
}

double applied(const Numbers& numbers, ScalarFn fn, double x) {
  std::vector<double> one = {x};
  numbers.unary({fn, 0, 0}, one);
  return one[0];
}

/// Sum of two products, rounded once.
double two_products(const Numbers& numbers, double a, double b, double c, double d) {
  return numbers.of_products(a * b + c * d);
}

}  // namespace

void lstm(Call& call) {
  const std::int64_t hidden = call.op.as<LstmAttrs>().hidden, gates = 4 * hidden;
  const Tensor& x = *call.in[0];
  Tensor& y = call.out[0];
  const std::int64_t steps = x.shape[0], batch = x.shape[1], inputs = x.shape[2];
  const std::int64_t directions = y.shape[1];
  const Numbers& numbers = call.numbers;
  const std::vector<double> w = call.elements(1), r = call.elements(2);
  const auto part = [](std::span<const double> all, std::int64_t from, std::int64_t count) {
    return all.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(count));
  };
  for (std::int64_t d = 0; d < directions; ++d) {
    std::vector<double> biases(static_cast<std::size_t>(gates));
    const std::vector<double> none(biases.size());
    if (call.has(3))
      for (std::int64_t g = 0; g < gates; ++g) {
        const auto at = [&](std::int64_t i) {
          return static_cast<double>(call.weight(3)[static_cast<std::size_t>(d * 2 * gates + i)]);
        };
        biases[static_cast<std::size_t>(g)] = numbers.bias(at(g) + at(gates + g));
      }
    const auto start = [&](std::size_t input) {
      std::vector<double> zeros(static_cast<std::size_t>(batch * hidden));
      if (!call.has(input)) return zeros;
      const auto given = part(call.in[input]->data, d * batch * hidden, batch * hidden);
      return std::vector<double>(given.begin(), given.end());
    };
    std::vector<double> h = start(4), c = start(5);
    for (std::int64_t i = 0; i < steps; ++i) {
      const std::int64_t t = d == 0 ? i : steps - 1 - i;
      const auto of_x =
          gates_of(numbers, part(x.data, t * batch * inputs, batch * inputs),
                   part(w, d * gates * inputs, gates * inputs), biases, batch, inputs);
      const auto of_h =
          gates_of(numbers, h, part(r, d * gates * hidden, gates * hidden), none, batch, hidden);
      for (const double v : of_x) call.observe(InnerValue::lstm_input_gates, v);
      for (const double v : of_h) call.observe(InnerValue::lstm_output_gates, v);
      for (std::int64_t n = 0; n < batch; ++n)
        for (std::int64_t j = 0; j < hidden; ++j) {
          const auto gate = [&](std::int64_t which) {
            const auto g = static_cast<std::size_t>(n * gates + which * hidden + j);
            const double sum = numbers.binary(ScalarFn::add, of_h[g], of_x[g]);
            call.observe(InnerValue::lstm_gates, sum);
            return sum;
          };
          const auto at = static_cast<std::size_t>(n * hidden + j);
          const double in = applied(numbers, ScalarFn::sigmoid, gate(0));
          const double out = applied(numbers, ScalarFn::sigmoid, gate(1));
          const double keep = applied(numbers, ScalarFn::sigmoid, gate(2));
          const double cell = applied(numbers, ScalarFn::tanh, gate(3));
          c[at] = two_products(numbers, keep, c[at], in, cell);
          call.observe(InnerValue::lstm_state, c[at]);
          h[at] = two_products(numbers, out, applied(numbers, ScalarFn::tanh, c[at]), 0, 0);
          y.at(((t * directions + d) * batch + n) * hidden + j) = h[at];
        }
    }
  }
}

}  // namespace unna::reference
