#include "report/replaced_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "text/printable.h"

namespace unna {
namespace {

using Json = nlohmann::ordered_json;

/// A number with its unit, or a word.
std::string value_text(const Json& value) {
  if (value.is_object() && value.contains("value"))
    return fmt::format("{}{}", value["value"].dump(),
                       value.contains("unit") ? " " + value["unit"].get<std::string>() : "");
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void collect(const Json& node, const std::string& path,
             std::vector<std::pair<std::string, std::string>>& settings) {
  for (const auto& [key, value] : node.items()) {
    const std::string here = fmt::format("{}.{}", path, key);
    if (value.is_object() && !value.contains("value"))
      collect(value, here, settings);
    else
      settings.emplace_back(here, value_text(value));
  }
}

/// What was asked for: the words and numbers at the top, the planner, the energy table, the
/// machine.
std::vector<std::pair<std::string, std::string>> settings_of(const Json& summary) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& [key, value] : summary.items())
    if (!value.is_structured() && key != "version") settings.emplace_back(key, value_text(value));
  const auto add = [&](const char* name, const Json& value) {
    settings.emplace_back(name, value_text(value));
  };
  if (summary.contains("whole_network")) settings.emplace_back("equal-blocks", "once");
  add("network file", summary.at("network_file").at("xxh64"));
  add("planner", summary.at("memory").at("planner"));
  add("energy table", summary.at("energy").at("table"));
  collect(summary.at("machine"), "machine", settings);
  return settings;
}

}  // namespace

std::string replaced_run_text(std::string_view there, std::string_view instead, bool same_program) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> others;
  try {
    const auto old = settings_of(Json::parse(there));
    const auto now = settings_of(Json::parse(instead));
    const std::map<std::string, std::string> own(now.begin(), now.end());
    for (const auto& [name, value] : old)
      if (const auto at = own.find(name); at == own.end() || at->second != value)
        others.push_back(printable(fmt::format("{} {}", name, value)));
    if (others.empty() && (!same_program || old.size() != now.size()))
      others.push_back("other options");
  } catch (const Json::exception&) {
    return "";
  }
  if (others.empty()) return "";
  const std::size_t more = others.size() > kShown ? others.size() - kShown : 0;
  others.resize(others.size() - more);
  return fmt::format(", in place of a run with {}{}", fmt::join(others, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace unna
