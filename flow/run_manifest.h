#pragma once

// run.json: which files a run wrote into its directory, so that files of different runs that lie
// in one directory are noticed (docs/report.md, "Run directories").

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace unna {

inline constexpr std::string_view kRunManifest = "run.json";

/// A file of a run directory.
struct RunFile {
  std::string name;
  std::string content;
};

/// The text of run.json: the XXH64 of each file.
std::string run_manifest(std::string_view network, const std::vector<RunFile>& files);

/// What a run.json says of the files beside it.
class RunManifest {
 public:
  /// Throws InputError for anything that is no such file.
  RunManifest(const std::string& text, std::string path);

  bool has(const std::string& name) const { return hashes_.contains(name); }
  std::vector<std::string> names() const;
  /// Whether the run wrote the file as it is.
  bool wrote(const RunFile& file) const;
  /// Throws InputError, naming the files that the run did not write as they are, unless all are
  /// its own. `files` without their directory.
  void check(const std::vector<RunFile>& files) const;

 private:
  std::string path_;
  std::map<std::string, std::string> hashes_;  ///< by name
};

}  // namespace unna
