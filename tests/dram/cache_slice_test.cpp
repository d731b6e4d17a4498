#include "sim/memory/cache_slice.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

using Outcome = CacheSlice::Outcome;

constexpr bool kRead = false, kWrite = true;

/// A read that comes back at once.
void load(CacheSlice& cache, Bytes line, std::int64_t set) {
  const auto answer = cache.access(line, set, kRead, false);
  ASSERT_EQ(answer.outcome, Outcome::fill);
  cache.filled(answer.mshr);
}

TEST(CacheSlice, SecondReadHits) {
  CacheSlice cache(1, 2, 4);
  load(cache, 7, 0);
  EXPECT_EQ(cache.access(7, 0, kRead, false).outcome, Outcome::hit);
}

TEST(CacheSlice, ReadOfALineUnderWayMergesIntoItsMiss) {
  CacheSlice cache(1, 2, 4);
  const auto first = cache.access(7, 0, kRead, false);
  const auto second = cache.access(7, 0, kRead, false);
  EXPECT_EQ(second.outcome, Outcome::merged);
  EXPECT_EQ(second.mshr, first.mshr);
}

TEST(CacheSlice, LeastRecentlyUsedLineGoes) {
  CacheSlice cache(1, 2, 4);
  load(cache, 1, 0);
  load(cache, 2, 0);
  EXPECT_EQ(cache.access(1, 0, kRead, false).outcome, Outcome::hit);
  load(cache, 3, 0);  // in the place of 2
  EXPECT_EQ(cache.access(1, 0, kRead, false).outcome, Outcome::hit);
  EXPECT_EQ(cache.probe(2, 0, kRead, false).outcome, Outcome::fill);
}

TEST(CacheSlice, LinesOfAnotherSetDoNotDisplace) {
  CacheSlice cache(2, 1, 4);
  load(cache, 1, 0);
  load(cache, 2, 1);
  EXPECT_EQ(cache.access(1, 0, kRead, false).outcome, Outcome::hit);
}

TEST(CacheSlice, WholeWriteNeedsNoFillAndIsWrittenBackWhenItGoes) {
  CacheSlice cache(1, 1, 1);
  const auto write = cache.access(1, 0, kWrite, true);
  EXPECT_EQ(write.outcome, Outcome::install);
  EXPECT_FALSE(write.writeback);
  const auto read = cache.access(2, 0, kRead, false);
  EXPECT_EQ(read.outcome, Outcome::fill);
  EXPECT_EQ(read.writeback, 1);
  cache.filled(read.mshr);
  EXPECT_FALSE(cache.probe(3, 0, kRead, false).writeback) << "line 2 is clean";
}

TEST(CacheSlice, PartialWriteFills) {
  CacheSlice cache(1, 1, 1);
  const auto write = cache.access(1, 0, kWrite, false);
  EXPECT_EQ(write.outcome, Outcome::fill);
  cache.filled(write.mshr);
  EXPECT_EQ(cache.probe(2, 0, kRead, false).writeback, 1);
}

TEST(CacheSlice, OneMissMoreThanMshrsIsBlocked) {
  CacheSlice cache(1, 4, 2);
  const auto first = cache.access(1, 0, kRead, false);
  cache.access(2, 0, kRead, false);
  EXPECT_EQ(cache.access(3, 0, kRead, false).outcome, Outcome::blocked);
  EXPECT_EQ(cache.access(3, 0, kWrite, true).outcome, Outcome::install) << "needs no MSHR";
  cache.filled(first.mshr);
  EXPECT_EQ(cache.access(4, 0, kRead, false).outcome, Outcome::fill);
}

TEST(CacheSlice, SetWhoseWaysAreAllFillingIsBlocked) {
  CacheSlice cache(1, 1, 4);
  cache.access(1, 0, kRead, false);
  EXPECT_EQ(cache.access(2, 0, kRead, false).outcome, Outcome::blocked);
}

}  // namespace
}  // namespace unna
