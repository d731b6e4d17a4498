// What a long run says of itself, and that it says nothing but on a terminal.

#include "cli/progress.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

TEST(RunProgress, says_how_much_is_done_and_how_long_the_rest_takes) {
  EXPECT_EQ(progress_line({"simulating", 1024, 4096, 12345}, 3),
            "simulating: 1,024 of 4,096 instructions (25.0 %), 12,345 cycles, 3 s gone, 9 s to go");
}

TEST(RunProgress, says_the_time_alone_where_nobody_knows_how_much_there_is) {
  EXPECT_EQ(progress_line({"planning", 0, 0, 0}, 4), "planning, 4 s gone");
}

TEST(RunProgress, is_not_asked_for_where_it_is_not_wanted) {
  RunProgress silent(false);
  EXPECT_FALSE(silent.sink());
}

}  // namespace
}  // namespace unna
