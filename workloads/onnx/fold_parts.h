#pragma once

// Private to fold(): what its functions share.

#include "workloads/onnx/fold.h"

namespace unna::onnx_import {

inline constexpr std::int64_t kMaxFolded = std::int64_t{1} << 27;  // elements of one result

/// What the functions below share: inputs checked on access.
class Folding {
 public:
  Folding(const Node& node, const ConstantInputs& inputs, std::int64_t opset)
      : node_(node), inputs_(inputs), opset_(opset) {}

  const Node& node() const { return node_; }
  std::int64_t opset() const { return opset_; }
  std::size_t size() const { return inputs_.size(); }
  bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  const Constant& in(std::size_t i) const {
    if (!has(i)) refuse("input {} is missing", i);
    return *inputs_[i];
  }
  const Integers& ints(std::size_t i) const {
    if (in(i).integers == nullptr) refuse("input {} is not of integers", i);
    return *in(i).integers;
  }
  /// Of an input, or of the attribute of that name (which older opsets have instead).
  Integers ints_of(std::size_t i, std::string_view attribute) const {
    return has(i) ? ints(i) : integers(node_, attribute);
  }

 private:
  const Node& node_;
  const ConstantInputs& inputs_;
  std::int64_t opset_;
};

// 64-bit arithmetic that wraps, as that of ONNX Runtime does.
inline std::int64_t wrap_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
inline std::int64_t wrap_sub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
inline std::int64_t wrap_mul(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}
/// Elements of a result; Unsupported where they are too many.
std::int64_t checked_count(const Shape& dims);
/// Reals without values.
Constant unknown(Shape dims);

// fold_pick.cpp
Constant fold_compress(const Folding& f);
Constant fold_gather_elements(const Folding& f);
Constant fold_gather_nd(const Folding& f);
Constant fold_one_hot(const Folding& f);
Constant fold_reverse_sequence(const Folding& f);
Constant fold_scatter_elements(const Folding& f);
Constant fold_scatter_nd(const Folding& f);
std::vector<Constant> fold_top_k(const Folding& f);
// fold_reduce.cpp
Constant fold_arg_max(const Folding& f);
Constant fold_cum_sum(const Folding& f);
Constant fold_eye_like(const Folding& f);
Constant fold_hardmax(const Folding& f);
Constant fold_reduction(const Folding& f);
// fold_quantised.cpp
Constant fold_dequantize(const Folding& f);
Constant fold_quantize(const Folding& f);
std::vector<Constant> fold_dynamic_quantize(const Folding& f);

/// What elements of ONNX's type `type` are; Unsupported for those that are none of these.
ElementKind kind_of_type(std::int64_t type);

/// Operators of each element; none where this is another one.
std::optional<Constant> fold_elementwise(const Folding& f);
std::span<const std::string_view> elementwise_operators();

}  // namespace unna::onnx_import
