#include "flow/run_manifest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"

namespace unna {

using Json = nlohmann::ordered_json;

std::string run_manifest(std::string_view network, const std::vector<RunFile>& files) {
  Json json = {{"version", kVersion}, {"network", network}};
  for (const RunFile& file : files) json["files"][file.name]["xxh64"] = hash_hex(file.content);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

RunManifest::RunManifest(const std::string& text, std::string path) : path_(std::move(path)) {
  try {
    const Json json = Json::parse(text);
    for (const auto& [name, file] : json.at("files").items())
      hashes_.emplace(name, file.at("xxh64").get<std::string>());
  } catch (const Json::exception&) {
    throw InputError(
        fmt::format("{}: does not list the files of a run, expected what simulate "
                    "and fit write",
                    path_));
  }
}

std::vector<std::string> RunManifest::names() const {
  std::vector<std::string> names;
  for (const auto& [name, hash] : hashes_) names.push_back(name);
  return names;
}

bool RunManifest::wrote(const RunFile& file) const {
  const auto own = hashes_.find(file.name);
  return own != hashes_.end() && own->second == hash_hex(file.content);
}

void RunManifest::check(const std::vector<RunFile>& files) const {
  std::vector<std::string> foreign;
  for (const RunFile& file : files) {
    if (!wrote(file)) foreign.push_back(file.name);
  }
  if (foreign.empty()) return;
  const auto file = [&](const std::string& name) {
    return (std::filesystem::path(path_).parent_path() / name).string();
  };
  if (foreign.size() == files.size())
    throw InputError(fmt::format(
        "{}: is of another run than the files beside it, expected the files of one run", path_));
  const std::string others =
      foreign.size() == 1 ? ""
                          : fmt::format(", nor {} {}", foreign.size() == 2 ? "is" : "are",
                                        fmt::join(std::next(foreign.begin()), foreign.end(), ", "));
  throw InputError(fmt::format(
      "{}: is not the file that the run wrote whose {} stands beside it{}, expected all files of "
      "one run as it wrote them",
      file(foreign.front()), kRunManifest, others));
}

}  // namespace unna
