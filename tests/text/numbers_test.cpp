#include "text/numbers.h"

#include <gtest/gtest.h>

#include <optional>

#include "text/units.h"

namespace unna {
namespace {

std::optional<std::int64_t> bytes(std::string_view text) {
  std::int64_t value = 0;
  return parse_bytes(text, value) ? std::optional(value) : std::nullopt;
}

TEST(ParseBytes, takes_binary_units) {
  EXPECT_EQ(bytes("65536"), 65536);
  EXPECT_EQ(bytes("64KiB"), 65536);
  EXPECT_EQ(bytes("64 KiB"), 65536);
  EXPECT_EQ(bytes("512B"), 512);
  EXPECT_EQ(bytes("2MiB"), 2 << 20);
  EXPECT_EQ(bytes("1.5MiB"), 3 << 19);
  EXPECT_EQ(bytes("0.3B"), 0);
  EXPECT_EQ(bytes("1GiB"), 1 << 30);
  EXPECT_EQ(bytes("1TiB"), std::int64_t{1} << 40);
}

TEST(ParseBytes, refuses_what_is_ambiguous_or_does_not_fit) {
  for (const char* bad :
       {"64KB", "64K", "64kib", "1,5KiB", "KiB", "", "064KiB", "64  KiB", "0x1KiB"})
    EXPECT_EQ(bytes(bad), std::nullopt) << bad;
  EXPECT_EQ(bytes("8388607TiB"), std::int64_t{8388607} << 40);
  EXPECT_EQ(bytes("8388608TiB"), std::nullopt);
}

TEST(Counted, has_a_plural_unless_it_is_one) {
  EXPECT_EQ(counted(std::int64_t{1}, "core"), "1 core");
  EXPECT_EQ(counted(std::int64_t{0}, "core"), "0 cores");
  EXPECT_EQ(counted(std::size_t{1600}, "core"), "1,600 cores");
  EXPECT_EQ(counted(std::int64_t{2}, "entry", "entries"), "2 entries");
}

TEST(Significant, has_no_exponent) {
  EXPECT_EQ(significant(13522, 4), "13,520");
  EXPECT_EQ(significant(638.84, 4), "638.8");
  EXPECT_EQ(significant(1088, 4), "1088");
  EXPECT_EQ(significant(999.9), "1,000");
  EXPECT_EQ(significant(0.0123), "0.0123");
  EXPECT_EQ(significant(0), "0");
}

TEST(ReadableSeconds, go_from_microseconds_to_hours) {
  EXPECT_EQ(readable_seconds(0), "0 s");
  EXPECT_EQ(readable_seconds(12.34e-6), "12.3 us");
  EXPECT_EQ(readable_seconds(999.6e-6), "1 ms");
  EXPECT_EQ(readable_seconds(0.9996), "1 s");
  EXPECT_EQ(readable_seconds(99.4), "99.4 s");
  EXPECT_EQ(readable_seconds(125), "2 min 5 s");
  EXPECT_EQ(readable_seconds(3599.7), "1 h 0 min");
  EXPECT_EQ(readable_seconds(36'060), "10 h 1 min");
}

TEST(ReadableJoules, have_no_exponent) {
  EXPECT_EQ(readable_joules(1.7e-4), "170 uJ");
  EXPECT_EQ(readable_joules(12'345), "12,300 J");
}

}  // namespace
}  // namespace unna
