// Element by element, row by row, and operators that only rename elements.

#include <algorithm>
#include <cmath>

#include "numbers/encoding.h"
#include "reference/machine.h"

namespace unna::reference {

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> steps(shape.size());
  std::int64_t step = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    steps[d] = step;
    step *= shape[d];
  }
  return steps;
}

void unary(Call& call) {
  call.out[0].data = call.in[0]->data;
  call.numbers.unary(call.op.as<FunctionAttrs>(), call.out[0].data);
}

void for_each_broadcast(Call& call, const std::function<void(double&, double, double)>& f) {
  Tensor& y = call.out[0];
  const auto at = [&](const Tensor& t, const std::vector<std::int64_t>& index) {
    const std::size_t missing = index.size() - t.shape.size();
    std::int64_t position = 0;
    for (std::size_t d = 0; d < t.shape.size(); ++d)
      position = position * t.shape[d] + (t.shape[d] == 1 ? 0 : index[missing + d]);
    return t.at(position);
  };
  for_each_index(y.shape, [&](std::int64_t i, const std::vector<std::int64_t>& index) {
    f(y.at(i), at(*call.in[0], index), at(*call.in[1], index));
  });
}

void binary(Call& call) {
  const ScalarFn fn = call.op.as<FunctionAttrs>().fn;
  for_each_broadcast(call,
                     [&](double& y, double a, double b) { y = call.numbers.binary(fn, a, b); });
}

namespace {

std::vector<std::int64_t> whole_numbers(std::span<const double> values) {
  return {values.begin(), values.end()};
}

void real_softmax(std::span<const double> in, std::span<double> out) {
  const double most = *std::max_element(in.begin(), in.end());
  double sum = 0;
  for (std::size_t i = 0; i < in.size(); ++i) sum += out[i] = std::exp(in[i] - most);
  for (double& v : out) v /= sum;
}

void real_layer_norm(std::span<const double> in, std::span<const double> gamma,
                     std::span<const double> beta, double epsilon, std::span<double> out) {
  const auto n = static_cast<double>(in.size());
  double mean = 0, variance = 0;
  for (const double v : in) mean += v / n;
  for (const double v : in) variance += (v - mean) * (v - mean) / n;
  for (std::size_t i = 0; i < in.size(); ++i)
    out[i] = (in[i] - mean) / std::sqrt(variance + epsilon) * gamma[i] + beta[i];
}

}  // namespace

void softmax(Call& call) {
  std::optional<FixedRows> fixed;
  if (call.numbers.fixed()) fixed.emplace(*call.numbers.fixed());
  for (std::int64_t r = 0; r < rows_of(call.out[0]); ++r) {
    const std::span<const double> in = row(*call.in[0], r);
    const std::span<double> out = row(call.out[0], r);
    if (!fixed) {
      real_softmax(in, out);
      continue;
    }
    std::vector<std::int64_t> result(in.size());
    fixed->softmax(whole_numbers(in), FixedScale::of(1), result);
    std::copy(result.begin(), result.end(), out.begin());
  }
}

/// Step by step, each rounded as an operator of its own: x - max - log(sum(exp(x - max))).
void log_softmax(Call& call) {
  const Numbers& numbers = call.numbers;
  for (std::int64_t r = 0; r < rows_of(call.out[0]); ++r) {
    const std::span<const double> in = row(*call.in[0], r);
    const double most = *std::max_element(in.begin(), in.end());
    std::vector<double> below;
    for (const double x : in) below.push_back(numbers.binary(ScalarFn::sub, x, most));
    std::vector<double> powers = below;
    numbers.unary({ScalarFn::exp}, powers);
    double sum = 0;
    for (const double p : powers) sum += p;
    std::vector<double> log = {numbers.of_values(sum, 1)};
    call.observe(InnerValue::log_softmax_sum, log[0]);
    numbers.unary({ScalarFn::log}, log);
    for (const double x : below) call.observe(InnerValue::log_softmax_below, x);
    for (const double p : powers) call.observe(InnerValue::log_softmax_powers, p);
    call.observe(InnerValue::log_softmax_log, log[0]);
    const std::span<double> out = row(call.out[0], r);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = numbers.binary(ScalarFn::sub, below[i], log[0]);
  }
}

void layer_norm(Call& call) {
  const double epsilon = to_single(call.op.as<NormAttrs>().epsilon);
  const std::vector<double> gamma = call.elements(1);
  std::vector<double> beta;
  for (const float b : call.weight(2)) beta.push_back(call.numbers.bias(static_cast<double>(b)));
  std::optional<FixedRows> fixed;
  if (call.numbers.fixed()) fixed.emplace(*call.numbers.fixed());
  for (std::int64_t r = 0; r < rows_of(call.out[0]); ++r) {
    const std::span<const double> in = row(*call.in[0], r);
    const std::span<double> out = row(call.out[0], r);
    if (!fixed) {
      real_layer_norm(in, gamma, beta, epsilon, out);
      continue;
    }
    std::vector<std::int64_t> result(in.size());
    fixed->layer_norm(whole_numbers(in), whole_numbers(gamma), whole_numbers(beta), epsilon,
                      result);
    std::copy(result.begin(), result.end(), out.begin());
  }
}

void lrn(Call& call) {
  const LrnAttrs& a = call.op.as<LrnAttrs>();
  const Tensor& x = *call.in[0];
  const std::int64_t channels = x.shape[1], inner = x.shape[2] * x.shape[3];
  std::optional<FixedLrn> fixed;
  if (call.numbers.fixed())
    fixed.emplace(*call.numbers.fixed(), a.size, to_single(a.alpha), to_single(a.beta),
                  to_single(a.bias));
  for_each_index(x.shape, [&](std::int64_t at, const std::vector<std::int64_t>& i) {
    const std::int64_t lo = std::max<std::int64_t>(0, i[1] - (a.size - 1) / 2);
    const std::int64_t hi = std::min(channels - 1, i[1] + a.size / 2);
    double squares = 0;
    for (std::int64_t c = lo; c <= hi; ++c) {
      const double v = x.at(at + (c - i[1]) * inner);
      squares += v * v;
    }
    call.out[0].at(at) =
        fixed
            ? static_cast<double>(
                  (*fixed)(static_cast<std::int64_t>(x.at(at)), static_cast<std::int64_t>(squares)))
            : x.at(at) / std::pow(a.bias + a.alpha / static_cast<double>(a.size) * squares, a.beta);
  });
}

void reduce(Call& call) {
  const ReduceAttrs& attrs = call.op.as<ReduceAttrs>();
  const Tensor& x = *call.in[0];
  Shape kept = x.shape;
  for (const std::int64_t axis : attrs.axes) kept[static_cast<std::size_t>(axis)] = 1;
  const std::vector<std::int64_t> steps = strides_of(kept);
  const bool max = attrs.fn == ReduceFn::max;
  std::vector<double>& out = call.out[0].data;
  std::fill(out.begin(), out.end(), max ? call.numbers.lowest() : 0.0);
  for_each_index(x.shape, [&](std::int64_t at, const std::vector<std::int64_t>& index) {
    std::int64_t to = 0;
    for (std::size_t d = 0; d < index.size(); ++d) to += kept[d] == 1 ? 0 : index[d] * steps[d];
    double& v = out[static_cast<std::size_t>(to)];
    v = max ? std::max(v, x.at(at)) : v + x.at(at);
  });
  const std::int64_t count = element_count(x.shape) / element_count(kept);
  const float factor = attrs.fn == ReduceFn::mean ? 1.0F / static_cast<float>(count) : 1.0F;
  if (!max)
    for (double& v : out) v = call.numbers.of_values(v, call.rescaled(factor));
}

namespace {

/// y[index] = x[index + start * axis's step] and so on: copies a box between two tensors.
void copy_box(const Tensor& from, const std::vector<std::int64_t>& starts,
              const std::vector<std::int64_t>& steps, Tensor& to,
              const std::vector<std::int64_t>& at, const Shape& box) {
  const std::vector<std::int64_t> from_strides = strides_of(from.shape);
  const std::vector<std::int64_t> to_strides = strides_of(to.shape);
  for_each_index(box, [&](std::int64_t, const std::vector<std::int64_t>& index) {
    std::int64_t source = 0, target = 0;
    for (std::size_t d = 0; d < index.size(); ++d) {
      source += (starts[d] + index[d] * steps[d]) * from_strides[d];
      target += (at[d] + index[d]) * to_strides[d];
    }
    to.at(target) = from.at(source);
  });
}

}  // namespace

void concat(Call& call) {
  const auto axis = static_cast<std::size_t>(call.op.as<AxisAttrs>().axis);
  const std::vector<std::int64_t> zeros(call.out[0].shape.size());
  const std::vector<std::int64_t> ones(zeros.size(), 1);
  std::vector<std::int64_t> at = zeros;
  for (const Tensor* in : call.in) {
    copy_box(*in, zeros, ones, call.out[0], at, in->shape);
    at[axis] += in->shape[axis];
  }
}

void split(Call& call) {
  const auto axis = static_cast<std::size_t>(call.op.as<AxisAttrs>().axis);
  const std::vector<std::int64_t> zeros(call.in[0]->shape.size());
  const std::vector<std::int64_t> ones(zeros.size(), 1);
  std::vector<std::int64_t> from = zeros;
  for (Tensor& out : call.out) {
    copy_box(*call.in[0], from, ones, out, zeros, out.shape);
    from[axis] += out.shape[axis];
  }
}

void slice(Call& call) {
  const SliceAttrs& attrs = call.op.as<SliceAttrs>();
  const std::vector<std::int64_t> zeros(attrs.starts.size());
  copy_box(*call.in[0], attrs.starts, attrs.steps, call.out[0], zeros, call.out[0].shape);
}

void gather(Call& call) {
  const GatherAttrs& attrs = call.op.as<GatherAttrs>();
  const auto axis = static_cast<std::size_t>(attrs.axis);
  const Tensor& x = *call.in[0];
  Shape kept = x.shape;
  kept[axis] = static_cast<std::int64_t>(attrs.indices.size());
  const std::vector<std::int64_t> steps = strides_of(x.shape);
  for_each_index(kept, [&](std::int64_t at, const std::vector<std::int64_t>& index) {
    std::int64_t from = 0;
    for (std::size_t d = 0; d < index.size(); ++d)
      from += steps[d] * (d == axis ? attrs.indices[static_cast<std::size_t>(index[d])] : index[d]);
    call.out[0].at(at) = x.at(from);
  });
}

void reshape(Call& call) {
  call.out[0].data = call.in[0]->data;
}

void transpose(Call& call) {
  const std::vector<std::int64_t>& perm = call.op.as<TransposeAttrs>().perm;
  const std::vector<std::int64_t> steps = strides_of(call.in[0]->shape);
  Tensor& y = call.out[0];
  for_each_index(y.shape, [&](std::int64_t at, const std::vector<std::int64_t>& index) {
    std::int64_t from = 0;
    for (std::size_t d = 0; d < index.size(); ++d)
      from += index[d] * steps[static_cast<std::size_t>(perm[d])];
    y.at(at) = call.in[0]->at(from);
  });
}

}  // namespace unna::reference
