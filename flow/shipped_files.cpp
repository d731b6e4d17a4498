#include "flow/shipped_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "text/nearest.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

struct Kind {
  const char* folder;
  std::string_view what;
};

Kind kind_of(Shipped kind) {
  constexpr std::array kKinds = {Kind{"workloads", "network"}, Kind{"configs", "machine"},
                                 Kind{"configs/sweeps", "sweep"},
                                 Kind{"configs/energy", "energy table"}};
  return kKinds[static_cast<std::size_t>(kind)];
}

bool has_files(const fs::path& folder) {
  std::error_code ec;
  return fs::exists(folder / "workloads" / "resnet18.yaml", ec) &&
         fs::is_directory(folder / "configs", ec);
}

}  // namespace

fs::path shipped_folder() {
  std::error_code ec;
  const fs::path program = fs::read_symlink("/proc/self/exe", ec);
  if (ec) return {};
  const fs::path installed = program.parent_path().parent_path() / "share" / "unnasim";
  if (has_files(installed)) return installed;
  // A build tree within the source tree: build/release/cli/unnasim.
  constexpr int kLevels = 4;
  fs::path folder = program.parent_path();
  for (int i = 0; i < kLevels; ++i, folder = folder.parent_path())
    if (has_files(folder)) return folder;
  return {};
}

std::vector<std::string> shipped_names(Shipped kind) {
  std::vector<std::string> names;
  const fs::path folder = shipped_folder();
  std::error_code ec;
  if (folder.empty()) return names;
  for (const auto& entry : fs::directory_iterator(folder / kind_of(kind).folder, ec))
    if (entry.is_regular_file() && entry.path().extension() == ".yaml")
      names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

fs::path find_input(Shipped kind, const std::string& name) {
  std::error_code ec;
  if (fs::exists(name, ec) && !fs::is_directory(name, ec)) return name;
  const Kind what = kind_of(kind);
  std::error_code none;
  const bool directory = fs::is_directory(name, none);
  const bool path = fs::path(name).has_extension() || name.find('/') != std::string::npos;
  if (directory && path)
    throw InputError(fmt::format("{}: is a directory, expected a file or the name of a shipped {}",
                                 name, what.what));
  if (const int error = ec.value(); path)
    throw InputError(
        fmt::format("{}: cannot be read: {}", name, std::strerror(error != 0 ? error : ENOENT)));
  const std::vector<std::string> names = shipped_names(kind);
  if (std::ranges::binary_search(names, name))
    return shipped_folder() / what.folder / (name + ".yaml");
  if (directory)
    throw InputError(fmt::format("{}: is a directory, expected a file or the name of a shipped {}",
                                 name, what.what));
  const auto meant = nearest(name, names);
  throw InputError(
      fmt::format("{}: neither a file nor a shipped {}, {}", name, what.what,
                  meant ? fmt::format("did you mean '{}'?", *meant) : "expected one of the two"));
}

}  // namespace unna
