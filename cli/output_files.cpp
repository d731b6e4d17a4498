#include "cli/output_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/output_file.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

/// Reading and writing the same device is no harm.
bool same_file(const std::string& a, const std::string& b) {
  std::error_code ec;
  return fs::is_regular_file(a, ec) && fs::equivalent(a, b, ec);
}

/// Errors of base name the file; the user also wants to know the option.
template <class Check>
void check_named(const Options& options, std::string_view name, Check&& check) {
  try {
    check();
  } catch (const InputError& error) {
    options.fail(name, error.what());
  }
}

}  // namespace

std::vector<std::string> inputs_of(const Options& options) {
  std::vector<std::string> files = options.positional();
  for (const char* name : {"machine", "energy", "schedule", "tetris", "requests"})
    if (options.given(name)) files.push_back(*options.text(name));
  if (options.given("input"))
    for (const std::string& input : options.all("input"))
      files.push_back(input.substr(input.find('=') + 1));
  return files;
}

void check_output_files(const Options& options, std::span<const std::string_view> names) {
  std::set<std::string> written;
  for (const std::string_view name : names) {
    const auto file = options.text(name);
    if (!file) continue;
    const bool to_stdout = is_standard_output(*file);
    if (!written.insert(to_stdout ? "-" : file_identity(*file).string()).second)
      options.fail(name, to_stdout ? "only one output can be stdout"
                                   : fmt::format("{} is written by another option already", *file));
    check_named(options, name, [&] { check_output_file(*file); });
    for (const std::string& input : inputs_of(options))
      if (!to_stdout && same_file(input, *file))
        options.fail(name, fmt::format("{} would overwrite itself, expected another file", *file));
  }
}

void check_output_directories(const Options& options, std::span<const std::string_view> names) {
  for (const std::string_view name : names)
    if (const auto directory = options.text(name))
      check_named(options, name, [&] { check_output_directory(*directory); });
}

std::string output_beside(const Options& options, const fs::path& input,
                          std::string_view extension) {
  constexpr std::string_view kOutput[] = {"output"};
  check_output_files(options, kOutput);
  if (const auto file = options.text("output")) return *file;
  std::string file = fs::path(input).replace_extension(extension).string();
  if (same_file(input, file))
    options.fail("output", fmt::format("{} would overwrite itself, expected another file", file));
  check_output_file(file);
  return file;
}

bool output_to_stdout(const Options& options, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) {
    const auto file = options.text(name);
    return file && is_standard_output(*file);
  });
}

}  // namespace unna
