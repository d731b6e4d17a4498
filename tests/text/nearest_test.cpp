#include "text/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace unna {
namespace {

const std::vector<std::string> kFields = {"cores", "core.pes", "core.nbin_bytes",
                                          "core.nbout_bytes", "dram.bandwidth_gbps"};

TEST(Nearest, counts_letters_that_are_wrong_missing_too_many_or_swapped) {
  EXPECT_EQ(typing_mistakes("cores", "cores"), 0U);
  EXPECT_EQ(typing_mistakes("corez", "cores"), 1U);
  EXPECT_EQ(typing_mistakes("cres", "cores"), 1U);
  EXPECT_EQ(typing_mistakes("coores", "cores"), 1U);
  EXPECT_EQ(typing_mistakes("croes", "cores"), 1U);
  EXPECT_EQ(typing_mistakes("", "cores"), 5U);
}

TEST(Nearest, is_the_name_with_the_fewest_mistakes) {
  EXPECT_EQ(nearest("core.nbot_bytes", kFields), "core.nbout_bytes");
  EXPECT_EQ(nearest("core.nbn_bytes", kFields), "core.nbin_bytes");
}

TEST(Nearest, may_be_meant_by_its_last_part_or_its_beginning) {
  EXPECT_EQ(nearest("pes", kFields), "core.pes");
  EXPECT_EQ(nearest("dram.bandwidth", kFields), "dram.bandwidth_gbps");
  EXPECT_EQ(nearest("bandwidth", kFields), "dram.bandwidth_gbps");
  EXPECT_EQ(nearest("coresnumber", kFields), "cores");
  EXPECT_EQ(nearest("core.bandwidth_gbps", kFields), "dram.bandwidth_gbps");
  EXPECT_EQ(nearest("core.cores", kFields), "cores");
}

TEST(Nearest, is_none_where_a_third_of_the_letters_differ) {
  EXPECT_EQ(nearest("cxxxs", kFields), std::nullopt);
  EXPECT_EQ(nearest("unrelated", kFields), std::nullopt);
  EXPECT_EQ(nearest(std::string(10'000, 'c'), kFields), std::nullopt);
}

TEST(Nearest, lists_few_names_where_none_is_near) {
  EXPECT_EQ(expected_name("xyz", std::vector<std::string>{"a1", "b1"}), "expected one of: a1, b1");
  EXPECT_TRUE(expected_name("corse", kFields).starts_with("expected one of: cores, "));
  const std::vector<std::string> many(30, "name");
  EXPECT_EQ(expected_name("nmae", many), "did you mean 'name'?");
  EXPECT_TRUE(expected_name("xyz", many).ends_with("name, ... (30 in all)"));
}

}  // namespace
}  // namespace unna
