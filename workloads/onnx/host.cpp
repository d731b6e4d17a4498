#include "workloads/onnx/host.h"

#include <algorithm>
#include <array>
#include <set>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

/// One node as a graph of its own: its first real input is the graph's, the others are constants.
class NodeGraph {
 public:
  NodeGraph(const Node& node, const ConstantInputs& inputs, std::int64_t opset)
      : inputs_(inputs), draft_("node", "node"), weights_(draft_) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == nullptr) {
        values_.emplace_back();
        continue;
      }
      known_ = known_ && inputs[i]->known();
      const bool real = inputs[i]->kind == ElementKind::real && inputs[i]->count() > 0;
      const bool computed = real && !input_;
      if (computed) input_ = i;
      values_.push_back(computed ? Value::of(draft_.input("x", inputs[i]->dims, inputs[i]->kind))
                                 : Value::of(*inputs[i]));
    }
    std::vector<const Value*> given;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      given.push_back(inputs[i] == nullptr ? nullptr : &values_[i]);
    const std::set<std::string, std::less<>> read(node.outputs.begin(), node.outputs.end());
    Translation t(node, std::move(given), draft_, weights_, opset, read);
    find_operator(node)->translate(t);
    results_ = t.take_results();
  }

  std::vector<Constant> run(const GraphExecutor& execute) {
    std::vector<Constant> made(results_.size());
    bool computes = false;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (results_[i].constant) {
        made[i] = *results_[i].constant;
        continue;
      }
      made[i] = {ElementKind::real, draft_.tensor(results_[i].tensor).shape, nullptr, nullptr, {}};
      draft_.output(results_[i].tensor, fmt::format("y{}", i));
      computes = true;
    }
    if (!computes || !known_) return made;
    std::vector<std::string> unread;
    const Graph graph = draft_.finish(unread);
    std::map<std::string, Reals> values;
    if (input_) values["x"] = *inputs_[*input_]->reals;
    const auto outputs = execute(graph, values);
    for (std::size_t i = 0; i < results_.size(); ++i)
      if (!results_[i].constant)
        made[i].reals = std::make_shared<const Reals>(outputs.at(fmt::format("y{}", i)));
    return made;
  }

 private:
  const ConstantInputs& inputs_;
  Draft draft_;
  Weights weights_;
  std::vector<Value> values_;
  std::vector<Value> results_;
  std::optional<std::size_t> input_;
  bool known_ = true;
};

}  // namespace

std::string label_of(const Node& node) {
  if (!node.name.empty()) return node.name;
  return node.outputs.empty() ? "unnamed" : node.outputs[0];
}

bool is_light(const Node& node) {
  constexpr auto kHeavy = std::to_array<std::string_view>({"Attention",
                                                           "AveragePool",
                                                           "BatchNormalization",
                                                           "Conv",
                                                           "ConvInteger",
                                                           "ConvTranspose",
                                                           "Einsum",
                                                           "FusedMatMul",
                                                           "GRU",
                                                           "Gemm",
                                                           "GroupNormalization",
                                                           "GroupQueryAttention",
                                                           "InstanceNormalization",
                                                           "LSTM",
                                                           "LayerNormalization",
                                                           "MatMul",
                                                           "MatMulInteger",
                                                           "MatMulNBits",
                                                           "MaxPool",
                                                           "MultiHeadAttention",
                                                           "QLinearConv",
                                                           "QLinearMatMul",
                                                           "RMSNormalization",
                                                           "RNN",
                                                           "SimplifiedLayerNormalization",
                                                           "SkipLayerNormalization",
                                                           "SkipSimplifiedLayerNormalization"});
  static_assert(std::is_sorted(kHeavy.begin(), kHeavy.end()));
  return !std::ranges::binary_search(kHeavy, std::string_view(node.op));
}

std::optional<std::vector<Constant>> evaluate(const Node& node, const ConstantInputs& inputs,
                                              std::int64_t opset, const GraphExecutor& execute) {
  if (auto folded = fold(node, inputs, opset)) return folded;
  if (!execute || find_operator(node) == nullptr) return std::nullopt;
  NodeGraph graph(node, inputs, opset);
  return graph.run(execute);
}

void run_host(const HostProgram& program, HostValues& values, const GraphExecutor& execute) {
  const auto value = [&](const std::string& name) -> const Constant* {
    if (const auto c = program.constants.find(name); c != program.constants.end())
      return &c->second;
    const auto v = values.find(name);
    return v == values.end() ? nullptr : &v->second;
  };
  for (const Node& node : program.nodes) {
    ConstantInputs inputs;
    for (const std::string& name : node.inputs)
      inputs.push_back(name.empty() ? nullptr : value(name));
    std::optional<std::vector<Constant>> made;
    try {
      made = evaluate(node, inputs, program.opset, execute);
    } catch (const Unsupported& u) {
      throw InputError(fmt::format("{} '{}' can't be computed by the host: {}", node.op,
                                   label_of(node), u.reason));
    }
    invariant(made.has_value(), "{} '{}' is nothing that the host computes", node.op,
              label_of(node));
    for (std::size_t i = 0; i < node.outputs.size() && i < made->size(); ++i)
      values[node.outputs[i]] = std::move((*made)[i]);
  }
}

std::vector<std::string> needs_of(const HostProgram& program) {
  std::set<std::string> made, needed;
  for (const Node& node : program.nodes) {
    for (const std::string& name : node.inputs)
      if (!name.empty() && !made.contains(name) && !program.constants.contains(name))
        needed.insert(name);
    made.insert(node.outputs.begin(), node.outputs.end());
  }
  return {needed.begin(), needed.end()};
}

}  // namespace unna::onnx_import
