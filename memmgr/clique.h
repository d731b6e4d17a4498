#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"

namespace unna {

/// An undirected graph as a matrix of bits.
class BitGraph {
 public:
  explicit BitGraph(std::size_t size)
      : size_(size), words_((size + 63) / 64), bits_(size * words_, 0) {}

  std::size_t size() const { return size_; }
  std::span<const std::uint64_t> row(std::size_t a) const {
    return std::span(bits_).subspan(a * words_, words_);
  }
  bool linked(std::size_t a, std::size_t b) const { return (row(a)[b / 64] >> (b % 64) & 1U) != 0; }
  void link(std::size_t a, std::size_t b) {
    bits_[a * words_ + b / 64] |= std::uint64_t{1} << (b % 64);
    bits_[b * words_ + a / 64] |= std::uint64_t{1} << (a % 64);
  }

 private:
  std::size_t size_;
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

/// Vertices linked pair by pair, as heavy as are found in so many nodes of a branch and bound: the
/// rest is coloured greedily, and a clique has at most one vertex of each colour (Kumlander, 2004).
/// Ascending; empty where none is heavier than `least`.
std::vector<std::uint32_t> heavy_clique(const BitGraph& graph, std::span<const Bytes> weights,
                                        Bytes least, std::uint64_t most_nodes);

}  // namespace unna
