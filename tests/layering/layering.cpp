#include "tests/layering/layering.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>

namespace unna::layering {

namespace {

/// Folders whose headers each folder may include, besides its own.
const std::map<std::string, std::set<std::string>, std::less<>>& may_include() {
  static const std::map<std::string, std::set<std::string>, std::less<>> table = {
      {"base", {}},
      {"text", {"base"}},
      {"configs", {"base", "text"}},
      {"numbers", {"base", "configs"}},
      {"isa", {"base", "text", "configs", "numbers"}},
      {"cost", {"base", "configs", "isa"}},
      {"workloads", {"base", "text", "numbers"}},
      {"reference", {"base", "numbers", "workloads"}},
      {"compiler", {"base", "text", "configs", "numbers", "isa", "cost", "workloads"}},
      {"memmgr", {"base", "text", "configs", "isa"}},
      {"bindings", {"base", "text", "configs", "isa", "memmgr"}},
      {"sim", {"base", "configs", "numbers", "isa", "cost"}},
      {"energy", {"base", "text", "configs", "isa", "cost"}},
      {"report",
       {"base", "text", "configs", "isa", "cost", "workloads", "compiler", "memmgr", "sim",
        "energy"}},
      {"flow",
       {"base", "text", "configs", "numbers", "isa", "cost", "workloads", "reference", "compiler",
        "memmgr", "sim", "energy", "report"}},
      {"cli",
       {"base", "text", "configs", "numbers", "isa", "cost", "workloads", "reference", "compiler",
        "memmgr", "sim", "energy", "report", "flow"}},
  };
  return table;
}

std::string folder_of(std::string_view path) {
  return std::string(path.substr(0, path.find('/')));
}

/// Rooms of a folder: each may include those before it. Such a folder has no include circle.
const std::map<std::string, std::vector<std::string>, std::less<>>& rooms() {
  static const std::map<std::string, std::vector<std::string>, std::less<>> table = {
      {"memmgr", {"memmgr", "memmgr/placement", "memmgr/exact", "memmgr/planners", "memmgr/pools"}},
  };
  return table;
}

std::string room_of(std::string_view path) {
  return std::string(path.substr(0, path.rfind('/')));
}

/// A header and the source of its name are one part.
std::string part_of(std::string_view path) {
  return std::string(path.substr(0, path.rfind('.')));
}

std::optional<std::string> room_breach(const Include& include, const std::string& folder) {
  const auto row = rooms().find(folder);
  if (include.angled || row == rooms().end() || folder_of(include.target) != folder)
    return std::nullopt;
  const auto place = [&](const std::string& path) {
    return std::ranges::find(row->second, room_of(path)) - row->second.begin();
  };
  if (place(include.path) == std::ssize(row->second))
    return fmt::format("{} is no room of {}", room_of(include.path), folder);
  if (place(include.path) < place(include.target))
    return fmt::format("{} may not include {}", room_of(include.path), room_of(include.target));
  return std::nullopt;
}

/// Parts that are reached from a part by includes.
std::set<std::string> reached_from(
    const std::map<std::string, std::set<std::string>, std::less<>>& includes,
    const std::string& part) {
  std::set<std::string> seen;
  std::vector<std::string> open{part};
  while (!open.empty()) {
    const auto row = includes.find(open.back());
    open.pop_back();
    if (row == includes.end()) continue;
    for (const std::string& next : row->second)
      if (seen.insert(next).second) open.push_back(next);
  }
  return seen;
}

/// Of folders with rooms: includes from whose target a chain of includes leads back.
std::vector<std::string> circles(const std::vector<Include>& includes) {
  std::map<std::string, std::set<std::string>, std::less<>> graph;
  const auto concerned = [](const Include& i) {
    return !i.angled && rooms().contains(folder_of(i.path)) && part_of(i.path) != part_of(i.target);
  };
  for (const Include& i : includes)
    if (concerned(i)) graph[part_of(i.path)].insert(part_of(i.target));
  std::vector<std::string> messages;
  for (const Include& i : includes)
    if (concerned(i) && reached_from(graph, part_of(i.target)).contains(part_of(i.path)))
      messages.push_back(
          fmt::format("{}:{}: {}: includes {} in turn", i.path, i.line, i.target, part_of(i.path)));
  return messages;
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool is_systemc(const Include& include) {
  return include.angled && starts_with_any(include.target, {"systemc", "tlm", "sysc/"});
}

/// Headers of sim through which SystemC is reached: private to sim.
std::set<std::string> systemc_headers(const std::vector<Include>& includes) {
  std::set<std::string> headers;
  for (bool grew = true; grew;) {
    grew = false;
    for (const Include& include : includes) {
      if (!include.path.ends_with(".h")) continue;
      if (!is_systemc(include) && !headers.contains(include.target)) continue;
      grew |= headers.insert(include.path).second;
    }
  }
  return headers;
}

std::optional<std::string> external_breach(const Include& include, const std::string& folder) {
  if (!include.angled) return std::nullopt;
  if (is_systemc(include) && folder != "sim") return "SystemC is for sim's sources only";
  if (include.target.starts_with("yaml-cpp") && include.path != "text/yaml.cpp")
    return "yaml-cpp is for text/yaml.cpp only";
  if (include.target.starts_with("SQLiteCpp") && include.path != "flow/sweep_store.cpp")
    return "SQLite is for flow/sweep_store.cpp only";
  if (include.target.starts_with("boost/graph/")) {
    if (include.path != "compiler/row_bound.cpp")
      return "Boost.Graph is for compiler/row_bound.cpp only";
  } else if (include.target.starts_with("boost") && folder != "cli") {
    return "Boost is for cli only";
  }
  if (starts_with_any(include.target, {"onnx", "google/protobuf"}) &&
      !include.path.starts_with("workloads/onnx"))
    return "ONNX and protobuf are for the ONNX importer only";
  return std::nullopt;
}

std::optional<std::string> internal_breach(const Include& include, const std::string& folder,
                                           const std::set<std::string>& private_headers) {
  if (include.angled) return std::nullopt;
  const auto row = may_include().find(folder);
  if (row == may_include().end()) return fmt::format("{} is no layer", folder);
  const std::string to = folder_of(include.target);
  if (!may_include().contains(to)) return fmt::format("{} is no layer", to);
  if (to != folder && !row->second.contains(to))
    return fmt::format("{} may not include {}", folder, to);
  if (to != folder && private_headers.contains(include.target))
    return fmt::format("{} brings SystemC into {}", include.target, folder);
  return std::nullopt;
}

}  // namespace

std::vector<std::string> layers() {
  std::vector<std::string> names;
  for (const auto& [name, allowed] : may_include()) names.push_back(name);
  return names;
}

std::vector<Include> includes_of(const std::string& path, const std::string& text) {
  std::vector<Include> includes;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.starts_with("#include")) continue;
    const auto open = line.find_first_of("<\"", 8);
    if (open == std::string::npos) continue;
    const auto close = line.find_first_of(">\"", open + 1);
    if (close == std::string::npos) continue;
    includes.push_back({path, number, line.substr(open + 1, close - open - 1), line[open] == '<'});
  }
  return includes;
}

std::vector<std::string> breaches(const std::vector<Include>& includes) {
  const std::set<std::string> private_headers = systemc_headers(includes);
  std::vector<std::string> messages;
  for (const Include& include : includes) {
    const std::string folder = folder_of(include.path);
    auto what = external_breach(include, folder);
    if (!what) what = internal_breach(include, folder, private_headers);
    if (!what) what = room_breach(include, folder);
    if (what)
      messages.push_back(
          fmt::format("{}:{}: {}: {}", include.path, include.line, include.target, *what));
  }
  for (std::string& message : circles(includes)) messages.push_back(std::move(message));
  return messages;
}

}  // namespace unna::layering
