// A sweep that is killed at random moments, its children too: nothing is lost, doubled or changed.
// UNNA_KILLS sets how often (100 in a long run).

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/rng.h"

namespace unna {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kNetwork =
    "name: tiny\ninputs: {x: [1, 8, 16, 16]}\nops:\n"
    "  - {op: conv, name: a, channels: 16, kernel: 3, pad: 1, act: relu}\n"
    "  - {op: conv, name: b, channels: 8, kernel: 1}\n";
constexpr const char* kSweep =
    "sweep: s\naxes:\n  network: [tiny.yaml]\n  cores: [1, 2, 4]\n"
    "  planner: [naive, greedy-by-size]\n  machine.dram.capacity_bytes: [8000, 1000000]\n"
    "  machine.core.queue_depth: [2, 3, 4, 5]\n";
constexpr int kPoints = 48;
/// Each point takes some tenths of a second, a hundred times what it is given to run out of time.
constexpr const char* kSlowNetwork =
    "name: tiny\ninputs: {x: [1, 64, 56, 56]}\nops:\n"
    "  - {repeat: {i: 12}, ops: [{op: conv, name: c$(i), channels: 64, kernel: 3, pad: 1}]}\n";
constexpr const char* kSlowSweep = "sweep: s\naxes:\n  network: [tiny.yaml]\n  cores: [1, 2]\n";

class SweepKill : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    write_file(directory_ / "tiny.yaml", kNetwork);
    write_file(directory_ / "s.yaml", kSweep);
  }
  void TearDown() override { fs::remove_all(directory_); }

  pid_t start(const std::string& out, std::vector<std::string> more) const {
    std::vector<std::string> words = {UNNASIM_PROGRAM, "sweep", "s.yaml", "-o", out};
    words.insert(words.end(), more.begin(), more.end());
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (::chdir(directory_.c_str()) == 0) ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  static int wait(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int run(const std::string& out, std::vector<std::string> more = {}) const {
    return wait(start(out, std::move(more)));
  }
  std::string table(const std::string& out) const {
    return read_file(directory_ / out / "sweep.csv");
  }

  const fs::path directory_ =
      fs::temp_directory_path() / (std::string("unnasim_kill_") +
                                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

std::vector<pid_t> children_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/task/{}/children", pid, pid));
  std::vector<pid_t> children;
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

int kills() {
  const char* text = std::getenv("UNNA_KILLS");  // NOLINT(concurrency-mt-unsafe)
  return text != nullptr ? std::atoi(text) : 12;
}

TEST_F(SweepKill, at_random_moments_loses_doubles_and_changes_nothing) {
  ASSERT_EQ(run("whole"), 0);
  const std::string expected = table("whole");
  Rng rng(5);
  int sweeps = 0;
  for (int left = kills(); left > 0; ++sweeps) {
    const std::string out = fmt::format("killed{}", sweeps);
    for (bool first = true;; first = false) {
      std::vector<std::string> more = {"--jobs", "2"};
      if (!first) more.emplace_back("--resume");
      const pid_t pid = start(out, more);
      std::this_thread::sleep_for(std::chrono::microseconds(rng.below(400'000)));
      bool child_died = false;
      if (left > 0 && rng.chance(1, 2))
        for (const pid_t child : children_of(pid))
          child_died |= rng.chance(1, 2) && ::kill(child, SIGKILL) == 0;
      if (left > 0 && !child_died) ::kill(pid, SIGKILL);
      --left;
      const int code = wait(pid);
      ASSERT_TRUE(code == 0 || code == -SIGKILL) << code;
      if (code == 0 && run(out, {"--resume"}) == 0) break;
    }
    EXPECT_EQ(table(out), expected);
    fs::remove_all(directory_ / out);
  }
}

TEST_F(SweepKill, a_killed_point_is_told_apart_and_run_again) {
  ASSERT_EQ(run("whole"), 0);
  const std::string out = "child";
  bool seen = false;
  for (int attempt = 0; attempt < 50 && !seen; ++attempt) {
    const pid_t pid = start(out, {});
    for (bool killed = false; !killed;) {
      for (const pid_t child : children_of(pid)) killed |= ::kill(child, SIGKILL) == 0;
      if (!killed && ::waitpid(pid, nullptr, WNOHANG) == pid) break;
    }
    wait(pid);
    seen = table(out).find(",killed,killed from outside: Killed,") != std::string::npos;
  }
  ASSERT_TRUE(seen);
  EXPECT_EQ(run(out, {"--strict", "--resume"}), 1);  // some fail by their input
  EXPECT_EQ(table(out), table("whole"));
}

TEST_F(SweepKill, points_that_ran_out_of_time_are_run_again) {
  write_file(directory_ / "tiny.yaml", kSlowNetwork);
  write_file(directory_ / "s.yaml", kSlowSweep);
  ASSERT_EQ(run("whole"), 0);
  EXPECT_EQ(run("late", {"--point-timeout", "0.001"}), 1);
  EXPECT_NE(table("late").find(",timeout,took longer than 0.001 s,"), std::string::npos);
  EXPECT_EQ(run("late", {"--resume"}), 0);
  EXPECT_EQ(table("late"), table("whole"));
}

TEST_F(SweepKill, a_second_sweep_into_the_same_folder_is_refused) {
  const pid_t first = start("both", {});
  while (!fs::exists(directory_ / "both/sweep.db")) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(run("both", {"--resume"}), 2);
  EXPECT_EQ(run("both"), 2);
  EXPECT_EQ(wait(first), 0);
  ASSERT_EQ(run("both", {"--resume"}), 0);
  ASSERT_EQ(run("whole"), 0);
  EXPECT_EQ(table("both"), table("whole"));
}

}  // namespace
}  // namespace unna
