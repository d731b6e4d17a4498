#include "flow/conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "flow/functional_run.h"
#include "text/table.h"

namespace unna {

namespace fs = std::filesystem;
using onnx_import::ElementKind;

namespace {

constexpr double kRelative = 1e-3, kAbsolute = 1e-7;

bool agree(double got, double expected) {
  if (got == expected || (std::isnan(got) && std::isnan(expected))) return true;
  if (!std::isfinite(got) || !std::isfinite(expected)) return false;
  return std::fabs(got - expected) <= kAbsolute + kRelative * std::fabs(expected);
}

}  // namespace

std::optional<std::string> difference(const OnnxTensor& got, const OnnxTensor& expected) {
  if (got.dims != expected.dims)
    return fmt::format("has shape [{}], expected [{}]", to_string(got.dims),
                       to_string(expected.dims));
  const bool exact = expected.kind != ElementKind::real;
  for (std::size_t i = 0; i < static_cast<std::size_t>(expected.count()); ++i) {
    const double g = got.at(i), e = expected.at(i);
    if (exact ? g != e : !agree(g, e)) return fmt::format("element {} is {}, expected {}", i, g, e);
  }
  return std::nullopt;
}

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
    const OnnxImport import = specialised(signature, data);
    if (import.constants.size() == signature.outputs.size()) {
      compare(signature, data, import.constants);
      return Verdict::at_import;
    }
    for (const std::int64_t cores : cores_) {
      std::map<std::string, OnnxTensor> outputs = import.constants;
      execute_on(cores, import.graph, signature, data, outputs);
      compare(signature, data, outputs);
    }
    return Verdict::passed;
  }

 private:
  OnnxOptions options_for(const OnnxSignature& signature, const DataSet& data,
                          Specialisation how) const {
    OnnxOptions options;
    options.constant_outputs = true;
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
    for (const Specialisation how :
         {Specialisation::integers, Specialisation::all_but_first, Specialisation::all}) {
      try {
        OnnxImport import = parse_onnx(bytes_, file_, options_for(signature, data, how));
        // Only a model that can't be executed may be evaluated altogether.
        return import;
      } catch (const InputError& error) {
        if (how != Specialisation::all || reason.empty()) reason = error.what();
      }
    }
    throw InputError(reason);
  }

  static InputValues input_values(const Graph& graph, const OnnxSignature& signature,
                                  const DataSet& data) {
    InputValues inputs;
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
      const GraphTensor& tensor = graph.tensors[t];
      if (tensor.kind != TensorKind::input) continue;
      for (std::size_t i = 0; i < signature.inputs.size(); ++i)
        if (signature.inputs[i].name == tensor.name && data.inputs[i].reals &&
            data.inputs[i].dims == tensor.shape)
          inputs[TensorId(t)] = *data.inputs[i].reals;
      if (!inputs.contains(TensorId(t)))
        throw InputError(fmt::format("input {} has no values of its kind", tensor.name));
    }
    return inputs;
  }

  void execute_on(std::int64_t cores, const Graph& graph, const OnnxSignature& signature,
                  const DataSet& data, std::map<std::string, OnnxTensor>& outputs) const {
    ChosenMachine machine{preset_machine(cores), std::nullopt};
    machine.config.data_type = DataType::fp32;
    const InputValues inputs = input_values(graph, signature, data);
    const Compiled compiled = compile_graph(graph, machine, {});
    for (auto& [name, tensor] : compute_outputs(compiled, inputs))
      outputs[name] = onnx_import::make_reals(tensor.shape, std::move(tensor.values), name);
  }

  static void compare(const OnnxSignature& signature, const DataSet& data,
                      const std::map<std::string, OnnxTensor>& outputs) {
    for (std::size_t i = 0; i < signature.outputs.size(); ++i) {
      const auto got = outputs.find(signature.outputs[i]);
      invariant(got != outputs.end(), "output {} is missing", signature.outputs[i]);
      if (!got->second.known()) throw InputError("weights without values");
      const auto found = difference(got->second, data.outputs[i]);
      invariant(!found, "{}: {}", signature.outputs[i], found.value_or(""));
    }
  }

  fs::path file_;
  std::span<const std::int64_t> cores_;
  std::string bytes_;
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
    std::vector<fs::path> sets;
    for (const auto& entry : fs::directory_iterator(directory))
      if (entry.is_directory()) sets.push_back(entry.path());
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
