#pragma once

// Options that name files to write (base/output_file.h says what a name may be).

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace unna {

/// Refuses, before any work, what can't be written, two options that name the same file, more than
/// one that is standard output, and files that the command reads.
void check_output_files(const Options& options, std::span<const std::string_view> names);
/// The same for options that name directories, which are made where they are missing.
void check_output_directories(const Options& options, std::span<const std::string_view> names);

/// -o, or the only input's name with another extension; checked as above.
std::string output_beside(const Options& options, const std::filesystem::path& input,
                          std::string_view extension);

/// Files that the command reads: arguments, and values of options.
std::vector<std::string> inputs_of(const Options& options);

/// What else a command prints then goes to stderr.
bool output_to_stdout(const Options& options, std::span<const std::string_view> names);

}  // namespace unna
