#include <functional>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/plan.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

struct BadCsv {
  const char* text;
  const char* message;
};

TEST(PlanCsv, MalformedFilesGiveOneLineWithTheirPlace) {
  const std::string known =
      "expected one of id, buffer, buffer_id, lower, start, begin, upper, end, size, alignment, "
      "hint, offset, gaps, "
      "pool, inplace, apart, weight";
  const std::string unknown_column = "f.csv:1:4: unknown column 'until', " + known;
  const std::string empty_column = "f.csv:1:22: unknown column '', " + known;
  const std::string spelling = "f.csv:1:1: unknown column 'ID', " + known;
  const BadCsv bad[] = {
      {"", "f.csv: empty file, expected a header id,lower,upper,size"},
      {"\n \n\r\n", "f.csv: empty file, expected a header id,lower,upper,size"},
      {"id,lower,upper,size\n", "f.csv: no buffers, expected a line for each behind the header"},
      {"id,until\n", unknown_column.c_str()},
      {"ID,lower,upper,size\n", spelling.c_str()},
      {"id,lower,upper,size ,\n1,2,3,4,\n", empty_column.c_str()},
      {"id,lower,upper\na,1,2\n",
       "f.csv:1:1: no column 'size', expected id, lower, upper and size"},
      {"lower,upper,size\n1,2,3\n",
       "f.csv:1:1: no column 'id', expected id, lower, upper and size"},
      {"id,upper,size\na,2,3\n",
       "f.csv:1:1: no column 'lower', expected id, lower, upper and size"},
      {"id,lower,size\na,2,3\n",
       "f.csv:1:1: no column 'upper', expected id, lower, upper and size"},
      {"id,lower,start,upper,size\n",
       "f.csv:1:10: column 'start' means the same as column 'lower', expected one"},
      {"id,lower,upper,end,size\n",
       "f.csv:1:16: column 'end' means the same as column 'upper', expected one"},
      {"id,lower,upper,size\na,1,2\n", "f.csv:2:1: 3 fields, expected 4 as in the header"},
      {"id,lower,upper,size\na,1,2,3,4\n", "f.csv:2:1: 5 fields, expected 4 as in the header"},
      {"id,lower,upper,size\n,1,2,3\n", "f.csv:2:1: id is empty, expected a name"},
      {"id,lower,upper,size\na,1,2,3\nb,1,2,3\na,1,2,3\n",
       "f.csv:4:1: id 'a' is used on line 2 already, expected another"},
      {"id,lower,upper,size\na,x,2,3\n", "f.csv:2:3: lower is 'x', expected an integer"},
      {"id,lower,upper,size\na,,2,3\n", "f.csv:2:3: lower is '', expected an integer"},
      {"id,lower,upper,size\na,1,2.5,3\n", "f.csv:2:5: upper is '2.5', expected an integer"},
      {"id,lower,upper,size\na,1,+2,3\n", "f.csv:2:5: upper is '+2', expected an integer"},
      {"id,lower,upper,size\na,1,2,0x10\n", "f.csv:2:7: size is '0x10', expected an integer"},
      {"id,lower,upper,size\na,1,2,010\n", "f.csv:2:7: size is '010', expected an integer"},
      {"id,lower,upper,size\na,1,2,-3\n", "f.csv:2:7: size is -3, expected 0 to 72057594037927936"},
      {"id,lower,upper,size\na,1,2,99999999999999999999\n",
       "f.csv:2:7: size is '99999999999999999999', expected an integer"},
      {"id,lower,upper,size\na,1,2,72057594037927937\n",
       "f.csv:2:7: size is 72057594037927937, expected 0 to 72057594037927936"},
      {"id,lower,upper,size\na,2,2,3\n", "f.csv:2:5: upper is 2, expected more than lower 2"},
      {"id,start,end,size\na,3,2,3\n", "f.csv:2:5: end is 2, expected at least the start 3"},
      {"id,lower,upper,size,alignment\na,1,2,3,0\n",
       "f.csv:2:9: alignment is 0, expected 1 to 1099511627776"},
      {"id,lower,upper,size,hint\na,1,2,3,soon\n",
       "f.csv:2:9: hint is 'soon', expected an integer"},
      {"id,lower,upper,size,offset\na,1,2,3,-1\n",
       "f.csv:2:9: offset is -1, expected 0 to 72057594037927936"},
      {"id,lower,upper,size,alignment,offset\na,1,2,3,8,4\n",
       "f.csv:2:11: offset is 4, expected a multiple of alignment 8"},
      {"id,lower,upper,size,offset\na,1,3,4,0\nb,2,4,4,3\n",
       "f.csv:3:9: fixed offset 3 of 'b' collides with 'a' at 0, which is in use at the same time"},
      {"id,lower,upper,size,gaps\na,1,9,3,4\n",
       "f.csv:2:9: gap '4' is not understood, expected lo-hi or lo-hi@from:until"},
      {"id,lower,upper,size,gaps\na,1,9,3,4-x\n",
       "f.csv:2:9: gap '4-x' is not understood, expected lo-hi or lo-hi@from:until"},
      {"id,lower,upper,size,gaps\na,1,9,3,5-5\n",
       "f.csv:2:9: gap '5-5' is not within the lifetime [1, 9), expected so"},
      {"id,lower,upper,size,gaps\na,1,9,3,8-10\n",
       "f.csv:2:9: gap '8-10' is not within the lifetime [1, 9), expected so"},
      {"id,lower,upper,size,gaps\na,1,9,3,5-7 2-6\n",
       "f.csv:2:9: gaps overlap at time 5, expected disjoint ones"},
      {"id,lower,upper,size,gaps\na,1,9,3,2-4@0\n",
       "f.csv:2:9: gap '2-4@0' is not understood, expected lo-hi or lo-hi@from:until"},
      {"id,lower,upper,size,gaps\na,1,9,3,2-4@1:4\n",
       "f.csv:2:9: gap '2-4@1:4' keeps bytes that are not within the size 3, expected so"},
      {"id,lower,upper,size,gaps\na,1,9,3,2-4@2:1\n",
       "f.csv:2:9: gap '2-4@2:1' keeps bytes that are not within the size 3, expected so"},
      {"id,lower,upper,size,inplace\na,1,9,3,b\n",
       "f.csv:2:9: unknown buffer 'b', expected the id of one"},
      {"id,lower,upper,size,inplace\na,1,9,3,\nb,1,9,4,a\n",
       "f.csv:3:9: 'b' of 4 bytes can't be in place of 'a' of 3, expected at most its size"},
      {"id,lower,upper,size,apart\na,1,9,3,a\n",
       "f.csv:2:9: 'a' is apart from itself, expected another buffer"},
      {"id,lower,upper,size,apart,inplace\na,1,9,3,b,b\nb,1,9,3,,\n",
       "f.csv: 'a' is in place of 'b' and apart from it, expected one of the two"},
      {"id,lower,upper,size,pool\na,1,9,3,x y x\n",
       "f.csv:2:9: pool 'x' is given twice, expected once"},
      {"id,lower,upper,size,pool,offset\na,1,9,3,x y,0\n",
       "f.csv:2:13: 'a' has a fixed offset, expected one pool for it"},
      {"id,lower,upper,size,weight\na,1,9,3,-1\n",
       "f.csv:2:9: weight is -1, expected 0 to 72057594037927936"},
      {"id,lower,upper,size\n\"a\nb\",1,2,3\n\"a\nb\",1,2,3\n",
       "f.csv:4:1: id 'a?b' is used on line 2 already, expected another"},
      {"id,lower,upper,size\n\"a,1,2,3\n",
       "f.csv:2:1: quote is never closed, expected a closing quote"},
      {"id,lower,upper,size\n\"a\"b,1,2,3\n",
       "f.csv:2:4: text behind a closing quote, expected a comma or the line's end"},
      {"id,lower,upper,size\na\"b\",1,2,3\n",
       "f.csv:2:2: quote within a field, expected the whole field in quotes"},
      {"id,lower,upper,size\ra,1,2,3\n",
       "f.csv:1:20: carriage return without line feed, expected the end of the line"},
  };
  EXPECT_GE(std::size(bad), 30U);
  for (const BadCsv& b : bad) {
    try {
      parse_problem_csv(b.text, "f.csv");
      ADD_FAILURE() << "accepted: " << b.text;
    } catch (const InputError& e) {
      EXPECT_STREQ(e.what(), b.message);
    }
  }
  try {
    parse_problem_csv(std::string("id,lower,upper,size\na\0b,1,2,3\n", 30), "f.csv");
    ADD_FAILURE() << "accepted a NUL";
  } catch (const InputError& e) {
    EXPECT_STREQ(e.what(), "f.csv:2:2: NUL character, expected text");
  }
}

TEST(PlanCsv, AllSpellingsOfColumnsMeanTheSame) {
  const PlanProblem expected = parse_problem_csv("id,lower,upper,size\na,1,4,7\n", "f.csv");
  for (const char* text :
       {"buffer,start,upper,size\na,1,4,7\n", "buffer_id,begin,end,size\na,1,3,7\n",
        "size,end,lower,id\n7,3,1,a\n", "\xef\xbb\xbfid,lower,upper,size\r\na,1,4,7\r\n",
        "id,lower,upper,size\n\n\"a\", 1 ,\"4\",7", "hint,id,lower,upper,size\n-1,a,1,4,7\n"}) {
    const PlanProblem p = parse_problem_csv(text, "f.csv");
    ASSERT_EQ(p.size(), 1U) << text;
    EXPECT_EQ(p.buffers[0].name, "a") << text;
    EXPECT_EQ(p.buffers[0].size, 7) << text;
    EXPECT_EQ(p.lifetimes.intervals, expected.lifetimes.intervals) << text;
  }
}

TEST(PlanCsv, QuotedNamesComeBack) {
  const PlanProblem p = parse_problem_csv("id,lower,upper,size\n\"x, \"\"y\"\"\",1,4,7\n", "f.csv");
  EXPECT_EQ(p.buffers[0].name, "x, \"y\"");
  const std::string text = format_offsets_csv(p, run_planner("naive", p, {}).offsets);
  EXPECT_EQ(text, "id,lower,upper,size,offset\n\"x, \"\"y\"\"\",1,4,7,0\n");
}

TEST(PlanCsv, AnswerHasTheInputsColumnsAndReadsBackAsFixed) {
  const std::string text =
      "id,lower,upper,size,alignment,gaps\n"
      "a,0,10,4,1,2-4 6-8\n"
      "b,2,4,4,8,\n"
      "c,3,9,2,1,\n";
  const PlanProblem p = parse_problem_csv(text, "f.csv");
  const Plan plan = run_planner("greedy-by-size", p, {});
  const std::string answer = format_offsets_csv(p, plan.offsets);
  EXPECT_EQ(answer,
            "id,lower,upper,size,alignment,gaps,offset\n"
            "a,0,10,4,1,2-4 6-8,0\n"
            "b,2,4,4,8,,0\n"
            "c,3,9,2,1,,4\n");
  const PlanProblem again = parse_problem_csv(answer, "f.csv");
  EXPECT_EQ(again.lifetimes.gaps, p.lifetimes.gaps);
  const Plan same = run_planner("tetris", again, {});
  EXPECT_EQ(same.offsets, plan.offsets);
  EXPECT_TRUE(check_plan(again, same).empty());
}

TEST(PlanCsv, WindowsPairsAndPoolsAreRead) {
  const PlanProblem p = parse_problem_csv(
      "id,lower,upper,size,gaps,inplace,apart,pool,weight\n"
      "a,0,9,8,2-4@1:5 0-1,,c,fast slow,7\n"
      "b,8,9,8,,a d,,slow,\n"
      "c,0,1,8,,,,,0\n"
      "d,8,9,8,,,,,\n",
      "f.csv");
  EXPECT_EQ(p.lifetimes.gaps[0], (std::vector<Gap>{{{0, 1}, 0, 0}, {{2, 4}, 1, 5}}));
  EXPECT_EQ(p.in_place, (std::vector<BufferPair>{{0, 1}, {3, 1}}));
  EXPECT_EQ(p.apart, (std::vector<BufferPair>{{0, 2}}));
  EXPECT_EQ(p.pools.size(), 2U);
  EXPECT_EQ(p.buffers[0].pools, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(p.buffers[1].pools, (std::vector<std::uint32_t>{1}));
  EXPECT_TRUE(p.buffers[2].pools.empty());
  EXPECT_EQ(p.buffers[0].weight, 7);
  EXPECT_EQ(p.buffers[1].weight, std::nullopt);
  EXPECT_EQ(p.buffers[2].weight, 0);
  EXPECT_EQ(format_offsets_csv(p, {0, 0, 8, 0}, {0, 1, 0, 0}),
            "id,lower,upper,size,gaps,inplace,apart,pool,offset\n"
            "a,0,9,8,0-1 2-4@1:5,,c,fast,0\n"
            "b,8,9,8,,a d,,slow,0\n"
            "c,0,1,8,,,,fast,8\n"
            "d,8,9,8,,,,fast,0\n");
}

TEST(PlanCsv, AGapOfInclusiveTimesEndsWithItsLastTime) {
  const PlanProblem p =
      parse_problem_csv("id,start,end,size,gaps\na,0,9,4,2-3\nb,3,3,4,\nc,4,4,4,\n", "f.csv");
  EXPECT_FALSE(p.conflict(0, 1));
  EXPECT_TRUE(p.conflict(0, 2));
  EXPECT_EQ(p.lower_bound, 8);
}

TEST(PlanCsv, FixedOffsetsAreKeptByPlannersThatCan) {
  const PlanProblem p =
      parse_problem_csv("id,lower,upper,size,offset\na,0,5,4,\nb,0,5,4,2\nc,4,9,3,\n", "f.csv");
  for (const char* name : {"naive", "greedy-by-size", "tetris"}) {
    const Plan plan = run_planner(name, p, {});
    EXPECT_EQ(plan.offsets[1], 2) << name;
    EXPECT_TRUE(check_plan(p, plan).empty()) << name;
  }
  EXPECT_THROW(run_planner("bfc", p, {}), InputError);
}

}  // namespace
}  // namespace unna::test
