#pragma once

// Options that name files to write (base/output_file.h says what a name may be).

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

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

/// Whether two names are of one regular file: reading and writing the same device is no harm.
bool same_file(const std::string& a, const std::string& b);

/// What else a command prints then goes to stderr.
bool output_to_stdout(const Options& options, std::span<const std::string_view> names);

}  // namespace unna
