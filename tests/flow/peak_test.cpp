#include "flow/peak.h"

#include <gtest/gtest.h>

#include "memmgr/problem.h"
#include "memmgr/problem_files.h"

namespace unna {
namespace {

TEST(Peak, buffers_in_use_together_are_named_largest_first) {
  const PlanProblem problem = parse_problem_csv(
      "id,lower,upper,size\nbefore,0,3,900\na,3,9,1\nb,0,9,300\nc,5,9,20\nd,6,8,1000\n", "t.csv");
  EXPECT_EQ(peak_text(problem), "d (1000 B), b (300 B), c (20 B), a (1 B)");
  EXPECT_EQ(peak_text(problem, 2), "d (1000 B), b (300 B) and 2 more");
}

}  // namespace
}  // namespace unna
