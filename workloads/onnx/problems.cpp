#include "workloads/onnx/problems.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "workloads/onnx/draft.h"

namespace unna::onnx_import {

void Problems::add_operator(const std::string& op, const std::string& reason,
                            const std::string& name) {
  ++operators_;
  const auto group = std::ranges::find_if(
      groups_, [&](const Group& g) { return g.op == op && g.reason == reason; });
  if (group != groups_.end())
    group->names.push_back(name);
  else
    groups_.push_back({op, reason, {name}});
}

std::string Problems::text(std::size_t nodes) const {
  constexpr std::size_t kNames = 3;
  std::vector<std::string> parts;
  for (const Group& g : groups_) {
    std::string text = g.names.size() == 1 ? g.op : fmt::format("{} {}", g.names.size(), g.op);
    for (std::size_t i = 0; i < std::min(g.names.size(), kNames); ++i)
      text += fmt::format("{}'{}'", i == 0 ? " " : ", ", g.names[i]);
    if (g.names.size() > kNames) text += " ...";
    parts.push_back(fmt::format("{} ({})", text, g.reason));
  }
  std::vector<std::string> all = general_;
  if (operators_ > 0)
    all.push_back(fmt::format("{} of {} operators are not supported: {}", operators_, nodes,
                              fmt::join(parts, "; ")));
  return printable(fmt::format("{}", fmt::join(all, "; ")));
}

}  // namespace unna::onnx_import
