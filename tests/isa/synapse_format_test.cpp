// The step-indexed format at its edges, and cycles reckoned by hand.

#include "isa/synapse_format.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"

namespace unna {
namespace {

using Positions = std::vector<std::int64_t>;
using Entries = std::vector<SynapseEntry>;

Entries entries_of(const Positions& positions, std::int64_t bits = 4) {
  Entries entries;
  index_row(positions, bits, entries);
  return entries;
}

TEST(StepIndex, farthest_step_needs_no_padding_and_one_more_needs_one) {
  EXPECT_EQ(entries_of({15}), (Entries{{15, false}}));
  EXPECT_EQ(entries_of({16}), (Entries{{15, true}, {16, false}}));
  EXPECT_EQ(entries_of({2, 18}), (Entries{{2, false}, {18, false}}));
  EXPECT_EQ(entries_of({2, 19}), (Entries{{2, false}, {18, true}, {19, false}}));
  EXPECT_EQ(entries_of({32}), (Entries{{15, true}, {31, true}, {32, false}}));
}

TEST(StepIndex, padding_ends_with_the_last_synapse) {
  EXPECT_TRUE(entries_of({}).empty());
  EXPECT_EQ(entries_of({0}).size(), 1U);  // however long the row
}

TEST(StepIndex, width_of_a_step_decides) {
  EXPECT_EQ(entries_of({7}, 2).size(), 2U);
  EXPECT_EQ(entries_of({8}, 2).size(), 3U);
  EXPECT_EQ(entries_of({0, 1, 2}, 1).size(), 3U);
  EXPECT_EQ(entries_of({65535}, 16).size(), 1U);
}

TEST(IndexedBytes, are_counts_steps_up_to_an_element_and_values) {
  EXPECT_EQ(indexed_bytes(16, 0, 4, 2), 32);
  EXPECT_EQ(indexed_bytes(1, 3, 4, 2), 2 + 2 + 6);   // 12 bits of steps
  EXPECT_EQ(indexed_bytes(1, 5, 4, 2), 2 + 4 + 10);  // 20 bits, up to 2 elements
  EXPECT_EQ(indexed_bytes(1, 5, 4, 1), 2 + 3 + 5);
  EXPECT_EQ(indexed_bytes(1, 1, 5, 4), 4 + 4);  // 21 bits
}

/// The tile of `rows`, with values 1, 2, 3, ... for its synapses.
std::vector<std::byte> tile_of(const std::vector<Positions>& rows, std::int64_t bits) {
  std::vector<Entries> entries;
  std::vector<std::byte> values;
  int next = 1;
  for (const Positions& row : rows)
    for (const SynapseEntry& e : entries.emplace_back(entries_of(row, bits))) {
      values.push_back(e.padding ? std::byte{0} : static_cast<std::byte>(next++));
      values.push_back(std::byte{0});
    }
  std::vector<std::byte> tile;
  append_tile(entries, values, bits, 2, tile);
  return tile;
}

/// Position and value of what is not zero in each row.
std::vector<std::vector<std::pair<std::int64_t, int>>> read_back(
    const std::vector<std::byte>& bytes, std::int64_t rows, std::int64_t row, std::int64_t bits) {
  DecodedTile tile;
  decode_tile(bytes, rows, row, bits, 2, tile);
  std::vector<std::vector<std::pair<std::int64_t, int>>> all;
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    all.emplace_back();
    for (auto e = static_cast<std::size_t>(tile.row_begin[r]);
         e < static_cast<std::size_t>(tile.row_begin[r + 1]); ++e)
      if (const int value = std::to_integer<int>(bytes[tile.values + 2 * e]); value != 0)
        all.back().emplace_back(tile.positions[e], value);
  }
  return all;
}

TEST(SynapseTile, is_read_back_as_it_was_written) {
  const std::vector<Positions> rows = {{0, 16, 33}, {}, {99}, {1, 2, 3}};
  const auto back = read_back(tile_of(rows, 4), 4, 100, 4);
  ASSERT_EQ(back.size(), 4U);
  EXPECT_EQ(back[0], (std::vector<std::pair<std::int64_t, int>>{{0, 1}, {16, 2}, {33, 3}}));
  EXPECT_TRUE(back[1].empty());
  EXPECT_EQ(back[2], (std::vector<std::pair<std::int64_t, int>>{{99, 4}}));
  EXPECT_EQ(back[3], (std::vector<std::pair<std::int64_t, int>>{{1, 5}, {2, 6}, {3, 7}}));
}

TEST(SynapseTile, of_nothing_but_zeros_is_its_counts) {
  EXPECT_EQ(tile_of({{}, {}, {}}, 4), std::vector<std::byte>(6));
  EXPECT_TRUE(read_back(std::vector<std::byte>(6), 3, 100, 4)[2].empty());
}

TEST(SynapseTile, of_random_rows_survives_every_width_of_step) {
  Rng rng(5);
  for (std::int64_t bits = 1; bits <= 16; ++bits)
    for (const std::uint64_t percent : {0, 5, 50, 100}) {
      std::vector<Positions> rows(3);
      std::int64_t synapses = 0;
      for (Positions& row : rows)
        for (std::int64_t p = 0; p < 40; ++p)
          if (rng.chance(percent, 100)) {
            row.push_back(p);
            ++synapses;
          }
      const auto back = read_back(tile_of(rows, bits), 3, 40, bits);
      int next = 1;
      for (std::size_t r = 0; r < 3; ++r) {
        ASSERT_EQ(back[r].size(), rows[r].size()) << bits << " bits, " << percent << " %";
        for (std::size_t i = 0; i < rows[r].size(); ++i)
          EXPECT_EQ(back[r][i], std::pair(rows[r][i], next++));
      }
    }
}

TEST(SynapseTile, is_refused_where_it_is_not_one) {
  DecodedTile tile;
  std::vector<std::byte> good = tile_of({{0, 5}}, 4);
  EXPECT_NO_THROW(decode_tile(good, 1, 6, 4, 2, tile));
  EXPECT_THROW(decode_tile(good, 1, 5, 4, 2, tile), InternalError);  // beyond the row
  EXPECT_THROW(decode_tile(good, 2, 6, 4, 2, tile), InternalError);
  good.push_back(std::byte{0});
  EXPECT_THROW(decode_tile(good, 1, 6, 4, 2, tile), InternalError);  // a byte too many
  EXPECT_THROW(decode_tile({}, 1, 6, 4, 2, tile), InternalError);
}

/// 16 PEs x 16 multipliers, 4 bits, window 256.
Entries first(std::int64_t count, std::int64_t stride = 1) {
  Positions positions;
  for (std::int64_t i = 0; i < count; ++i) positions.push_back(i * stride);
  return entries_of(positions, 16);
}

TEST(RowCycles, take_as_many_entries_as_there_are_multipliers) {
  const CoreConfig core;
  EXPECT_EQ(indexed_row_cycles({}, core), 0);
  EXPECT_EQ(indexed_row_cycles(first(1), core), 1);
  EXPECT_EQ(indexed_row_cycles(first(16), core), 1);
  EXPECT_EQ(indexed_row_cycles(first(17), core), 2);
}

TEST(RowCycles, take_no_more_than_the_port_of_a_pe_brings) {
  CoreConfig core;
  core.sb_read_elements = 4;
  EXPECT_EQ(indexed_row_cycles(first(16), core), 4);
}

TEST(RowCycles, end_at_the_window) {
  CoreConfig core;
  core.index_window = 32;
  EXPECT_EQ(indexed_row_cycles(first(16, 2), core), 1);  // the last at 30
  EXPECT_EQ(indexed_row_cycles(entries_of({0, 31}, 16), core), 1);
  EXPECT_EQ(indexed_row_cycles(entries_of({0, 32}, 16), core), 2);  // one neuron beyond
  EXPECT_EQ(indexed_row_cycles(entries_of({100}, 16), core), 4);    // 0-31, -63, -95, then it
  EXPECT_EQ(indexed_row_cycles(first(16, 4), core), 2);             // 8 a window
  core.multipliers = 4;
  // Four at 0 to 3, the next window begins behind them.
  EXPECT_EQ(indexed_row_cycles(entries_of({0, 1, 2, 3, 35}, 16), core), 2);
  EXPECT_EQ(indexed_row_cycles(entries_of({0, 1, 2, 3, 36}, 16), core), 3);
}

TEST(RowCycles, four_bit_steps_never_leave_the_default_window) {
  const CoreConfig core;  // 16 entries of steps up to 15 reach 256 positions
  EXPECT_EQ(indexed_row_cycles(entries_of({255}), core), 1);
  EXPECT_EQ(indexed_row_cycles(entries_of({256}), core), 2);
}

TEST(TileCounter, a_group_takes_as_long_as_its_slowest) {
  CoreConfig core;
  core.pes = 2;
  TileCounter counter(core, 2);
  counter.add_row(first(40));  // 3 cycles
  counter.add_row(first(5));   // 1: waits 2
  counter.add_row(first(0));   // a group of its own with one PE: takes a cycle all the same
  const SynapseTile tile = counter.finish();
  EXPECT_EQ(tile.entries, 45);
  EXPECT_EQ(tile.synapses, 45);
  EXPECT_EQ(tile.cycles, 3 + 1);
  EXPECT_EQ(tile.waiting, 2 + 1);
  EXPECT_EQ(tile.bytes, 6 + 24 + 90);  // 22.5 bytes of steps
}

TEST(TileCounter, padding_takes_time_and_room_but_is_no_synapse) {
  const CoreConfig core;
  TileCounter counter(core, 2);
  counter.add_row(entries_of({300}));  // 18 of padding
  const SynapseTile tile = counter.finish();
  EXPECT_EQ(tile.synapses, 1);
  EXPECT_EQ(tile.entries, 19);
  EXPECT_EQ(tile.cycles, 2);
}

}  // namespace
}  // namespace unna
