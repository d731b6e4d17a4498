#pragma once

// What the operators' translations share: the values that names stand for, and short ways to add
// operators to the draft.

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/onnx/attributes.h"
#include "workloads/onnx/draft.h"
#include "workloads/onnx/fold.h"
#include "workloads/onnx/steps.h"

namespace unna::onnx_import {

/// What a name of the model stands for: a constant, a tensor of the draft, or what the host
/// computes.
struct Value {
  std::optional<Constant> constant;
  TensorId tensor;
  bool has_tensor = false;
  std::string host = {};  ///< its name, where the host has it before the machine starts
  /// The host has it, but what is computed from it is the machine's: real inputs, rows of tables.
  bool bound = false;
  bool after = false;                       ///< the host computes it from the machine's results
  std::shared_ptr<const Steps> steps = {};  ///< of quantised values

  static Value of(Constant c) { return {std::move(c), TensorId()}; }
  static Value of(TensorId t) { return {std::nullopt, t, true}; }
};

/// Turns constants into weights of the draft, each once, and counts what operators read.
class Weights {
 public:
  explicit Weights(Draft& draft) : draft_(draft) {}

  TensorId of(const Constant& constant);
  TensorId scalar(double value);
  void count(const Constant& constant);
  std::int64_t counted() const { return counted_; }

 private:
  Draft& draft_;
  std::map<std::pair<std::string, Shape>, std::vector<std::pair<const void*, TensorId>>> made_;
  std::map<double, TensorId> scalars_;
  std::set<std::string> seen_;
  std::int64_t counted_ = 0;
};

/// One node while it is translated.
class Translation {
 public:
  /// `read` are the names that some node or output of the model reads.
  Translation(const Node& node, std::vector<const Value*> inputs, Draft& draft, Weights& weights,
              std::int64_t opset, const std::set<std::string, std::less<>>& read);

  const Node& node() const { return node_; }
  std::int64_t opset() const { return opset_; }
  Draft& draft() { return draft_; }
  const std::string& name() const { return name_; }

  // Inputs. All throw Unsupported where an input is not there or not what is asked for.
  std::size_t size() const { return inputs_.size(); }
  bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  bool is_constant(std::size_t i) const { return has(i) && inputs_[i]->constant.has_value(); }
  const Constant& constant(std::size_t i);
  const Shape& dims(std::size_t i) const;
  std::size_t rank(std::size_t i) const { return dims(i).size(); }
  ElementKind element(std::size_t i) const;
  /// As a tensor of the draft; a constant becomes a weight.
  TensorId tensor(std::size_t i);
  /// The same, refused where it is not of real elements.
  TensorId real_tensor(std::size_t i);
  /// Known integers of input i; of the attribute where the input is not given.
  Integers integers_of(std::size_t i, std::string_view attribute);
  /// A single known element.
  double number(std::size_t i);
  bool output_wanted(std::size_t i) const;  ///< whether anybody reads it
  void expect_rank(std::size_t i, std::size_t lo, std::size_t hi) const;

  // Weights.
  TensorId weight(const Constant& constant) { return weights_.of(constant); }
  TensorId scalar(double value) { return weights_.scalar(value); }

  // Operators. `suffix` joins the node's name; the node's last operator has none.
  TensorId emit(OpKind kind, std::vector<TensorId> inputs, OpAttrs attrs,
                std::string_view suffix = "");
  TensorId unary(ScalarFn fn, TensorId x, std::string_view suffix = "", double alpha = 0,
                 double beta = 0);
  TensorId binary(ScalarFn fn, TensorId a, TensorId b, std::string_view suffix = "");
  TensorId reshape(TensorId x, const Shape& shape, std::string_view suffix = "");
  TensorId transpose(TensorId x, std::vector<std::int64_t> perm, std::string_view suffix = "");
  TensorId slice(TensorId x, std::size_t axis, std::int64_t start, std::int64_t end,
                 std::string_view suffix = "");
  TensorId concat(std::vector<TensorId> parts, std::size_t axis, std::string_view suffix = "");
  TensorId reduce(ReduceFn fn, TensorId x, std::vector<std::int64_t> axes, bool keep,
                  std::string_view suffix = "");
  /// Elements `indices` along an axis.
  TensorId pick(TensorId x, std::size_t axis, const std::vector<std::int64_t>& indices,
                std::string_view suffix = "");
  /// x repeated to `shape`, a broadcast of its own.
  TensorId expand(TensorId x, const Shape& shape, std::string_view suffix = "");
  const Shape& shape(TensorId x) const { return draft_.tensor(x).shape; }

  /// The first result of a standard operator with the node's attributes, of `inputs`.
  TensorId apply(const std::string& op, const std::vector<TensorId>& inputs,
                 std::string_view suffix);

  // Results.
  void result(TensorId tensor) { results_.push_back(Value::of(tensor)); }
  void result(Value value) { results_.push_back(std::move(value)); }
  const Value& input(std::size_t i) const;
  void note(std::string text) { notes_.push_back(std::move(text)); }
  std::vector<Value> take_results() { return std::move(results_); }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  const Node& node_;
  std::vector<const Value*> inputs_;
  Draft& draft_;
  Weights& weights_;
  std::int64_t opset_;
  const std::set<std::string, std::less<>>& read_;
  std::string name_;
  std::vector<Value> results_;
  std::vector<std::string> notes_;
};

/// One operator that can be imported.
struct OperatorRow {
  std::string_view op;
  void (*translate)(Translation&);
  std::string_view attributes;  ///< that it may have, separated by spaces
  std::string_view notes;       ///< for docs/workloads.md
};
/// Ascending by name.
std::span<const OperatorRow> operators();
const OperatorRow* find_operator(std::string_view op);
/// The row of a node's operator, if its domain is one whose operators are known.
const OperatorRow* find_operator(const Node& node);

// One function an operator or a family of them, by file.
// convolution.cpp
void translate_conv(Translation& t);
void translate_conv_transpose(Translation& t);
/// x convolved with constant weights, by the node's window.
TensorId convolved(Translation& t, TensorId x, const Constant& w,
                   const std::optional<Constant>& bias, std::string_view suffix);
// pooling.cpp
void translate_pool(Translation& t);
void translate_global_average_pool(Translation& t);
void translate_global_max_pool(Translation& t);
// products.cpp
void translate_gemm(Translation& t);
void translate_matmul(Translation& t);
/// Matrix products as MatMul has them.
TensorId multiplied(Translation& t, TensorId a, const Constant& b, std::string_view suffix);
TensorId multiplied(Translation& t, TensorId a, TensorId b, std::string_view suffix);
// activations.cpp
void translate_gelu(Translation& t);
void translate_rms_norm(Translation& t);
void translate_skip_norm(Translation& t);
void translate_group_norm(Translation& t);
void translate_fused_matmul(Translation& t);
// attention.cpp
void translate_attention(Translation& t);
void translate_group_query(Translation& t);
void translate_rotary(Translation& t);
/// a times b where b is a tensor with each of its heads repeated, as exporters write what queries
/// share: a product whose rows are the queries that share a head; none where b is something else.
std::optional<TensorId> by_shared_heads(Translation& t, TensorId a, TensorId b);
// einsum.cpp
void translate_einsum(Translation& t);
// quantised.cpp
void translate_quantize(Translation& t);
void translate_dequantize(Translation& t);
void translate_qlinear_conv(Translation& t);
void translate_qlinear_matmul(Translation& t);
void translate_qlinear_arithmetic(Translation& t);
void translate_qlinear_operator(Translation& t);
void translate_qlinear_concat(Translation& t);
void translate_qgemm(Translation& t);
void translate_dynamic_quantize(Translation& t);
void translate_matmul_integer(Translation& t);
void translate_conv_integer(Translation& t);
void translate_matmul_nbits(Translation& t);
// pointwise.cpp
void translate_arithmetic(Translation& t);
void translate_pow(Translation& t);
void translate_function(Translation& t);
void translate_clip(Translation& t);
void translate_composed(Translation& t);
void translate_prelu(Translation& t);
void translate_where(Translation& t);
void translate_cast(Translation& t);
void translate_identity(Translation& t);
// normalisation.cpp
void translate_batch_norm(Translation& t);
void translate_instance_norm(Translation& t);
void translate_layer_norm(Translation& t);
void translate_lrn(Translation& t);
void translate_softmax(Translation& t);
void translate_reduce(Translation& t);
void translate_mean_variance(Translation& t);
void translate_lp_norm(Translation& t);
// views.cpp
void translate_reshape(Translation& t);
void translate_flatten(Translation& t);
void translate_squeeze(Translation& t);
void translate_unsqueeze(Translation& t);
void translate_transpose(Translation& t);
void translate_concat(Translation& t);
void translate_split(Translation& t);
void translate_slice(Translation& t);
void translate_gather(Translation& t);
void translate_gather_elements(Translation& t);
void translate_expand(Translation& t);
void translate_tile(Translation& t);
void translate_depth_to_space(Translation& t);
void translate_space_to_depth(Translation& t);
// padding.cpp
void translate_pad(Translation& t);
void translate_resize(Translation& t);
// recurrent.cpp
void translate_recurrent(Translation& t);

/// Pads of `auto_pad`, or `pads`, of a window over the spatial dimensions, and what else a window
/// has. One or two spatial dimensions; of one, the height is 1.
struct Window {
  WindowAttrs attrs;
  bool flat = false;  ///< one spatial dimension
};
Window window_of(const Node& node, const Shape& x, const Shape& kernel);

/// x[N,C,L] as [N,C,1,L]; others as they are.
TensorId as_image(Translation& t, TensorId x);

}  // namespace unna::onnx_import
