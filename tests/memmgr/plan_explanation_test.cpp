#include "memmgr/plan_explanation.h"

#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

TEST(Explain, NamesBoundPeakAndWastedGaps) {
  // b0 and b2 leave b1's place free while b3 lives, which is too large for it.
  const PlanProblem p = interval_problem({{0, 9, 4}, {0, 4, 3}, {0, 9, 2}, {5, 9, 5}});
  Plan plan;
  plan.offsets = {0, 4, 7, 9};
  plan.peak = 14;
  const PlanExplanation e = explain_plan(p, plan);
  EXPECT_EQ(e.at_bound, (std::vector<std::uint32_t>{3, 0, 2}));
  EXPECT_EQ(e.at_peak, (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(e.fragmentation, 3);
  ASSERT_EQ(e.gaps.size(), 1U);
  EXPECT_EQ(explanation_text(p, plan, e),
            "bound 11 bytes, all in use together: b3 (5), b0 (4), b2 (2)\n"
            "peak 14 bytes, made by: b3 (5)\n"
            "fragmentation 3 bytes\n"
            "  [4, 7) is free below b3, 3 bytes of the 5 it needs: b2 above it rests on b1, "
            "which does not conflict with b3\n");
}

/// The reason for the only gap under the top buffer.
std::string reason(PlanProblem p, std::vector<Bytes> offsets) {
  complete_problem(p);
  Plan plan;
  plan.offsets = std::move(offsets);
  plan.peak = 1000;
  const PlanExplanation e = explain_plan(p, plan);
  EXPECT_EQ(e.gaps.size(), 1U);
  const std::string text = explanation_text(p, plan, e);
  return text.substr(text.find(" needs: ") + 8);
}

TEST(Explain, SaysWhatHoldsUpWhoeverIsAboveAGap) {
  PlanProblem p = interval_problem({{0, 9, 4}, {0, 9, 4}});
  EXPECT_EQ(reason(p, {0, 6}), "it could lie lower\n");
  p.buffers[1].alignment = 8;
  EXPECT_EQ(reason(p, {0, 8}), "it is aligned to 8\n");
  p.buffers[1].fixed = 8;
  EXPECT_EQ(reason(p, {0, 8}), "it has a fixed offset\n");
  PlanProblem q = interval_problem({{0, 9, 4}, {0, 9, 4}});
  q.reserved = {{6, 8}};
  EXPECT_EQ(reason(q, {0, 8}), "a reserved range is above it\n");
}

}  // namespace
}  // namespace unna::test
