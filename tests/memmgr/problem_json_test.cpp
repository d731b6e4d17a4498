#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"
#include "tests/memmgr/featured.h"
#include "text/json.h"

namespace unna::test {
namespace {

constexpr const char* kAll = R"({
  "buffers": [
    {"id": "a", "size": 8, "lower": 0, "upper": 9, "alignment": 4, "offset": 4, "pools": ["fast"],
     "gaps": [{"lower": 1, "upper": 2}, {"lower": 3, "upper": 5, "keep": [2, 4]}], "weight": 3},
    {"id": "b \"q\"", "size": 6, "lower": 8, "upper": 12, "pools": ["slow", "fast"]},
    {"id": 7, "size": 0, "lower": -3, "upper": 12}
  ],
  "in_place": [["a", "b \"q\""]],
  "apart": [[7, "a"]],
  "pools": [{"name": "fast", "capacity": 64, "reserved": [[0, 4], [60, 64]]}, {"name": "slow"}]
})";

TEST(PlanJson, EveryFieldIsRead) {
  const PlanProblem p = parse_problem_json(kAll, "f.json");
  ASSERT_EQ(p.size(), 3U);
  EXPECT_EQ(p.buffers[0].alignment, 4);
  EXPECT_EQ(p.buffers[0].fixed, 4);
  EXPECT_EQ(p.buffers[0].weight, 3);
  EXPECT_EQ(p.lifetimes.gaps[0], (std::vector<Gap>{{{1, 2}, 0, 0}, {{3, 5}, 2, 4}}));
  EXPECT_EQ(p.buffers[1].name, "b \"q\"");
  EXPECT_EQ(p.buffers[1].pools, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(p.buffers[2].name, "7");
  EXPECT_EQ((*p.lifetimes.intervals)[2], (Interval{-3, 12}));
  EXPECT_EQ(p.in_place, (std::vector<BufferPair>{{0, 1}}));
  EXPECT_EQ(p.apart, (std::vector<BufferPair>{{0, 2}}));
  EXPECT_EQ(p.pools[0].capacity, 64);
  EXPECT_EQ(p.pools[0].reserved, (std::vector<ByteRange>{{0, 4}, {60, 64}}));
  EXPECT_EQ(p.pools[1].capacity, std::nullopt);
}

TEST(PlanJson, AnOrderIsItsTransitiveClosure) {
  const PlanProblem p = parse_problem_json(
      R"({"buffers": [{"id": "c", "size": 1}, {"id": "b", "size": 2}, {"id": "a", "size": 4}],
          "order": [["a", "b"], ["b", "c"]], "capacity": 4, "reserved": [[9, 10]]})",
      "f.json");
  EXPECT_FALSE(p.conflict(0, 2));
  EXPECT_EQ(p.lower_bound, 4);
  EXPECT_EQ(p.capacity, 4);
  EXPECT_EQ(p.reserved, (std::vector<ByteRange>{{9, 10}}));
  const PlanProblem q = parse_problem_json(
      R"({"buffers": [{"id": "a", "size": 1}, {"id": "b", "size": 2}], "order": []})", "f.json");
  EXPECT_EQ(q.lower_bound, 3) << "nothing orders them";
}

TEST(PlanJson, WhatIsWrittenReadsBackTheSame) {
  Rng rng(900);
  for (int round = 0; round < 200; ++round) {
    const Featured f = random_featured(rng, {8, 8, 9, round % 2 == 0});
    const std::string text = format_problem_json(f.problem);
    const PlanProblem again = parse_problem_json(text, "f.json");
    ASSERT_EQ(format_problem_json(again), text);
    ASSERT_EQ(again.lower_bound, f.problem.lower_bound);
    for (std::size_t a = 0; a < 8; ++a)
      for (std::size_t b = 0; b < 8; ++b)
        ASSERT_EQ(again.conflict(a, b), f.problem.conflict(a, b)) << text;
  }
  const std::string all = format_problem_json(parse_problem_json(kAll, "f.json"));
  EXPECT_EQ(format_problem_json(parse_problem_json(all, "f.json")), all);
}

struct BadJson {
  std::string text;
  const char* message;
};

/// A file with one buffer, and more keys behind it.
std::string with(const std::string& buffer, const std::string& more = "") {
  return "{\"buffers\": [" + buffer + "]" + more + "}";
}

TEST(PlanJson, MalformedFilesGiveOneLineWithTheirPlace) {
  const std::string a = R"({"id": "a", "size": 4, "lower": 0, "upper": 2})";
  const std::string b = R"({"id": "b", "size": 5, "lower": 0, "upper": 2})";
  const BadJson bad[] = {
      {"",
       "f.json:1:1: syntax error while parsing value - unexpected end of input; expected '[', "
       "'{', or a literal"},
      {"[1,\n ,2]",
       "f.json:2:2: syntax error while parsing value - unexpected ','; expected '[', "
       "'{', or a literal"},
      {"{\"buffers\": 1e999}", "f.json:1:13: number overflow parsing '1e999', expected JSON"},
      {"[]", "f.json:1:1: the problem is a sequence, expected a map"},
      {"{}", "f.json:1:1: the problem has no 'buffers', expected one"},
      {"{\"buffers\": {}}", "f.json:1:13: buffers is a map, expected a sequence"},
      {"{\"buffers\": []}", "f.json:1:13: no buffers, expected one at least"},
      {"{\"buffers\": [],\n \"buffers\": []}",
       "f.json:2:2: duplicate key 'buffers', expected each key once"},
      {with(a, ", \"colour\": 1"),
       "f.json:1:63: unknown key 'colour' in the problem, expected one of: buffers, order, "
       "reserved, in_place, apart, avoid, pools, capacity"},
      {with(R"({"id": "a"})"), "f.json:1:14: the buffer has no 'size', expected one"},
      {with(R"({"id": true, "size": 4})"), "f.json:1:21: id is true, expected a string"},
      {with(R"({"id": "", "size": 4})"), "f.json:1:21: id is empty, expected a name"},
      {with(R"({"id": "a", "size": "4"})"),
       "f.json:1:34: size is '4', expected an integer from 0 to 72057594037927936"},
      {with(R"({"id": "a", "size": 4.0})"),
       "f.json:1:34: size is '4.0', expected an integer from 0 to 72057594037927936"},
      {with(R"({"id": "a", "size": -1})"),
       "f.json:1:34: size is -1, out of range, expected 0 to 72057594037927936"},
      {with(R"({"id": "a", "size": 99999999999999999999})"),
       "f.json:1:34: size is '99999999999999999999', expected an integer from 0 to "
       "72057594037927936"},
      {with(R"({"id": "a", "size": 4})"),
       "f.json:1:14: the buffer has no 'lower', expected one, or an 'order' of the problem"},
      {with(R"({"id": "a", "size": 4, "lowr": 3, "upper": 4})"),
       "f.json:1:37: the buffer has no 'lower' but 'lowr', expected 'lower'"},
      {with(R"({"id": "a", "size": 4, "lower": 3, "upper": 3})"),
       "f.json:1:58: upper is 3, expected more than lower 3"},
      {with(R"({"id": "a", "size": 4, "lower": 3, "upper": 4})", R"(, "order": [])"),
       "f.json:1:37: unknown key 'lower' in the buffer, expected one of: id, size, alignment, "
       "offset, pools, weight"},
      {with(a + ",\n" + a), "f.json:2:8: id 'a' is used already, expected another"},
      {with(R"({"id": "a", "size": 4, "lower": 0, "upper": 9, "alignment": 8, "offset": 4})"),
       "f.json:1:87: offset is 4, expected a multiple of alignment 8"},
      {with(
           R"({"id": "a", "size": 4, "lower": 0, "upper": 9, "gaps": [{"lower": 5, "upper": 10}]})"),
       "f.json:1:92: upper is 10, out of range, expected 0 to 9"},
      {with(
           R"({"id": "a", "size": 4, "lower": 0, "upper": 9, "gaps": [{"lower": 5, "upper": 7}, {"lower": 6, "upper": 8}]})"),
       "f.json:1:96: the gap begins at 6, before the last one ends, expected them disjoint and "
       "ascending"},
      {with(
           R"({"id": "a", "size": 4, "lower": 0, "upper": 9, "gaps": [{"lower": 5, "upper": 7, "keep": [3, 5]}]})"),
       "f.json:1:107: keep is 5, out of range, expected 0 to 4"},
      {with(R"({"id": "a", "size": 4, "lower": 0, "upper": 9, "pools": ["x"]})"),
       "f.json:1:71: unknown pool 'x', expected one of the problem's pools"},
      {with(a, R"(, "apart": [["a"]])"), "f.json:1:73: apart has 1 items, expected pairs [id, id]"},
      {with(a, R"(, "apart": [["a", "a"]])"),
       "f.json:1:73: 'a' is apart from itself, expected another buffer"},
      {with(a, R"(, "apart": [["a", "b"]])"),
       "f.json:1:79: unknown buffer 'b', expected the id of one"},
      {with(a + "," + b, R"(, "in_place": [["a", "b"]])"),
       "f.json:1:123: 'b' of 5 bytes can't be in place of 'a' of 4, expected at most its size"},
      {with(a, R"(, "reserved": [[3, 2]])"),
       "f.json:1:76: reserved is [3, 2], expected it not to end before it begins"},
      {with(a, R"(, "pools": [{"name": "x"}, {"name": "x"}])"),
       "f.json:1:97: pool 'x' is there already, expected another name"},
      {with(a, R"(, "pools": [{"name": "x"}], "capacity": 4)"),
       "f.json:1:101: capacity beside pools, expected it in each pool"},
      {with(R"({"id": "a", "size": 1}, {"id": "b", "size": 1}, {"id": "c", "size": 1})",
            ",\n\"order\": [[\"c\", \"a\"], [\"a\", \"b\"],\n [\"b\", \"a\"]]"),
       "f.json:3:2: the order runs in a circle, a -> b -> a, expected none"},
      {std::string(100, '['), "f.json:1:33: nested more than 32 deep, expected a flatter document"},
      {"\"a\\u12\"",
       "f.json:1:1: syntax error while parsing value - invalid string: '\\u' must be "
       "followed by 4 hex digits; last read: '\"a\\u12\"', expected JSON"},
  };
  EXPECT_GE(std::size(bad), 30U);
  for (const BadJson& x : bad) {
    try {
      parse_problem_json(x.text, "f.json");
      ADD_FAILURE() << "accepted: " << x.text;
    } catch (const InputError& e) {
      EXPECT_STREQ(e.what(), x.message) << x.text;
    }
  }
}

TEST(PlanJson, DeepNestingIsAnErrorAndNoCrash) {
  for (const char* open : {"[", "{\"a\":", "[{\"b\":["}) {
    std::string text;
    for (int depth = 0; depth < 200'000; ++depth) text += open;
    EXPECT_THROW(parse_json(text, "f.json"), InputError);
  }
}

TEST(PlanJson, FixedBuffersThatCantBeAreRefused) {
  const auto message = [](const std::string& text) -> std::string {
    try {
      parse_problem_json(text, "f.json");
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  const std::string a = R"({"id": "a", "size": 4, "lower": 0, "upper": 2, "offset": 0})";
  const auto b = [](int lower, int offset) {
    return fmt::format(R"(,{{"id": "b", "size": 4, "lower": {}, "upper": 9, "offset": {}}})", lower,
                       offset);
  };
  EXPECT_EQ(message(with(a + b(1, 4))), "accepted");
  EXPECT_EQ(message(with(a + b(2, 3))), "accepted");
  EXPECT_EQ(
      message(with(a + b(1, 3))),
      "f.json:1:131: fixed offset 3 of 'b' collides with 'a' at 0, which is in use at the same "
      "time");
  EXPECT_EQ(
      message(with(a + b(2, 3), R"(, "apart": [["a", "b"]])")),
      "f.json:1:131: fixed offset 3 of 'b' collides with 'a' at 0, which is to be kept apart");
  EXPECT_EQ(message(with(a + b(1, 0), R"(, "in_place": [["a", "b"]])")), "accepted");
  EXPECT_EQ(message(with(a, R"(, "reserved": [[3, 9]])")),
            "f.json:1:71: fixed offset 0 of 'a' is in the reserved range [3, 9), expected a free "
            "place");
  EXPECT_EQ(message(with(a, R"(, "reserved": [[4, 9]])")), "accepted");
}

}  // namespace
}  // namespace unna::test
