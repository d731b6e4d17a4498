#include "compiler/views.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace unna {
namespace {

TensorView dense(const Shape& dims) {
  return {StorageId(0), 0, dims, dense_strides(dims, row_major(dims.size()))};
}

/// Storage elements of a view in row-major order of its dimensions.
std::vector<std::int64_t> elements(const TensorView& v) {
  std::vector<std::int64_t> out = {v.offset};
  for (std::size_t d = 0; d < v.rank(); ++d) {
    std::vector<std::int64_t> next;
    for (const std::int64_t base : out)
      for (std::int64_t i = 0; i < v.dims[d]; ++i) next.push_back(base + i * v.strides[d]);
    out = next;
  }
  return out;
}

TEST(Views, DenseStridesFollowTheOrderOfDimensionsInMemory) {
  const std::size_t nhwc[] = {0, 2, 3, 1};
  EXPECT_EQ(dense_strides({2, 3, 4, 5}, nhwc), (std::vector<std::int64_t>{60, 1, 15, 3}));
}

TEST(Views, TranspositionPermutesDimensionsAndStrides) {
  const std::int64_t perm[] = {1, 0};
  EXPECT_EQ(elements(transposed(dense({2, 3}), perm)),
            (std::vector<std::int64_t>{0, 3, 1, 4, 2, 5}));
}

TEST(Views, SliceStartsAtItsOffsetAndKeepsItsStep) {
  EXPECT_EQ(elements(sliced(dense({2, 6}), 1, 1, 2, 3)), (std::vector<std::int64_t>{1, 4, 7, 10}));
}

TEST(Views, ReshapeOfDenseMemoryIsAView) {
  const auto v = reshaped(dense({2, 12}), {4, 3, 2});
  ASSERT_TRUE(v);
  EXPECT_EQ(elements(*v), elements(dense({2, 12})));
}

TEST(Views, ReshapeThatWouldMergeTransposedDimensionsIsNotAView) {
  const std::int64_t perm[] = {1, 0};
  EXPECT_FALSE(reshaped(transposed(dense({2, 3}), perm), {6}));
}

TEST(Views, ReshapeMaySplitHeadsOfASlicedTensor) {
  const auto v = reshaped(sliced(dense({5, 12}), 1, 4, 4), {5, 2, 2});
  ASSERT_TRUE(v);
  EXPECT_EQ(v->strides, (std::vector<std::int64_t>{12, 2, 1}));
  EXPECT_EQ(v->offset, 4);
}

TEST(Views, ReshapeOfRandomViewsKeepsTheOrderOfElements) {
  Rng rng(7);
  int views = 0;
  for (int round = 0; round < 2000; ++round) {
    TensorView v = dense({1 + rng.between(0, 3), 1 + rng.between(0, 3), 1 + rng.between(0, 3)});
    if (rng.chance(1, 2)) v = sliced(v, 2, 0, 1 + rng.between(0, v.dims[2] - 1));
    if (rng.chance(1, 2)) {
      const std::int64_t perm[] = {1, 0, 2};
      v = transposed(v, perm);
    }
    const std::int64_t n = element_count(v.dims);
    const std::int64_t rows = 1 + rng.between(0, n - 1);
    if (n % rows != 0) continue;
    if (const auto r = reshaped(v, {rows, n / rows})) {
      EXPECT_EQ(elements(*r), elements(v));
      ++views;
    }
  }
  EXPECT_GT(views, 500);
}

TEST(Views, BroadcastRepeatsWithStrideZero) {
  const TensorView v = broadcast_to(dense({3, 1}), {2, 3, 4});
  EXPECT_EQ(v.strides, (std::vector<std::int64_t>{0, 1, 0}));
}

}  // namespace
}  // namespace unna
