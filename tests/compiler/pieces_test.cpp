#include "compiler/pieces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/rng.h"
#include "compiler/emit.h"

namespace unna {
namespace {

/// A storage of 6 lines of 4 pixels with 8 channels, read and written whole by one kernel.
LoweredGraph one_storage() {
  LoweredGraph g;
  g.storages.push_back({"t", BufferKind::intermediate, 192, 8, 4, 2});
  Kernel k;
  k.dims = {1, 1, 6, 4, 8};
  k.out = {StorageId(0), 0, {0, 0, 32, 8, 1}};
  g.kernels.push_back(k);
  return g;
}

StorageRegion rows(std::int64_t lo, std::int64_t hi, std::int64_t c_lo, std::int64_t c_hi) {
  return {StorageId(0), lo, hi, 0, 4, c_lo, c_hi};
}

TEST(Pieces, TensorGranularityIsOneBuffer) {
  const LoweredGraph g = one_storage();
  const Pieces p(g, whole_storages(g));
  ASSERT_EQ(p.buffers().size(), 1U);
  EXPECT_EQ(p.buffers()[0].size, 6 * 4 * 8 * 2);
}

TEST(Pieces, SlicesAreCutWhereUnitsEnd) {
  const LoweredGraph g = one_storage();
  const Pieces p(g, cut_at_writes(g, {rows(0, 8, 0, 8), rows(8, 24, 0, 8)}, 1));
  ASSERT_EQ(p.buffers().size(), 2U);
  EXPECT_EQ(p.buffers()[0].size, 8 * 8 * 2);
  EXPECT_EQ(p.buffers()[1].size, 16 * 8 * 2);
  EXPECT_EQ(p.buffers()[1].tensor, "t");
}

TEST(Pieces, BandsAreWholeLines) {
  const LoweredGraph g = one_storage();
  const Pieces p(g, cut_at_writes(g, {rows(0, 24, 0, 8)}, 4));
  // 6 lines in 4 bands: 2 lines each, so 3 of them.
  EXPECT_EQ(p.cuts(StorageId(0)).grids[0].row_cuts, (std::vector<std::int64_t>{0, 8, 16, 24}));
}

struct Read {
  int lo, hi;
  int share = 1;  ///< of the channels, the first 1/share
};

/// Row cuts of a storage of 256 rows of so many channels, which two cores write.
std::vector<std::int64_t> cheap_row_cuts(std::int64_t channels, const std::vector<Read>& reads,
                                         Bytes element = 2,
                                         BufferKind kind = BufferKind::intermediate) {
  LoweredGraph g;
  g.storages.push_back({"t", kind, 256 * channels, channels, 1, element});
  const auto region = [&](int lo, int hi, int share) {
    return StorageRegion{StorageId(0), lo, hi, 0, 1, 0, channels / share};
  };
  const std::vector<StorageRegion> written = {region(0, 128, 1), region(128, 256, 1)};
  std::vector<UnitTouch> units = {{CoreId(0), {}, {written[0]}}, {CoreId(1), {}, {written[1]}}};
  for (const Read& r : reads) units.push_back({CoreId(0), {region(r.lo, r.hi, r.share)}, {}});
  return cut_where_cheap(g, written, 4, units)[0].grids[0].row_cuts;
}

TEST(Pieces, CheapBandsAreAsFineAsTransfersAreWorthIt) {
  using Cuts = std::vector<std::int64_t>;
  // 128 KiB are written and 128 read: worth 8 transfers more. Bands of 32 rows take 3 more of each
  // writer and 7 of the reader, those of 64 rows 5 in all.
  EXPECT_EQ(cheap_row_cuts(256, {{0, 256}}), (Cuts{0, 64, 128, 192, 256}));
  // Readers of single bands take none more.
  EXPECT_EQ(cheap_row_cuts(256, {{0, 32}, {32, 64}, {64, 96}, {96, 128}, {128, 160}, {160, 256}}),
            (Cuts{0, 32, 64, 96, 128, 160, 192, 224, 256}));
  // 1 KiB is worth none: whole where the reader needs both parts, else as it is written.
  EXPECT_EQ(cheap_row_cuts(1, {{0, 256}}), (Cuts{0, 256}));
  EXPECT_EQ(cheap_row_cuts(1, {{0, 128}, {128, 256}}), (Cuts{0, 128, 256}));
  // What the program does not make stays whole.
  EXPECT_EQ(cheap_row_cuts(256, {}, 2, BufferKind::input), (Cuts{0, 256}));
}

TEST(Pieces, CheapBandsCountBytesAndCutsExactly) {
  using Cuts = std::vector<std::int64_t>;
  // 256 rows are read, so that 8 transfers are worth it; bands of 64 rows divide 2 writes, 6 reads.
  const std::vector<Read> just = {{32, 96},   {96, 160},  {160, 224}, {63, 65},
                                  {127, 129}, {191, 193}, {0, 58}};
  EXPECT_EQ(cheap_row_cuts(256, just), (Cuts{0, 64, 128, 192, 256}));
  std::vector<Read> less = just;
  less.back().hi = 57;
  EXPECT_EQ(cheap_row_cuts(256, less), (Cuts{0, 128, 256}));
  // Elements of one byte are half of them.
  EXPECT_EQ(cheap_row_cuts(256, just, 1), (Cuts{0, 128, 256}));
  // Nobody reads: 4 are worth it. Bands are halved: never 3 of 43 rows, which would do, too.
  EXPECT_EQ(cheap_row_cuts(256, {}), (Cuts{0, 64, 128, 192, 256}));
  // Half of the channels are half of the bytes: 10 are worth it, 11 divided by bands of 64 rows.
  EXPECT_EQ(cheap_row_cuts(256, {{0, 256, 2}, {0, 256, 2}, {0, 256, 2}}), (Cuts{0, 128, 256}));
}

TEST(Pieces, CheapBandsAreWholeLinesAndColumnsCountByTheirShare) {
  // 64 lines of 4 pixels with 256 channels, 2 KiB a line.
  LoweredGraph g;
  g.storages.push_back({"t", BufferKind::intermediate, 65'536, 256, 4, 2});
  const auto columns = [](std::int64_t lo, std::int64_t hi) {
    return StorageRegion{StorageId(0), 0, 256, lo, hi, 0, 256};
  };
  const auto cuts = [&](const std::vector<StorageRegion>& reads) {
    return cut_where_cheap(g, {columns(0, 4)}, 5,
                           {{CoreId(0), {}, {columns(0, 4)}}, {CoreId(0), reads, {}}})[0]
        .grids[0]
        .row_cuts;
  };
  // 13 lines a band divide writer and reader by 4 each, of 8 that 256 KiB are worth.
  EXPECT_EQ(cuts({columns(0, 4)}), (std::vector<std::int64_t>{0, 52, 104, 156, 208, 256}));
  // Three quarters of the columns are 96 KiB: worth 7. Two bands of 32 lines divide by 1 each.
  EXPECT_EQ(cuts({columns(0, 3)}), (std::vector<std::int64_t>{0, 128, 256}));
}

TEST(Pieces, CheapChannelCutsDivideNothing) {
  LoweredGraph g;
  g.storages.push_back({"t", BufferKind::intermediate, 2'048, 8, 1, 2});
  const auto channels = [](std::int64_t lo, std::int64_t hi) {
    return StorageRegion{StorageId(0), 0, 256, 0, 1, lo, hi};
  };
  const std::vector<StorageRegion> written = {channels(0, 2), channels(2, 4), channels(4, 8)};
  const auto cuts = cut_where_cheap(
      g, written, 4, {{CoreId(0), {channels(0, 4)}, written}, {CoreId(1), {channels(4, 8)}, {}}});
  EXPECT_EQ(cuts[0].grids[0].channel_cuts, (std::vector<std::int64_t>{0, 4, 8}));
}

TEST(Pieces, NoCutInChannelsWhereAnAccessCannotFollow) {
  LoweredGraph g = one_storage();
  Kernel flat;  // walks pairs of channels: half rows
  flat.dims = {1, 1, 48, 1, 4};
  flat.out = {StorageId(0), 0, {0, 0, 4, 0, 1}};
  g.kernels.push_back(flat);
  const auto cuts = cut_at_writes(g, {rows(0, 24, 0, 4), rows(0, 24, 4, 8)}, 1);
  EXPECT_EQ(cuts[0].grids[0].channels(), 1U);
  const auto before = cut_at_writes(one_storage(), {rows(0, 24, 0, 4)}, 1);
  EXPECT_EQ(before[0].grids[0].channels(), 2U);
}

/// Elements that a part touches: element of its buffer -> on-chip element.
void walk(const BufferPart& part,
          std::map<std::pair<std::uint32_t, std::int64_t>, std::int64_t>& m) {
  std::vector<std::pair<std::int64_t, std::int64_t>> at = {{part.start, part.chip}};
  for (const CopyDim& d : part.dims) {
    std::vector<std::pair<std::int64_t, std::int64_t>> next;
    for (const auto& [dram, chip] : at)
      for (std::int64_t i = 0; i < d.extent; ++i)
        next.emplace_back(dram + i * d.dram, chip + i * d.chip);
    at = next;
  }
  for (const auto& [dram, chip] : at)
    EXPECT_TRUE(m.emplace(std::pair(part.buffer.value, dram), chip).second) << "touched twice";
}

/// Element of its buffer that (h, w, c) of one_storage() is, found through the grids of cuts.
std::pair<std::uint32_t, std::int64_t> by_hand(const StorageCuts& all, std::int64_t h,
                                               std::int64_t w, std::int64_t c) {
  std::size_t g = 0;
  while (all.grids[g].channel_cuts.back() <= c) ++g;
  const CutGrid& cuts = all.grids[g];
  const auto find = [](const std::vector<std::int64_t>& v, std::int64_t x) {
    return static_cast<std::size_t>(std::upper_bound(v.begin(), v.end(), x) - v.begin()) - 1;
  };
  const std::size_t i = find(cuts.row_cuts, h * 4 + w);
  const std::size_t l = find(cuts.column_cuts, w);
  const std::size_t j = find(cuts.channel_cuts, c);
  const std::int64_t columns = cuts.column_cuts[l + 1] - cuts.column_cuts[l];
  const std::int64_t channels = cuts.channel_cuts[j + 1] - cuts.channel_cuts[j];
  const std::int64_t row = cuts.columns() == 1
                               ? h * 4 + w - cuts.row_cuts[i]
                               : (h - cuts.row_cuts[i] / 4) * columns + w - cuts.column_cuts[l];
  return {cuts.buffer(i, l, j).value, row * channels + c - cuts.channel_cuts[j]};
}

/// Each element of any box is touched once and stands where the grid says.
void expect_parts(const LoweredGraph& g, const Pieces& p, Rng& rng) {
  Box box;
  for (std::size_t d = 0; d < kDims; ++d) {
    box.lo[d] = rng.between(0, g.kernels[0].dims[d] - 1);
    box.hi[d] = rng.between(box.lo[d] + 1, g.kernels[0].dims[d]);
  }
  const Dims chip = dense_chip(box.extents());
  std::map<std::pair<std::uint32_t, std::int64_t>, std::int64_t> touched;
  for (const BufferPart& part : p.parts(g.kernels[0].out, box, chip)) walk(part, touched);
  ASSERT_EQ(static_cast<std::int64_t>(touched.size()), box.elements());
  for (std::int64_t h = box.lo[kH]; h < box.hi[kH]; ++h)
    for (std::int64_t w = box.lo[kW]; w < box.hi[kW]; ++w)
      for (std::int64_t c = box.lo[kC]; c < box.hi[kC]; ++c) {
        const auto found = touched.find(by_hand(p.cuts(StorageId(0)), h, w, c));
        ASSERT_NE(found, touched.end());
        EXPECT_EQ(found->second, (h - box.lo[kH]) * chip[kH] + (w - box.lo[kW]) * chip[kW] +
                                     (c - box.lo[kC]) * chip[kC]);
      }
}

StorageRegion random_region(Rng& rng, bool whole_channels) {
  const std::int64_t line = rng.between(0, 5);
  const std::int64_t end = rng.between(line + 1, 6);
  const std::int64_t w = rng.between(0, 3);
  const std::int64_t w_end = rng.between(w + 1, 4);
  const std::int64_t c = whole_channels ? 0 : rng.between(0, 7);
  const std::int64_t c_end = whole_channels ? 8 : rng.between(c + 1, 8);
  return {StorageId(0), line * 4 + w, (end - 1) * 4 + w_end, w, w_end, c, c_end};
}

TEST(Pieces, PartsOfAnyBoxTouchEachElementOnceAtItsPlace) {
  const LoweredGraph g = one_storage();
  Rng rng(3);
  for (int round = 0; round < 500; ++round) {
    std::vector<StorageRegion> regions;
    for (int r = 0; r < 3; ++r) {
      const std::int64_t lo = rng.between(0, 22);
      const std::int64_t c = rng.between(0, 6);
      regions.push_back(rows(lo, rng.between(lo + 1, 24), c, rng.between(c + 1, 8)));
    }
    expect_parts(g, Pieces(g, cut_at_writes(g, regions, rng.between(1, 3))), rng);
  }
}

TEST(Pieces, CutsInColumnsTouchEachElementOnceAtItsPlace) {
  const LoweredGraph g = one_storage();
  Rng rng(4);
  bool columns = false;
  bool grids = false;
  for (int round = 0; round < 500; ++round) {
    std::vector<UnitTouch> units;
    const bool whole_channels = round % 2 == 0;
    units.reserve(4);
    for (int u = 0; u < 4; ++u)
      units.push_back({CoreId(rng.between(0, 2) != 0 ? 1 : 0),
                       {random_region(rng, whole_channels)},
                       {random_region(rng, whole_channels)}});
    const Pieces p(g, cut_by_lifetime(g, units));
    const StorageCuts& cuts = p.cuts(StorageId(0));
    grids = grids || cuts.grids.size() > 1;
    for (const CutGrid& grid : cuts.grids) columns = columns || grid.columns() > 1;
    expect_parts(g, p, rng);
  }
  EXPECT_TRUE(columns);
  EXPECT_TRUE(grids);
}

UnitTouch touch(int core, std::vector<StorageRegion> reads, std::vector<StorageRegion> writes) {
  return {CoreId(core), std::move(reads), std::move(writes)};
}

TEST(LifetimeCuts, RowsThatDieTogetherAreOneBuffer) {
  const LoweredGraph g = one_storage();
  // One unit writes all lines; core 0 reads lines 0 to 3, then 2 to 6.
  const auto cuts =
      cut_by_lifetime(g, {touch(0, {}, {rows(0, 24, 0, 8)}), touch(0, {rows(0, 12, 0, 8)}, {}),
                          touch(0, {rows(8, 24, 0, 8)}, {})});
  EXPECT_EQ(cuts[0].grids[0].row_cuts, (std::vector<std::int64_t>{0, 8, 24}));
  EXPECT_EQ(cuts[0].grids[0].channels(), 1U);
}

TEST(LifetimeCuts, WhatAnotherCoreReadsToTheEndIsABufferOfItsOwn) {
  const LoweredGraph g = one_storage();
  const StorageRegion left{StorageId(0), 0, 22, 0, 2, 0, 8};
  const StorageRegion halo{StorageId(0), 1, 23, 1, 3, 0, 8};
  const auto cuts = cut_by_lifetime(
      g, {touch(0, {}, {rows(0, 24, 0, 8)}), touch(0, {left}, {}), touch(1, {halo}, {})});
  EXPECT_EQ(cuts[0].grids[0].column_cuts, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(cuts[0].grids[0].row_cuts, (std::vector<std::int64_t>{0, 24}));
}

TEST(LifetimeCuts, TensorsSideBySideDoNotCutEachOther) {
  const LoweredGraph g = one_storage();
  using Cuts = std::vector<std::int64_t>;
  // Channels 0 to 2 are written at once, 2 to 4 in two bands, 4 to 6 and 6 to 8 by columns.
  const StorageRegion left{StorageId(0), 0, 22, 0, 2, 4, 8};
  const StorageRegion right{StorageId(0), 2, 24, 2, 4, 4, 6};
  const StorageRegion corner{StorageId(0), 2, 24, 2, 4, 6, 8};
  const auto cuts = cut_by_lifetime(
      g, {touch(0, {}, {rows(0, 24, 0, 2)}), touch(0, {}, {rows(0, 12, 2, 4)}),
          touch(0, {}, {rows(12, 24, 2, 4)}), touch(0, {}, {left}), touch(0, {}, {right}),
          touch(0, {}, {corner}), touch(0, {rows(0, 24, 0, 8)}, {})});
  ASSERT_EQ(cuts[0].grids.size(), 3U);
  EXPECT_EQ(cuts[0].buffers(), 1U + 2U + 4U);
  EXPECT_EQ(cuts[0].grids[0].row_cuts, (Cuts{0, 24}));
  EXPECT_EQ(cuts[0].grids[1].row_cuts, (Cuts{0, 12, 24}));
  EXPECT_EQ(cuts[0].grids[1].channel_cuts, (Cuts{2, 4}));
  EXPECT_EQ(cuts[0].grids[2].row_cuts, (Cuts{0, 24}));
  EXPECT_EQ(cuts[0].grids[2].column_cuts, (Cuts{0, 2, 4}));
  EXPECT_EQ(cuts[0].grids[2].channel_cuts, (Cuts{4, 6, 8}));
  // Buffers are numbered grid by grid.
  EXPECT_EQ(cuts[0].grids[1].first, BufferId(1));
  EXPECT_EQ(cuts[0].grids[2].first, BufferId(3));
}

TEST(LifetimeCuts, TensorsThatAreCutAlikeAreOneGrid) {
  const LoweredGraph g = one_storage();
  const auto cuts =
      cut_by_lifetime(g, {touch(0, {}, {rows(0, 12, 0, 4)}), touch(1, {}, {rows(0, 12, 4, 8)}),
                          touch(0, {}, {rows(12, 24, 0, 4)}), touch(1, {}, {rows(12, 24, 4, 8)}),
                          touch(0, {rows(0, 24, 0, 8)}, {})});
  ASSERT_EQ(cuts[0].grids.size(), 1U);
  EXPECT_EQ(cuts[0].grids[0].row_cuts, (std::vector<std::int64_t>{0, 12, 24}));
  EXPECT_EQ(cuts[0].grids[0].channel_cuts, (std::vector<std::int64_t>{0, 4, 8}));
}

}  // namespace
}  // namespace unna
