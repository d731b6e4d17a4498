#pragma once

// An index over lifetimes that answers who conflicts with whom without ever storing the relation:
// buffers in a sequence (a linear extension of the order), cut into few chains of non-decreasing
// starts, and for each buffer and chain the first buffer on it that comes after. Memory is linear
// in buffers x chains; intervals have one chain, N unsynchronised cores about N.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "memmgr/lifetimes.h"

namespace unna {

class OrderIndex {
 public:
  OrderIndex() = default;
  explicit OrderIndex(const Lifetimes& lifetimes);

  /// A linear extension: a before b implies that a stands first. Buffers that are never used last.
  const std::vector<std::uint32_t>& sequence() const { return sequence_; }
  std::uint32_t position(std::size_t i) const { return position_[i]; }
  bool unused(std::size_t i) const { return chain_of_[i] == kNoChain; }

  std::size_t chains() const { return chains_.size(); }
  /// Buffers of a chain, in sequence order; their starts do not decrease.
  std::span<const std::uint32_t> chain(std::size_t k) const { return chains_[k]; }
  std::uint32_t chain_of(std::size_t i) const { return chain_of_[i]; }
  std::uint32_t index_in_chain(std::size_t i) const { return index_in_chain_[i]; }
  /// Index of the first buffer of chain k that comes after i; those behind it do, too.
  std::uint32_t after(std::size_t i, std::size_t k) const { return after_[i * chains_.size() + k]; }

  /// Every use of a comes before every use of b (both used).
  bool before(std::size_t a, std::size_t b) const {
    return after(a, chain_of_[b]) <= index_in_chain_[b];
  }
  /// Neither comes before the other, gaps not considered.
  bool overlap(std::size_t a, std::size_t b) const {
    if (unused(a) || unused(b)) return false;
    return position_[a] < position_[b] ? !before(a, b) : !before(b, a);
  }

  /// Calls body(j) for each j that overlaps i and stands later in the sequence: output-sensitive.
  template <class Body>
  void for_each_later(std::size_t i, Body&& body) const {
    if (unused(i)) return;
    for (std::size_t k = 0; k < chains_.size(); ++k) {
      const std::uint32_t end = after(i, k);
      for (std::uint32_t x = first_later(i, k); x < end; ++x) body(chains_[k][x]);
    }
  }
  /// The same for those that stand earlier, by a search for late ends.
  template <class Body>
  void for_each_earlier(std::size_t i, Body&& body) const {
    if (unused(i)) return;
    search_earlier(1, 0, leaves_, position_[i], chain_of_[i], index_in_chain_[i], body);
  }
  /// Index of the first buffer of chain k that stands later in the sequence than i. Those from
  /// there until after(i, k) overlap i.
  std::uint32_t first_later(std::size_t i, std::size_t k) const;
  /// Number of pairs that overlap.
  std::uint64_t pairs() const { return pairs_; }
  /// Last position in the sequence of a buffer that overlaps i (its own where there is none later).
  std::uint32_t last_overlap(std::size_t i) const;
  /// First position of one that overlaps i (its own where there is none earlier).
  std::uint32_t first_overlap(std::size_t i) const;
  /// Whether i, which is used, overlaps: by position from first_overlap(i) to last_overlap(i), 0 or
  /// 1. Other positions are left as they are.
  void mark_overlaps(std::size_t i, std::span<std::uint8_t> by_position) const;

 private:
  static constexpr std::uint32_t kNoChain = 0xffffffffU;

  void make_sequence(const Lifetimes& lifetimes);
  void cut_into_chains(const Lifetimes& lifetimes);
  void find_successors(const Lifetimes& lifetimes);
  void build_search();
  void count_pairs();

  /// A chain's tree: node 1 is the root, the children of node v are 2v and 2v + 1, the leaf of
  /// position p is leaves_ + p. Each has the greatest after() of the buffers under it.
  const std::uint32_t* latest_of(std::size_t chain) const {
    return latest_.data() + chain * 2 * leaves_;
  }
  template <class Body>
  void search_earlier(std::size_t node, std::size_t from, std::size_t width, std::size_t until,
                      std::size_t chain, std::uint32_t index, Body&& body) const {
    if (from >= until || latest_of(chain)[node] <= index) return;
    if (width == 1) {
      body(sequence_[from]);
      return;
    }
    search_earlier(2 * node, from, width / 2, until, chain, index, body);
    search_earlier(2 * node + 1, from + width / 2, width / 2, until, chain, index, body);
  }

  std::vector<std::uint32_t> sequence_;
  std::vector<std::uint32_t> position_;
  std::size_t used_ = 0;  ///< leading buffers of the sequence that are used
  std::vector<std::vector<std::uint32_t>> chains_;
  std::vector<std::uint32_t> chain_of_;
  std::vector<std::uint32_t> index_in_chain_;
  std::vector<std::vector<std::uint32_t>> positions_;  ///< of the buffers of each chain
  std::vector<std::uint32_t> after_;                   ///< buffer x chain
  std::uint64_t pairs_ = 0;
  std::size_t leaves_ = 0;
  std::vector<std::uint32_t> latest_;
};

}  // namespace unna
