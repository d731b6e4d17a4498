#include "flow/process_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "base/error.h"

namespace unna {
namespace {

using Outcomes = std::map<std::size_t, ChildOutcome>;

Outcomes outcomes(std::size_t n, const PoolOptions& options,
                  const std::function<std::string(std::size_t)>& work) {
  Outcomes found;
  run_in_children(n, options, work, [&](std::size_t i, const ChildOutcome& outcome) {
    EXPECT_TRUE(found.emplace(i, outcome).second) << "reported twice";
  });
  return found;
}

TEST(ProcessPool, every_piece_of_work_reports_once) {
  for (const int jobs : {1, 3, 100}) {
    const auto found =
        outcomes(20, {jobs, {}}, [](std::size_t i) { return std::to_string(i * i); });
    ASSERT_EQ(found.size(), 20U);
    EXPECT_TRUE(found.at(7).ok());
    EXPECT_EQ(found.at(7).text, "49");
  }
}

TEST(ProcessPool, results_larger_than_a_pipe_arrive_whole) {
  const auto found = outcomes(2, {2, {}}, [](std::size_t) { return std::string(1 << 20, 'x'); });
  EXPECT_EQ(found.at(1).text.size(), std::size_t{1} << 20U);
}

TEST(ProcessPool, a_failure_by_input_is_told_from_a_crash_and_from_a_kill) {
  const auto found = outcomes(7, {2, {}}, [](std::size_t i) -> std::string {
    if (i == 0) throw InputError("no such network");
    if (i == 1) ::raise(SIGKILL);
    if (i == 2) ::_exit(3);
    if (i == 3) throw InternalError("broken");
    if (i == 4) ::raise(SIGTRAP);
    if (i == 5) throw CapacityError("too large");
    return "fine";
  });
  const auto ended = [&](std::size_t i, WorkEnd end, const std::string& text) {
    EXPECT_EQ(found.at(i).end, end) << i;
    EXPECT_EQ(found.at(i).text, text);
    EXPECT_EQ(found.at(i).ok(), end == WorkEnd::done);
  };
  ended(0, WorkEnd::failed, "no such network");
  ended(1, WorkEnd::killed, "killed from outside: Killed");
  ended(2, WorkEnd::crashed, "ended early with exit code 3");
  ended(3, WorkEnd::crashed, "broken");
  ended(4, WorkEnd::crashed, "crashed: Trace/breakpoint trap");
  ended(5, WorkEnd::failed, "too large");
  ended(6, WorkEnd::done, "fine");
}

TEST(ProcessPool, work_that_takes_too_long_is_ended_and_the_rest_goes_on) {
  const auto found = outcomes(4, {2, 0.2}, [](std::size_t i) -> std::string {
    while (i == 1) ::pause();
    return "fine";
  });
  EXPECT_EQ(found.at(1).end, WorkEnd::timeout);
  EXPECT_EQ(found.at(1).text, "took longer than 0.2 s");
  for (const std::size_t i : {0U, 2U, 3U}) EXPECT_TRUE(found.at(i).ok());
}

}  // namespace
}  // namespace unna
