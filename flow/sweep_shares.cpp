#include "flow/sweep_shares.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace unna {

namespace fs = std::filesystem;

namespace {

fs::path shares_folder(const fs::path& directory) {
  return directory / "shares";
}

/// In the order of their names, so that the same shares give the same results.
std::vector<fs::path> stores_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (entry.path().extension() == ".db") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

fs::path share_store(const fs::path& directory, const SweepShare& share) {
  return shares_folder(directory) / fmt::format("{}-of-{}.db", share.number, share.of);
}

std::map<std::string, PointResult> share_results(const fs::path& directory) {
  std::map<std::string, PointResult> all;
  for (const fs::path& file : stores_in(shares_folder(directory)))
    for (auto& [key, result] : read_results(file)) {
      const auto [known, is_new] = all.try_emplace(key, result);
      if (!is_new && !known->second.is_final()) known->second = result;
    }
  return all;
}

std::size_t merge_shares(const fs::path& directory, SweepStore& store) {
  std::vector<std::pair<std::string, PointResult>> added;
  for (auto& [key, result] : share_results(directory)) {
    const auto known = store.results().find(key);
    if (known != store.results().end() && known->second.is_final()) continue;
    added.emplace_back(key, result);
  }
  store.add(added);
  return added.size();
}

void remove_shares(const fs::path& directory) {
  std::error_code none;
  fs::remove_all(shares_folder(directory), none);
}

}  // namespace unna
