#pragma once

// Typed access to a node's attributes, and what is said where a node can't be imported.

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "workloads/onnx/model.h"

namespace unna::onnx_import {

/// Why a node can't be imported; collected, and reported together.
struct Unsupported {
  std::string reason;
};

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Unsupported{fmt::format(format, std::forward<Args>(args)...)};
}

// Each gives the attribute or, where it is absent, `otherwise`; throws Unsupported where it has
// another type.
std::int64_t integer(const Node& node, std::string_view name, std::int64_t otherwise);
double real(const Node& node, std::string_view name, double otherwise);
std::string text(const Node& node, std::string_view name, std::string_view otherwise);
/// Empty where absent.
Integers integers(const Node& node, std::string_view name);
bool has(const Node& node, std::string_view name);
/// The attribute, or Unsupported.
const Attribute& required(const Node& node, std::string_view name);

/// `axis` counted from the front; Unsupported where it is not within [-rank, rank).
std::size_t normal_axis(std::int64_t axis, std::size_t rank);

}  // namespace unna::onnx_import
