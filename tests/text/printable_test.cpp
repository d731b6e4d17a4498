#include "text/printable.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

TEST(Printable, text_stays_in_any_script) {
  EXPECT_EQ(printable("a: \\ \"b\" \xc3\xa4 \xe4\xb8\xad"), "a: \\ \"b\" \xc3\xa4 \xe4\xb8\xad");
}

TEST(Printable, control_characters_are_escaped) {
  EXPECT_EQ(printable("a\x1b[31mb\r\x7f"), "a\\x1b[31mb\\x0d\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // right to left from here on
}

TEST(Printable, bytes_that_are_no_utf8_are_escaped_one_by_one) {
  EXPECT_EQ(printable("\xff"
                      "a\xc3"),
            "\\xffa\\xc3");
}

TEST(Printable, ends_of_lines_stay_only_in_text_of_lines) {
  EXPECT_EQ(printable("a\n\tb"), "a\\n\\tb");
  EXPECT_EQ(printable_lines("a\n\tb\x1b"), "a\n\tb\\x1b");
}

}  // namespace
}  // namespace unna
