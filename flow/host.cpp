#include "flow/host.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace unna {

using onnx_import::ElementKind;
using onnx_import::HostValues;

onnx_import::GraphExecutor reference_executor() {
  return [](const Graph& graph, const std::map<std::string, onnx_import::Reals>& inputs) {
    InputValues values;
    for (std::size_t i = 0; i < graph.tensors.size(); ++i)
      if (graph.tensors[i].kind == TensorKind::input)
        values[TensorId(i)] = inputs.at(graph.tensors[i].name);
    std::map<std::string, onnx_import::Reals> outputs;
    run_reference(graph, values, std::nullopt, [&](TensorId id, std::span<double> data) {
      const GraphTensor& t = graph.tensor(id);
      if (!t.is_output) return;
      onnx_import::Reals& out = outputs[t.name];
      for (const double v : data) out.push_back(static_cast<float>(v));
    });
    return outputs;
  };
}

OnnxTensor onnx_tensor(const TensorFile& file, ElementKind kind) {
  if (kind == ElementKind::real) return onnx_import::make_reals(file.shape, file.values);
  onnx_import::Integers whole;
  for (const float v : file.values) whole.push_back(static_cast<std::int64_t>(v));
  return onnx_import::make_integers(file.shape, std::move(whole), {}, kind);
}

namespace {

onnx_import::Reals reals_of(const OnnxTensor& t) {
  onnx_import::Reals out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(t.count()); ++i)
    out.push_back(static_cast<float>(t.at(i)));
  return out;
}

}  // namespace

void run_host_before(const OnnxHost& host, const Graph& graph, HostValues& given,
                     InputValues& inputs) {
  const std::vector<std::string> needed = onnx_import::needs_of(host.before);
  const auto is_given = [&](const std::string& name) { return given.contains(name); };
  const auto missing = std::ranges::find_if_not(needed, is_given);
  const bool direct = host.before.empty();
  if (missing != needed.end() && !direct) {
    if (std::ranges::none_of(needed, is_given)) return;
    throw InputError(fmt::format(
        "unnasim simulate: --input: '{}' has no values, expected them: the host needs it",
        *missing));
  }
  onnx_import::run_host(host.before, given, reference_executor());
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const GraphTensor& tensor = graph.tensors[i];
    const auto made = host.graph_inputs.find(tensor.name);
    if (tensor.kind != TensorKind::input || made == host.graph_inputs.end()) continue;
    const auto value = given.find(made->second);
    if (value == given.end() || inputs.contains(TensorId(i))) continue;
    if (value->second.dims != tensor.shape || !value->second.known())
      throw InputError(fmt::format("the host computes '{}' of {}, expected {}", made->second,
                                   to_string(value->second.dims), to_string(tensor.shape)));
    inputs[TensorId(i)] = reals_of(value->second);
  }
}

void run_host_after(const OnnxHost& host, HostValues given,
                    std::map<std::string, OnnxTensor>& outputs) {
  for (const auto& [name, tensor] : host.graph_outputs)
    if (const auto found = outputs.find(tensor); found != outputs.end())
      given[name] = found->second;
  const std::vector<std::string> needed = onnx_import::needs_of(host.after);
  const bool all =
      std::ranges::all_of(needed, [&](const std::string& n) { return given.contains(n); });
  if (all) onnx_import::run_host(host.after, given, reference_executor());
  for (const std::string& name : host.outputs)
    if (const auto found = given.find(name); found != given.end())
      outputs.insert_or_assign(onnx_import::printable(name), found->second);
}

}  // namespace unna
