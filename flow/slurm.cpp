#include "flow/slurm.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace unna {
namespace {

struct Ended {
  int code = 0;
  std::string output;  ///< stdout
  std::string errors;  ///< stderr
};

/// Runs a program found in PATH and waits for it.
Ended run_program(std::vector<std::string> words) {
  std::array<int, 2> ends{};
  invariant(::pipe2(ends.data(), O_CLOEXEC) == 0, "no pipe: {}", std::strerror(errno));
  // In memory rather than a second pipe: nothing has to be read from both at once.
  const int errors = ::memfd_create("errors", MFD_CLOEXEC);
  invariant(errors >= 0, "no file in memory: {}", std::strerror(errno));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    ::close(errors);
    throw InputError(fmt::format("{}: cannot be run: {}, expected Slurm on this machine", words[0],
                                 std::strerror(error)));
  }
  Ended ended;
  ended.output = read_descriptor(ends[0], words[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  ::lseek(errors, 0, SEEK_SET);
  ended.errors = read_descriptor(errors, words[0]);
  ::close(errors);
  return ended;
}

std::string one_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

/// The job's number, which --parsable prints alone on a line, or before `;cluster`.
std::string submit_one(const std::vector<std::string>& words) {
  const Ended ended = run_program(words);
  if (ended.code != 0)
    throw InputError(fmt::format("sbatch refuses the sweep: {}",
                                 one_line(ended.errors.empty() ? ended.output : ended.errors)));
  std::istringstream lines(ended.output);
  for (std::string line; std::getline(lines, line);) {
    const std::string number = line.substr(0, line.find(';'));
    if (!number.empty() && number.find_first_not_of("0123456789") == std::string::npos)
      return number;
  }
  throw InputError(
      fmt::format("sbatch prints '{}', expected the number of a job", one_line(ended.output)));
}

/// A path in --output, where `%` begins a pattern.
std::string log_path(const std::filesystem::path& path) {
  std::string text;
  for (const char c : path.string()) text += c == '%' ? std::string("%%") : std::string(1, c);
  return text;
}

}  // namespace

std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

SlurmJobs submit(const SlurmRequest& request) {
  SlurmJobs jobs;
  std::vector<std::string> array = {"sbatch",
                                    "--parsable",
                                    fmt::format("--job-name={}", request.name),
                                    fmt::format("--array={}", fmt::join(request.tasks, ",")),
                                    fmt::format("--output={}/%a.log", log_path(request.logs)),
                                    "--open-mode=append",
                                    "--requeue"};
  array.insert(array.end(), request.options.begin(), request.options.end());
  array.push_back(fmt::format("--wrap={}", request.task));
  jobs.array = submit_one(array);
  // Of two options of one name sbatch takes the last one.
  std::vector<std::string> after = {"sbatch", "--parsable"};
  after.insert(after.end(), request.options.begin(), request.options.end());
  after.push_back(fmt::format("--job-name={}-merge", request.name));
  after.push_back(fmt::format("--dependency=afterany:{}", jobs.array));
  after.push_back(fmt::format("--output={}/merge.log", log_path(request.logs)));
  after.push_back(fmt::format("--wrap={}", request.after));
  try {
    jobs.after = submit_one(after);
  } catch (const InputError&) {
    run_program({"scancel", jobs.array});
    throw;
  }
  return jobs;
}

std::optional<std::string> queue_state(const SlurmJobs& jobs) {
  Ended ended;
  try {
    ended = run_program({"squeue", "--noheader", "--array", "--format=%T",
                         fmt::format("--jobs={},{}", jobs.array, jobs.after)});
  } catch (const InputError&) {
    return std::nullopt;
  }
  // A job that ended long ago is unknown to squeue, which is an error there.
  if (ended.code != 0) {
    if (ended.errors.find("Invalid job id") != std::string::npos) return "";
    return std::nullopt;
  }
  std::map<std::string, std::size_t> counts;
  std::istringstream words(ended.output);
  for (std::string state; words >> state;) ++counts[state];
  std::string text;
  for (auto& [state, count] : counts) {
    std::string name = state;
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
  }
  return text;
}

}  // namespace unna
