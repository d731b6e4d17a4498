#pragma once

// Private to the reference executor: numbers and tensors.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "numbers/fixed.h"
#include "reference/reference.h"
#include "workloads/graph.h"

namespace unna::reference {

/// Real numbers, or whole numbers q that stand for q * 2^-fraction. Factors are single precision,
/// as operands of instructions are.
class Numbers {
 public:
  explicit Numbers(const std::optional<Encoding>& encoding);

  const std::optional<FixedFormat>& fixed() const { return fixed_; }

  double element(double real) const;  ///< a real number as a neuron or synapse
  double bias(double real) const;     ///< as a sum of products
  double of_products(double sum, float factor = 1) const;
  double of_values(double sum, double factor) const;
  double mean(double sum, std::int64_t count) const;
  double binary(ScalarFn fn, double a, double b) const;
  /// fn of every element, in place.
  void unary(const FunctionAttrs& attrs, std::vector<double>& data) const;
  double lowest() const;
  /// Whether a sum was more than an accumulator holds.
  bool overflowed() const { return overflowed_; }
  /// A sum as a whole number, which it is.
  std::int64_t sum(double s) const;
  /// A result as it is stored; fixed point is rounded when it is computed.
  double round(double x) const;

 private:
  double saturate(std::int64_t q) const { return static_cast<double>(fixed_->saturate(q)); }

  const InterpolationTable& table(const FunctionAttrs& attrs) const;

  std::optional<FixedFormat> fixed_;
  std::optional<DataType> floating_;  ///< what results are rounded to
  double accumulator_limit_ = 0;
  mutable bool overflowed_ = false;
  mutable std::map<std::tuple<ScalarFn, double, double>, InterpolationTable> tables_;
};

/// A function of one argument, in double precision.
double function(const FunctionAttrs& f, double x);

struct Tensor {
  Shape shape;
  std::vector<double> data;  ///< row-major

  explicit Tensor(Shape s)
      : shape(std::move(s)), data(static_cast<std::size_t>(element_count(shape))) {}
  double& at(std::int64_t i) { return data[static_cast<std::size_t>(i)]; }
  double at(std::int64_t i) const { return data[static_cast<std::size_t>(i)]; }
};

/// Rows along the last dimension.
inline std::int64_t rows_of(const Tensor& t) {
  return element_count(t.shape) / t.shape.back();
}
inline std::span<const double> row(const Tensor& t, std::int64_t r) {
  const std::int64_t n = t.shape.back();
  return std::span(t.data).subspan(static_cast<std::size_t>(r * n), static_cast<std::size_t>(n));
}
inline std::span<double> row(Tensor& t, std::int64_t r) {
  const std::int64_t n = t.shape.back();
  return std::span(t.data).subspan(static_cast<std::size_t>(r * n), static_cast<std::size_t>(n));
}
/// Of a number that is whole.
inline std::int64_t whole(double value) {
  return static_cast<std::int64_t>(value);
}

/// An operator as its function sees it.
struct Call {
  const Graph& graph;
  const GraphOp& op;
  const Numbers& numbers;
  std::vector<const Tensor*> in;  ///< activations; null for weights that only parametrise
  std::vector<Tensor>& out;
  const GraphOp* folded = nullptr;  ///< a convolution's batch norm
  bool int8 = false;
  std::vector<double>* largest = nullptr;  ///< by InnerValue: magnitudes, to calibrate by

  /// Values of an input that is a weight, as reals.
  const std::vector<float>& weight(std::size_t input) const;
  /// The same as neurons or synapses.
  std::vector<double> elements(std::size_t input) const;
  bool has(std::size_t input) const { return op.inputs.size() > input; }

  /// int8: scales, and the output's zero point.
  double in_scale(std::size_t input) const;
  double out_scale() const;
  std::int64_t out_zero() const;
  double inner_scale(InnerValue which) const;
  /// A factor of the input's values, as one of their whole numbers.
  double rescaled(float factor) const {
    const auto f = static_cast<double>(factor);
    return int8 ? f * in_scale(0) / out_scale() : f;
  }
  void observe(InnerValue which, double value) const;
};

/// Weights and biases of a convolution or product.
struct Synapses {
  std::vector<double> weights;
  std::vector<double> biases;  ///< of every output channel
};
/// As reals: weights (input 1) and biases (input 2, if any) of `channels` output channels, with the
/// batch norm folded in.
Synapses real_synapses(const Call& call, std::int64_t channels);
/// Sums of products, with the biases, in the output.
void convolve(Call& call, const Synapses& s);
void multiply(Call& call, const Synapses& s);
void multiply_computed(Call& call);

/// A batch norm as factor and shift of each channel.
struct Affine {
  std::vector<double> factor, shift;
};
Affine affine_of(const Graph& graph, const GraphOp& norm);

/// Calls f(result, a, b) for each element of a binary operator.
void for_each_broadcast(Call& call, const std::function<void(double&, double, double)>& f);

// Where int8 needs its scales, in quantised.cpp.
void int8_conv(Call& call);
void int8_gemm(Call& call);
void int8_matmul(Call& call);
void int8_unary(Call& call);
void int8_binary(Call& call);
void int8_softmax(Call& call);
void int8_log_softmax(Call& call);
void int8_layer_norm(Call& call);
void int8_batch_norm(Call& call);
void int8_lrn(Call& call);
void int8_lstm(Call& call);

// One an operator (windows.cpp, shapes.cpp, rows.cpp, products.cpp, recurrent.cpp).
void conv(Call& call);
void gemm(Call& call);
void matmul(Call& call);
void max_pool(Call& call);
void avg_pool(Call& call);
void global_avg_pool(Call& call);
void unary(Call& call);
void binary(Call& call);
void softmax(Call& call);
void log_softmax(Call& call);
void layer_norm(Call& call);
void batch_norm(Call& call);
void lrn(Call& call);
void reduce(Call& call);
void concat(Call& call);
void split(Call& call);
void slice(Call& call);
void gather(Call& call);
void reshape(Call& call);
void transpose(Call& call);
void pad(Call& call);
void resize(Call& call);
void lstm(Call& call);

/// Row-major strides.
std::vector<std::int64_t> strides_of(const Shape& shape);
/// Calls f(position, index) for each index of `shape`, row-major.
template <class F>
void for_each_index(const Shape& shape, F&& f) {
  std::vector<std::int64_t> index(shape.size());
  const std::int64_t count = element_count(shape);
  for (std::int64_t i = 0; i < count; ++i) {
    f(i, index);
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
}

}  // namespace unna::reference
