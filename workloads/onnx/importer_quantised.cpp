// Whole numbers at the machine's edges: the host turns them into the real numbers that they stand
// for, and back.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "workloads/onnx/importer.h"

namespace unna::onnx_import {
namespace {

/// Which inputs of an operator are quantised, and by which scales and zero points.
struct QuantisedInput {
  std::string_view op;
  std::size_t value;
  std::optional<std::size_t> scale;  ///< none: 1
  std::size_t zero;
};
constexpr auto kQuantised = std::to_array<QuantisedInput>({
    {"ConvInteger", 0, std::nullopt, 2},
    {"DequantizeLinear", 0, 1, 2},
    {"MatMulInteger", 0, std::nullopt, 2},
    {"MatMulInteger", 1, std::nullopt, 3},
    {"QGemm", 0, 1, 2},
    {"QLinearAdd", 0, 1, 2},
    {"QLinearAdd", 3, 4, 5},
    {"QLinearAveragePool", 0, 1, 2},
    {"QLinearConv", 0, 1, 2},
    {"QLinearGlobalAveragePool", 0, 1, 2},
    {"QLinearLeakyRelu", 0, 1, 2},
    {"QLinearMatMul", 0, 1, 2},
    {"QLinearMatMul", 3, 4, 5},
    {"QLinearMul", 0, 1, 2},
    {"QLinearMul", 3, 4, 5},
    {"QLinearReduceMean", 0, 1, 2},
    {"QLinearSigmoid", 0, 1, 2},
    {"QLinearSoftmax", 0, 1, 2},
});

std::vector<QuantisedInput> quantised_inputs(const Node& node) {
  std::vector<QuantisedInput> rows;
  for (const QuantisedInput& row : kQuantised)
    if (row.op == node.op) rows.push_back(row);
  if (node.op == "QLinearConcat")
    for (std::size_t i = 2; i < node.inputs.size(); i += 3)
      rows.push_back({node.op, i, i + 1, i + 2});
  return rows;
}

/// Operators that move whole numbers, or choose some.
bool keeps_steps(const Node& node) {
  constexpr auto kOps = std::to_array<std::string_view>(
      {"DepthToSpace", "Expand", "Flatten", "Gather", "Identity", "MaxPool", "ReduceMax", "Reshape",
       "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"});
  static_assert(std::is_sorted(kOps.begin(), kOps.end()));
  return std::ranges::binary_search(kOps, std::string_view(node.op));
}

}  // namespace

/// Quantised inputs of the model, and what the host has computed of them.
void Importer::dequantise_inputs(const Node& node) {
  for (const QuantisedInput& row : quantised_inputs(node)) {
    if (row.value >= node.inputs.size()) continue;
    const std::string name = node.inputs[row.value];
    Value& v = *values_.at(name);
    if (v.constant || v.host.empty() || v.has_tensor || v.steps != nullptr) continue;
    const auto constant = [&](std::size_t i) -> const Constant* {
      if (i >= node.inputs.size() || node.inputs[i].empty()) return nullptr;
      return values_.at(node.inputs[i])->constant ? &*values_.at(node.inputs[i])->constant
                                                  : nullptr;
    };
    const Constant one = make_reals({}, {1});
    const Constant* scale = row.scale ? constant(*row.scale) : &one;
    if (scale == nullptr) refuse("a scale that is computed");
    const std::string real = name + ".real";
    v.steps = std::make_shared<const Steps>(steps_of(*scale, constant(row.zero)));
    define(real + ".scale", Value::of(*scale));
    Node made{real, "DequantizeLinear", "", {name, real + ".scale"}, {real}, {}};
    if (const Constant* zero = constant(row.zero)) {
      define(real + ".zero", Value::of(*zero));
      made.inputs.push_back(real + ".zero");
    }
    to_host(made);
    make_tensor(real);
    v.tensor = values_.at(real)->tensor;
    draft_.tensor(v.tensor).steps = model_steps(*v.steps);
    v.has_tensor = true;
  }
}

void Importer::hand_on_steps(const Node& node) {
  if (node.inputs.empty() || node.inputs[0].empty()) return;
  const auto steps = values_.at(node.inputs[0])->steps;
  if (steps == nullptr || find_operator(node)->op.starts_with("Dequantize")) return;
  const bool concat =
      node.op == "Concat" && std::ranges::all_of(node.inputs, [&](const auto& name) {
        const auto& other = values_.at(name)->steps;
        return other != nullptr && *other == *steps;
      });
  if (!keeps_steps(node) && !concat) return;
  for (const std::string& output : node.outputs)
    if (!output.empty() && values_.at(output)) values_.at(output)->steps = steps;
}

/// An output of whole numbers is computed by the host from the machine's real ones.
bool Importer::quantise_output(const std::string& name, const Value& value) {
  if (value.steps == nullptr || !value.has_tensor || !value.host.empty()) return false;
  const std::string real = name + ".real";
  Value of_machine = value;
  of_machine.steps = nullptr;
  const Steps& steps = *value.steps;
  Constant zero = make_integers({}, {steps.zero}, real + ".zero");
  zero.type = steps.type;
  define(real, of_machine);
  define(real + ".scale", Value::of(make_reals({}, {steps.scale}, real + ".scale")));
  define(real + ".zero", Value::of(std::move(zero)));
  const Node made{name, "QuantizeLinear", "", {real, real + ".scale", real + ".zero"}, {name}, {}};
  keep_constants(made, after_);
  after_.nodes.push_back(made);
  return true;
}

}  // namespace unna::onnx_import
