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
  double of_values(double sum, float factor) const;
  double mean(double sum, std::int64_t count) const;
  double binary(ScalarFn fn, double a, double b) const;
  /// fn of every element, in place.
  void unary(const FunctionAttrs& attrs, std::vector<double>& data) const;
  double lowest() const;
  /// A result as it is stored; fixed point is rounded when it is computed.
  double round(double x) const;

 private:
  double saturate(std::int64_t q) const { return static_cast<double>(fixed_->saturate(q)); }

  const InterpolationTable& table(const FunctionAttrs& attrs) const;

  std::optional<FixedFormat> fixed_;
  std::optional<DataType> floating_;  ///< what results are rounded to
  mutable std::map<std::tuple<ScalarFn, double, double>, InterpolationTable> tables_;
};

struct Tensor {
  Shape shape;
  std::vector<double> data;  ///< row-major

  explicit Tensor(Shape s)
      : shape(std::move(s)), data(static_cast<std::size_t>(element_count(shape))) {}
  double& at(std::int64_t i) { return data[static_cast<std::size_t>(i)]; }
  double at(std::int64_t i) const { return data[static_cast<std::size_t>(i)]; }
};

/// An operator as its function sees it.
struct Call {
  const Graph& graph;
  const GraphOp& op;
  const Numbers& numbers;
  std::vector<const Tensor*> in;  ///< activations; null for weights that only parametrise
  std::vector<Tensor>& out;
  const GraphOp* folded = nullptr;  ///< a convolution's batch norm

  /// Values of an input that is a weight, as reals.
  const std::vector<float>& weight(std::size_t input) const;
  /// The same as neurons or synapses.
  std::vector<double> elements(std::size_t input) const;
  bool has(std::size_t input) const { return op.inputs.size() > input; }
};

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
