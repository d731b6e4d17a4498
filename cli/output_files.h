#pragma once

// Options that name files to write, where - is stdout.

#include <span>
#include <string>
#include <string_view>

#include "cli/options.h"

namespace unna {

/// Refuses two of them that name the same file, and more than one that is stdout.
void check_output_files(const Options& options, std::span<const std::string_view> names);

/// What else a command prints then goes to stderr.
bool output_to_stdout(const Options& options, std::span<const std::string_view> names);

void write_output(const std::string& file, const std::string& content);

}  // namespace unna
