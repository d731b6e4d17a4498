#include "cli/options.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace unna {
namespace {

constexpr CommandHelp kHelp = {"test", "FILE...", "doc"};
constexpr OptionRow kRows[] = {{"count", "N", "3", "doc"},
                               {"set", "K=V", "", "doc", Times::repeated},
                               {"output,o", "FILE", "", "doc"},
                               {"quiet", "", "", "doc"}};

Options parsed(const Arguments& arguments) {
  return *parse_options(kHelp, kRows, arguments);
}

std::string error_of(const Arguments& arguments) {
  try {
    parsed(arguments).required_integer("count", 0, 10);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Options, defaults_hold_until_given) {
  EXPECT_EQ(parsed({}).required_integer("count", 0, 10), 3);
  EXPECT_EQ(parsed({"--count", "10"}).required_integer("count", 0, 10), 10);
  EXPECT_FALSE(parsed({}).flag("quiet"));
  EXPECT_TRUE(parsed({"--quiet"}).flag("quiet"));
  EXPECT_FALSE(parsed({}).given("count"));
  EXPECT_TRUE(parsed({"--count=3"}).given("count"));
}

TEST(Options, positional_arguments_and_options_mix) {
  const Options options = parsed({"a", "--set", "x=1", "b", "--set=y=2", "-o", "f", "c"});
  EXPECT_EQ(options.positional(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(options.all("set"), (std::vector<std::string>{"x=1", "y=2"}));
  EXPECT_EQ(*options.text("output"), "f");
}

TEST(Options, numbers_are_strict) {
  const std::string expected = "unnasim test: --count: '{}' is not a whole number from 0 to 10";
  for (const char* bad : {"11", "-1", "4x", "010", "1.5", "0x3"})
    EXPECT_EQ(error_of({std::string("--count=") + bad}),
              std::string(expected).replace(expected.find("{}"), 2, bad));
}

TEST(Options, unknown_and_abbreviated_options_are_errors) {
  EXPECT_NE(error_of({"--nonsense"}), "");
  EXPECT_EQ(error_of({"--cou=4"}), "unnasim test: unknown option '--cou', did you mean --count?");
  EXPECT_NE(error_of({"--count"}), "");
}

TEST(Options, only_those_that_may_be_repeated_are_given_twice) {
  EXPECT_EQ(error_of({"--count=4", "--count=5"}),
            "unnasim test: --count: given twice, '4' and '5', expected it once");
  EXPECT_EQ(error_of({"--set=a=1", "--set=b=2"}), "");
}

TEST(Options, bytes_may_have_a_unit) {
  const auto bytes = [](const char* text) {
    return parsed({std::string("--count=") + text}).bytes("count", 0, 65536);
  };
  EXPECT_EQ(bytes("64KiB"), 65536);
  EXPECT_EQ(bytes("65536"), 65536);
  EXPECT_THROW(bytes("65KiB"), InputError);
  EXPECT_THROW(bytes("64KB"), InputError);
}

TEST(Options, a_command_without_files_takes_none) {
  constexpr CommandHelp kNone = {"test", "", "doc"};
  EXPECT_THROW(parse_options(kNone, kRows, {"file"}), InputError);
}

TEST(Options, exactly_one_file_where_one_is_wanted) {
  EXPECT_EQ(parsed({"a"}).only(), "a");
  EXPECT_THROW(parsed({}).only(), InputError);
  EXPECT_THROW(parsed({"a", "b"}).only(), InputError);
}

}  // namespace
}  // namespace unna
