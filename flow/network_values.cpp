// What a network computes with: files, random numbers, and what the host makes of them.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "flow/functional_run.h"
#include "flow/given_numbers.h"
#include "workloads/random_values.h"
#include "workloads/weight_groups.h"

namespace unna {

TensorFile load_values(const std::filesystem::path& path) {
  if (path.extension() != ".pb") return load_tensor(path);
  const OnnxTensor tensor = load_onnx_tensor(path);
  TensorFile file{tensor.dims, {}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.count()); ++i)
    file.values.push_back(static_cast<float>(tensor.at(i)));
  return file;
}

namespace {

/// The graph's input or weight of that name.
std::optional<TensorId> named_tensor(const Graph& graph, const std::string& name) {
  for (std::size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].kind != TensorKind::activation && graph.tensors[i].name == name)
      return TensorId(i);
  return std::nullopt;
}

[[noreturn]] void fail_unknown(const Graph& graph, const OnnxHost& host, const std::string& name) {
  std::vector<std::string> inputs;
  for (const GraphTensor& t : graph.tensors)
    if (t.kind == TensorKind::input && !host.graph_inputs.contains(t.name))
      inputs.push_back(t.name);
  for (const OnnxHost::Input& input : host.inputs)
    if (std::ranges::find(inputs, input.name) == inputs.end()) inputs.push_back(input.name);
  throw InputError(
      fmt::format("unnasim simulate: --input: '{}' is no input and no weight of {}, expected {}{}",
                  name, graph.name, inputs.size() == 1 ? "its input " : "one of its inputs ",
                  fmt::join(inputs, ", ")));
}

void expect_shape(const TensorFile& file, const Shape& shape, const std::string& name,
                  const std::filesystem::path& path) {
  if (file.shape != shape)
    throw InputError(SourcePos{path.string(), 0, 0},
                     fmt::format("has shape {}, expected {} of {}", to_string(file.shape),
                                 to_string(shape), name));
}

std::vector<float> values_of_file(const GraphTensor& tensor, const std::filesystem::path& path) {
  TensorFile file = load_values(path);
  expect_shape(file, tensor.shape, tensor.name, path);
  const auto wrong =
      std::ranges::find_if(file.values, [](float value) { return std::isnan(value); });
  if (wrong != file.values.end())
    throw InputError(
        SourcePos{path.string(), 0, 0},
        fmt::format("element {} is {}, expected a number", wrong - file.values.begin(), *wrong));
  return std::move(file.values);
}

/// The program has been compiled without the synapses that are pruned.
void expect_pruned(const GraphTensor& tensor, const std::vector<float>& values,
                   const std::filesystem::path& path) {
  if (!tensor.kept) return;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0 && !(*tensor.kept)[static_cast<std::int64_t>(i)])
      throw InputError(SourcePos{path.string(), 0, 0},
                       fmt::format("element {} is {}, expected 0: {} is pruned there", i, values[i],
                                   tensor.name));
}

/// Codes that the model has are those of other values.
void set_weight(GraphTensor& tensor, std::vector<float> values) {
  tensor.values = std::make_shared<const std::vector<float>>(std::move(values));
  if (tensor.groups != nullptr)
    tensor.groups = std::make_shared<const WeightGroups>(WeightGroups{tensor.groups->format});
}

/// One file of --input; what the host needs goes to its values.
void give_file(Graph& graph, const OnnxHost& host, const std::string& name,
               const std::filesystem::path& path, NetworkValues& all) {
  const std::optional<TensorId> id = named_tensor(graph, name);
  const auto input = std::ranges::find(host.inputs, name, &OnnxHost::Input::name);
  if (!id && input == host.inputs.end()) fail_unknown(graph, host, name);
  all.files.push_back({path.string(), hash_hex(read_file(path))});
  if (input != host.inputs.end()) {
    const TensorFile file = load_values(path);
    expect_shape(file, input->dims, name, path);
    all.host[name] = onnx_tensor(file, input->kind);
  }
  if (!id) return;
  GraphTensor& tensor = graph.tensors[id->index()];
  std::vector<float> values = values_of_file(tensor, path);
  expect_pruned(tensor, values, path);
  if (tensor.kind == TensorKind::input)
    all.inputs[*id] = std::move(values);
  else
    set_weight(tensor, std::move(values));
}

}  // namespace

NetworkValues give_values(Graph& graph, const OnnxHost& host, DataType type,
                          const FunctionalRequest& request, std::uint64_t seed) {
  NetworkValues all;
  for (const auto& [name, path] : request.inputs) give_file(graph, host, name, path, all);
  run_host_before(host, graph, all.host, all.inputs);
  InputValues& inputs = all.inputs;
  fill_weights(graph, seed);
  settle_groups(graph, element_bytes(type));
  for (std::size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].kind == TensorKind::input && !inputs.contains(TensorId(i)))
      inputs[TensorId(i)] = random_input(graph, TensorId(i), seed);
  check_given_numbers(graph, inputs, type);
  if (type == DataType::int8) all.outputs = calibrate(graph, inputs);
  return all;
}

std::map<std::string, TensorFile> model_outputs(const OnnxHost& host, const NetworkValues& values,
                                                std::map<std::string, TensorFile> machine) {
  if (host.outputs.empty()) return machine;
  std::map<std::string, OnnxTensor> outputs;
  for (auto& [name, file] : machine)
    outputs[name] = onnx_import::make_reals(file.shape, std::move(file.values));
  run_host_after(host, values.host, outputs);
  std::map<std::string, TensorFile> files;
  for (const auto& [name, tensor] : outputs) {
    TensorFile& file = files[name];
    file.shape = tensor.dims;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.count()); ++i)
      file.values.push_back(static_cast<float>(tensor.at(i)));
  }
  return files;
}

}  // namespace unna
