#include "tests/golden/golden_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"

namespace unna::golden {
namespace {

constexpr const char* kText =
    "# what it shows\n"
    "--- file a/in.txt\nhello\n"
    "--- run\ncat a/in.txt\n"
    "--- stdout\nhello\n"
    "--- run\nfalse\n"
    "--- stderr\nsome error\n"
    "--- exit 2\n";

TEST(GoldenFile, reads_back_what_it_writes) {
  const GoldenFile golden = parse(kText, "t.txt");
  ASSERT_EQ(golden.runs.size(), 2U);
  EXPECT_EQ(golden.inputs[0].first, "a/in.txt");
  EXPECT_EQ(golden.runs[0].expected, (Outcome{"hello\n", "", 0}));
  EXPECT_EQ(golden.runs[1].expected, (Outcome{"", "some error\n", 2}));
  EXPECT_EQ(format(golden), kText);
}

TEST(GoldenFile, an_unknown_section_or_no_run_is_an_error) {
  EXPECT_THROW(parse("--- run\nx\n--- stdot\n", "t.txt"), InputError);
  EXPECT_THROW(parse("--- stdout\n", "t.txt"), InputError);
  EXPECT_THROW(parse("# nothing\n", "t.txt"), InputError);
}

TEST(GoldenFile, a_run_yields_both_streams_exit_code_and_placeholders) {
  const auto directory = std::filesystem::temp_directory_path();
  const Outcome outcome =
      run("echo \"$SRC/x\"; 'pwd' >&2; exit 3", directory, "/bin/sh", "/some/source");
  EXPECT_EQ(outcome, (Outcome{"$SRC/x\n", "$DIR\n", 3}));
}

TEST(GoldenFile, a_difference_in_any_part_is_reported) {
  const Outcome expected{"a\nb\n", "", 0};
  EXPECT_EQ(difference(expected, expected), "");
  EXPECT_EQ(difference(expected, {"a\nc\n", "", 0}), "stdout differs:\n2: -b\n2: +c\n");
  EXPECT_EQ(difference(expected, {"a\nb\n", "w\n", 0}), "stderr differs:\n1: +w\n");
  EXPECT_EQ(difference(expected, {"a\nb\n", "", 70}), "exit code: -0 +70\n");
}

}  // namespace
}  // namespace unna::golden
