#pragma once

// Private to the importer: its state while a model is walked through.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "workloads/onnx/import.h"
#include "workloads/onnx/problems.h"
#include "workloads/onnx/translate.h"

namespace unna::onnx_import {

class Importer {
 public:
  /// Whether what depends on integers of the outside alone is the host's.
  enum class Early : std::uint8_t { host, machine };
  Importer(Model model, const std::filesystem::path& file, const OnnxOptions& options, Early early);

  /// None where nothing is left for the machine, and Early::machine may leave something.
  std::optional<OnnxImport> run();

 private:
  using Inputs = std::vector<const Value*>;

  [[noreturn]] void fail(const std::string& message) const {
    throw InputError(SourcePos{file_}, message);
  }
  void define(const std::string& name, std::optional<Value> value);

  // importer_inputs.cpp
  std::optional<Shape> input_shape(const ValueInfo& info);
  void read_input(const ValueInfo& info);
  void read_inputs();
  void add_unknown_inputs();
  void expect_inputs() const;
  void read_initializers();

  // importer.cpp
  void drop_unwanted();
  void visit(const Node& node);
  void visit_known(const Node& node);
  Node with_lookups(const Node& node);
  Node with_real_mask(const Node& node);
  std::optional<Inputs> inputs_of(const Node& node) const;
  bool fold_constant(const Node& node, const Inputs& inputs);
  void define_constants(const Node& node, std::vector<Constant> made);
  void check_attributes(const Node& node, const OperatorRow& row);
  void translate(const Node& node, const OperatorRow& row);
  void mark_output(const std::string& name, OnnxImport& result);
  void mark_outputs(OnnxImport& result);
  void finish(OnnxImport& result);

  // importer_host.cpp
  bool to_host_early(const Node& node, const Inputs& inputs);
  const Constant& sample(const std::string& name);
  bool pull(const std::string& name, std::size_t& left);
  bool pull_inputs(const Node& node, std::size_t& left);
  void to_host(const Node& node);
  bool to_host_on_demand(const Node& node);
  bool comes_first(const Node& node, const Inputs& inputs) const;
  bool to_host_late(const Node& node, const std::string& reason);
  void refuse_after(const Node& node);
  bool select_by_host(const Node& node);
  void dequantise_inputs(const Node& node);
  void hand_on_steps(const Node& node);
  bool quantise_output(const std::string& name, const Value& value);
  void make_tensor(const std::string& name);
  void make_tensors(const Node& node);
  void keep_constants(const Node& node, HostProgram& program) const;
  void finish_host(OnnxImport& result);

  Model model_;
  std::string file_;
  const OnnxOptions& options_;
  Early early_;
  Draft draft_;
  Weights weights_;
  Problems problems_;
  std::vector<const ValueInfo*> unknown_;  ///< inputs with dimensions that nobody has given
  /// What names stand for; nothing for results of operators that are not supported.
  std::map<std::string, std::optional<Value>, std::less<>> values_;
  std::map<std::string, const Node*, std::less<>> maker_;  ///< of each name that a node makes
  std::set<std::string, std::less<>> needed_by_heavy_;     ///< names
  std::set<std::string, std::less<>> read_;                ///< names that nodes and outputs read
  std::map<std::string, std::size_t> ignored_;  ///< attributes that change nothing: how many nodes
  std::int64_t folded_ = 0;                     ///< elements

  /// Results that the host computes before the machine starts, made of ones: their shapes.
  HostValues samples_;
  HostProgram before_, after_;
  struct Late {
    std::string op, label;
    std::string reason;  ///< why the machine does not do it
    bool blamed = false;
  };
  std::vector<Late> late_;
  /// By name, of what the host computes last: the indices of what made it the host's.
  std::map<std::string, std::set<std::size_t>, std::less<>> roots_;
  std::map<TensorId, std::string> boundary_;  ///< tensors that the host makes, by its names
  std::vector<std::pair<std::string, TensorId>> outputs_;  ///< of the machine, by the model's names
};

}  // namespace unna::onnx_import
