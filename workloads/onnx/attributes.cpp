#include "workloads/onnx/attributes.h"

namespace unna::onnx_import {
namespace {

const Attribute* find(const Node& node, std::string_view name, Attribute::Kind kind) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return nullptr;
  if (found->second.kind != kind) refuse("attribute {} is of another type", name);
  return &found->second;
}

}  // namespace

std::int64_t integer(const Node& node, std::string_view name, std::int64_t otherwise) {
  const Attribute* a = find(node, name, Attribute::Kind::integer);
  return a == nullptr ? otherwise : a->integer;
}

double real(const Node& node, std::string_view name, double otherwise) {
  const Attribute* a = find(node, name, Attribute::Kind::real);
  return a == nullptr ? otherwise : a->real;
}

std::string text(const Node& node, std::string_view name, std::string_view otherwise) {
  const Attribute* a = find(node, name, Attribute::Kind::text);
  return a == nullptr ? std::string(otherwise) : a->text;
}

Integers integers(const Node& node, std::string_view name) {
  const Attribute* a = find(node, name, Attribute::Kind::integers);
  return a == nullptr ? Integers{} : a->integers;
}

bool has(const Node& node, std::string_view name) {
  return node.attributes.contains(name);
}

const Attribute& required(const Node& node, std::string_view name) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) refuse("attribute {} is missing", name);
  return found->second;
}

std::size_t normal_axis(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r) refuse("axis {} of {} dimensions", axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

}  // namespace unna::onnx_import
