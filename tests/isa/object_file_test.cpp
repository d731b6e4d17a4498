#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "isa/object.h"
#include "tests/isa/fixtures.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

/// Refused with one line that names file and offset, or not at all.
void expect_refused(const std::string& bytes, const std::string& how) {
  const std::string error = input_error([&] { decode_object(bytes, "p.uno"); });
  ASSERT_TRUE(error.starts_with("p.uno:0x")) << how << ": " << error;
  ASSERT_NE(error.find(", expected "), std::string::npos) << how << ": " << error;
  ASSERT_EQ(error.find('\n'), std::string::npos) << how << ": " << error;
}

TEST(ObjectFile, ObjectsRoundTrip) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Object object = random_object(seed);
    const std::string bytes = encode_object(object);
    ASSERT_TRUE(decode_object(bytes, "p.uno") == object) << "seed " << seed;
    ASSERT_EQ(encode_object(object), bytes);
  }
}

TEST(ObjectFile, StreamsLongerThanAnyBufferRoundTrip) {
  const Object object = random_object(7, 20'000);
  EXPECT_TRUE(decode_object(encode_object(object), "p.uno") == object);
}

TEST(ObjectFile, EveryTruncationIsRefused) {
  const std::string bytes = encode_object(assemble(small_program(), "t.s"));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    expect_refused(bytes.substr(0, size), "cut to " + std::to_string(size));
}

TEST(ObjectFile, EveryFlippedBitIsRefused) {
  const std::string bytes = encode_object(assemble(small_program(), "t.s"));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] =
        static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ 1U << bit % 8);
    expect_refused(damaged, "bit " + std::to_string(bit));
  }
}

/// With a checksum that is right again, what is behind it has to stand on its own: refused with a
/// reason, or an object that verify() can look at.
TEST(ObjectFile, MutationsBehindAValidChecksumNeverCrash) {
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Rng rng(seed);
    std::string bytes = encode_object(seed % 2 == 0 ? assemble(small_program(), "t.s")
                                                    : random_object(seed % 20, 20));
    bytes.resize(bytes.size() - 8);
    for (std::uint64_t n = rng.below(4) + 1; n > 0; --n) {
      const std::size_t at =
          rng.below(std::min<std::uint64_t>(bytes.size(), rng.chance(1, 2) ? 160 : bytes.size()));
      switch (rng.below(3)) {
        case 0:
          bytes[at] = static_cast<char>(rng.next());
          break;
        case 1:
          bytes.erase(at, rng.below(4));
          break;
        default:
          bytes.insert(at, rng.below(4), static_cast<char>(rng.next()));
      }
    }
    const std::uint64_t hash = hash_bytes(bytes);
    for (unsigned i = 0; i < 64; i += 8) bytes += static_cast<char>(hash >> i & 255U);
    const std::string error = input_error([&] {
      const Object object = decode_object(bytes, "p.uno");
      verify(object);
    });
    ASSERT_EQ(error.find('\n'), std::string::npos) << seed << ": " << error;
  }
}

}  // namespace
}  // namespace unna
