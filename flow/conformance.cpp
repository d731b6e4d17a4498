#include "flow/conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "compiler/adapt.h"
#include "flow/functional_run.h"
#include "flow/host.h"
#include "text/table.h"

namespace unna {

namespace fs = std::filesystem;
using onnx_import::ElementKind;

namespace {

/// A model with the values of one data set.
struct DataSet {
  std::vector<OnnxTensor> inputs, outputs;  ///< in the model's order
};

std::vector<OnnxTensor> load_numbered(const fs::path& directory, const char* stem,
                                      std::size_t count) {
  std::vector<OnnxTensor> tensors;
  for (std::size_t i = 0; i < count; ++i) {
    const fs::path file = directory / fmt::format("{}_{}.pb", stem, i);
    if (!fs::exists(file)) throw InputError(fmt::format("no {}", file.filename().string()));
    tensors.push_back(load_onnx_tensor(file));
  }
  return tensors;
}

/// Files by the names of tensors, as names.txt has them.
DataSet load_named(const fs::path& directory, const OnnxSignature& signature) {
  std::map<std::string, fs::path> files;
  std::istringstream lines(read_file(directory / "names.txt"));
  for (std::string file, name; lines >> file && std::getline(lines >> std::ws, name);)
    files[(file.starts_with("input") ? "in " : "out ") + name] = directory / file;
  const auto load = [&](const std::string& name, ElementKind kind, const char* side) {
    const auto file = files.find(side + name);
    if (file == files.end()) throw InputError(fmt::format("names.txt has no file of '{}'", name));
    return onnx_tensor(load_tensor(file->second), kind);
  };
  DataSet data;
  for (const OnnxSignature::Input& input : signature.inputs)
    data.inputs.push_back(load(input.name, input.kind, "in "));
  for (std::size_t i = 0; i < signature.outputs.size(); ++i)
    data.outputs.push_back(load(signature.outputs[i], signature.output_kinds[i], "out "));
  return data;
}

/// What the inputs of a model are: constants of it, or inputs still.
enum class Specialisation : std::uint8_t { integers, all_but_first, all };

class CaseRunner {
 public:
  CaseRunner(const fs::path& directory, std::span<const std::int64_t> cores)
      : file_(directory / "model.onnx"), cores_(cores), bytes_(read_file(file_)) {}

  /// passed or at_import; throws otherwise.
  Verdict run(const fs::path& data_directory) {
    const OnnxSignature signature = onnx_signature(bytes_, file_);
    const DataSet data = {load_numbered(data_directory, "input", signature.inputs.size()),
                          load_numbered(data_directory, "output", signature.outputs.size())};
    return run(signature, data, specialised(signature, data), Tolerance::of_onnx);
  }

  /// The same for `.npy` files beside the model.
  Verdict run_named() {
    const OnnxSignature signature = onnx_signature(bytes_, file_);
    const DataSet data = load_named(file_.parent_path(), signature);
    OnnxOptions options = common_options();
    for (std::size_t i = 0; i < signature.inputs.size(); ++i)
      options.input_shapes[signature.inputs[i].name] = data.inputs[i].dims;
    const auto has = [&](std::string_view op) {
      return std::ranges::find(signature.operators, op) != signature.operators.end();
    };
    // ONNX Runtime rounds the inputs of products with quantised weights to 8 bits.
    const bool weights_only = has("DequantizeLinear") && !has("QuantizeLinear");
    const OnnxImport import = parse_onnx(bytes_, file_, options);
    factor_ = weights_only ? 1600 : std::max(1.0, resize_error(import.graph) / kOfLargest);
    const bool quantised =
        !weights_only && std::ranges::any_of(signature.operators, [](const std::string& op) {
          return op.find("Linear") != std::string::npos || op.find("Integer") != std::string::npos;
        });
    if (!quantised) return run(signature, data, import, Tolerance::of_largest);
    run(signature, data, import, Tolerance::one_step, DataType::int8);
    return run(signature, data, import, Tolerance::one_step);
  }

 private:
  enum class Tolerance : std::uint8_t { of_onnx, of_largest, one_step };

  static constexpr double kOfLargest = 1e-5;  ///< allowed difference, of the largest element

  /// ONNX Runtime rounds the positions of a linear Resize to single precision, which puts them off
  /// by up to 2^-23 of a line's length; neighbours differ by at most twice the largest element. The
  /// machine's positions are exact.
  static double resize_error(const Graph& graph) {
    double most = 0;
    for (const GraphOp& op : graph.ops) {
      if (op.kind != OpKind::resize || op.as<ResizeAttrs>().mode != ResizeMode::bilinear) continue;
      const Shape& dims = graph.tensor(op.inputs[0]).shape;
      most = std::max(most, std::ldexp(static_cast<double>(dims[2] + dims[3]), -22));
    }
    return most;
  }

  static OnnxOptions common_options() {
    OnnxOptions options;
    options.constant_outputs = true;
    options.execute = reference_executor();
    return options;
  }

  Verdict run(const OnnxSignature& signature, const DataSet& data, const OnnxImport& import,
              Tolerance tolerance, DataType type = DataType::fp32) const {
    onnx_import::HostValues given;
    for (std::size_t i = 0; i < signature.inputs.size(); ++i)
      given[signature.inputs[i].name] = data.inputs[i];
    if (import.graph.ops.empty()) {
      InputValues none;
      run_host_before(import.host, import.graph, given, none);
    }
    const bool executes = !import.graph.ops.empty();
    for (const std::int64_t cores : executes ? cores_ : cores_.first(1)) {
      std::map<std::string, OnnxTensor> outputs;
      double step = 0;
      if (executes) step = execute_on(cores, type, import, given, outputs);
      run_host_after(import.host, given, outputs);
      compare(signature, data, import, outputs, tolerance, step);
    }
    return executes ? Verdict::passed : Verdict::at_import;
  }

  OnnxOptions options_for(const OnnxSignature& signature, const DataSet& data,
                          Specialisation how) const {
    OnnxOptions options = common_options();
    bool first = true;
    for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
      const OnnxSignature::Input& input = signature.inputs[i];
      const bool real = input.kind == ElementKind::real;
      const bool constant =
          !real || how == Specialisation::all || (how == Specialisation::all_but_first && !first);
      first = first && !real;
      if (constant)
        options.constants[input.name] = data.inputs[i];
      else
        options.input_shapes[input.name] = data.inputs[i].dims;
    }
    return options;
  }

  OnnxImport specialised(const OnnxSignature& signature, const DataSet& data) const {
    std::string reason;
    std::optional<OnnxImport> by_host;
    for (const Specialisation how :
         {Specialisation::integers, Specialisation::all_but_first, Specialisation::all}) {
      try {
        OnnxImport import = parse_onnx(bytes_, file_, options_for(signature, data, how));
        // Only a model that can't be executed may be evaluated altogether.
        if (!import.graph.ops.empty()) return import;
        if (!by_host) by_host = std::move(import);
      } catch (const InputError& error) {
        if (how != Specialisation::all || reason.empty()) reason = error.what();
      }
    }
    if (by_host) return std::move(*by_host);
    throw InputError(reason);
  }

  static InputValues input_values(const Graph& graph, const OnnxHost& host,
                                  onnx_import::HostValues& given) {
    InputValues inputs;
    run_host_before(host, graph, given, inputs);
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
      const GraphTensor& tensor = graph.tensors[t];
      if (tensor.kind != TensorKind::input || inputs.contains(TensorId(t))) continue;
      const auto value = given.find(tensor.name);
      if (value == given.end() || !value->second.reals || value->second.dims != tensor.shape)
        throw InputError(fmt::format("input {} has no values of its kind", tensor.name));
      inputs[TensorId(t)] = *value->second.reals;
    }
    return inputs;
  }

  /// Returns the largest step of an output of real numbers that the model has not quantised.
  static double execute_on(std::int64_t cores, DataType type, const OnnxImport& import,
                           onnx_import::HostValues& given,
                           std::map<std::string, OnnxTensor>& outputs) {
    ChosenMachine machine{preset_machine(cores), std::nullopt};
    machine.config.data_type = type;
    Graph graph = adapted(import.graph, machine.config);
    const InputValues inputs = input_values(graph, import.host, given);
    if (type == DataType::int8) calibrate(graph, inputs);
    double step = 0;
    for (const GraphTensor& t : graph.tensors)
      if (t.is_output && t.quantisation && t.steps == nullptr)
        step = std::max(step, static_cast<double>(t.quantisation->scale));
    const Compiled compiled = compile_graph(graph, machine, {});
    for (auto& [name, tensor] : compute_outputs(compiled, inputs))
      outputs[name] = onnx_import::make_reals(tensor.shape, std::move(tensor.values), name);
    return step;
  }

  static const OnnxTensor& output_of(const std::string& name, const OnnxImport& import,
                                     const std::map<std::string, OnnxTensor>& outputs) {
    if (const auto c = import.constants.find(name); c != import.constants.end()) return c->second;
    const auto tensor = import.host.graph_outputs.find(name);
    const auto got = outputs.find(
        tensor == import.host.graph_outputs.end() ? onnx_import::printable(name) : tensor->second);
    invariant(got != outputs.end(), "output {} is missing", name);
    return got->second;
  }

  void compare(const OnnxSignature& signature, const DataSet& data, const OnnxImport& import,
               const std::map<std::string, OnnxTensor>& outputs, Tolerance tolerance,
               double step) const {
    for (std::size_t i = 0; i < signature.outputs.size(); ++i) {
      const OnnxTensor& got = output_of(signature.outputs[i], import, outputs);
      if (!got.known()) throw InputError("weights without values");
      const OnnxTensor& expected = data.outputs[i];
      const auto found = tolerance == Tolerance::of_onnx
                             ? difference(got, expected)
                             : difference(got, expected,
                                          tolerance == Tolerance::one_step ? step_of(expected, step)
                                                                           : small_part(expected));
      invariant(!found, "{}: {}", signature.outputs[i], found.value_or(""));
    }
  }

  /// 1e-5 of the largest element; whole numbers are exact.
  double small_part(const OnnxTensor& expected) const {
    double most = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(expected.count()); ++i)
      most = std::max(most, std::fabs(expected.at(i)));
    return expected.kind == ElementKind::real ? kOfLargest * factor_ * most : 0;
  }

  /// Of whole numbers 1; of others the smallest distance of two elements, and a bit for rounding,
  /// or the machine's own step where that is more.
  double step_of(const OnnxTensor& expected, double own) const {
    if (expected.kind != ElementKind::real) return 1;
    const double least = small_part(expected);
    const std::set<float> values(expected.reals->begin(), expected.reals->end());
    double step = std::numeric_limits<double>::infinity();
    for (auto v = values.begin(); v != values.end() && std::next(v) != values.end(); ++v)
      if (const double gap = static_cast<double>(*std::next(v)) - static_cast<double>(*v);
          gap > least)
        step = std::min(step, gap);
    return least + std::max(own, std::isfinite(step) ? step : 0);
  }

  fs::path file_;
  std::span<const std::int64_t> cores_;
  std::string bytes_;
  double factor_ = 1;  ///< of the tolerance of `.npy` files
};

std::string operators_of(const fs::path& model) {
  const OnnxSignature signature = onnx_signature(read_file(model), model);
  const std::set<std::string> once(signature.operators.begin(), signature.operators.end());
  return once.size() == 1 ? *once.begin() : "several";
}

/// Without the file's name, which says nothing here.
std::string reason_of(std::string text, const fs::path& directory) {
  const std::string file = (directory / "model.onnx").string();
  for (std::size_t at = 0; (at = text.find(file)) != std::string::npos;)
    text.erase(at, file.size() + (text.compare(at + file.size(), 2, ": ") == 0 ? 2 : 0));
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

std::vector<fs::path> find_conformance_cases(const fs::path& root) {
  std::vector<fs::path> cases;
  if (fs::exists(root / "model.onnx")) cases.push_back(root);
  if (fs::is_directory(root))
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_directory() && fs::exists(entry.path() / "model.onnx"))
        cases.push_back(entry.path());
  if (cases.empty())
    throw InputError(SourcePos{root.string()},
                     "has no tests, expected directories with a model.onnx");
  std::ranges::sort(cases);
  return cases;
}

ConformanceCase run_conformance_case(const fs::path& directory,
                                     std::span<const std::int64_t> cores) {
  ConformanceCase result;
  result.name = directory.filename().string();
  result.operators = "unreadable";
  try {
    result.operators = operators_of(directory / "model.onnx");
    CaseRunner runner(directory, cores);
    if (fs::exists(directory / "names.txt")) {
      result.verdict = runner.run_named();
      return result;
    }
    std::vector<fs::path> sets;
    for (const auto& entry : fs::directory_iterator(directory))
      if (entry.is_directory() && entry.path().filename().string().starts_with("test_data_set_"))
        sets.push_back(entry.path());
    if (sets.empty()) throw InputError("no data sets");
    std::ranges::sort(sets);
    for (const fs::path& set : sets) result.verdict = runner.run(set);
  } catch (const InputError& error) {
    result.verdict = Verdict::unsupported;
    result.reason = reason_of(error.what(), directory);
  } catch (const CapacityError& error) {
    result.verdict = Verdict::unsupported;
    result.reason = reason_of(error.what(), directory);
  } catch (const std::exception& error) {
    result.verdict = Verdict::failed;
    result.reason = reason_of(error.what(), directory);
  }
  return result;
}

std::string conformance_table(std::span<const ConformanceCase> cases) {
  using Counts = std::array<std::int64_t, 4>;
  std::map<std::string, Counts> rows;
  Counts total{};
  for (const ConformanceCase& c : cases) {
    ++rows[c.operators][static_cast<std::size_t>(c.verdict)];
    ++total[static_cast<std::size_t>(c.verdict)];
  }
  TextTable table({"operator", "tests", "passed", "at import", "failed", "unsupported"});
  const auto add = [&](const std::string& name, const Counts& counts) {
    std::vector<std::string> cells = {
        name, fmt::format("{}", std::accumulate(counts.begin(), counts.end(), std::int64_t{0}))};
    for (const std::int64_t count : counts)
      cells.push_back(count == 0 ? "-" : fmt::format("{}", count));
    table.add(std::move(cells));
  };
  for (const auto& [name, counts] : rows) add(name, counts);
  table.rule();
  add("all", total);
  return table.str();
}

std::string conformance_list(std::span<const ConformanceCase> cases) {
  std::string text;
  std::map<std::string, std::vector<std::string>> reasons;
  for (const ConformanceCase& c : cases) {
    if (c.verdict == Verdict::failed) text += fmt::format("failed: {}: {}\n", c.name, c.reason);
    if (c.verdict == Verdict::unsupported) reasons[c.reason].push_back(c.name);
  }
  for (const auto& [reason, names] : reasons)
    text += fmt::format("unsupported: {}: {}\n", reason, fmt::join(names, " "));
  return text;
}

}  // namespace unna
