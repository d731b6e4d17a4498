#pragma once

// Private to the lowering pass: the state that the operators' lowerings share.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/canonical.h"
#include "compiler/ir.h"
#include "compiler/views.h"

namespace unna {

/// Why an operator can't be lowered; collected, and reported together.
struct Unsupported {
  std::string reason;
};

class Lowering {
 public:
  Lowering(const CanonicalGraph& canonical, const MachineConfig& machine);
  LoweredGraph run();

 private:
  // lower.cpp: where tensors stand.
  void find_images();
  void find_concat_places();
  void place_concat(const CanonicalOp& op);
  bool may_live_in_concat(TensorId tensor) const;
  std::vector<std::size_t> order_of(TensorId tensor) const;
  StorageId new_storage(const std::string& name, BufferKind kind, const Shape& dims,
                        std::span<const std::size_t> order, Bytes element);
  TensorView define(TensorId tensor);
  /// Of the past or present of a state: the first rows of its storage.
  TensorView define_state(const GraphState& state, TensorId tensor);
  TensorView view(TensorId tensor);
  void finish_outputs();
  void list_places();
  void lower_op(const CanonicalOp& op);

  // lower_ops.cpp: one function an operator.
  void lower_conv(const CanonicalOp& op);
  void lower_gemm(const CanonicalOp& op);
  void lower_matmul(const CanonicalOp& op);
  void lower_pool(const CanonicalOp& op);
  void lower_global_pool(TensorId in, TensorId out, const std::string& name);
  void lower_unary(const CanonicalOp& op);
  void lower_many_dims(const CanonicalOp& op);
  void lower_binary(const CanonicalOp& op);
  void lower_batch_norm(const CanonicalOp& op);
  void lower_rows(const CanonicalOp& op);
  void lower_log_softmax(const CanonicalOp& op);
  void lower_gather(const CanonicalOp& op);
  void lower_lrn(const CanonicalOp& op);
  void lower_reduce(const CanonicalOp& op);
  void lower_resize(const CanonicalOp& op);
  void lower_pad(const CanonicalOp& op);
  void pad_two(const std::string& name, const TensorView& x, const TensorView& y, bool image,
               const std::vector<std::size_t>& padded, const PadAttrs& attrs);
  void lower_concat(const CanonicalOp& op);
  void lower_split(const CanonicalOp& op);
  void lower_slice(const CanonicalOp& op);
  void lower_reshape(const CanonicalOp& op);
  void lower_lstm(const CanonicalOp& op);
  void lower_lstm_direction(const CanonicalOp& op, std::size_t direction);
  TensorView initial_state(const CanonicalOp& op, std::size_t input, std::size_t direction);

  // Helpers.
  const GraphOp& source(const CanonicalOp& op) const { return graph_.op(op.source); }
  bool is_image(TensorId tensor) const { return image_[tensor.index()]; }
  Epilogue epilogue(const CanonicalOp& op) const;
  Kernel make(KernelKind kind, const std::string& name, const TensorView& out, bool image) const;
  void add(Kernel kernel) { result_.kernels.push_back(std::move(kernel)); }
  void merge_rows(TensorView& x, TensorView& y);
  /// The view itself where its C role is contiguous, else that of a dense copy.
  TensorView inner_contiguous(const TensorView& v, std::size_t dim, const std::string& name,
                              bool image);
  TensorView dense_copy(const TensorView& v, const std::string& name,
                        std::span<const std::size_t> order);
  void copy(const TensorView& from, const TensorView& to, const std::string& name);
  void binary_kernel(const std::string& name, Function fn, const TensorView& a, const TensorView& b,
                     const TensorView& out, bool image, const Epilogue& post);
  StorageId weight_storage(TensorId tensor, Bytes element, const CanonicalOp* folding = nullptr);
  void take_steps(StorageId id, const GraphTensor& weight, const CanonicalOp* folding);
  StorageId bias_storage(const std::string& name, std::int64_t count);
  /// int8: a product's constants say how each channel of it becomes results.
  void scale_channels(Kernel& kernel);
  Quantisation quantisation_of(TensorId tensor) const {
    return graph_.tensor(tensor).quantisation.value_or(Quantisation{});
  }
  Quantisation quantisation_of(const TensorView& v) const {
    return result_.storage(v.storage).quantisation;
  }
  float inner_scale(const CanonicalOp& op, InnerValue which) const;
  ParameterRecipe& recipe(StorageId id) { return result_.storages[id.index()].recipe; }

  const CanonicalGraph& canonical_;
  const Graph& graph_;
  const MachineConfig& machine_;
  Bytes element_;
  Bytes bias_bytes_;  ///< of an output channel's constants
  LoweredGraph result_;

  /// A tensor that lives inside another one's storage: the output of a concat.
  struct Place {
    TensorId parent;
    std::size_t axis = 0;
    std::int64_t start = 0;
  };
  std::vector<bool> image_;                       ///< by tensor: stored N,H,W,C
  std::vector<std::optional<Place>> place_;       ///< by tensor
  std::vector<std::optional<TensorView>> views_;  ///< by tensor
  /// By tensor: a reshape's input dimensions where its features are taken in memory order.
  std::vector<std::optional<Shape>> permuted_;
  std::vector<const GraphState*> state_;           ///< by tensor: null where it is of none
  std::map<std::string, int> names_;               ///< how many storages have asked for it
  std::vector<std::optional<std::size_t>> maker_;  ///< by tensor: index of the canonical op
};

Function isa_function(ScalarFn fn);

}  // namespace unna
