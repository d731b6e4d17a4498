#include "workloads/scope.h"

#include <algorithm>

namespace unna {

TensorId Scope::single(const std::string& name, const YamlNode& at) const {
  const std::vector<TensorId>& tensors = values.at(name);
  if (tensors.size() == 1) return tensors[0];
  std::string choices;
  for (const auto& value : values)
    if (value.first.starts_with(name + "."))
      choices += fmt::format("{}{}", choices.empty() ? "" : ", ", value.first);
  at.fail(fmt::format("'{}' has {} outputs, expected one of: {}", name, tensors.size(), choices));
}

TensorId Scope::resolve(const YamlNode& node) const {
  const std::string& name = node.as_string("tensor");
  if (!values.contains(name))
    node.fail(fmt::format("unknown tensor '{}', expected an input or an earlier op", name));
  return single(name, node);
}

std::vector<TensorId> Scope::read_from(const YamlNode* from, const YamlNode& entry) const {
  if (from == nullptr) {
    if (previous.empty()) entry.fail("no previous op and several inputs, expected 'from'");
    return {single(previous, entry)};
  }
  if (from->kind != YamlNode::Kind::sequence) return {resolve(*from)};
  if (from->items.empty()) from->fail("from is empty, expected at least one tensor");
  std::vector<TensorId> out;
  for (const YamlNode& item : from->items) out.push_back(resolve(item));
  return out;
}

void Scope::define(const std::string& name, const std::vector<TensorId>& tensors,
                   const std::vector<std::string>& labels, const SourcePos& pos) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (!values.emplace(fmt::format("{}.{}", name, labels[i]), std::vector{tensors[i]}).second)
      throw InputError(
          pos, fmt::format("duplicate output '{}' of '{}', expected each once", labels[i], name));
  values[name] = tensors;
  previous = name;
}

void expect_name(std::string_view what, std::string_view text, const SourcePos& pos) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto later = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (text.empty() || (!letter(text[0]) && text[0] != '_') ||
      !std::all_of(text.begin(), text.end(), later))
    throw InputError(pos, fmt::format("{} '{}' is not a name, expected a letter and then letters, "
                                      "digits, _ or -",
                                      what, text));
}

void expect_name(std::string_view what, const YamlNode& node) {
  const std::string& text = node.as_string(what);
  if (!node.quoted || text.empty()) expect_name(what, text, node.pos);
}

void expect_variable(std::string_view text, const Variables& taken, const SourcePos& pos) {
  expect_name("variable", text, pos);
  if (text.find('-') != std::string_view::npos)
    throw InputError(pos,
                     fmt::format("variable '{}' has a '-', expected letters, digits or _", text));
  if (taken.contains(text))
    throw InputError(pos,
                     fmt::format("variable '{}' is already defined, expected a new name", text));
}

}  // namespace unna
