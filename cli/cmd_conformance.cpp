#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "configs/machine.h"
#include "flow/conformance.h"

namespace unna {

namespace {

constexpr const char* kDebian = "/usr/share/libonnx-testdata/data";  // package libonnx-testdata

constexpr CommandHelp kConformanceHelp = {
    "conformance", "[DIRECTORY...]",
    "Runs ONNX's backend tests (default: those of Debian's libonnx-testdata): each model is\n"
    "imported, compiled and executed as instructions in fp32, and its outputs are held against\n"
    "the expected ones. Exit code 70 where one differs."};

constexpr OptionRow kConformanceOptions[] = {
    {"cores", "LIST", "1,4", "numbers of cores that each test runs on"},
    {"list", "", "", "also list what failed by name, and what is not supported by reason"},
};

}  // namespace

CommandInterface conformance_interface() {
  return {kConformanceHelp, {std::begin(kConformanceOptions), std::end(kConformanceOptions)}};
}

int conformance_command(const Options& options) {
  const std::vector<std::int64_t> cores = options.integers("cores", 1, kMaxCores);
  std::vector<std::string> roots = options.positional();
  if (roots.empty()) roots = {kDebian};
  std::vector<std::filesystem::path> directories;
  for (const std::string& root : roots)
    for (auto& directory : find_conformance_cases(root))
      directories.push_back(std::move(directory));
  std::vector<ConformanceCase> cases;
  std::size_t failed = 0;
  // On a terminal only: what is printed is the same everywhere.
  Progress progress(
      directories.size(), "test",
      ::isatty(STDERR_FILENO) != 0 ? Progress::Say::progress : Progress::Say::nothing);
  for (const auto& directory : directories) {
    cases.push_back(run_conformance_case(directory, cores));
    failed += cases.back().verdict == Verdict::failed ? 1 : 0;
    progress.finished(cases.size(), failed);
  }
  fmt::print("{}", conformance_table(cases));
  if (options.flag("list")) fmt::print("\n{}", conformance_list(cases));
  return failed > 0 ? kExitInternal : kExitOk;
}

}  // namespace unna
