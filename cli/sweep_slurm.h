#pragma once

// `unnasim sweep FILE --slurm`, and what is known later of the jobs that it submitted.

#include <filesystem>
#include <string>

#include "cli/options.h"
#include "flow/sweep_run.h"

namespace unna {

/// Where the jobs of a sweep stand, for people: "jobs 12 and 13: 3 running, 1 pending"; empty where
/// none were submitted, or all have ended.
std::string jobs_text(const std::filesystem::path& directory);

/// Submits the points that have no result yet: a job array, and a job that merges. The text for
/// people.
std::string submit_points(const Options& options, const std::filesystem::path& file,
                          const std::filesystem::path& directory, const std::string& name,
                          const PointResults& results);

}  // namespace unna
