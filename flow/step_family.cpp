#include "flow/step_family.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "flow/host.h"

namespace unna {
namespace {

bool has_word(const std::string& name, std::string_view word) {
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower.find(word) != std::string::npos;
}

/// The names that exporters give dimensions say what they are.
StepDims dims_of_model(const OnnxSignature& signature,
                       const std::map<std::string, std::int64_t, std::less<>>& given,
                       const SourcePos& pos) {
  StepDims dims;
  std::set<std::string> unknown;
  for (const OnnxSignature::Input& input : signature.inputs)
    for (const std::string& name : input.dim_names) {
      if (name.empty() || given.contains(name)) continue;
      if (has_word(name, "+") || has_word(name, "total"))
        dims.total = name;
      else if (has_word(name, "past"))
        dims.past = name;
      else if (has_word(name, "batch"))
        dims.batch = name;
      else if (has_word(name, "seq") || has_word(name, "length"))
        dims.length = name;
      else
        unknown.insert(name);
    }
  if (!unknown.empty())
    throw InputError(pos,
                     fmt::format("has dimensions {}, expected a size for each: --dim NAME=SIZE",
                                 fmt::join(unknown, ", ")));
  for (const auto& [name, what] :
       {std::pair(dims.past, "past tokens (a name with `past`)"),
        std::pair(dims.length, "new tokens (a name with `sequence` or `length`)")})
    if (name.empty())
      throw InputError(
          pos,
          fmt::format("no dimension is named as that of {}, expected a model with caches", what));
  return dims;
}

StepDims dims_of_params(const std::vector<std::string>& params, const SourcePos& pos) {
  const auto has = [&](std::string_view name) { return std::ranges::count(params, name) > 0; };
  for (const std::string_view name : {"past", "length"})
    if (!has(name))
      throw InputError(pos, fmt::format("has no param '{}', expected a model with caches, whose "
                                        "params `past` and `length` say how many tokens there are",
                                        name));
  StepDims dims{"past", "length", std::nullopt, std::nullopt, std::nullopt};
  if (has("batch")) dims.batch = "batch";
  if (has("context")) dims.context = "context";
  return dims;
}

}  // namespace

StepFamily::StepFamily(NetworkChoice network, std::int64_t context)
    : network_(std::move(network)), context_(context) {
  const std::string bytes = read_file(network_.file);
  const SourcePos pos{network_.file.string()};
  if (is_onnx(network_.file, bytes)) {
    dims_ = dims_of_model(onnx_signature(bytes, network_.file), network_.onnx.dims, pos);
    network_.onnx.states.capacity = context_;
  } else {
    dims_ = dims_of_params(workload_params(bytes, network_.file.string()), pos);
  }
  for (const auto& name : {std::optional(dims_.past), std::optional(dims_.length), dims_.total,
                           dims_.context, dims_.batch})
    if (name && network_.onnx.dims.contains(*name))
      throw InputError(pos, fmt::format("'{}' is set by the command{}, expected no --dim {}=...",
                                        *name, name == dims_.batch ? " (--batch)" : "", *name));
  if (dims_.batch && is_onnx(network_.file, bytes)) network_.onnx.dims.emplace(*dims_.batch, 1);
}

ReadNetwork StepFamily::at(const StepShape& shape) const {
  const auto [past, length, batch] = shape;
  if (batch && !dims_.batch)
    throw InputError(SourcePos{network_.file.string()},
                     "no dimension is named as that of the batch, expected no --batch");
  OnnxOptions options = network_.onnx;
  options.execute = reference_executor();
  options.dims[dims_.past] = past;
  options.dims[dims_.length] = length;
  if (dims_.total) options.dims[*dims_.total] = past + length;
  if (batch) options.dims[*dims_.batch] = *batch;
  if (dims_.context) options.dims[*dims_.context] = context_;
  OnnxImport import = load_network(network_.file, options);
  set_densities(import.graph, network_.densities, network_.weight_seed);
  set_formats(import.graph, network_.formats);
  if (!std::exchange(noted_, true)) print_notes(network_.file, import.notes);
  if (import.graph.states.empty())
    throw InputError(SourcePos{network_.file.string()},
                     "no input and output are one growing tensor, expected caches: inputs past... "
                     "with outputs present..., or --state IN=OUT");
  return {std::move(import.graph),
          {network_.file.string(), std::move(import.hash)},
          std::move(import.host)};
}

}  // namespace unna
