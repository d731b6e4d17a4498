// golden_runner <unnasim> <source tree> <golden file>: 0 where every run prints what the file says.
// With UNNA_REBASE set the file is rewritten with what they print now.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "tests/golden/golden_file.h"

namespace unna::golden {
namespace {

namespace fs = std::filesystem;

/// An empty directory that goes away at the end of the scope.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = (fs::temp_directory_path() / "golden.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw InputError(pattern + ": cannot be created");
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

int run_file(const fs::path& program, const fs::path& source, const fs::path& file) {
  GoldenFile golden = parse(read_file(file), file);
  const ScratchDirectory scratch;
  for (const auto& [name, content] : golden.inputs) write_file(scratch.path() / name, content);
  std::string report;
  for (Run& r : golden.runs) {
    const Outcome actual = run(r.command, scratch.path(), program, source);
    const std::string differs = difference(r.expected, actual);
    if (!differs.empty()) report += fmt::format("$ {}{}", r.command, differs);
    r.expected = actual;
  }
  if (report.empty()) return 0;
  if (std::getenv("UNNA_REBASE") == nullptr) {
    fmt::print("{}: not as expected (./dev rebase accepts it)\n{}", file.string(), report);
    return 1;
  }
  // In place: a renamed file would touch the folder, and every rebase would configure again.
  std::ofstream(file) << format(golden);
  fmt::print("{}: rebased\n", file.string());
  return 0;
}

}  // namespace
}  // namespace unna::golden

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: golden_runner <unnasim> <source tree> <golden file>\n", stderr);
    return 2;
  }
  try {
    return unna::golden::run_file(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
