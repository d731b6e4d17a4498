#include "sim/poisoned_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/host.h"

namespace unna {
namespace {

constexpr Bytes kGiB = Bytes{1} << 30U;

TEST(PoisonedMemory, is_poison_up_to_its_last_byte) {
  for (const Bytes size : {Bytes{0}, Bytes{100}, Bytes{1} << 20U, (Bytes{1} << 24U) + 5}) {
    PoisonedMemory memory(size);
    ASSERT_EQ(memory.bytes().size(), static_cast<std::size_t>(size));
    EXPECT_TRUE(std::ranges::all_of(memory.bytes(), [](std::byte b) { return b == kPoison; }));
  }
}

TEST(PoisonedMemory, pieces_are_not_written_together) {
  PoisonedMemory memory(Bytes{3} << 24U);
  PoisonedMemory other(Bytes{3} << 24U);
  memory.bytes()[5] = std::byte{1};
  EXPECT_EQ(memory.bytes()[5 + (1U << 24U)], kPoison);
  EXPECT_EQ(other.bytes()[5], kPoison);
  PoisonedMemory moved(std::move(memory));
  EXPECT_EQ(moved.bytes()[5], std::byte{1});
}

TEST(PoisonedMemory, takes_the_hosts_memory_where_it_is_written_only) {
  const std::int64_t before = max_rss_kib();
  std::vector<PoisonedMemory> memories;
  for (int i = 0; i < 3 * 16; ++i) memories.emplace_back(kGiB);
  for (PoisonedMemory& memory : memories) memory.bytes().back() = std::byte{1};
  EXPECT_LT(max_rss_kib() - before, 64 * 1024);
}

}  // namespace
}  // namespace unna
