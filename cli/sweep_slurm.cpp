#include "cli/sweep_slurm.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/output_file.h"
#include "cli/common_options.h"
#include "flow/slurm.h"
#include "flow/sweep_shares.h"
#include "text/units.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

/// Numbers of the jobs submitted last, a line each.
fs::path jobs_file(const fs::path& directory) {
  return directory / "slurm" / "jobs";
}

std::string task_command(const Options& options, const fs::path& file, const fs::path& directory,
                         std::size_t tasks) {
  const auto program = shell_word(fs::read_symlink("/proc/self/exe").string());
  std::string command =
      fmt::format("{} sweep {} -o {} --share $SLURM_ARRAY_TASK_ID/{}", program,
                  shell_word(fs::absolute(file).string()), shell_word(directory.string()), tasks);
  for (const char* name : {"jobs", "point-timeout"})
    if (const auto value = options.text(name); value && options.given(name))
      command += fmt::format(" --{} {}", name, shell_word(*value));
  return command;
}

/// Options of sbatch, several in one word: split at blanks, without quotes.
std::vector<std::string> sbatch_options(const Options& options) {
  std::vector<std::string> all;
  for (const std::string& text : options.all("sbatch")) {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      if (word.starts_with("--array") || word.starts_with("-a"))
        options.fail("sbatch", fmt::format("'{}', expected no option of arrays: --tasks says how "
                                           "many tasks there are",
                                           word));
      all.push_back(word);
    }
  }
  return all;
}

}  // namespace

SubmittedJobs submitted_jobs(const fs::path& directory) {
  std::error_code none;
  if (!fs::exists(jobs_file(directory), none)) return {};
  std::istringstream lines(read_file(jobs_file(directory)));
  SlurmJobs jobs;
  lines >> jobs.array >> jobs.after;
  const auto state = queue_state(jobs);
  if (!state)
    return {JobsState::unknown, fmt::format("jobs {} and {} were submitted: Slurm can't be asked "
                                            "here",
                                            jobs.array, jobs.after)};
  if (state->empty()) return {};
  return {JobsState::queued, fmt::format("jobs {} and {}: {}", jobs.array, jobs.after, *state)};
}

std::string queued_jobs(const fs::path& directory) {
  SubmittedJobs jobs = submitted_jobs(directory);
  if (jobs.state == JobsState::unknown)
    throw InputError(fmt::format("{}: {}, expected squeue; remove {} if they have ended",
                                 directory.string(), jobs.text, jobs_file(directory).string()));
  return std::move(jobs.text);
}

std::string submit_points(const Options& options, const fs::path& file, const fs::path& directory,
                          const std::string& name, const PointResults& results) {
  const auto todo = static_cast<std::size_t>(
      std::ranges::count_if(results, [](const auto& r) { return !r.has_value(); }));
  constexpr std::int64_t kTasks = 100;
  const auto most = static_cast<std::int64_t>(results.size());
  const auto tasks = static_cast<std::size_t>(
      options.integer("tasks", 1, most).value_or(std::min<std::int64_t>(most, kTasks)));
  std::set<std::size_t> with_work;
  for (std::size_t i = 0; i < results.size(); ++i)
    if (!results[i]) with_work.insert(i % tasks + 1);
  const fs::path folder = fs::absolute(directory);
  make_directory(jobs_file(folder).parent_path());
  SlurmRequest request;
  request.name = file_name(name);
  request.logs = jobs_file(folder).parent_path();
  request.tasks.assign(with_work.begin(), with_work.end());
  request.options = sbatch_options(options);
  request.task = task_command(options, file, folder, tasks);
  request.after = fmt::format("{} sweep {} -o {} --merge{}",
                              shell_word(fs::read_symlink("/proc/self/exe").string()),
                              shell_word(fs::absolute(file).string()), shell_word(folder.string()),
                              options.flag("strict") ? " --strict" : "");
  const SlurmJobs jobs = submit(request);
  write_file(jobs_file(folder), fmt::format("{}\n{}\n", jobs.array, jobs.after));
  return fmt::format("{} in {}: jobs {} and, to merge them, {}; --status says how far they are\n",
                     counted(todo, "point"), counted(with_work.size(), "task"), jobs.array,
                     jobs.after);
}

}  // namespace unna
