#include <gtest/gtest.h>

#include "isa/object.h"
#include "isa/trace.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

TEST(IsaDocs, AreGenerated) {
  expect_committed("docs/isa.md", isa_markdown());
}

/// The example of the page is the first fenced block that begins with the format's first line.
TEST(TraceDocs, ExampleIsATrace) {
  const std::string page = read_file(std::string(UNNASIM_SOURCE_DIR) + "/docs/trace-format.md");
  const std::size_t begin = page.find("```\nunnasim-trace 1\n");
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = page.find("```", begin + 4);
  const Trace trace = parse_trace(page.substr(begin + 4, end - begin - 4), "docs/trace-format.md");
  EXPECT_EQ(trace.cores, 2);
  EXPECT_EQ(trace.events.size(), 10U);
  EXPECT_TRUE(parse_trace(format_trace(trace), "again") == trace);
}

}  // namespace
}  // namespace unna
