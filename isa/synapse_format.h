#pragma once

// Step-indexed synapses: how Cambricon-X (Zhang et al., MICRO 2016, section 3) stores what pruning
// left, and what its PEs spend on it.
//
// A tile has the non-zero synapses of some output channels, each a row of `row` positions (kernel
// position by input channel). A row is a list of entries in ascending position; an entry is a value
// and a step: how many positions it skips since the one before it. Steps have core.index_bits;
// where one does not suffice, an entry of value zero stands at the farthest position that it
// reaches. In memory, little-endian and without gaps:
//
//   number of entries of each row     16 bits each
//   steps of all entries              core.index_bits each, then zeros up to a whole element
//   values of all entries             an element each

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"

namespace unna {

/// Positions a row may have: the number of its entries has 16 bits.
inline constexpr std::int64_t kMaxIndexedRow = 0xffff;

/// Bytes of a tile with that many rows and entries.
Bytes indexed_bytes(std::int64_t rows, std::int64_t entries, std::int64_t index_bits,
                    Bytes element);

struct SynapseEntry {
  std::int64_t position = 0;
  bool padding = false;  ///< stored for its step only

  friend bool operator==(const SynapseEntry&, const SynapseEntry&) = default;
};

/// Replaces `entries` with those of a row whose synapses stand at `positions` (ascending).
void index_row(std::span<const std::int64_t> positions, std::int64_t index_bits,
               std::vector<SynapseEntry>& entries);

/// Cycles of a PE on a row: in each the indexing module looks at the next core.index_window
/// neurons at most, and passes on those of the next core.multipliers entries at most.
Cycle indexed_row_cycles(std::span<const SynapseEntry> entries, const CoreConfig& core);

/// What a tile takes, in memory and, indexed, for every output position that is computed with it.
struct SynapseTile {
  Bytes bytes = 0;
  std::int64_t entries = 0;
  std::int64_t synapses = 0;  ///< entries that are no padding: products of a position
  Cycle cycles = 0;           ///< of a position: a group of PEs takes as long as its slowest
  Cycle waiting = 0;          ///< cycles that PEs with a row wait for the slowest, added up

  friend bool operator==(const SynapseTile&, const SynapseTile&) = default;
};

/// Adds up a tile row by row; row r belongs to PE r modulo core.pes.
class TileCounter {
 public:
  TileCounter(const CoreConfig& core, Bytes element) : core_(core), element_(element) {}

  void add_row(std::span<const SynapseEntry> entries);
  SynapseTile finish();

 private:
  void end_group();

  const CoreConfig& core_;
  Bytes element_;
  SynapseTile tile_;
  std::int64_t rows_ = 0;
  std::int64_t group_rows_ = 0;  ///< of the group of PEs under way
  Cycle group_sum_ = 0;
  Cycle group_most_ = 0;
};

/// Appends a tile to `out`. `rows` are the entries of its rows, `values` the elements of all
/// entries one behind the other, `element` bytes each.
void append_tile(std::span<const std::vector<SynapseEntry>> rows, std::span<const std::byte> values,
                 std::int64_t index_bits, Bytes element, std::vector<std::byte>& out);

/// A tile that was read back.
struct DecodedTile {
  std::vector<std::int64_t> row_begin;  ///< of each row's entries, and the end of the last
  std::vector<std::int64_t> positions;  ///< of all entries
  std::size_t values = 0;               ///< first byte of the values
};
/// Throws InternalError where `bytes` are not exactly a tile of `rows` rows of `row` positions.
void decode_tile(std::span<const std::byte> bytes, std::int64_t rows, std::int64_t row,
                 std::int64_t index_bits, Bytes element, DecodedTile& tile);

}  // namespace unna
