// Continuous batching: who is served when, and what a step costs.

#include "flow/serve.h"

#include <gtest/gtest.h>

#include "tests/support/committed.h"

namespace unna {
namespace {

/// At a clock of 1 Hz: a prompt takes a second a token, a step 10 seconds and one a sequence.
StepFigures cost(const StepShape& shape) {
  StepFigures run;
  run.past = shape.past;
  run.length = shape.length;
  run.cycles = shape.past == 0 ? static_cast<double>(shape.length)
                               : 10 + static_cast<double>(shape.batch.value());
  run.energy_pj = 1;
  return run;
}

TEST(Serve, OneRequestIsItsPromptAndItsSteps) {
  const ServeTimeline t = serve_requests({{5, 3, 3}}, 4, 1, cost);
  const ServedRequest& r = t.requests.at(0);
  EXPECT_EQ(r.start, 5);
  EXPECT_EQ(r.first, 8);
  EXPECT_EQ(r.end, 8 + 2 * 11);
  EXPECT_EQ(r.first_token(), 3);
  EXPECT_EQ(*r.per_token(), 11);
  EXPECT_EQ(t.busy, 3 + 22);
  EXPECT_EQ(t.energy_pj, 3);
  EXPECT_EQ(t.prompts, 1);
  EXPECT_EQ(t.steps, 2);
}

TEST(Serve, ANewSequenceJoinsBetweenTwoSteps) {
  const ServeTimeline t = serve_requests({{0, 2, 3}, {3, 4, 2}}, 2, 1, cost);
  // The first one's step runs from 2 to 13; then the second one's prompt; then a step of both.
  EXPECT_EQ(t.requests[1].start, 13);
  EXPECT_EQ(t.requests[1].first, 17);
  EXPECT_EQ(t.requests[0].end, 17 + 12);
  EXPECT_EQ(t.requests[1].end, 17 + 12);
  EXPECT_EQ(t.step_tokens, 3);
}

TEST(Serve, WithoutAFreeSlotRequestsWaitInTheOrderOfTheirArrival) {
  const ServeTimeline t = serve_requests({{0, 1, 2}, {2, 1, 1}, {1, 1, 1}}, 1, 1, cost);
  EXPECT_EQ(t.requests[0].end, 12);
  EXPECT_EQ(t.requests[2].start, 12);
  EXPECT_EQ(t.requests[1].start, 13);
  EXPECT_FALSE(t.requests[1].per_token());
}

TEST(Serve, AStepCostsTheSlotsUpToTheHighestInUse) {
  std::vector<StepShape> steps;
  const auto watch = [&](const StepShape& shape) {
    if (shape.past > 0) steps.push_back(shape);
    return cost(shape);
  };
  // The first ends after one step, the second goes on in slot 1; the third takes slot 0.
  serve_requests({{0, 2, 2}, {0, 5, 4}, {30, 3, 2}}, 2, 1, watch);
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0], (StepShape{5, 1, 2}));
  EXPECT_EQ(steps[1], (StepShape{6, 1, 2})) << "slot 0 is empty, and still a part of the batch";
  EXPECT_EQ(steps[2], (StepShape{7, 1, 2}));
}

TEST(Serve, PercentilesAreNearestRanks) {
  EXPECT_EQ(percentile({3, 1, 2, 4}, 0.5), 2);
  EXPECT_EQ(percentile({3, 1, 2, 4}, 0.9), 4);
  EXPECT_EQ(percentile({7}, 0.99), 7);
  EXPECT_EQ(percentile({}, 0.5), 0);
}

TEST(Requests, AreReadFromCsv) {
  const std::vector<Request> r = parse_requests("arrival,prompt,tokens\n0,128,64\n0.5,1,2\n", "r");
  ASSERT_EQ(r.size(), 2U);
  EXPECT_EQ(r[1].arrival, 0.5);
  EXPECT_EQ(r[0].prompt, 128);
  EXPECT_EQ(r[1].tokens, 2);
}

TEST(Requests, AreRefusedWithTheirPlace) {
  const auto refusal = [](const char* text) {
    return input_error([&] { parse_requests(text, "r.csv"); });
  };
  EXPECT_EQ(refusal(""), "r.csv:1:1: expected the header arrival,prompt,tokens");
  EXPECT_EQ(refusal("a,b,c\n"), "r.csv:1:1: expected the header arrival,prompt,tokens");
  EXPECT_EQ(refusal("arrival,prompt,tokens\n"), "r.csv: has no requests, expected at least one");
  EXPECT_EQ(refusal("arrival,prompt,tokens\n1,2\n"), "r.csv:2:1: 2 fields, expected 3");
  EXPECT_EQ(refusal("arrival,prompt,tokens\n-1,2,3\n"),
            "r.csv:2:1: arrival is '-1', expected seconds from 0 to 1e9");
  EXPECT_EQ(refusal("arrival,prompt,tokens\n1,0,3\n"),
            "r.csv:2:3: prompt is '0', expected an integer from 1 to 1048576");
}

}  // namespace
}  // namespace unna
