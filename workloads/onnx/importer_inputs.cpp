// Inputs and initializers of a model.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "workloads/onnx/importer.h"

namespace unna::onnx_import {
namespace {

using Dims = std::map<std::string, std::int64_t, std::less<>>;

std::string text_of(const ValueInfo& info) {
  if (!info.dims) return "without dimensions";
  std::vector<std::string> parts;
  for (const std::int64_t dim : *info.dims) parts.push_back(dim < 0 ? "?" : fmt::format("{}", dim));
  return fmt::format("{}", fmt::join(parts, "x"));
}

/// Exporters name dimensions `past_sequence_length + sequence_length`: the terms of such a sum.
std::vector<std::string> terms_of(std::string_view name) {
  std::vector<std::string> terms;
  for (bool more = true; more;) {
    const std::size_t plus = name.find('+');
    more = plus != std::string_view::npos;
    std::string_view term = name.substr(0, plus);
    while (term.starts_with(' ')) term.remove_prefix(1);
    while (term.ends_with(' ')) term.remove_suffix(1);
    terms.emplace_back(term);
    if (more) name.remove_prefix(plus + 1);
  }
  return terms;
}

/// A named dimension: as given, or the sum of given ones.
std::optional<std::int64_t> size_of(const std::string& name, const Dims& given) {
  if (const auto at = given.find(name); at != given.end()) return at->second;
  const std::vector<std::string> terms = terms_of(name);
  if (terms.size() < 2) return std::nullopt;
  std::int64_t sum = 0;
  for (const std::string& term : terms) {
    const auto at = given.find(term);
    if (at == given.end() || at->second > kMaxDimension - sum) return std::nullopt;
    sum += at->second;
  }
  return sum;
}

/// The options that say what is not known beside `given`, by the names of dimensions; none where
/// one has no name.
std::vector<std::string> dim_options(const ValueInfo& info, const Dims& given) {
  std::vector<std::string> options;
  for (std::size_t d = 0; info.dims && d < info.dims->size(); ++d) {
    if ((*info.dims)[d] >= 0) continue;
    if (info.dim_names[d].empty()) return {};
    for (const std::string& term : terms_of(info.dim_names[d])) {
      std::string option = fmt::format("--dim {}=...", term);
      if (!given.contains(term) && std::ranges::find(options, option) == options.end())
        options.push_back(std::move(option));
    }
  }
  return options;
}

std::string one_unknown(const ValueInfo& info, const Dims& given) {
  std::string text = fmt::format("input '{}' is {}, expected its shape: --input-shape {}=...",
                                 info.name, text_of(info), info.name);
  if (const auto options = dim_options(info, given); !options.empty())
    text += fmt::format(" or {}", fmt::join(options, " "));
  return text;
}

/// Of several, whose dimensions all have names.
std::string several_unknown(std::span<const ValueInfo* const> inputs, const Dims& given) {
  constexpr std::size_t kNamed = 4;
  std::vector<std::string> names, options;
  for (const ValueInfo* info : inputs) {
    if (names.size() < kNamed)
      names.push_back(fmt::format("'{}' ({})", info->name, text_of(*info)));
    for (std::string& option : dim_options(*info, given))
      if (std::ranges::find(options, option) == options.end()) options.push_back(std::move(option));
  }
  const std::string more =
      inputs.size() > kNamed ? fmt::format(" and {} more", inputs.size() - kNamed) : "";
  return fmt::format(
      "inputs {}{} have dimensions of unknown size, expected {} or --input-shape "
      "NAME=SHAPE for each",
      fmt::join(names, ", "), more, fmt::join(options, " "));
}

}  // namespace

std::optional<Shape> Importer::input_shape(const ValueInfo& info) {
  const auto given = options_.input_shapes.find(info.name);
  const std::string name = printable(info.name);
  if (given == options_.input_shapes.end()) {
    Shape shape = info.dims.value_or(Shape{-1});
    for (std::size_t d = 0; info.dims && d < shape.size(); ++d)
      if (shape[d] < 0) shape[d] = size_of(info.dim_names[d], options_.dims).value_or(-1);
    if (std::ranges::count(shape, -1) == 0) return shape;
    unknown_.push_back(&info);
    return std::nullopt;
  }
  const Shape& shape = given->second;
  bool fits = !info.dims || info.dims->size() == shape.size();
  for (std::size_t d = 0; fits && info.dims && d < shape.size(); ++d)
    fits = (*info.dims)[d] < 0 || (*info.dims)[d] == shape[d];
  if (fits) return shape;
  problems_.add(fmt::format("input '{}' is {}, expected a shape that fits, not {}", name,
                            text_of(info), to_string(shape)));
  return std::nullopt;
}

/// Options speak of inputs and dimensions that the model has.
void Importer::expect_inputs() const {
  std::set<std::string> given, dims;
  for (const auto& [name, shape] : options_.input_shapes) given.insert(name);
  for (const auto& [name, constant] : options_.constants) given.insert(name);
  for (const auto& [name, size] : options_.dims) dims.insert(name);
  std::vector<std::string> names;
  std::set<std::string> dim_names;
  for (const ValueInfo& info : model_.inputs) {
    names.push_back(printable(info.name));
    given.erase(info.name);
    for (const std::string& dim : info.dim_names) {
      dims.erase(dim);
      for (const std::string& term : terms_of(dim)) dims.erase(term);
      if (!dim.empty()) dim_names.insert(printable(dim));
    }
  }
  if (!given.empty())
    fail(fmt::format("has no input '{}', expected one of: {}", *given.begin(),
                     fmt::join(names, ", ")));
  if (!dims.empty())
    fail(fmt::format("has no dimension '{}', expected {}", *dims.begin(),
                     dim_names.empty() ? std::string("no --dim: none has a name")
                                       : fmt::format("one of: {}", fmt::join(dim_names, ", "))));
}

void Importer::read_input(const ValueInfo& info) {
  if (const auto given = options_.constants.find(info.name); given != options_.constants.end()) {
    OnnxTensor constant = given->second;
    constant.name = info.name;
    constant.stored = true;
    return define(info.name, Value::of(std::move(constant)));
  }
  const std::optional<Shape> shape = input_shape(info);
  if (!shape) return define(info.name, std::nullopt);
  for (const std::int64_t dim : *shape)
    if (dim < 0 || dim > kMaxDimension)
      fail(fmt::format("input '{}' is {}, expected dimensions from 0 to {}", printable(info.name),
                       to_string(*shape), kMaxDimension));
  if (element_count(*shape) > kMaxElements)
    fail(fmt::format("input '{}' is {}, expected at most {} elements", printable(info.name),
                     to_string(*shape), kMaxElements));
  const bool real = info.kind == ElementKind::real;
  if (element_count(*shape) == 0) {
    Constant nothing =
        real ? make_reals(*shape, {}, info.name) : make_integers(*shape, {}, info.name, info.kind);
    return define(info.name, Value::of(std::move(nothing)));
  }
  Value value;
  value.host = info.name;
  value.bound = real || early_ == Early::machine;
  if (real) {
    value.tensor = draft_.input(info.name, *shape, info.kind);
    value.has_tensor = true;
  }
  if (!real)
    samples_[info.name] = make_integers(
        *shape, Integers(static_cast<std::size_t>(element_count(*shape)), 1), info.name, info.kind);
  define(info.name, std::move(value));
}

/// What all inputs lack is said once.
void Importer::add_unknown_inputs() {
  std::vector<const ValueInfo*> named;
  for (const ValueInfo* info : unknown_)
    if (!dim_options(*info, options_.dims).empty()) named.push_back(info);
  if (named.size() > 1) problems_.add(printable(several_unknown(named, options_.dims)));
  for (const ValueInfo* info : unknown_)
    if (named.size() < 2 || dim_options(*info, options_.dims).empty())
      problems_.add(printable(one_unknown(*info, options_.dims)));
}

void Importer::read_inputs() {
  expect_inputs();
  for (const ValueInfo& info : model_.inputs) read_input(info);
  add_unknown_inputs();
}

void Importer::read_initializers() {
  for (Constant& c : model_.initializers) {
    const std::string name = c.name;
    define(name, Value::of(std::move(c)));
  }
}

}  // namespace unna::onnx_import
