// doctor: what is installed, and what is missing for which part of unnasim.

#include <fmt/color.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/version.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "flow/shipped_files.h"
#include "text/units.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kDoctorHelp = {
    "doctor", "",
    "Says what is installed, and which optional parts are missing, with the Debian package that\n"
    "has each. Exit code 1 where something that unnasim always needs is missing."};

/// A program or a folder that some part of unnasim uses.
struct OptionalPart {
  std::string_view what;  ///< a program in PATH, or a path
  std::string_view package;
  std::string_view use;
};
constexpr OptionalPart kOptionalParts[] = {
    {"/usr/share/libonnx-testdata/data", "libonnx-testdata", "conformance: ONNX's backend tests"},
    {"man", "man-db", "reading the manual page"},
    {"chromium", "chromium", "looking at reports; the tests of their views"},
    {"sqlite3", "sqlite3", "questions to the store of a sweep"},
    {"sbatch", "slurm-wlm", "sweeps on a cluster"},
};

/// Where it is; empty: nowhere.
std::string found(std::string_view what) {
  std::error_code ec;
  if (what.starts_with('/')) return fs::exists(what, ec) ? std::string(what) : "";
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const fs::path program = fs::path(rest.substr(0, end)) / what;
    if (::access(program.c_str(), X_OK) == 0) return program.string();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return "";
}

std::string verdict(bool good, std::string_view bad) {
  const std::string_view word = good ? "ok" : bad;
  const std::string padded = fmt::format("{:<8}", word);
  if (!has_colours(stdout)) return padded;
  return fmt::format(fmt::fg(good ? fmt::terminal_color::green : fmt::terminal_color::yellow), "{}",
                     padded);
}

void line(bool good, std::string_view bad, std::string_view what, std::string_view text) {
  fmt::print("{} {:<14} {}\n", verdict(good, bad), what, text);
}

}  // namespace

CommandInterface doctor_interface() {
  return {kDoctorHelp, {}};
}

int doctor_command(const Options& /*options*/) {
  const fs::path folder = shipped_folder();
  const bool complete = !folder.empty();
  line(true, "", "unnasim",
       fmt::format("{}, host threads: {}", kVersion, std::thread::hardware_concurrency()));
  line(complete, "missing", "networks",
       complete ? fmt::format(
                      "{} and {} in {}", counted(shipped_names(Shipped::network).size(), "network"),
                      counted(shipped_names(Shipped::machine).size(), "machine"), folder.string())
                : "neither in share/unnasim beside the program nor in the source tree: expected an "
                  "installed program or a build tree");
  std::error_code ec;
  const fs::path here = fs::current_path(ec);
  const bool writable = !ec && ::access(here.c_str(), W_OK) == 0;
  line(writable, "missing", "output",
       writable ? fmt::format("runs are written to {}", (here / "out").string())
                : "the current directory can't be written to: expected -o DIR with each run");
  for (const OptionalPart& part : kOptionalParts) {
    const std::string at = found(part.what);
    const std::string name =
        fs::path(part.what).is_absolute() ? "test data" : std::string(part.what);
    line(!at.empty(), "absent", name,
         at.empty() ? fmt::format("optional, for {}: apt install {}", part.use, part.package)
                    : fmt::format("{} ({})", at, part.use));
  }
  return complete ? kExitOk : kExitNothingDone;
}

}  // namespace unna
