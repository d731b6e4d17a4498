#include "flow/process_pool.h"

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <stdexcept>

namespace unna {
namespace {

std::map<std::size_t, ChildOutcome> outcomes(std::size_t n, int jobs,
                                             const std::function<std::string(std::size_t)>& work) {
  std::map<std::size_t, ChildOutcome> found;
  run_in_children(n, jobs, work, [&](std::size_t i, const ChildOutcome& outcome) {
    EXPECT_TRUE(found.emplace(i, outcome).second) << "reported twice";
  });
  return found;
}

TEST(ProcessPool, every_piece_of_work_reports_once) {
  for (const int jobs : {1, 3, 100}) {
    const auto found = outcomes(20, jobs, [](std::size_t i) { return std::to_string(i * i); });
    ASSERT_EQ(found.size(), 20U);
    EXPECT_TRUE(found.at(7).ok);
    EXPECT_EQ(found.at(7).text, "49");
  }
}

TEST(ProcessPool, results_larger_than_a_pipe_arrive_whole) {
  const auto found = outcomes(2, 2, [](std::size_t) { return std::string(1 << 20, 'x'); });
  EXPECT_EQ(found.at(1).text.size(), std::size_t{1} << 20U);
}

TEST(ProcessPool, an_exception_a_crash_and_an_exit_cost_their_own_result_only) {
  const auto found = outcomes(4, 2, [](std::size_t i) -> std::string {
    if (i == 0) throw std::runtime_error("no such network");
    if (i == 1) ::raise(SIGKILL);
    if (i == 2) ::_exit(3);
    return "fine";
  });
  EXPECT_FALSE(found.at(0).ok);
  EXPECT_EQ(found.at(0).text, "no such network");
  EXPECT_FALSE(found.at(1).ok);
  EXPECT_EQ(found.at(1).text, "crashed: Killed");
  EXPECT_FALSE(found.at(2).ok);
  EXPECT_EQ(found.at(2).text, "ended early with exit code 3");
  EXPECT_TRUE(found.at(3).ok);
}

}  // namespace
}  // namespace unna
