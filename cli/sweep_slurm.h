#pragma once

// `unnasim sweep FILE --slurm`, and what is known later of the jobs that it submitted.

#include <filesystem>
#include <string>

#include "cli/options.h"
#include "flow/sweep_run.h"

namespace unna {

enum class JobsState {
  ended,    ///< or none were submitted
  queued,   ///< Slurm has some that wait or run
  unknown,  ///< they were submitted, but Slurm can't be asked here
};

/// Where the jobs of a sweep stand.
struct SubmittedJobs {
  JobsState state = JobsState::ended;
  std::string text;  ///< for people, "jobs 12 and 13: 3 running, 1 pending"; empty: ended
};
SubmittedJobs submitted_jobs(const std::filesystem::path& directory);

/// The text of jobs that wait or run, empty where there are none. Throws InputError where Slurm
/// can't be asked: whoever starts points has to know.
std::string queued_jobs(const std::filesystem::path& directory);

/// Submits the points that have no result yet: a job array, and a job that merges. The text for
/// people.
std::string submit_points(const Options& options, const std::filesystem::path& file,
                          const std::filesystem::path& directory, const std::string& name,
                          const PointResults& results);

}  // namespace unna
