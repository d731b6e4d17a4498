#pragma once

// The files of a run directory, as `simulate` and `fit` write them.

#include <filesystem>
#include <string>
#include <vector>

#include "base/output_file.h"
#include "flow/pipeline.h"
#include "flow/run_manifest.h"

namespace unna {

/// summary.json, layers.csv, plan.csv, program.uno, trace.unt and, where the machine has a shared
/// cache, buffers.csv; `more` of the same run; and run.json, which lists them all.
void add_run(const std::filesystem::path& directory, const Run& run, OutputFiles& files,
             std::vector<RunFile> more = {});

/// Marks for removal at commit() what an earlier run wrote into the directory and nobody has
/// changed since, where this run does not write it; and its page.
void remove_left_over(const std::filesystem::path& directory, OutputFiles& files);

/// In what the run that the directory has, if any, differs from this one: text for behind its name.
std::string replaced_run(const std::filesystem::path& directory, const Run& run);

/// The page that `unnasim report` would make of the directory.
std::string run_page(const std::filesystem::path& directory, const Run& run);

}  // namespace unna
