#include "text/yaml.h"

#include <gtest/gtest.h>

#include "tests/support/committed.h"
#include "text/numbers.h"

namespace unna {
namespace {

std::string error_of(const std::string& yaml) {
  return input_error([&] { parse_yaml(yaml, "f"); });
}

TEST(Yaml, EveryValueKnowsItsPlace) {
  const YamlNode root = parse_yaml("a: 1\nb:\n  - x\n  - {c: 2}\n", "f");
  EXPECT_EQ(root.find("a")->pos.line, 1);
  EXPECT_EQ(root.find("a")->pos.column, 4);
  const YamlNode& second = root.find("b")->items[1];
  EXPECT_EQ(second.find("c")->pos.line, 4);
  EXPECT_EQ(second.find("c")->pos.column, 9);
  EXPECT_EQ(second.field_pos[0].column, 6);
}

TEST(Yaml, ByteOrderMarkIsNotPartOfTheFirstKey) {
  EXPECT_NE(parse_yaml("\xef\xbb\xbf"
                       "a: 1\n",
                       "f")
                .find("a"),
            nullptr);
}

TEST(Yaml, CommasOutsideOfBracketsEndTheReading) {
  // yaml-cpp would read each as documents without end.
  for (const std::string yaml :
       {",", "\n,n", "# c\n,", "\xef\xbb\xbf,", "[1] ,", "[1]\n,", "!x ,", "\"a\" ,", "&a ,",
        "{a: 1} ,", "a: 1\n---\n,", "%YAML 1.2\n---\n,"})
    EXPECT_TRUE(error_of(yaml).ends_with("',' outside of brackets, expected YAML")) << yaml;
  EXPECT_EQ(error_of("# c\n  ,"), "f:2:3: ',' outside of brackets, expected YAML");
  EXPECT_EQ(parse_yaml("a: b, c\n", "f").find("a")->text, "b, c");
}

TEST(Yaml, WindowsLineEndsAreLineEnds) {
  EXPECT_EQ(parse_yaml("a: 1\r\nb: 2\r\n", "f").find("a")->text, "1");
}

TEST(Yaml, QuotedScalarsAreStrings) {
  const YamlNode root = parse_yaml("a: \"4\"\nb: '4'\nc: 4\n", "f");
  EXPECT_TRUE(root.find("a")->quoted);
  EXPECT_TRUE(root.find("b")->quoted);
  EXPECT_FALSE(root.find("c")->quoted);
}

TEST(Yaml, BytesThatAreNoUtf8AreRefused) {
  EXPECT_EQ(error_of("a: x\nb: \xff\xfe\n"), "f:2:4: byte 0xff is not UTF-8, expected UTF-8 text");
  EXPECT_EQ(error_of("a: \xc0\x80\n"), "f:1:4: byte 0xc0 is not UTF-8, expected UTF-8 text");
  EXPECT_EQ(error_of("a: \xed\xa0\x80\n"), "f:1:4: byte 0xed is not UTF-8, expected UTF-8 text");
  EXPECT_EQ(error_of("a: \xe2\x82"), "f:1:4: byte 0xe2 is not UTF-8, expected UTF-8 text");
  EXPECT_EQ(error_of(std::string("a: \0b\n", 6)),
            "f:1:4: byte 0x00 is not UTF-8, expected UTF-8 text");
  EXPECT_EQ(error_of("a: \xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9\n"), "");
}

TEST(Yaml, AliasBombIsRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    std::string aliases;
    for (int k = 0; k < 10; ++k) aliases += fmt::format("{}*a{}", k == 0 ? "" : ", ", i - 1);
    bomb += fmt::format("a{}: &a{} [{}]\n", i, i, aliases);
  }
  EXPECT_NE(error_of(bomb).find("more than a million nodes"), std::string::npos);
}

TEST(Yaml, AliasOfItselfIsRefused) {
  const std::string error = error_of("a: &a [*a]\n");
  EXPECT_NE(error.find("expected"), std::string::npos) << error;
}

TEST(Yaml, DeepNestingIsRefused) {
  EXPECT_NE(error_of(std::string(200, '[') + std::string(200, ']')).find("100 deep"),
            std::string::npos);
  EXPECT_NE(error_of(std::string(200'000, '[')), "");
  EXPECT_NE(error_of(std::string(200'000, '{')), "");
  std::string indented;
  for (int i = 0; i < 3000; ++i) indented += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_NE(error_of(indented), "");
}

TEST(Yaml, NestingOfAHundredIsAccepted) {
  EXPECT_EQ(error_of(std::string(100, '[') + std::string(100, ']')), "");
}

TEST(Yaml, QuoteIsReadBackAsTheSameString) {
  for (const std::string text : {"",
                                 "a",
                                 "true",
                                 "no",
                                 "~",
                                 "null",
                                 "Null",
                                 "1",
                                 "-1",
                                 "1.5",
                                 "a b",
                                 "a: b",
                                 "#",
                                 "\"",
                                 "\\",
                                 "a\nb",
                                 "a\tb",
                                 "a\rb",
                                 "\x01\x1f\x7f",
                                 "'",
                                 "- a",
                                 "-",
                                 "---",
                                 "...",
                                 "{}",
                                 "[",
                                 "*a",
                                 "&a",
                                 "!t",
                                 "%d",
                                 "@",
                                 "`",
                                 " a ",
                                 "\xc3\xa9",
                                 "\xc2\x85",
                                 "\xe2\x80\xa8",
                                 "\xef\xbb\xbf",
                                 "0x10",
                                 ".inf",
                                 ".nan",
                                 "=",
                                 "<<"}) {
    const YamlNode root = parse_yaml("k: " + yaml_quote(text) + "\n", "f");
    ASSERT_EQ(root.find("k")->kind, YamlNode::Kind::scalar) << text;
    EXPECT_EQ(root.find("k")->as_string("k"), text);
  }
}

TEST(Yaml, IntegersAreDecimalAndWhole) {
  std::int64_t value = 0;
  EXPECT_TRUE(parse_integer("-9223372036854775808", value));
  EXPECT_TRUE(parse_integer("0", value));
  for (const std::string_view text :
       {"", "-", "+1", "01", "-01", "1 ", " 1", "1.0", "1e3", "0x1", "9223372036854775808"})
    EXPECT_FALSE(parse_integer(text, value)) << text;
}

TEST(Yaml, NumbersAreFinite) {
  double value = 0;
  for (const std::string_view text : {"0", "-0.5", "1e-3", "1.25E+2"})
    EXPECT_TRUE(parse_number(text, value)) << text;
  for (const std::string_view text :
       {"", "nan", "inf", "-inf", ".5", "+1", "01.5", "1e999", "0x1p3", "1,5", "1.5f"})
    EXPECT_FALSE(parse_number(text, value)) << text;
}

TEST(YamlMapReader, NamesTheKeysItKnows) {
  const YamlNode root = parse_yaml("a: 1\nc: 2\n", "f");
  EXPECT_EQ(input_error([&] {
              YamlMapReader reader(root, "thing");
              reader.optional("a");
              reader.optional("b");
              reader.finish();
            }),
            "f:2:1: unknown key 'c' in thing, expected one of: a, b");
  EXPECT_EQ(input_error([&] { YamlMapReader(root, "thing").require("z"); }),
            "f:1:1: thing has no 'z', expected one");
}

TEST(YamlMapReader, ATypoBesideAMissingKeyIsNamed) {
  const auto message = [](const std::string& yaml) {
    const YamlNode root = parse_yaml(yaml, "f");
    return input_error([&] {
      YamlMapReader reader(root, "thing");
      reader.optional("lowest");
      reader.require("lower");
    });
  };
  for (const std::string typo : {"lowr", "lowwer", "lover", "olwer"})
    EXPECT_EQ(message("a: 1\n" + typo + ": 2\n"),
              fmt::format("f:2:1: thing has no 'lower' but '{}', expected 'lower'", typo));
  for (const std::string other : {"upper", "lwr", "lowest"})
    EXPECT_EQ(message("a: 1\n" + other + ": 2\n"), "f:1:1: thing has no 'lower', expected one");
}

}  // namespace
}  // namespace unna
