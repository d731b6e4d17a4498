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

enum class DimRole : std::uint8_t { past, length, total, batch };

/// The names that exporters give dimensions say what they are.
std::optional<DimRole> role_of(const std::string& name) {
  if (has_word(name, "+") || has_word(name, "total")) return DimRole::total;
  if (has_word(name, "past")) return DimRole::past;
  if (has_word(name, "batch")) return DimRole::batch;
  if (has_word(name, "seq") || has_word(name, "length")) return DimRole::length;
  return std::nullopt;
}

std::string set_by_command(const std::string& name, std::string_view how) {
  return fmt::format("'{}' is set by the command{}, expected no --dim {}=...", name, how, name);
}

StepDims dims_of_model(const OnnxSignature& signature,
                       const std::map<std::string, std::int64_t, std::less<>>& given,
                       const SourcePos& pos) {
  std::map<DimRole, std::string> roles;
  std::map<DimRole, std::string> given_roles;
  std::set<std::string> unknown;
  for (const OnnxSignature::Input& input : signature.inputs)
    for (const std::string& name : input.dim_names) {
      if (name.empty()) continue;
      const std::optional<DimRole> role = role_of(name);
      if (role)
        (given.contains(name) ? given_roles : roles)[*role] = name;
      else if (!given.contains(name))
        unknown.insert(name);
    }
  if (!unknown.empty())
    throw InputError(pos,
                     fmt::format("has dimensions {}, expected a size for each: --dim NAME=SIZE",
                                 fmt::join(unknown, ", ")));
  for (const auto& [role, what] :
       {std::pair(DimRole::past, "past tokens (a name with `past`)"),
        std::pair(DimRole::length, "new tokens (a name with `sequence` or `length`)")}) {
    if (roles.contains(role)) continue;
    if (const auto at = given_roles.find(role); at != given_roles.end())
      throw InputError(pos, set_by_command(at->second, ""));
    throw InputError(
        pos,
        fmt::format("no dimension is named as that of {}, expected a model with caches", what));
  }
  const auto found = [&](DimRole role) {
    const auto at = roles.find(role);
    return at == roles.end() ? std::nullopt : std::optional(at->second);
  };
  return {roles[DimRole::past], roles[DimRole::length], found(DimRole::total),
          found(DimRole::batch), std::nullopt};
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
      throw InputError(pos, set_by_command(*name, name == dims_.batch ? " (--batch)" : ""));
  if (dims_.batch && is_onnx(network_.file, bytes)) network_.onnx.dims.emplace(*dims_.batch, 1);
}

ReadNetwork StepFamily::at(const StepShape& shape) const {
  const auto [past, length, batch] = shape;
  if (batch && !dims_.batch)
    throw InputError(
        SourcePos{network_.file.string()},
        "no dimension is named as that of the batch, or --dim sets it; expected no --batch");
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
