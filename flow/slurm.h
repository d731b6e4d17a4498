#pragma once

// Slurm (slurm.schedmd.com) by its own programs: sbatch submits, squeue and scancel are asked.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace unna {

/// A job array, and a job behind it.
struct SlurmRequest {
  std::string name;                  ///< of both jobs
  std::filesystem::path logs;        ///< a file a task; the folder exists
  std::vector<std::size_t> tasks;    ///< their numbers, ascending, one or more
  std::vector<std::string> options;  ///< of sbatch, for both jobs
  std::string task;                  ///< shell command; $SLURM_ARRAY_TASK_ID is its number
  std::string after;                 ///< shell command, when all tasks have ended anyhow
};
/// Their numbers.
struct SlurmJobs {
  std::string array;
  std::string after;
};

/// Throws InputError with what sbatch says where it refuses, or where there is none. Where only the
/// second job is refused the first one is cancelled.
SlurmJobs submit(const SlurmRequest& request);

/// "2 running, 5 pending" of the tasks that squeue has of both jobs; empty: none, they have ended.
/// None where Slurm can't be asked.
std::optional<std::string> queue_state(const SlurmJobs& jobs);

/// One word of a shell command, whatever is in it.
std::string shell_word(const std::string& text);

}  // namespace unna
