#pragma once

// A network while it is imported: operators are added, rewritten and left unread. finish() keeps
// those that an output needs, names everything once, and makes the Graph.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workloads/onnx/constant.h"

namespace unna::onnx_import {

struct DraftTensor {
  std::string name;  ///< of inputs and weights; other tensors are named by their operators
  TensorKind kind = TensorKind::activation;
  ElementKind element = ElementKind::real;
  Shape shape;
  std::shared_ptr<const Reals> values;  ///< of a weight, where known
  std::shared_ptr<const ModelSteps> steps = {};
  std::optional<std::size_t> producer = {};         ///< index of the operator
  std::shared_ptr<const WeightGroups> groups = {};  ///< of a weight
};

struct DraftOp {
  std::string name;
  OpKind kind = OpKind::unary;
  std::vector<TensorId> inputs, outputs;
  OpAttrs attrs;
};

class Draft {
 public:
  /// `name` is the graph's; `file` is for messages.
  Draft(std::string name, std::string file);

  TensorId input(const std::string& name, const Shape& shape, ElementKind element);
  TensorId weight(const std::string& name, const Shape& shape, std::shared_ptr<const Reals> values);
  /// Throws InputError where the shapes do not fit.
  std::vector<TensorId> op(OpKind kind, const std::string& name, std::vector<TensorId> inputs,
                           OpAttrs attrs);
  /// Replaces what operator `at` computes; its output keeps its shape.
  void rewrite(std::size_t at, OpKind kind, std::vector<TensorId> inputs, OpAttrs attrs);
  /// An output of the network; a tensor may be several.
  void output(TensorId tensor, const std::string& name);

  /// How the graph calls the output that was given i-th; after finish().
  const std::string& output_name(std::size_t i) const {
    return ops_[*tensor(outputs_[i].first).producer].name;
  }

  const DraftTensor& tensor(TensorId id) const { return tensors_[id.index()]; }
  DraftTensor& tensor(TensorId id) { return tensors_[id.index()]; }
  /// The operator that makes a tensor; none for inputs and weights.
  const DraftOp* producer(TensorId id) const;
  const std::vector<DraftOp>& ops() const { return ops_; }
  /// How often each tensor is read, outputs included.
  std::vector<int> readers() const;

  /// Names of inputs that no output depends on are added to `unread`.
  Graph finish(std::vector<std::string>& unread);

 private:
  TensorId add(DraftTensor tensor);
  void name_outputs();
  std::vector<bool> needed_ops() const;
  void replay_split(const DraftOp& op, TensorId input, const std::vector<bool>& read,
                    GraphBuilder& builder, std::vector<std::optional<TensorId>>& made) const;
  std::string unique(const std::string& name);
  std::string unique_split(const std::string& name, std::size_t parts);

  std::string name_, file_;
  std::vector<DraftTensor> tensors_;
  std::vector<DraftOp> ops_;
  std::vector<std::pair<TensorId, std::string>> outputs_;
  std::set<std::string, std::less<>> taken_;
};

/// `text` without control characters and malformed UTF-8: those bytes become '_'.
std::string printable(std::string_view text);

}  // namespace unna::onnx_import
