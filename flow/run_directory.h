#pragma once

// What `simulate`, `fit` and `sweep` leave in a directory, read back for a report.

#include <filesystem>

#include "report/report_page.h"

namespace unna {

/// A directory with the store of a sweep in it, rather than a run.
bool is_sweep_directory(const std::filesystem::path& directory);

/// Throws InputError, one line, that names the file which is missing or is not what it should be.
PageRun read_run_directory(const std::filesystem::path& directory);
PageSweep read_sweep_directory(const std::filesystem::path& directory);

/// Of either kind, as a page holds it.
std::string packed_directory(const std::filesystem::path& directory);

}  // namespace unna
