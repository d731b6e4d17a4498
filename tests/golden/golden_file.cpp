#include "tests/golden/golden_file.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <sstream>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace unna::golden {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kMark = "--- ";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Where the lines after a section's head go.
std::string& section_body(GoldenFile& golden, const std::string& head, const SourcePos& pos) {
  if (head.starts_with("file "))
    return golden.inputs.emplace_back(head.substr(5), std::string()).second;
  if (head == "run") return golden.runs.emplace_back().command;
  if (golden.runs.empty()) throw InputError(pos, "expected a file or run section first");
  Run& last = golden.runs.back();
  if (head == "stdout") return last.expected.out;
  if (head == "stderr") return last.expected.err;
  throw InputError(pos, "unknown section, expected file, run, stdout, stderr or exit");
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string shell_quote(const std::string& text) {
  return fmt::format("'{}'", replace_all(text, "'", "'\"'\"'"));
}

void compare_lines(const std::string& name, const std::string& expected, const std::string& actual,
                   std::string& report) {
  if (expected == actual) return;
  const auto old_lines = lines_of(expected);
  const auto new_lines = lines_of(actual);
  report += fmt::format("{} differs:\n", name);
  for (std::size_t i = 0; i < std::max(old_lines.size(), new_lines.size()); ++i) {
    const bool both = i < old_lines.size() && i < new_lines.size();
    if (both && old_lines[i] == new_lines[i]) continue;
    if (i < old_lines.size()) report += fmt::format("{}: -{}\n", i + 1, old_lines[i]);
    if (i < new_lines.size()) report += fmt::format("{}: +{}\n", i + 1, new_lines[i]);
  }
}

}  // namespace

GoldenFile parse(const std::string& text, const std::string& file) {
  GoldenFile golden;
  std::string* body = &golden.comment;
  int number = 0;
  for (const std::string& line : lines_of(text)) {
    const SourcePos pos{file, ++number, 1};
    if (!line.starts_with(kMark)) {
      *body += line + "\n";
      continue;
    }
    const std::string head = line.substr(kMark.size());
    if (head.starts_with("exit ") && !golden.runs.empty())
      golden.runs.back().expected.exit_code = std::atoi(head.c_str() + 5);
    else
      body = &section_body(golden, head, pos);
  }
  if (golden.runs.empty()) throw InputError({file, 0, 0}, "no run section");
  return golden;
}

std::string format(const GoldenFile& golden) {
  std::string text = golden.comment;
  for (const auto& [name, content] : golden.inputs)
    text += fmt::format("{}file {}\n{}", kMark, name, content);
  for (const Run& r : golden.runs) {
    text += fmt::format("{}run\n{}", kMark, r.command);
    if (!r.expected.out.empty()) text += fmt::format("{}stdout\n{}", kMark, r.expected.out);
    if (!r.expected.err.empty()) text += fmt::format("{}stderr\n{}", kMark, r.expected.err);
    if (r.expected.exit_code != 0) text += fmt::format("{}exit {}\n", kMark, r.expected.exit_code);
  }
  return text;
}

Outcome run(const std::string& command, const fs::path& directory, const fs::path& program,
            const fs::path& source) {
  // Beside the directory, so that the command sees only its own files.
  const fs::path out = directory.string() + ".out";
  const fs::path err = directory.string() + ".err";
  const std::string script =
      fmt::format("cd {} && PATH={}:\"$PATH\" SRC={} COLUMNS=100 sh -e -c {} >{} 2>{} </dev/null",
                  shell_quote(directory), shell_quote(program.parent_path()), shell_quote(source),
                  shell_quote(command), shell_quote(out), shell_quote(err));
  const int status = std::system(script.c_str());  // NOLINT: the command is the test's own
  const auto clean = [&](const fs::path& path) {
    std::string text = replace_all(read_file(path), source, "$SRC");
    text = replace_all(text, directory, "$DIR");
    fs::remove(path);
    if (!text.empty() && text.back() != '\n') text += "\n\\ no newline at the end\n";
    return text;
  };
  Outcome outcome{clean(out), clean(err), 0};
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

std::string difference(const Outcome& expected, const Outcome& actual) {
  std::string report;
  compare_lines("stdout", expected.out, actual.out, report);
  compare_lines("stderr", expected.err, actual.err, report);
  if (expected.exit_code != actual.exit_code)
    report += fmt::format("exit code: -{} +{}\n", expected.exit_code, actual.exit_code);
  return report;
}

}  // namespace unna::golden
