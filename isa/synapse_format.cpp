#include "isa/synapse_format.h"

#include <algorithm>

#include "base/error.h"

namespace unna {
namespace {

constexpr Bytes kCountBytes = 2;

/// Number of positions that the largest step and its entry take.
constexpr std::int64_t reach(std::int64_t index_bits) {
  return std::int64_t{1} << index_bits;
}

/// Little-endian fields of a few bits each.
class BitWriter {
 public:
  explicit BitWriter(std::vector<std::byte>& out) : out_(out) {}

  void put(std::uint32_t value, std::int64_t bits) {
    pending_ |= std::uint64_t{value} << filled_;
    for (filled_ += bits; filled_ >= 8; filled_ -= 8, pending_ >>= 8U)
      out_.push_back(static_cast<std::byte>(pending_ & 0xffU));
  }
  void finish() {
    if (filled_ > 0) out_.push_back(static_cast<std::byte>(pending_ & 0xffU));
    filled_ = 0;
  }

 private:
  std::vector<std::byte>& out_;
  std::uint64_t pending_ = 0;
  std::int64_t filled_ = 0;
};

class BitReader {
 public:
  explicit BitReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint32_t get(std::int64_t bits) {
    for (; filled_ < bits; filled_ += 8)
      pending_ |= std::to_integer<std::uint64_t>(bytes_[next_++]) << filled_;
    const auto value = static_cast<std::uint32_t>(pending_ & ((std::uint64_t{1} << bits) - 1));
    pending_ >>= bits;
    filled_ -= bits;
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t next_ = 0;
  std::uint64_t pending_ = 0;
  std::int64_t filled_ = 0;
};

std::int64_t step_of(std::span<const SynapseEntry> row, std::size_t i) {
  return row[i].position - (i == 0 ? 0 : row[i - 1].position + 1);
}

}  // namespace

Bytes indexed_bytes(std::int64_t rows, std::int64_t entries, std::int64_t index_bits,
                    Bytes element) {
  return round_up(kCountBytes * rows + ceil_div<Bytes>(entries * index_bits, 8), element) +
         entries * element;
}

void index_row(std::span<const std::int64_t> positions, std::int64_t index_bits,
               std::vector<SynapseEntry>& entries) {
  entries.clear();
  std::int64_t next = 0;
  for (const std::int64_t position : positions) {
    for (; position - next >= reach(index_bits); next += reach(index_bits))
      entries.push_back({next + reach(index_bits) - 1, true});
    entries.push_back({position, false});
    next = position + 1;
  }
}

Cycle indexed_row_cycles(std::span<const SynapseEntry> entries, const CoreConfig& core) {
  Cycle cycles = 0;
  std::int64_t seen = 0;  // neurons that the indexing module is done with
  for (std::size_t i = 0; i < entries.size(); ++cycles) {
    const std::size_t room =
        std::min(entries.size(), i + static_cast<std::size_t>(products_per_cycle(core)));
    const std::int64_t end = seen + core.index_window;
    while (i < room && entries[i].position < end) ++i;
    // What was passed on last lies in the window; a full one may end before the window does.
    seen = i == room ? entries[i - 1].position + 1 : end;
  }
  return cycles;
}

void TileCounter::add_row(std::span<const SynapseEntry> entries) {
  const Cycle cycles = indexed_row_cycles(entries, core_);
  tile_.entries += static_cast<std::int64_t>(entries.size());
  tile_.synapses += std::count_if(entries.begin(), entries.end(),
                                  [](const SynapseEntry& e) { return !e.padding; });
  group_sum_ += cycles;
  group_most_ = std::max(group_most_, cycles);
  ++rows_;
  if (++group_rows_ == core_.pes) end_group();
}

/// A group without synapses still takes a cycle to hand its sums on.
void TileCounter::end_group() {
  const Cycle cycles = std::max<Cycle>(group_most_, 1);
  tile_.cycles += cycles;
  tile_.waiting += cycles * group_rows_ - group_sum_;
  group_rows_ = group_sum_ = group_most_ = 0;
}

SynapseTile TileCounter::finish() {
  if (group_rows_ > 0) end_group();
  tile_.bytes = indexed_bytes(rows_, tile_.entries, core_.index_bits, element_);
  return tile_;
}

void append_tile(std::span<const std::vector<SynapseEntry>> rows, std::span<const std::byte> values,
                 std::int64_t index_bits, Bytes element, std::vector<std::byte>& out) {
  const std::size_t begin = out.size();
  BitWriter writer(out);
  for (const auto& row : rows) {
    invariant(static_cast<std::int64_t>(row.size()) <= kMaxIndexedRow, "a row of {} entries",
              row.size());
    writer.put(static_cast<std::uint32_t>(row.size()), 8 * kCountBytes);
  }
  std::int64_t entries = 0;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::int64_t step = step_of(row, i);
      invariant(step >= 0 && step < reach(index_bits), "a step of {} in {} bits", step, index_bits);
      writer.put(static_cast<std::uint32_t>(step), index_bits);
    }
    entries += static_cast<std::int64_t>(row.size());
  }
  writer.finish();
  invariant(static_cast<Bytes>(values.size()) == entries * element, "{} bytes for {} entries",
            values.size(), entries);
  const Bytes size =
      indexed_bytes(static_cast<std::int64_t>(rows.size()), entries, index_bits, element);
  out.resize(begin + static_cast<std::size_t>(size) - values.size());
  out.insert(out.end(), values.begin(), values.end());
}

void decode_tile(std::span<const std::byte> bytes, std::int64_t rows, std::int64_t row,
                 std::int64_t index_bits, Bytes element, DecodedTile& tile) {
  const auto size = static_cast<Bytes>(bytes.size());
  invariant(size >= indexed_bytes(rows, 0, index_bits, element), "{} bytes for {} rows", size,
            rows);
  BitReader counts(bytes);
  tile.row_begin.assign(1, 0);
  for (std::int64_t r = 0; r < rows; ++r)
    tile.row_begin.push_back(tile.row_begin.back() + counts.get(8 * kCountBytes));
  const std::int64_t entries = tile.row_begin.back();
  invariant(indexed_bytes(rows, entries, index_bits, element) == size,
            "a tile of {} rows and {} entries in {} bytes", rows, entries, size);
  tile.values = bytes.size() - static_cast<std::size_t>(entries * element);
  BitReader steps(bytes.subspan(static_cast<std::size_t>(kCountBytes * rows)));
  tile.positions.clear();
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t next = 0;
    for (std::int64_t i = tile.row_begin[static_cast<std::size_t>(r)];
         i < tile.row_begin[static_cast<std::size_t>(r) + 1]; ++i) {
      tile.positions.push_back(next + steps.get(index_bits));
      next = tile.positions.back() + 1;
      invariant(next <= row, "an entry at position {} of {}", tile.positions.back(), row);
    }
  }
}

}  // namespace unna
