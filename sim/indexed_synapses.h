#pragma once

// Step-indexed synapses as a core's PEs see them: read from SB's bytes, and nothing else.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "base/error.h"
#include "isa/instruction.h"
#include "isa/synapse_format.h"
#include "sim/products.h"

namespace unna {

/// A: an arithmetic of sim/arithmetic.h.
template <class A>
class IndexedSynapses {
 public:
  using Element = typename A::Element;
  using Value = typename A::Value;
  using Sum = typename A::Sum;

  /// The tile in `raw`, of `rows` outputs with `row` positions each. Throws InternalError where it
  /// is none, or costs anything else than the instruction says.
  void read(const Instruction& i, std::span<const std::byte> raw, std::int64_t rows,
            std::int64_t row, const CoreConfig& core) {
    decode_tile(raw, rows, row, core.index_bits, sizeof(Element), tile_);
    values_.resize(tile_.positions.size());
    for (std::size_t e = 0; e < values_.size(); ++e) {
      Element element;
      std::memcpy(&element, &raw[tile_.values + e * sizeof(Element)], sizeof element);
      values_[e] = A::load(element);
    }
    check_cost(i, core);
  }

  /// One output position: sums[o] = what the neurons in `stretches` give with the synapses of o. A
  /// row's neurons are lined up as its positions count; those that no stretch has are zero.
  void multiply(std::span<const Stretch<Value>> stretches, std::int64_t row, std::span<Sum> sums) {
    neurons_.assign(static_cast<std::size_t>(row), Value{});
    for (const Stretch<Value>& s : stretches)
      std::copy_n(s.in, s.length, neurons_.begin() + s.weight);
    indexed_products(neurons_.data(), tile_.row_begin, tile_.positions, values_.data(), sums);
  }

 private:
  void check_cost(const Instruction& i, const CoreConfig& core) const {
    TileCounter counter(core, sizeof(Element));
    std::vector<SynapseEntry> row;
    for (std::size_t o = 0; o + 1 < tile_.row_begin.size(); ++o) {
      row.clear();
      for (auto e = tile_.row_begin[o]; e < tile_.row_begin[o + 1]; ++e)
        row.push_back({tile_.positions[static_cast<std::size_t>(e)]});
      counter.add_row(row);
    }
    const SynapseTile tile = counter.finish();
    const auto non_zero =
        std::count_if(values_.begin(), values_.end(), [](Value v) { return v != Value{}; });
    const std::int64_t synapses = i.count(Operand::wt_nz);
    invariant(tile.cycles == i.count(Operand::pe_cycles) &&
                  tile.waiting == i.count(Operand::pe_wait) && non_zero <= synapses &&
                  synapses <= tile.entries,
              "{} says {} synapses, {} cycles and {} of waiting; SB has {} entries, {} of them not "
              "zero, {} and {}",
              info(i.opcode).mnemonic, synapses, i.count(Operand::pe_cycles),
              i.count(Operand::pe_wait), tile.entries, non_zero, tile.cycles, tile.waiting);
  }

  DecodedTile tile_;
  std::vector<Value> values_, neurons_;
};

}  // namespace unna
